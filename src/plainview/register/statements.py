"""Builders of the statements that change the register, signed by their authors' own keys.

Each returns an entry that is ready for the keeper. Who may state what is decided by
`plainview.tlog.history`, for everybody alike; here only the form is checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from plainview.base.clock import Ms, now_ms
from plainview.errors import BadFormat
from plainview.register.kinds import STATUSES as RECORD_STATUSES
from plainview.register.kinds import check_kind, check_record_id, register_record
from plainview.register.records import CameraRecord, Person, check_camera_id, person_entry
from plainview.tlog.entries import Entry, commit, make
from plainview.tlog.signing import SigningKey, sign

SHORTEST_ANSWER, LONGEST_ANSWER = 3, 4_000
OUTCOMES = ("rejected", "partly", "upheld")
"""Of an objection. After the first two the version begins as it is; what is upheld never begins."""
STATUSES = ("active", "suspended", "removed")
DEMO_RULES = {
    "window_seconds": 60,
    "key_period_seconds": 600,
    "notice_seconds": 30,
    "reveal_seconds": 300,
}
DEFAULT_RULES = {
    "window_seconds": 900,
    "key_period_seconds": 86_400,
    "notice_seconds": 604_800,
    "reveal_seconds": 86_400,
}


class Member(Protocol):
    """Anybody enrolled: a `records.Person` or an `answers.PersonOnLog`."""

    @property
    def person(self) -> str: ...
    @property
    def age(self) -> str | None: ...
    @property
    def outside(self) -> bool: ...


def founding(
    origin: str,
    profile: str,
    rules: dict[str, int],
    people: Sequence[Person],
    keys: Sequence[SigningKey],
    *,
    time: Ms | None = None,
) -> Entry:
    """The first entry of a log, signed by everyone whom it names."""
    body = {
        "origin": origin,
        "profile": profile,
        "rules": dict(rules),
        "people": [person.body() for person in people],
    }
    return signed("founding", body, keys, time)


def enrol(person: Person, keys: Sequence[SigningKey], *, time: Ms | None = None) -> Entry:
    """A new person, or a person's new keys and roles; two people sign."""
    return signed("enrol", person.body(), keys, time)


def custodian_set(
    name: str,
    k: int,
    members: Sequence[Member],
    keys: Sequence[SigningKey],
    *,
    time: Ms | None = None,
) -> Entry:
    """A set of custodians of whom `k` open a window together. Raises `BadFormat`."""
    if not 2 <= k <= len(members):
        raise BadFormat(f"A quorum of {k} of {len(members)} is not possible; k is at least 2.")
    body = {
        "set": name,
        "k": k,
        "n": len(members),
        "members": [
            {"person": member.person, "age": member.age, "outside": member.outside}
            for member in members
        ],
    }
    return signed("custodian-set", body, keys, time)


def camera(
    name: str,
    version: int,
    status: str,
    record: CameraRecord,
    keys: Sequence[SigningKey],
    *,
    time: Ms | None = None,
) -> Entry:
    """Version `version` of a camera's record. Raises `BadFormat`."""
    return signed("camera", camera_body(name, version, status, record.body()), keys, time)


def record(
    kind: str,
    name: str,
    version: int,
    status: str,
    body: Mapping[str, Any],
    keys: Sequence[SigningKey],
    *,
    time: Ms | None = None,
) -> Entry:
    """Version `version` of a record of the register. Raises `BadFormat`."""
    return signed("record", record_body(kind, name, version, status, body), keys, time)


def record_body(
    kind: str, name: str, version: int, status: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """What a `record` statement says. Raises `BadFormat`."""
    check_record_id(name)
    check_kind(kind)
    if status not in RECORD_STATUSES:
        raise BadFormat(f"{status!r} is no status of a record; use {', '.join(RECORD_STATUSES)}.")
    # What is to end must be able to, even if this version would not have published it.
    said = register_record(kind, body).body() if status == "active" else dict(body)
    return {"kind": kind, "id": name, "version": version, "status": status, "record": said}


def camera_body(name: str, version: int, status: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """What a `camera` statement says; `record` as `CameraRecord.body` gives it. Raises
    `BadFormat`."""
    check_camera_id(name)
    if status not in STATUSES:
        raise BadFormat(f"{status!r} is no status of a camera; use {', '.join(STATUSES)}.")
    return {"camera": name, "version": version, "status": status, "record": dict(record)}


def answer(
    objections: Sequence[int],
    outcome: str,
    text: str,
    keys: Sequence[SigningKey],
    *,
    time: Ms | None = None,
) -> Entry:
    """What a data protection officer answers to objections. Raises `BadFormat`."""
    return signed("answer", answer_body(objections, outcome, text), keys, time)


def answer_body(objections: Any, outcome: Any, text: Any) -> dict[str, Any]:
    """What an `answer` statement says: reasons without white space around them, each objection
    once. A browser may have sent anything: raises `BadFormat`."""
    numbers = objections if isinstance(objections, list | tuple) else ()
    if not numbers or not all(type(one) is int for one in numbers):
        raise BadFormat("An answer names the objections that it answers, by their numbers.")
    if outcome not in OUTCOMES:
        raise BadFormat(
            f"{str(outcome)[:40]!r} is no outcome of an objection.",
            hint=f"Use {', '.join(OUTCOMES)}.",
        )
    reasons = text.strip() if isinstance(text, str) else ""
    if not SHORTEST_ANSWER <= len(reasons) <= LONGEST_ANSWER:
        raise BadFormat(
            f"An answer gives its reasons in {SHORTEST_ANSWER} to {LONGEST_ANSWER:,} characters; "
            "spaces around them do not count.",
            hint="Say why, so that who objected can read it.",
        )
    return {"objections": sorted(set(numbers)), "outcome": outcome, "text": reasons}


def propose(
    type: str, body: Mapping[str, Any], key: SigningKey, *, time: Ms | None = None
) -> Entry:
    """A statement that waits for a second person; it is approved by its entry's hash."""
    return signed("propose", {"type": type, "body": dict(body)}, [key], time)


def approve(proposal: str, key: SigningKey, *, time: Ms | None = None) -> Entry:
    """Put a proposal in force, by its hash."""
    return signed("approve", {"proposal": proposal}, [key], time)


def public_person(
    person: str,
    signing: SigningKey,
    age: str | None,
    roles: Sequence[str],
    org: str,
    *,
    outside: bool,
    name: str,
    salt: bytes,
    org_kind: str | None = None,
) -> Person:
    """What the log will hold of a person: keys, roles, and a commitment to the name."""
    return person_entry(
        {
            "person": person,
            "key": signing.public_b64,
            "age": age,
            "roles": list(roles),
            "org": org,
            "org_kind": org_kind,
            "outside": outside,
            "name_commitment": commit({"name": name}, salt),
        }
    )


def signed(
    type_: str, body: Mapping[str, Any], keys: Sequence[SigningKey], time: Ms | None = None
) -> Entry:
    """Any statement, signed by these keys."""
    return sign(make(type_, body, time=now_ms() if time is None else time), keys)
