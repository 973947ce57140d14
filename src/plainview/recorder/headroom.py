"""How long the disk lasts: free space over what recordings lately took.

The estimate is a careful one: it leaves out what will be deleted on time. A disk on which deletions
keep pace shows the same number of hours from day to day; one that fills up shows it falling.
"""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SPAN_S = 3_600.0
"""The rate is that of the last hour, or of the time since the start."""
FIRST_S = 60.0
"""Shorter than this says nothing."""
STEP_S = 10.0


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes, bytes a second, hours; None where it is not known yet (or nothing is written)."""

    size: int
    free: int
    rate: float | None
    hours: float | None


class Headroom:
    """Asked by whoever shows health; one disk."""

    def __init__(
        self, data: Path, reserve: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`reserve` bytes are not for recordings."""
        self._data, self._reserve, self._clock = data, reserve, clock
        self._seen: deque[tuple[float, int]] = deque()

    def measure(self, written: int) -> Room:
        """The room now; `written` is how many bytes were stored since the process began."""
        now = self._clock()
        if not self._seen or now - self._seen[-1][0] >= STEP_S:
            self._seen.append((now, written))
        while len(self._seen) > 2 and self._seen[1][0] <= now - SPAN_S:
            self._seen.popleft()
        usage = shutil.disk_usage(self._data)
        free = max(0, usage.free - self._reserve)
        then, before = self._seen[0]
        if now - then < FIRST_S:
            return Room(usage.total, free, None, None)
        rate = (written - before) / (now - then)
        return Room(usage.total, free, rate, free / rate / 3600 if rate > 0 else None)
