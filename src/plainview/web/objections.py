"""Objections of residents and their answers, by camera; follows the log's entries of both."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from plainview.base.clock import Ms
from plainview.register.projection import Register
from plainview.tlog.entries import parse

SLICE = 500


@dataclass(frozen=True, slots=True)
class Objected:
    """An objection to a version; its number is its entry. `answer` is the entry that answers it."""

    number: int
    version: int
    time: Ms
    answer: int | None = None
    outcome: str = ""
    text: str = ""


class Objections:
    """Kept in memory: a few hundred a year. Threads may share it."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._lock = threading.Lock()
        self._stamp: object = None
        self._next = {"objection": 0, "answer": 0}
        self._cameras: dict[str, dict[int, Objected]] = {}
        self._camera_of: dict[int, str] = {}

    def of(self, camera: str) -> list[Objected]:
        """Objections to a camera's versions, oldest first."""
        stamp = self._register.stamp()
        with self._lock:
            if stamp != self._stamp:
                self._follow("objection")
                self._follow("answer")
                self._stamp = stamp
            return list(self._cameras.get(camera, {}).values())

    def _follow(self, kind: str) -> None:
        while found := self._register.of_type(kind, after=self._next[kind], limit=SLICE):
            for index in found:
                self._take(kind, index)
            self._next[kind] = found[-1] + 1

    def _take(self, kind: str, index: int) -> None:
        entry = parse(self._register.statement(index))
        body = entry.body
        if kind == "objection":
            said = Objected(index, body["version"], entry.time)
            self._cameras.setdefault(body["camera"], {})[index] = said
            self._camera_of[index] = body["camera"]
            return
        for number in body["objections"]:
            known = self._cameras[self._camera_of[number]]
            answered = {"answer": index, "outcome": body["outcome"], "text": body["text"]}
            known[number] = replace(known[number], **answered)
