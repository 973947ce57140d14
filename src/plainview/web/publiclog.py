"""What the public pages say about the log, and who looked at a camera."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from plainview.base.clock import Ms
from plainview.base.settings import Settings
from plainview.errors import NotFound, PlainviewError
from plainview.register.projection import Register
from plainview.tlog import cosign, notes
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.entries import parse
from plainview.tlog.policy import Policy

SCAN = 2_000
"""Reveals read for one page at most; the rest follows with the next."""


@dataclass(frozen=True)
class LogState:
    """The newest checkpoint. `seen` of `witnesses` signed it; `wrong` says why it is not sound."""

    size: int
    root: str
    origin: str
    note: str
    time: Ms | None
    witnesses: dict[str, Ms | None]
    quorum: bool
    wrong: str

    @property
    def seen(self) -> int:
        """How many witnesses have signed it."""
        return sum(time is not None for time in self.witnesses.values())


def state(settings: Settings) -> LogState:
    """Read and check the published checkpoint. Raises `NotFound` before the first."""
    try:
        note = (settings.log_dir / "checkpoint").read_bytes()
        policy = Policy.parse(settings.policy_file.read_text())
    except OSError as error:
        raise NotFound("The log has no checkpoint yet.", hint="Is the keeper running?") from error
    text, lines = notes.parse(note)
    found = Checkpoint.parse(text)
    wrong, quorum = "", True
    try:
        policy.check(note)
    except PlainviewError as error:
        wrong, quorum = error.message, False
    witnesses = {
        name: _time(text, [line for line in lines if witness.made(line)], witness)
        for name, witness in policy.witnesses.items()
    }
    times = [time for time in witnesses.values() if time is not None]
    written = int((settings.log_dir / "checkpoint").stat().st_mtime * 1000)
    return LogState(
        found.size,
        found.root.hex(),
        found.origin,
        note.decode(),
        max(times, default=written),
        witnesses,
        quorum,
        wrong,
    )


def _time(text: bytes, lines: list[notes.SignatureLine], witness: notes.Verifier) -> Ms | None:
    for line in lines:
        try:
            return cosign.check(text, line, witness)
        except PlainviewError:
            continue  # it does not count; that the note is unsound is said by `wrong`
    return None


@dataclass(frozen=True)
class Look:
    """A kind of looks at a camera that was disclosed, with how often and when last."""

    role: str
    act: str
    purpose: str
    count: int
    last: Ms


@dataclass
class _Counted:
    looks: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    last: dict[tuple[str, str, str], Ms] = field(default_factory=dict)


class Looks:
    """Counts disclosed looks by camera, role and purpose; follows the log's `reveal` entries."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._lock = threading.Lock()
        self._next = 0
        self._cameras: dict[str, _Counted] = {}

    def at(self, camera: str) -> list[Look]:
        """Looks at a camera, the most frequent first."""
        with self._lock:
            self._follow()
            counted = self._cameras.get(camera, _Counted())
            return [
                Look(*key, count, counted.last[key]) for key, count in counted.looks.most_common()
            ]

    def _follow(self) -> None:
        for line in self._new():
            body = parse(self._register.raw(line.index)).body
            detail, of = body["detail"], int(body["of"])
            camera = detail.get("camera")
            if isinstance(camera, str):
                self._count(camera, of, detail)
            self._next = line.index + 1

    def _new(self) -> list[Any]:
        """Reveals that were not counted yet, oldest first, at most `SCAN`."""
        found: list[Any] = []
        before: int | None = None
        while True:
            page = self._register.recent(SCAN, before=before, type="reveal")
            new = [line for line in page if line.index >= self._next]
            found += new
            if len(new) < SCAN:
                return sorted(found, key=lambda line: line.index)[:SCAN]
            before = new[-1].index

    def _count(self, camera: str, of: int, detail: dict[str, Any]) -> None:
        try:
            act = self._register.act(of)
        except NotFound:
            return  # a reveal of something that is no act counts as no look
        key = (act.role, act.act, str(detail.get("purpose", ""))[:200])
        counted = self._cameras.setdefault(camera, _Counted())
        counted.looks[key] += 1
        counted.last[key] = max(act.time_ms, counted.last.get(key, 0))
