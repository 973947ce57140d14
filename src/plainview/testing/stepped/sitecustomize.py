"""A clock that a test steps: Python imports this at start from a folder on PYTHONPATH.

The file that `PLAINVIEW_STEPPED_CLOCK` names holds seconds, to be added to what the machine's clock
says; it is read each time, so that a running process's clock steps. Nothing of the product knows
of it. (A preloaded library cannot do it: it breaks timed waits in the interpreter.)
"""

from __future__ import annotations

import os
import time
from pathlib import Path

_FILE = Path(os.environ.get("PLAINVIEW_STEPPED_CLOCK", "/nonexistent"))
_time, _time_ns = time.time, time.time_ns


def _ahead() -> int:
    try:
        return int(_FILE.read_text() or "0")
    except (OSError, ValueError):
        return 0


def _stepped() -> float:
    return _time() + _ahead()


def _stepped_ns() -> int:
    return _time_ns() + _ahead() * 1_000_000_000


time.time, time.time_ns = _stepped, _stepped_ns
