"""SIGTERM and SIGINT become one event that every loop of a process waits on."""

from __future__ import annotations

import ctypes
import signal
import threading
from types import FrameType


def on_signal(stop: threading.Event | None = None) -> threading.Event:
    """Install the handlers (main thread only) and return the event that they set.

    A second signal is not treated differently: what is in hand is always finished and sealed.
    """
    event = stop or threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        event.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    return event


_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """For `preexec_fn`: be killed when the parent ends, however it ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
