"""What the register said at a moment, as files that anybody can check without the register.

A folder with `register.json` (the answer), the trust policy that it was checked with, and for each
entry that the answer rests on its bytes and its tlog-proof: the statements, the proposals that they
approve, and the enrolments of the people who signed. `check_folder` reads nothing else.

It proves that each of these things was said, by whom, and not later than asked. That nothing newer
was said by then is shown only by reading the whole log: `plainview verify`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from plainview.base.clock import Ms, from_iso, to_iso
from plainview.base.durable import make_folder, write_file
from plainview.base.ids import unb64
from plainview.errors import BadFormat, BadProof, BadSignature, NotFound, Refused
from plainview.register.answers import RegisterAt
from plainview.register.moments import Moments
from plainview.register.questions import PROOF_SECONDS
from plainview.register.said import proposed, said_by
from plainview.tlog import proof
from plainview.tlog.entries import Entry, key_id, parse
from plainview.tlog.policy import Policy

ANSWER, POLICY = "register.json", "policy.txt"


@dataclass(frozen=True)
class Proved:
    """What was checked: so many statements, under the checkpoint of a log of this size."""

    statements: int
    entries: int
    origin: str
    size: int


def answer(at: RegisterAt) -> dict[str, Any]:
    """The answer as JSON; each statement with its entry, version, status and body."""
    return {
        "time": to_iso(at.time_ms),
        "people": at.people,
        "cameras": [
            {**_said(one.newest), "recording": one.recording, "reason": one.reason}
            for one in at.cameras
        ],
        "records": [_said(one) for one in at.records],
        "sets": [_said(one) for one in at.sets],
    }


def _said(said: Any) -> dict[str, Any]:
    values = asdict(said)
    return {**values, "time": to_iso(values.pop("time_ms"))}


def write_folder(register: Moments, at: RegisterAt, folder: Path, policy: str) -> None:
    """Write the answer and everything that proves it. Raises `Refused` if the folder is not empty,
    `NotLogged` if no witness saw the entries for `PROOF_SECONDS`; then nothing is written."""
    if folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} is not empty.", hint="Give a new folder.")
    indexes = {index for one in at.said() for index in (one.index, one.said)}
    indexes |= _enrolments(register, indexes)
    newest_first = sorted(indexes, reverse=True)  # when it is witnessed, all are
    proofs = {index: register.proof(index, wait_s=PROOF_SECONDS) for index in newest_first}
    make_folder(folder)
    for index, proved in sorted(proofs.items()):
        write_file(folder / f"{index}.json", register.raw(index))
        write_file(folder / f"{index}.tlog-proof", proved.encode())
    write_file(folder / POLICY, policy.encode())
    whole = json.dumps(answer(at), indent=1, sort_keys=True, ensure_ascii=True)
    write_file(folder / ANSWER, whole.encode())


def _enrolments(register: Moments, indexes: set[int]) -> set[int]:
    """Entries that brought in the keys with which these were signed."""
    found: set[int] = set()
    waiting = set(indexes)
    while waiting:
        index = waiting.pop()
        entry = parse(register.raw(index))
        if entry.type == "founding":
            continue  # its own people sign it
        for key in entry.by:
            brought = register.key_statement(key, index)
            if brought not in found | indexes:
                waiting.add(brought)
            found.add(brought)
    return found


def check_folder(folder: Path, policy: Policy, *, now: Ms | None = None) -> Proved:
    """Check a folder as a stranger does. Raises `BadFormat`, `BadProof`, `BadSignature`,
    `NotFound`."""
    whole = _answer(folder)
    entries: dict[int, Entry] = {}
    checked = None
    for path in sorted(folder.glob("*.tlog-proof")):
        found = proof.parse(path.read_bytes())
        raw = _read(folder / f"{found.index}.json")
        if path.stem != str(found.index):
            raise BadProof(f"{path.name} is the proof of entry {found.index}.")
        checked = proof.check(found, raw, policy, now=now)
        entries[found.index] = parse(raw)
    for entry in entries.values():
        _check_signed(entry, entries.values())
    statements = [*whole["cameras"], *whole["records"], *whole["sets"]]
    for one in statements:
        _check_said(one, entries, from_iso(whole["time"]))
    if checked is None:
        raise NotFound(f"{folder} proves nothing: the register was empty then.")
    point = checked.checkpoint
    return Proved(len(statements), len(entries), point.origin, point.size)


def _answer(folder: Path) -> dict[str, Any]:
    try:
        whole = json.loads(_read(folder / ANSWER))
        lists = [whole[name] for name in ("cameras", "records", "sets")]
        from_iso(whole["time"])
    except (ValueError, LookupError, TypeError) as error:
        raise BadFormat(f"{folder / ANSWER} is not an answer of the register.") from error
    if not all(isinstance(one, dict) for found in lists for one in found):
        raise BadFormat(f"{folder / ANSWER} is not an answer of the register.")
    return dict(whole)


def _check_said(one: Mapping[str, Any], entries: Mapping[int, Entry], until: Ms) -> None:
    """The entry says just this, was in force by then, and by approval if it was proposed."""
    subject, index, said = one.get("subject"), one.get("index"), one.get("said")
    entry, words = (entries.get(number) for number in (index, said) if isinstance(number, int))
    if entry is None or words is None:
        raise NotFound(f"{subject}: entry {index} is not in the folder.")
    if entry.time > until:
        raise BadProof(f"{subject}: entry {index} is of {to_iso(entry.time)}, later than asked.")
    if entry is not words and entry.body != {"proposal": words.hash}:
        raise BadProof(f"{subject}: entry {index} does not approve entry {said}.")
    if entry is words and entry.type == "propose":
        raise BadProof(f"{subject}: entry {index} is a proposal that nobody approved.")
    names = ("type", "subject", "version", "status", "body")
    told = {name: one.get(name) for name in names}
    if told not in [asdict(content) for content in said_by(proposed(words))]:
        raise BadProof(f"{subject}: entry {said} says something else than the register.")


def _check_signed(entry: Entry, entries: Any) -> None:
    """Everyone named under the entry signed it, with a key that an entry of the folder enrolled."""
    for position, name in enumerate(entry.by):
        public = next(
            (key for other in entries for key in _keys(other) if key_id(key) == name), None
        )
        if public is None:
            raise BadSignature(f"the key {name} is enrolled by no entry of the folder.")
        entry.check_signature(position, public)


def _keys(entry: Entry) -> list[bytes]:
    bodies = [one.body for one in said_by(proposed(entry)) if one.type == "person"]
    return [unb64(key) for body in bodies for key in (body["key"], *body.get("more_keys", ()))]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from error
