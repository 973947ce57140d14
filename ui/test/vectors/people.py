"""Makes `people.json`: lists of statements, and what the Python side says of each.

    python ui/test/vectors/people.py

Nothing in it is a secret: the keys follow from names (`plainview.testing.city`).
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from plainview.base.clock import DAY_MS, Ms
from plainview.base.ids import b64
from plainview.errors import PlainviewError
from plainview.release.trust import Proven, Replayed
from plainview.testing.city import (
    ORIGIN,
    PEOPLE,
    RULES,
    START,
    camera_record,
    digest,
    key_of,
    person,
)
from plainview.testing.passkey import PRESENT, Passkey
from plainview.tlog.entries import Entry, signed_bytes
from plainview.tlog.signing import (
    SigningKey,
    draft_statement,
    finish_statement,
    passkey_signature,
    statement_challenge,
)

Key = SigningKey | Passkey
Sign = Callable[[Any, dict[str, Any]], bytes]
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (SEC 2, 2.4.2)."""
ENDS: Ms = 14 * DAY_MS
PASSKEY, NEW, CLERKS = Passkey("p-admin"), key_of("new"), Passkey("p-clerk")
DPO, ADMIN, COURT = key_of("p-dpo"), key_of("p-admin"), key_of("p-court")
OPERATOR, SUPERVISOR = key_of("p-operator"), key_of("p-supervisor")
CLERK = person("p-clerk", roles=["operator"], age=None, key=CLERKS.public_b64)
SCOPED = {**CLERK, "more_keys": [NEW.public_b64], "scope": {"units": ["Traffic"], "cameras": []}}
DPO_AGAIN = person("p-dpo", key=NEW.public_b64)
MEMBERS = [
    {"person": name, "age": f"age1{name}", "outside": name != "p-dpo"}
    for name in ("p-dpo", "p-court", "p-ombudsman")
]
SET = {"set": "set-1", "k": 2, "n": 3, "members": MEMBERS}
CAMERA = {"camera": "cam-01", "version": 1, "status": "active", "record": camera_record()}


class Story:
    """A log's statements, whether they may stand or not."""

    def __init__(self, **rules: int) -> None:
        self.now: Ms = START
        self.entries: list[Entry] = []
        people = [person(name) for name in PEOPLE]
        people[list(PEOPLE).index("p-admin")]["more_keys"] = [PASSKEY.public_b64]
        body = {"origin": ORIGIN, "profile": "demo", "rules": RULES | rules, "people": people}
        self.state("founding", body, *map(key_of, PEOPLE))

    def state(self, type: str, body: dict[str, Any], *keys: Key, sign: Sign | None = None) -> str:
        """A statement by these keys; its hash. `sign` makes the signatures of passkeys."""
        document = draft_statement(type, body, [key.key_id for key in keys], time=self.now)
        sigs = {
            key.key_id: key.sign(signed_bytes(document))
            if isinstance(key, SigningKey)
            else (sign or Passkey.sign)(key, document)
            for key in keys
        }
        self.entries.append(finish_statement(document, sigs))
        return self.entries[-1].hash

    def propose(self, type: str, body: dict[str, Any], *keys: Key) -> str:
        return self.state("propose", {"type": type, "body": body}, *keys)

    def approve(self, proposal: str, *keys: Key, sign: Sign | None = None) -> None:
        self.state("approve", {"proposal": proposal}, *keys, sign=sign)

    def both(self, type: str, body: dict[str, Any], one: Key, two: Key, after: Ms = 0) -> None:
        """One proposes, two approves so much later."""
        proposal = self.propose(type, body, one)
        self.now += after
        self.approve(proposal, two)

    def holds(self) -> bool:
        """What the Python side says."""
        try:
            Replayed.of([Proven(3 * i, entry, b"") for i, entry in enumerate(self.entries)])
        except PlainviewError:
            return False
        return True


# -- signatures of passkeys that are not as they should be, and one that looks so


def other_challenge(key: Passkey, document: dict[str, Any]) -> bytes:
    return passkey_signature(*key.answer(statement_challenge({**document, "id": "0" * 32})))


def by_key(other: Passkey, key: Passkey, document: dict[str, Any]) -> bytes:
    return other.sign(document)


def with_s(high: bool, key: Passkey, document: dict[str, Any]) -> bytes:
    data, client, der = key.answer(statement_challenge(document))
    r, s = decode_dss_signature(der)
    s = max(s, ORDER - s) if high else min(s, ORDER - s)
    return passkey_signature(data, client, encode_dss_signature(r, s))


def changed(part: int, key: Passkey, document: dict[str, Any]) -> bytes:
    parts = list(key.answer(statement_challenge(document)))
    parts[part] = parts[part][:-1] + bytes([parts[part][-1] ^ 1])
    return passkey_signature(*parts)


def trailing(key: Passkey, document: dict[str, Any]) -> bytes:
    data, client, der = key.answer(statement_challenge(document))
    return passkey_signature(data, client, der + b"\0")


def one_more_field(key: Passkey, document: dict[str, Any]) -> bytes:
    return key.sign(document)[:-1] + b',"x":"eA=="}'


def no_json(key: Passkey, document: dict[str, Any]) -> bytes:
    return bytes(64)


SIGNATURES: dict[str, tuple[bool, Sign | None]] = {
    "a passkey": (True, None),
    "a passkey with a high s": (True, partial(with_s, True)),
    "a passkey with a low s": (True, partial(with_s, False)),
    "a passkey's answer to another challenge": (False, other_challenge),
    "a passkey without verification of its user": (False, partial(Passkey.sign, flags=PRESENT)),
    "a passkey without presence of its user": (False, partial(Passkey.sign, flags=0x04)),
    "a passkey being made": (False, partial(Passkey.sign, kind="webauthn.create")),
    "another passkey": (False, partial(by_key, CLERKS)),
    "changed authenticator data": (False, partial(changed, 0)),
    "a changed signature": (False, partial(changed, 2)),
    "a byte behind the signature": (False, trailing),
    "a field too many in a signature": (False, one_more_field),
    "no JSON": (False, no_json),
}


# -- stories


def approved(sign: Sign | None) -> Story:
    story = Story()
    story.approve(story.propose("enrol", CLERK, DPO), PASSKEY, sign=sign)
    return story


def told(*acts: Callable[[Story], object], **rules: int) -> Story:
    story = Story(**rules)
    for act in acts:
        act(story)
    return story


def says(type: str, body: dict[str, Any], *keys: Key) -> Callable[[Story], object]:
    return lambda story: story.state(type, body, *keys)


def two_step(
    type: str, body: dict[str, Any], one: Key, two: Key, after: Ms = 0
) -> Callable[[Story], object]:
    return lambda story: story.both(type, body, one, two, after)


def approved_twice(story: Story) -> None:
    proposal = story.propose("enrol", CLERK, DPO)
    story.approve(proposal, ADMIN)
    story.approve(proposal, SUPERVISOR)


def overtaken(story: Story) -> None:
    """A proposal that ended is forgotten when another is made, whatever time is written then."""
    proposal = story.propose("enrol", CLERK, DPO)
    story.now += ENDS
    story.propose("custodian-set", SET, DPO)
    story.now -= DAY_MS
    story.approve(proposal, ADMIN)


def proposer_lost_the_role(story: Story) -> None:
    """Between proposal and approval: what counts is who they are when both have signed."""
    proposal = story.propose("custodian-set", SET, DPO)
    story.state("enrol", person("p-dpo", roles=["custodian"]), SUPERVISOR, ADMIN)
    story.approve(proposal, ADMIN)


def said_twice(story: Story) -> None:
    story.state("enrol", CLERK, DPO, ADMIN)
    story.entries.append(story.entries[-1])


def proposer_taken_off(story: Story) -> None:
    proposal = story.propose("enrol", CLERK, OPERATOR)
    GONE(story)
    story.approve(proposal, ADMIN)


GONE = says("enrol", person("p-operator", roles=[]), SUPERVISOR, ADMIN)
ENROLLED_WITH_OPERATOR = says("enrol", CLERK, ADMIN, OPERATOR)
SET_STATED = says("custodian-set", SET, DPO, ADMIN)
OTHERS = {**SET, "n": 2, "members": [MEMBERS[0], MEMBERS[2]]}
INSIDE = says("enrol", person("p-court", outside=False), DPO, ADMIN)
RENEWED = says("enrol", DPO_AGAIN, ADMIN, SUPERVISOR)
STORIES: dict[str, tuple[bool, Callable[[], Story]]] = {
    "an enrolment by two": (True, partial(told, says("enrol", CLERK, DPO, PASSKEY))),
    "more keys and a scope": (True, partial(told, says("enrol", SCOPED, DPO, ADMIN))),
    "each of several keys": (
        True,
        partial(
            told,
            two_step("enrol", SCOPED, DPO, ADMIN),
            says("propose", {"type": "custodian-set", "body": SET}, CLERKS),
            says("propose", {"type": "custodian-set", "body": SET}, NEW),
        ),
    ),
    "a set proposed and approved": (
        True,
        partial(told, two_step("custodian-set", SET, DPO, PASSKEY)),
    ),
    "a set proposed by a clerk": (
        True,
        partial(told, two_step("custodian-set", SET, OPERATOR, DPO)),
    ),
    "a set without an officer": (
        False,
        partial(told, two_step("custodian-set", SET, OPERATOR, ADMIN)),
    ),
    "an enrolment without the role": (
        False,
        partial(told, two_step("enrol", CLERK, OPERATOR, SUPERVISOR)),
    ),
    "an approval in the last moment": (
        True,
        partial(told, two_step("enrol", CLERK, DPO, ADMIN, ENDS - 1)),
    ),
    "a late approval": (False, partial(told, two_step("enrol", CLERK, DPO, ADMIN, ENDS))),
    "a forgotten proposal": (False, partial(told, overtaken)),
    "a self-approval": (False, partial(told, two_step("enrol", CLERK, DPO, DPO))),
    "a self-approval by another key": (
        False,
        partial(told, two_step("enrol", CLERK, ADMIN, PASSKEY)),
    ),
    "one person with two keys": (False, partial(told, says("enrol", CLERK, ADMIN, PASSKEY))),
    "an approval of nothing": (
        False,
        partial(told, says("approve", {"proposal": digest("x")}, DPO)),
    ),
    "an approval twice": (False, partial(told, approved_twice)),
    "a statement twice": (False, partial(told, said_twice)),
    "a proposal by two": (
        False,
        partial(told, says("propose", {"type": "enrol", "body": CLERK}, DPO, ADMIN)),
    ),
    "a proposal of a request": (
        False,
        partial(told, says("propose", {"type": "request", "body": {}}, DPO)),
    ),
    "a proposal of half a person": (
        False,
        partial(told, says("propose", {"type": "enrol", "body": {"person": "p-x"}}, DPO)),
    ),
    "a proposal of a camera": (
        True,
        partial(told, says("propose", {"type": "camera", "body": CAMERA}, DPO)),
    ),
    "a proposer's own enrolment": (False, partial(told, two_step("enrol", DPO_AGAIN, DPO, ADMIN))),
    "an approver's own enrolment": (False, partial(told, two_step("enrol", DPO_AGAIN, ADMIN, DPO))),
    "a new key": (True, partial(told, RENEWED, two_step("enrol", CLERK, NEW, ADMIN))),
    "a key given up": (False, partial(told, RENEWED, two_step("enrol", CLERK, DPO, ADMIN))),
    "a key given up, to somebody else": (
        True,
        partial(told, RENEWED, says("enrol", {**CLERK, "key": DPO.public_b64}, NEW, ADMIN)),
    ),
    "a passkey given up": (
        False,
        partial(
            told,
            says("enrol", person("p-admin"), DPO, SUPERVISOR),
            two_step("enrol", CLERK, DPO, PASSKEY),
        ),
    ),
    "somebody else's key": (
        False,
        partial(told, says("enrol", {**CLERK, "more_keys": [PASSKEY.public_b64]}, DPO, ADMIN)),
    ),
    "a role lost before the approval": (False, partial(told, proposer_lost_the_role)),
    "a second person who was taken off": (False, partial(told, GONE, ENROLLED_WITH_OPERATOR)),
    "a proposer who was taken off": (False, partial(told, proposer_taken_off)),
    "a proposal by somebody taken off": (
        False,
        partial(told, GONE, says("propose", {"type": "enrol", "body": CLERK}, OPERATOR)),
    ),
    "an outsider of a set comes inside": (False, partial(told, SET_STATED, INSIDE)),
    "an outsider of a set is taken off": (
        True,
        partial(told, SET_STATED, says("enrol", person("p-court", roles=[]), DPO, ADMIN)),
    ),
    "an outsider comes inside after leaving the set": (
        True,
        partial(told, SET_STATED, says("custodian-set", OTHERS, DPO, ADMIN), INSIDE),
    ),
    "a key of 33 bytes": (
        False,
        partial(told, says("enrol", {**CLERK, "more_keys": [b64(bytes(33))]}, DPO, ADMIN)),
    ),
    "a key that is no text": (
        False,
        partial(told, says("enrol", {**CLERK, "more_keys": [1]}, DPO, ADMIN)),
    ),
    "half a scope": (
        False,
        partial(told, says("enrol", {**CLERK, "scope": {"units": []}}, DPO, ADMIN)),
    ),
    "an unknown role": (
        False,
        partial(told, says("enrol", {**CLERK, "roles": ["king"]}, DPO, ADMIN)),
    ),
    "a field of another kind": (
        False,
        partial(told, says("enrol", {**CLERK, "outside": 0}, DPO, ADMIN)),
    ),
    "a field too many": (False, partial(told, says("enrol", {**CLERK, "extra": ""}, DPO, ADMIN))),
    "a set of insiders": (
        False,
        partial(
            told, two_step("custodian-set", {**SET, "members": MEMBERS[:1], "n": 1}, DPO, ADMIN)
        ),
    ),
}


def camera_by(number: int, *acts: Callable[[Story], object]) -> tuple[bool, Story]:
    """A set, then a camera where `number` people publish; whether the Python side lets it stand."""
    story = Story(publishers=number)
    story.state("custodian-set", SET, DPO, ADMIN)
    for act in acts:
        act(story)
    try:
        history = Replayed.of(
            [Proven(i, entry, b"") for i, entry in enumerate(story.entries[:-1])]
        ).history
        history.size = len(story.entries)
        history.apply(history.size, story.entries[-1])
    except PlainviewError:
        return False, story
    return "cam-01" in history.cameras, story


CAMERAS: dict[str, tuple[bool, Callable[[], tuple[bool, Story]]]] = {
    "one publishes": (True, partial(camera_by, 1, says("camera", CAMERA, DPO))),
    "one publishes, without the role": (
        False,
        partial(camera_by, 1, says("camera", CAMERA, ADMIN)),
    ),
    "one where two publish": (False, partial(camera_by, 2, says("camera", CAMERA, DPO))),
    "two publish": (True, partial(camera_by, 2, says("camera", CAMERA, DPO, ADMIN))),
    "one proposes, one approves": (
        True,
        partial(camera_by, 2, two_step("camera", CAMERA, OPERATOR, DPO)),
    ),
    "nobody with the role": (
        False,
        partial(camera_by, 2, two_step("camera", CAMERA, OPERATOR, ADMIN)),
    ),
    "one approves their own": (False, partial(camera_by, 2, two_step("camera", CAMERA, DPO, DPO))),
    "something else approved": (False, partial(camera_by, 2, two_step("enrol", CLERK, DPO, ADMIN))),
    "a late approval": (False, partial(camera_by, 1, two_step("camera", CAMERA, DPO, ADMIN, ENDS))),
}


def vector(name: str, expected: bool, story: Story, held: bool) -> dict[str, Any]:
    if held != expected:
        raise SystemExit(f"{name}: the Python side says {held}.")
    entries = [b64(entry.raw) for entry in story.entries]
    return {"name": name, "holds": held, "founding": story.entries[0].hash, "entries": entries}


def people() -> list[dict[str, Any]]:
    """Lists of people and custodian sets."""
    made = {name: (expected, approved(sign)) for name, (expected, sign) in SIGNATURES.items()}
    made |= {f"{name}": (yes, make()) for name, (yes, make) in STORIES.items()}
    return [vector(name, yes, story, story.holds()) for name, (yes, story) in made.items()]


def cameras() -> list[dict[str, Any]]:
    """The last entry of each states a camera, or approves it, or does not."""
    made = {name: (expected, make()) for name, (expected, make) in CAMERAS.items()}
    return [vector(name, yes, story, held) for name, (yes, (held, story)) in made.items()]


if __name__ == "__main__":
    found = {"people": people(), "cameras": cameras()}
    path = Path(__file__).with_name("people.json")
    path.write_text(json.dumps(found, indent=1) + "\n")
