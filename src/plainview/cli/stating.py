"""How a statement about a camera or a record reaches the log.

Where the log's rules demand two people to make a version active, one person's statement is logged
as a proposal, which `plainview register approve` puts in force.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from plainview.base.clock import Ms, now_ms
from plainview.base.settings import Settings
from plainview.errors import GateClosed, NotFound, Refused
from plainview.keys.client import KeeperClient
from plainview.register import legal, statements
from plainview.register.legal import Finding
from plainview.register.legal_profile import Profile
from plainview.register.projection import Register
from plainview.register.records import CameraRecord
from plainview.release import keyfile


@dataclass(frozen=True)
class Stated:
    """What was logged: a version in force by entry `index`, or a proposal with this hash."""

    subject: str
    version: int
    index: int
    proposal: str = ""

    def line(self) -> str:
        """What to tell the person who stated it."""
        if not self.proposal:
            return f"{self.subject}: version {self.version} is on the log (entry {self.index})."
        return (
            f"{self.subject}: version {self.version} is proposed (entry {self.index}). Within 14 "
            f"days somebody else says: plainview register approve {self.proposal} --key THEIRS"
        )


class Stating:
    """A register, a keeper, and the people who sign; used as a context."""

    def __init__(self, settings: Settings, keys: Sequence[Path]) -> None:
        signers = [keyfile.read(path) for path in keys]
        self._keys = [one.signing for one in {one.person: one for one in signers}.values()]
        self.register = Register(settings)
        self._keeper = KeeperClient(settings.keeper_socket)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._keeper.close()
        self.register.close()

    def camera(self, name: str, status: str, record: CameraRecord) -> Stated:
        """The camera's next version. Raises `Refused` where its own legal profile misses things."""
        body = record.body()
        if status == "active":
            check_law(self.register, record)
        return self._camera(name, status, body)

    def stop(self, name: str, status: str) -> Stated:
        """Suspend or remove a camera as it is, even if its record could not be published today."""
        return self._camera(name, status, self.register.camera(name).record)

    def _camera(self, name: str, status: str, body: Mapping[str, Any]) -> Stated:
        whole = statements.camera_body(name, self.next_camera(name), status, body)
        return self._state("camera", name, whole)

    def record(self, kind: str, name: str, status: str, body: Mapping[str, Any]) -> Stated:
        """The record's next version."""
        version = self.next_record(kind, name)
        whole = statements.record_body(kind, name, version, status, body)
        return self._state("record", f"{kind}/{name}", whole)

    def approve(self, proposal: str) -> int:
        """Put a proposal in force; the entry's index. Raises what the keeper raises."""
        index = self._keeper.append(statements.approve(proposal, self._keys[0]).raw)
        self.register.sync()
        return index

    def next_camera(self, name: str) -> int:
        """The number of the camera's next version."""
        try:
            return self.register.camera(name).version + 1
        except NotFound:
            return 1

    def next_record(self, kind: str, name: str) -> int:
        """The number of the record's next version."""
        try:
            return (self.register.record(kind, name).version or 0) + 1
        except NotFound:
            return 1

    def _state(self, type_: str, subject: str, body: dict[str, Any]) -> Stated:
        publishers = self.register.rules().get("publishers", 1)
        waits = body["status"] == "active" and len(self._keys) < publishers
        if waits:
            entry = statements.propose(type_, body, self._keys[0])
        else:
            entry = statements.signed(type_, body, self._keys)
        index = self._keeper.append(entry.raw)
        self.register.sync()
        return Stated(subject, body["version"], index, entry.hash if waits else "")


def shut(register: Register, camera: str, now: Ms) -> str:
    """Why the gate is shut for the camera then; empty if it is open."""
    try:
        register.may_record(camera, now)
    except GateClosed as error:
        return error.message
    return ""


def findings(register: Register, body: Mapping[str, Any], law: Profile | None) -> list[Finding]:
    """What a camera's record misses under a law, now; without one, what every law demands."""
    return legal.check(law, body, register.context(body, now_ms()))


def check_law(register: Register, record: CameraRecord) -> None:
    """Raises `Refused` with every finding that blocks; `NotFound` if its law is not known here."""
    name = record.legal_profile
    law = None if name is None else register.laws.find(name)
    found = [one for one in findings(register, record.body(), law) if one.severity == "error"]
    if found:
        lines = "\n".join(f"  {one.line()}" for one in found)
        raise Refused(f"Under {name or 'every law'} the record misses:\n{lines}")


def state_camera(
    settings: Settings, camera: str, status: str, record: CameraRecord, keys: Sequence[Path]
) -> Stated:
    """Sign and log the camera's next version."""
    with Stating(settings, keys) as stating:
        return stating.camera(camera, status, record)
