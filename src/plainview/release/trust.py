"""What a tool believes: its key file's policy and founding entry, and what follows from them.

Every entry that a server shows must come with a tlog-proof under a checkpoint that the log itself
and the witness quorum of the pinned policy signed less than an hour ago. People, roles and
custodian sets are replayed with the log's own rule book (`tlog.history`) from the founding entry
whose hash the key file pins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from plainview.base.clock import Clock, Ms, now_ms
from plainview.base.ids import unb64
from plainview.errors import BadFormat, BadProof, NotAuthorised, PlainviewError, UnsafeStart
from plainview.release.keyfile import KeyFile
from plainview.tlog import proof
from plainview.tlog.entries import Entry, parse
from plainview.tlog.history import CustodianSet, History, Person
from plainview.tlog.policy import Policy

MAX_AGE_MS: Ms = 3_600_000
"""A witness must have seen the log within this time."""
MAX_ITEMS = 20_000


@contextmanager
def named(what: str) -> Iterator[None]:
    """Errors inside say which thing was false: `what: ...`."""
    try:
        yield
    except PlainviewError as error:
        raise type(error)(f"{what}: {error.message}", hint=error.hint) from error


@dataclass(frozen=True)
class Proven:
    """An entry that is on the log, with the proof that showed it."""

    index: int
    entry: Entry
    proof: bytes


class Trust:
    """The judge of everything that a server says."""

    def __init__(self, key: KeyFile, *, clock: Clock = now_ms) -> None:
        key.check_trust()
        self.key, self.clock = key, clock
        with named("The trust policy in your key file"):
            self.policy = Policy.parse(key.policy)
            if self.policy.quorum == "none":
                raise UnsafeStart(
                    "it asks for no witness, so a log could show everybody something else.",
                    hint="Pin a policy with witnesses: plainview person trust.",
                )

    def prove(self, item: Any, what: str) -> Proven:
        """The entry in `{entry, proof}`. Raises `BadFormat`, `BadProof`, `BadSignature`."""
        with named(f"The proof of {what}"):
            raw, text = text_of(item, "entry"), text_of(item, "proof")
            data = text.encode()
            found = proof.parse(data)
            entry = unb64(raw)
            proof.check(found, entry, self.policy, now=self.clock(), max_age_ms=MAX_AGE_MS)
        with named(f"The entry of {what}"):
            return Proven(found.index, parse(entry), data)

    def replay(self, people: Sequence[Any], sets: Sequence[Any]) -> Replayed:
        """People and custodian sets out of proven statements, from the pinned founding entry on.

        Raises `BadProof` for another founding entry, `NotAuthorised` or `BadSignature` for a
        statement that its signers may not make.
        """
        if len(people) + len(sets) > MAX_ITEMS:
            raise BadFormat("The server shows more people than a city has.")
        proven = [self.prove(item, "a person's enrolment") for item in people]
        proven += [self.prove(item, "the custodian set") for item in sets]
        proven.sort(key=lambda one: one.index)
        if not proven or proven[0].index != 0 or proven[0].entry.hash != self.key.founding:
            raise BadProof(
                "The people shown do not rest on the founding entry that your key file pins.",
                hint="Release nothing: this is another log, or a forged list of people.",
            )
        return Replayed.of(proven)


SHOWN = ("founding", "enrol", "custodian-set", "propose", "approve")


@dataclass(frozen=True)
class Replayed:
    """The rule book after the statements shown."""

    history: History
    sets: tuple[CustodianSet, ...]
    orgs: Mapping[str, str]
    proven: tuple[Proven, ...]

    @classmethod
    def of(cls, proven: Sequence[Proven]) -> Replayed:
        """Apply statements in the order of the log; entries between them do not matter."""
        history, sets, orgs = History(), [], {}
        last = -1
        for one in proven:
            if one.index == last or one.entry.type not in SHOWN:
                raise BadFormat("The list of people holds an entry twice, or one of another type.")
            last = history.size = one.index
            with named(f"The {one.entry.type} statement (entry {one.index})"):
                stated = history.apply(one.index, one.entry)
            body = stated.body
            if stated.type == "custodian-set":
                sets.append(history.sets[body["set"]])
            elif stated.type in ("founding", "enrol"):
                orgs.update({p["person"]: p["org"] for p in body.get("people", [body])})
            elif stated.type != "propose":
                raise BadFormat(f"A {stated.type} statement is no part of a list of people.")
        return cls(history, tuple(sets), orgs, tuple(proven))

    def author(self, entry: Entry, what: str) -> Person:
        """Who signed a statement with a role that allows it. Raises what is wrong with it."""
        with named(what):
            signers = self.history.check(entry)
            if len(signers) != 1:
                raise NotAuthorised("one person signs it, and nobody else.")
            return signers[0]

    def set_at(self, name: str, index: int) -> CustodianSet:
        """The version of a custodian set in force for the entry at `index`."""
        known = [one for one in self.sets if one.id == name and one.index < index]
        if not known:
            raise BadProof(f"The statement of custodian set {name} is not shown.")
        return known[-1]


def text_of(item: Any, name: str) -> str:
    """A text field of an answer. Raises `BadFormat`."""
    if not isinstance(item, dict) or not isinstance(item.get(name), str):
        raise BadFormat(f"{name} is missing in what the server shows.")
    text = str(item[name])
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadFormat(f"{name} is not text in what the server shows.") from error
    return text


def list_of(item: Any, name: str) -> list[Any]:
    """A list field of an answer. Raises `BadFormat`."""
    if not isinstance(item, dict) or not isinstance(item.get(name), list):
        raise BadFormat(f"{name} is missing in what the server shows.")
    return list(item[name])
