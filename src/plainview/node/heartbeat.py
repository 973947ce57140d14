"""Telling systemd that a process works (sd_notify(3)): READY=1, then WATCHDOG=1 while it answers.

The beat asks the process through its own socket, as a stranger would. A process that hangs
therefore misses its beats, and systemd restarts it. Without systemd nothing happens here: then
`node.processes` watches.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from plainview.errors import PlainviewError

LOG = structlog.get_logger(__name__)
USUAL_S = 10.0
START_S = 0.2
ENDS = {signal.SIGTERM, signal.SIGINT}


def tell(*lines: str) -> None:
    """Send lines such as `READY=1` to the service manager, if there is one."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    path = f"\0{address[1:]}" if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto("\n".join(lines).encode(), path)
        except OSError as error:
            LOG.warning("service_manager_not_told", reason=error.strerror)


def every_s() -> float:
    """How often to beat: three times in the span that systemd allows."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 3e6 if microseconds.isdigit() else USUAL_S


@contextmanager
def beating(probe: Callable[[], None]) -> Iterator[None]:
    """Beat while `probe` returns; it raises one of our errors while the process does not work."""
    if "NOTIFY_SOCKET" not in os.environ:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(probe, stop), name="heartbeat", daemon=True)
    # Threads inherit what is blocked: a signal to end must reach the main thread, never this one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    try:
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        yield
    finally:
        stop.set()
        tell("STOPPING=1")


def _beat(probe: Callable[[], None], stop: threading.Event) -> None:
    ready = False
    while not stop.wait(every_s() if ready else START_S):
        try:
            probe()
        except PlainviewError as error:
            if ready:
                LOG.error("no_answer", reason=error.message)
            continue
        tell("WATCHDOG=1" if ready else "READY=1")
        ready = True
