"""SIGTERM and SIGINT become one event that every loop of a process waits on."""

from __future__ import annotations

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
