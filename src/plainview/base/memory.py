"""Keeping secrets of a process in its memory: no core dumps, nothing swapped out."""

from __future__ import annotations

import ctypes
import resource

_MCL_CURRENT_AND_FUTURE = 3


def guard_memory() -> bool:
    """Refuse core dumps and ask for locked memory; whether the system locked it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return bool(ctypes.CDLL(None).mlockall(_MCL_CURRENT_AND_FUTURE) == 0)
