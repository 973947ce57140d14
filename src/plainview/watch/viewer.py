"""One person's stream of one camera: frames go straight to the connection, or are left out.

Nothing waits here. What the network does not take waits in the connection's own buffer, and that is
bounded: a viewer who stays behind for two seconds loses frames up to the next key frame at which
the buffer is empty again, and one who takes nothing for twenty seconds is let go. So a viewer who
stops reading costs about two seconds of pictures in memory, and disturbs nobody.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from plainview.keys.client import Session
from plainview.watch import frames

BEHIND_S = 2.0
"""A viewer whose buffer was not empty for so long loses frames."""
GONE_S = 20.0
"""A viewer whose buffer was not empty for so long is gone."""
MOST_WAITING = 4 << 20
"""Bytes that may wait for one viewer, whatever the time."""


class Sink(Protocol):
    """A connection to a browser."""

    @property
    def waiting(self) -> int:
        """Bytes that were written and that the network has not taken."""
        ...

    def write(self, data: bytes) -> None:
        """Send bytes that are framed already; nothing happens on a connection that is closing."""
        ...

    def abort(self) -> None:
        """Cut the connection; what waits is not sent."""
        ...


class Ended(Exception):
    """Watching is over; `reason` is a code, `message` says it to a person."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


class Frame:
    """A frame message, and the same as it goes over the wire: framed once for all viewers."""

    __slots__ = ("is_key", "message", "wire")

    def __init__(self, message: bytes, framing: Callable[[bytes], bytes]) -> None:
        self.message, self.wire = message, framing(message)
        self.is_key = frames.is_key(message)


class Batch:
    """Frames that go out in one write."""

    __slots__ = ("frames", "wire")

    def __init__(self, found: Sequence[Frame]) -> None:
        self.frames = tuple(found)
        self.wire = b"".join(frame.wire for frame in found)

    def from_key(self, framing: Callable[[bytes], bytes]) -> bytes:
        """The wire from the first key frame on, marked as a new beginning; empty without one."""
        for at, frame in enumerate(self.frames):
            if frame.is_key:
                first = framing(frames.marked_discontinuous(frame.message))
                return first + b"".join(later.wire for later in self.frames[at + 1 :])
        return b""


class Viewer:
    """Somebody who watches a camera. `owner` is the web session that it belongs to."""

    def __init__(
        self, session: Session, sink: Sink, owner: str = "", *, framing: Callable[[bytes], bytes]
    ) -> None:
        self.session, self.owner = session, owner
        self.dropped = 0
        self._sink, self._framing = sink, framing
        self._behind_since: float | None = None
        self._begun = self._to_key = False
        self._ended: Ended | None = None
        self._over = asyncio.Event()

    async def over(self) -> Ended:
        """Wait until watching is over; why."""
        await self._over.wait()
        assert self._ended is not None  # noqa: S101 - set before the event
        return self._ended

    def begin(self, gop: Sequence[Frame]) -> None:
        """Send the current GOP; from now on frames are taken."""
        self._begun = True
        if gop and self._ended is None:
            self._sink.write(Batch(gop).wire)

    def put(self, batch: Batch) -> None:
        """Send frames, or leave them out when the viewer is behind."""
        if self._ended is not None or not self._begun:
            return
        waiting = self._sink.waiting
        if waiting or self._behind_since is not None:
            self._judge(waiting)
        if not self._to_key:
            self._sink.write(batch.wire)
            return
        wire = b"" if waiting else batch.from_key(self._framing)
        if wire:
            self._to_key = False
            self._sink.write(wire)
        else:
            self.dropped += len(batch.frames)

    def end(self, reason: str, message: str) -> None:
        """End watching, at once: pictures that wait in the connection are not shown any more."""
        if self._ended is not None:
            return
        self._ended = Ended(reason, message)
        if self._sink.waiting:
            self._sink.abort()
        self._over.set()

    def _judge(self, waiting: int) -> None:
        """Decide whether the viewer is behind, or gone."""
        if not waiting:
            self._behind_since = None
            return
        now = time.monotonic()
        if self._behind_since is None:
            self._behind_since = now
        behind = now - self._behind_since
        self._to_key = self._to_key or behind > BEHIND_S or waiting > MOST_WAITING
        if behind > GONE_S:
            self.end("slow", "The connection is too slow for this picture.")
