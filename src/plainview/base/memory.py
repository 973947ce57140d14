"""Keeping secrets of a process in its memory: no core dumps, nothing swapped out."""

from __future__ import annotations

import ctypes
import resource

_CURRENT_FUTURE_ON_FAULT = 1 | 2 | 4
"""mlockall(2): pages are locked as they are touched, so stacks cost no more than they use."""


def guard_memory() -> bool:
    """Refuse core dumps and lock memory; whether the system locked it.

    Under a limit nothing is locked at all: later allocations beyond it would fail.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    try:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, unlimited)
    except (ValueError, OSError):
        return False
    return bool(ctypes.CDLL(None).mlockall(_CURRENT_FUTURE_ON_FAULT) == 0)
