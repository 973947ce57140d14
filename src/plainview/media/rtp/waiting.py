"""When a reading thread wakes up.

To be woken costs a thread more than to read what is there, so pictures of a camera that nobody
watches are gathered: the kernel wakes the thread (socket(7), `SO_RCVLOWAT`) when `LOW` bytes have
come, or `GATHER_S` is over. What is watched, and all that comes in datagrams, is read at once: a
socket for datagrams holds little, and what it cannot hold is lost.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable

from plainview.media.rtp.control import Control
from plainview.media.rtp.ports import Ports

REST_S = 0.004
"""Within TCP, how long the rest of a picture is waited for once its first packet has come."""
GATHER_S = 0.16
"""How long a picture that nobody watches may lie unread: four pictures at 25 a second."""
LOW = 48 * 1024
"""So much is read at once whoever watches: a key frame that comes fast must not fill the socket,
and what is there is then read in one call (`control.CHUNK`)."""
SETTLED_S = 4.0
"""A new connection is read at once for so long: its first arrivals tell how its time line lies."""


def always() -> bool:
    """For streams that are read by somebody who waits for them."""
    return True


class Waiting:
    """Waits for the sockets of one session. `watched` tells whether pictures must not wait."""

    def __init__(self, control: Control, ports: Ports | None, watched: Callable[[], bool]) -> None:
        self._control, self._datagrams, self._watched = control, ports is not None, watched
        self._sources: dict[int, socket.socket | None] = {control.fileno(): None}
        if ports is not None:
            self._sources |= {one.fileno(): one for one in (ports.rtp, ports.rtcp)}
        self._poll = select.poll()
        for handle in self._sources:
            self._poll.register(handle, select.POLLIN)
        self._settled = time.monotonic() + SETTLED_S
        self._gathers = False

    def wait(self, until: float) -> list[socket.socket | None]:
        """Sleep until something may be read, no longer than `until` (monotonic); from where. None
        stands for the RTSP connection."""
        now = time.monotonic()
        gathers = not self._datagrams and now >= self._settled and not self._watched()
        if gathers is not self._gathers:
            self._control.wake_at(LOW if gathers else 1)
            self._gathers = gathers
        left = max(0.0, until - now)
        if gathers:
            self._poll.poll(min(left, GATHER_S) * 1000 + 1)
            return [None]
        ready = self._poll.poll(left * 1000 + 1)
        if ready and not self._datagrams:
            time.sleep(REST_S)
        return [self._sources[handle] for handle, _ in ready]
