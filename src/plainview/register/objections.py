"""Objections to cameras and their answers, and what waits for a second person, from the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plainview.base.clock import Ms
from plainview.register.projection import Register
from plainview.tlog.entries import Entry, parse

LAST = 2**53


@dataclass(frozen=True)
class Answer:
    """A data protection officer's answer; `outcome` is upheld, partly or rejected."""

    index: int
    outcome: str
    text: str
    time_ms: Ms


@dataclass(frozen=True)
class Objection:
    """An objection to a version of a camera; its number is its index on the log."""

    number: int
    camera: str
    version: int
    commitment: str
    time_ms: Ms
    answer: Answer | None


@dataclass(frozen=True)
class Waiting:
    """A proposal that waits for a second person until `ends`."""

    hash: str
    type: str
    body: dict[str, Any]
    person: str
    ends: Ms


def of(register: Register, camera: str | None = None) -> list[Objection]:
    """All objections, or those to one camera, the newest first, each with its last answer."""
    answers = _answers(register)
    numbers = register.statements(["objection"], subject=camera, before=LAST)
    return [_objection(number, _entry(register, number), answers) for number in reversed(numbers)]


def unanswered(register: Register, camera: str | None = None) -> list[Objection]:
    """Those that still block what they object to for want of an answer."""
    return [one for one in of(register, camera) if one.answer is None]


def waiting(register: Register) -> list[Waiting]:
    """Proposals that can still be approved, the oldest first."""
    return [
        Waiting(name, one.type, one.body, one.person, one.ends)
        for name, one in register.proposals().items()
    ]


def _answers(register: Register) -> dict[int, Answer]:
    found = {}
    for index in register.statements(["answer"], before=LAST):
        entry = _entry(register, index)
        said = Answer(index, entry.body["outcome"], entry.body["text"], entry.time)
        found.update(dict.fromkeys(entry.body["objections"], said))
    return found


def _objection(number: int, entry: Entry, answers: dict[int, Answer]) -> Objection:
    body = entry.body
    return Objection(
        number, body["camera"], body["version"], body["commitment"], entry.time,
        answers.get(number),
    )  # fmt: skip


def _entry(register: Register, index: int) -> Entry:
    return parse(register.statement(index))
