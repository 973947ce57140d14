"""Objections to cameras and their answers, followed on the log, kept in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from plainview.base.clock import Ms
from plainview.errors import NotFound
from plainview.register.projection import Register
from plainview.tlog.entries import parse

SLICE = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """A data protection officer's answer; `outcome` is upheld, partly or rejected."""

    index: int
    outcome: str
    text: str
    time_ms: Ms


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection to a version of a camera; its number is its index on the log."""

    number: int
    camera: str
    version: int
    commitment: str
    time_ms: Ms
    answer: Answer | None = None


class Objections:
    """A few hundred a year. Threads may share it."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._lock = threading.Lock()
        self._stamp: object = None
        self._next = {"objection": 0, "answer": 0}
        self._known: dict[int, Objection] = {}
        self._cameras: dict[str, list[int]] = {}

    def all(self) -> list[Objection]:
        """The newest first, each with its last answer."""
        return list(reversed(self._follow().values()))

    def of(self, camera: str) -> list[Objection]:
        """Those to one camera's versions, the newest first."""
        known = self._follow()
        return [known[number] for number in reversed(self._cameras.get(camera, ()))]

    def get(self, number: int) -> Objection:
        """Raises `NotFound`."""
        found = self._follow().get(number)
        if found is None:
            raise NotFound("There is no objection of this number.", hint="See /objections.")
        return found

    def _follow(self) -> dict[int, Objection]:
        """All that the log holds now, by number."""
        stamp = self._register.stamp()
        with self._lock:
            if stamp != self._stamp:
                self._read("objection")
                self._read("answer")
                self._stamp = stamp
            return dict(self._known)

    def _read(self, kind: str) -> None:
        while found := self._register.of_type(kind, after=self._next[kind], limit=SLICE):
            for index in found:
                self._take(kind, index)
            self._next[kind] = found[-1] + 1

    def _take(self, kind: str, index: int) -> None:
        entry = parse(self._register.statement(index))
        body = entry.body
        if kind == "objection":
            said = (body["camera"], body["version"], body["commitment"], entry.time)
            self._known[index] = Objection(index, *said)
            self._cameras.setdefault(body["camera"], []).append(index)
            return
        answer = Answer(index, body["outcome"], body["text"], entry.time)
        for number in body["objections"]:
            self._known[number] = replace(self._known[number], answer=answer)
