"""Not storming cameras: back-off with jitter for one, paced connects for all of a process.

After a power cut hundreds of cameras come back at once; each open costs 20 to 50 ms of CPU here
and more on the camera's side.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable


class Backoff:
    """Waits that double from `first_s` to `most_s`, each shortened at random by up to a half."""

    def __init__(self, first_s: float = 0.5, most_s: float = 30.0) -> None:
        self._first, self._most = first_s, most_s
        self._next = first_s

    def wait_s(self) -> float:
        """How long to wait now; the following wait is twice as long."""
        wait, self._next = self._next, min(self._next * 2, self._most)
        return wait * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret

    def reset(self) -> None:
        """The connection works again."""
        self._next = self._first


class Pacer:
    """Lets at most one connect begin every `every_s` seconds, in the order of asking."""

    def __init__(self, every_s: float = 0.05, clock: Callable[[], float] = time.monotonic) -> None:
        self._every, self._clock = every_s, clock
        self._lock = threading.Lock()
        self._free_at = 0.0

    def wait_s(self) -> float:
        """Take the next turn; how long it is until then."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._free_at)
            self._free_at = turn + self._every
            return turn - now


PROCESS_PACER = Pacer()
"""Shared by all sources of this process."""
