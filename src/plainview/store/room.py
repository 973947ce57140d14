"""Room: how much each retention class takes, how fast, and what stops first when it gets short.

What was acknowledged is never deleted before it is due, so the only thing that can give way is what
would be recorded next. The order, shortest retention first, is that of docs/design/storage.md:

    views of the class with the shortest retention, then its originals,
    views of the next class, then its originals, ...

A class stops when the room that is left would last less than its share of `last_hours` (or of the
last twentieth of the disks, whichever is less), and goes on by itself when there is room again. A
class may also have a limit of its own; at it, that class stops and the others go on.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from plainview.errors import StoreFull
from plainview.seal.windows import WindowRecord
from plainview.store.index import Pack
from plainview.store.packs import Kind

AVERAGE_S = 600.0
"""Rates are averages over about this long."""
SETTLED_S = 60.0
"""What comes in the first minute counts as if it had taken a minute."""
FORGOTTEN_S = 3_600.0
"""A class that offered nothing for so long has no say in the order any more."""
LATELY_S = 60.0
"""A class that offers nothing for so long is not said to give way."""
EASE = 1.2
"""What stopped for lack of room goes on when there is this much more than it stopped at."""
LAST_SHARE = 0.05
"""The order never begins before this share of the disks is left."""
HOUR_S = 3_600


class Meter:
    """Bytes a second, averaged; right from the first minute on. Threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._begun = self._last = clock()
        self._sum = 0.0
        """Bytes, each weighing less the longer ago it came."""
        self.seen = self._last

    def add(self, size: int) -> None:
        """So many bytes more."""
        with self._lock:
            self._fade()
            self._sum += size
            self.seen = self._last

    def rate(self) -> float:
        """Bytes a second."""
        with self._lock:
            self._fade()
            weight = AVERAGE_S * (1 - math.exp(-(self._last - self._begun) / AVERAGE_S))
            return self._sum / max(weight, SETTLED_S)

    def _fade(self) -> None:
        now = self._clock()
        self._sum *= math.exp(-(now - self._last) / AVERAGE_S)
        self._last = now


@dataclass(frozen=True, slots=True)
class Headroom:
    """How long room lasts: `kind` disk or class; bytes; hours None while nothing is written."""

    kind: str
    name: str
    used: int
    room: int
    rate: float
    hours: float | None


def sentence(one: Headroom) -> str:
    """How long its room lasts, for a person."""
    if one.hours is None:
        return f"{one.kind} {one.name} has room: nothing is written."
    left = f"{one.hours:.0f} hours" if one.hours >= 2 else f"{one.hours * 60:.0f} minutes"
    return f"{one.kind} {one.name} has room for {left} more at the present rate."


def hours_of(room: int, rate: float) -> float | None:
    """How long `room` bytes last at `rate` bytes a second; None for ever."""
    return room / rate / HOUR_S if rate >= 1 else None


@dataclass(slots=True)
class _Class:
    demand: Meter
    retention_ms: int = 0
    used: int = 0


class Room:
    """Used by the writer; `headroom` and `gone` by any thread."""

    def __init__(
        self,
        used: Mapping[str, int],
        *,
        limits: Mapping[str, int],
        last_hours: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`used` and `limits` are bytes for each retention class."""
        self._limits, self._last_hours, self._clock = dict(limits), last_hours, clock
        self._lock = threading.Lock()
        self._classes: dict[str, _Class] = {}
        self._stopped: set[tuple[str, Kind]] = set()
        for name in {*used, *limits} - {""}:
            self._classes[name] = _Class(Meter(clock), used=used.get(name, 0))

    def check_limit(self, record: WindowRecord, size: int) -> None:
        """Count what is offered; raises `StoreFull` if its class has reached its limit."""
        with self._lock:
            one = self._classes.setdefault(record.class_, _Class(Meter(self._clock)))
            one.demand.add(size)
            one.retention_ms = max(one.retention_ms, record.shred_ms - record.start_ms)
            limit = self._limits.get(record.class_)
            if limit is not None and one.used + size > limit:
                raise StoreFull(
                    f"recordings of the class {record.class_} have reached their limit of "
                    f"{limit / 1e9:g} GB.",
                    hint="They go on when older ones are due; see docs/guide/disks.md.",
                )

    def check_order(self, record: WindowRecord, kind: Kind, free: int, total: int) -> None:
        """Raises `StoreFull` if it is the turn of this class and kind to give way.

        `free` is the room on all disks of `total` bytes.
        """
        with self._lock:
            self._check_order((record.class_, kind), free, total)

    def stored(self, retention: str, size: int) -> None:
        """A pack of this class has grown."""
        with self._lock:
            one = self._classes.setdefault(retention, _Class(Meter(self._clock)))
            one.used = max(0, one.used + size)

    def gone(self, packs: Iterable[Pack]) -> None:
        """Packs were deleted."""
        for pack in packs:
            self.stored(pack.retention, -pack.bytes)

    def stopped(self) -> list[str]:
        """What gives way now, in words."""
        with self._lock:
            since = self._clock() - LATELY_S
            return [
                f"{kind} of the class {name}"
                for name, kind in sorted(self._stopped)
                if self._classes[name].demand.seen >= since
            ]

    def headroom(self) -> list[Headroom]:
        """Of each class that has a limit or is recorded now."""
        with self._lock:
            found = []
            for name, one in sorted(self._classes.items()):
                limit, rate = self._limits.get(name), one.demand.rate()
                if limit is None:
                    found.append(Headroom("class", name, one.used, -1, rate, None))
                    continue
                room = max(0, limit - one.used)
                found.append(Headroom("class", name, one.used, room, rate, hours_of(room, rate)))
            return found

    def _check_order(self, step: tuple[str, Kind], free: int, total: int) -> None:
        steps = self._steps()
        rate = sum(self._classes[name].demand.rate() for name, kind in steps if kind is Kind.VIEWS)
        whole = min(self._last_hours * HOUR_S * rate, total * LAST_SHARE)
        enough = whole * (len(steps) - 1 - steps.index(step)) / len(steps)
        if free >= enough * (EASE if step in self._stopped else 1):
            self._stopped.discard(step)
            return
        self._stopped.add(step)
        raise StoreFull(
            f"room is short: {step[1]} of the class {step[0]} give way to what is kept longer.",
            hint="Free space or add a disk; recording goes on by itself.",
        )

    def _steps(self) -> list[tuple[str, Kind]]:
        """What stops, the first first."""
        now = self._clock()
        living = [
            (one.retention_ms, name)
            for name, one in self._classes.items()
            if one.retention_ms and now - one.demand.seen <= FORGOTTEN_S
        ]
        return [(name, kind) for _, name in sorted(living) for kind in (Kind.VIEWS, Kind.ORIGINALS)]
