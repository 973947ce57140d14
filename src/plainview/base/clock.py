"""Time: one clock that is passed in, and one way to write a time.

Times are integer milliseconds since the Unix epoch, UTC, inside the program (`Ms`), and
RFC 3339 with milliseconds and `Z` in everything that is signed, logged or shown to a machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from plainview.errors import BadFormat

Ms = int
"""Milliseconds since 1970-01-01T00:00:00Z."""

Clock = Callable[[], Ms]
"""Anything that tells the wall time; tests pass their own."""

DAY_MS: Ms = 86_400_000
EARLIEST, LATEST = -62_135_596_800_000, 253_402_300_799_999
"""The moments that `to_iso` can write."""


def now_ms() -> Ms:
    """The machine's wall clock."""
    return time.time_ns() // 1_000_000


def to_iso(ms: Ms) -> str:
    """`2026-11-23T08:50:00.000Z`."""
    seconds, rest = divmod(ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{rest:03d}Z"


def from_iso(text: str) -> Ms:
    """The inverse of `to_iso`; any RFC 3339 time with a zone is read. Raises `BadFormat`."""
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise BadFormat(f"{text!r} is not a time like 2026-11-23T08:50:00.000Z.") from error
    if moment.tzinfo is None:
        raise BadFormat(f"{text!r} has no time zone.", hint="Write Z for UTC.")
    ms = round(moment.timestamp() * 1000)
    if not EARLIEST <= ms <= LATEST:
        raise BadFormat(f"{text!r} is before the year 1 or after 9999.")
    return ms


def to_compact(ms: Ms) -> str:
    """`20261123T085000Z`, for names of files and windows (whole seconds)."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
