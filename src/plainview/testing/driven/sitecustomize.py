"""A wall clock that a test drives: Python imports this at start from a folder on PYTHONPATH.

The file that `PLAINVIEW_DRIVEN_CLOCK` names holds nanoseconds since the epoch, 8 bytes, little end
first. It is mapped into memory, so that all processes that are given it tell exactly the same time
at any moment. `time.monotonic`, and with it every wait and every time limit, stays the machine's.
Nothing of the product knows of it (`plainview.testing.clock` drives it).
"""

from __future__ import annotations

import mmap
import os
import time

_FILE = os.environ.get("PLAINVIEW_DRIVEN_CLOCK")

if _FILE:
    with open(_FILE, "rb") as _file:
        _now = mmap.mmap(_file.fileno(), 8, access=mmap.ACCESS_READ)

    def _time_ns() -> int:
        return int.from_bytes(_now[:8], "little")

    def _time() -> float:
        return _time_ns() / 1e9

    time.time, time.time_ns = _time, _time_ns

    from plainview.media import timing
    from plainview.media.rtp import waiting

    # A thread that the machine leaves alone for a moment reads pictures that are ticks old by then.
    timing.MAX_CLOCK_ERROR_MS *= 6
    timing.BELIEVED_AGAIN_MS *= 6
    # Pictures that nobody watches lie unread for a sixth of a second; the clock waits for them.
    waiting.GATHER_S = waiting.REST_S
