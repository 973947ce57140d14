"""Rate limits: a bounded table of token buckets, one per caller."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from plainview.errors import Refused

MOST_CALLERS = 10_000


class TooMany(Refused):
    """The caller must wait."""

    code = "too_many"


class RateLimit:
    """At most `burst` calls at once and `per_minute` in the long run, for each caller."""

    def __init__(
        self, burst: int, per_minute: float, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst, self._per_second, self._now = float(burst), per_minute / 60, now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, caller: str) -> None:
        """Count one call. Raises `TooMany` when the caller's bucket is empty."""
        now = self._now()
        tokens, then = self._buckets.pop(caller, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._per_second)
        allowed = tokens >= 1
        self._buckets[caller] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        if not allowed:
            raise TooMany("Too many attempts.", hint="Wait a minute and try again.")
