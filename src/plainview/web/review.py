"""Everything about a record before it is proposed, and before it is approved, at once.

What the models and the register miss (`faults`), what the law misses with its article
(`findings`), what changes from the version on the log, and the statement that would say it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plainview.base.clock import Ms, to_iso
from plainview.errors import BadFormat, NotFound
from plainview.register import legal
from plainview.register.details import with_density
from plainview.register.difference import Change, differences
from plainview.register.fields import faults
from plainview.register.kinds import record_faults, register_record
from plainview.register.legal import Finding
from plainview.register.legal_profile import Laws, Profile
from plainview.register.projection import Register
from plainview.register.records import CameraRecord, camera_record
from plainview.register.statements import camera_body, record_body
from plainview.register.strange import known, strange
from plainview.web.drafts import CAMERA, tidy

Fault = tuple[str, str]


@dataclass(frozen=True)
class Newest:
    """What the register says now about a subject; version 0 and an empty record: nothing."""

    version: int
    status: str | None
    record: dict[str, Any]


@dataclass(frozen=True)
class Review:
    """`record` is whole where nothing blocks, else as it was written; `body` is what a statement
    would say, None while something blocks; (field, text) in `faults`, field "" for the whole."""

    newest: Newest
    record: dict[str, Any]
    faults: list[Fault]
    findings: list[Finding]
    changes: list[Change]
    body: dict[str, Any] | None

    @property
    def blocked(self) -> bool:
        return bool(self.faults) or legal.blocks(self.findings)


def newest(register: Register, kind: str, subject: str) -> Newest:
    """The newest version, `removed` and `revoked` ones too."""
    try:
        if kind == CAMERA:
            camera = register.camera(subject)
            return Newest(camera.version, camera.status, camera.record)
        said = register.record(kind, subject)
    except NotFound:
        return Newest(0, None, {})
    return Newest(said.version or 0, said.status, said.body)


def review(
    register: Register, now: Ms, kind: str, subject: str, written: Mapping[str, Any]
) -> Review:
    """The review of a record of `kind` (or `camera`) that somebody wants to make active.

    A record that does not say from when it holds, where it must, holds from now on. Raises
    `BadFormat` for a kind that there is not.
    """
    there, record = newest(register, kind, subject), tidy(written)
    wrong: list[Fault] = []
    if kind == CAMERA:
        record = with_density({"valid_from": to_iso(now), **record})
        wrong += faults(CameraRecord, record)
        if there.status == "removed":
            wrong.append(("", f"{subject} was removed; register it under a new id"))
    else:
        wrong += record_faults(kind, record)
    sound = without(record, (field for field, _ in wrong))
    findings: list[Finding] = []
    if kind == CAMERA:
        law, faulty = _law(register.laws, sound)
        wrong += [*faulty, *strange(sound, known(register))]
        findings = legal.check(law, sound, register.context(sound, now))
    if not wrong:
        whole = camera_record(record) if kind == CAMERA else register_record(kind, record)
        record = whole.body()
    body = None
    if not wrong and not legal.blocks(findings):
        body = _body(kind, subject, there.version + 1, record)
    changes = differences(there.record, record)
    if there.status not in (None, "active"):
        changes = [Change("status", there.status, "active"), *changes]
    return Review(there, record, wrong, findings, changes, body)


def check_proposed(register: Register, now: Ms, type: str, body: Mapping[str, Any]) -> None:
    """What is proposed here is whole, and its law misses nothing that blocks. Raises `BadFormat`
    with everything that is missing, or for what does not make something active."""
    kind = CAMERA if type == "camera" else str(body.get("kind"))
    subject, record = body.get("camera" if kind == CAMERA else "id"), body.get("record")
    if not isinstance(subject, str) or not isinstance(record, Mapping):
        raise BadFormat("A proposal says which record, and what it says.")
    found = review(register, now, kind, subject, record)
    if found.blocked:
        missing = [f"{field or 'record'}: {text}" for field, text in found.faults]
        missing += [one.line() for one in found.findings if one.severity == "error"]
        raise BadFormat(f"This cannot be published yet: {'; '.join(missing)}.")
    if (body.get("version"), body.get("status")) != (found.newest.version + 1, "active"):
        raise BadFormat(
            f"The next version of {subject} is {found.newest.version + 1}, and active.",
            hint="Review it again: the register has moved on.",
        )


def without(record: Mapping[str, Any], paths: Iterator[str]) -> dict[str, Any]:
    """The record without the values at these dotted paths; what is inside a list takes the list."""
    left: dict[str, Any] = dict(record)
    for path in paths:
        inner, names = left, path.split(".")
        for name in names[:-1]:
            if not isinstance(inner.get(name), Mapping):
                break
            inner[name] = dict(inner[name])
            inner = inner[name]
        else:
            name = names[-1]
        inner.pop(name, None)
    return left


def _law(laws: Laws, record: Mapping[str, Any]) -> tuple[Profile | None, list[Fault]]:
    """The law that a record names, and what is wrong with that."""
    name = record.get("legal_profile")
    if name is None:
        return None, []
    try:
        return laws.find(str(name)), []
    except NotFound:
        return None, [("legal_profile", f"{name} is none of {', '.join(laws.names())}")]
    except BadFormat as error:
        return None, [("legal_profile", error.message.rstrip("."))]


def _body(kind: str, subject: str, version: int, record: dict[str, Any]) -> dict[str, Any]:
    if kind == CAMERA:
        return camera_body(subject, version, "active", record)
    return record_body(kind, subject, version, "active", record)
