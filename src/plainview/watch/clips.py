"""Clips: at most ten minutes of a view as one MP4, cut by a child and handed on as it comes.

The clip's act is on the log before anything is made; its index is the number that stands in every
picture. Nothing is kept: bytes go from the child to the browser, at the browser's pace. While the
log is away nothing goes on, and a clip that was begun is cut off.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from plainview.base.clock import Ms
from plainview.errors import BadFormat, Refused
from plainview.store.index import Segment
from plainview.watch.playback import Playback, Playbacks
from plainview.watch.pulse import Pulse

LOG = structlog.get_logger(__name__)
LONGEST_MS: Ms = 10 * 60_000
MOST_AT_ONCE, MOST_OF_ONE = 2, 1
"""Clips that are being made in this process, and of one person."""
MOST_BYTES = 512 << 20
"""A clip of ten minutes at the encoder's greatest rate has 300 MB; more is a fault."""
CHUNK = 64 << 10
_LENGTH = struct.Struct(">I")
_CHILD = (sys.executable, "-m", "plainview.watch.cutting")


@dataclass(frozen=True)
class Wanted:
    """What stands in a clip: its number, and the names in its metadata. Times in ms."""

    number: int
    title: str
    comment: str
    from_ms: Ms
    to_ms: Ms

    def line(self) -> bytes:
        """What the child is told first."""
        told = {"number": self.number, "title": self.title, "comment": self.comment}
        return json.dumps({**told, "from": self.from_ms, "to": self.to_ms}).encode() + b"\n"


class Clips:
    """Makes clips, few at once."""

    def __init__(self, playbacks: Playbacks, pulse: Pulse) -> None:
        self._playbacks, self._pulse = playbacks, pulse
        self._running: Counter[str] = Counter()

    @property
    def running(self) -> int:
        """How many clips are being made."""
        return self._running.total()

    @contextmanager
    def place(self, person: str) -> Iterator[None]:
        """A place among the few clips that are made at once. Raises `Refused` without one."""
        if self._running[person] >= MOST_OF_ONE or self.running >= MOST_AT_ONCE:
            raise Refused("Another clip is being made.", hint="Try again when it is done.")
        self._running[person] += 1
        try:
            yield
        finally:
            self._running[person] -= 1

    async def segments(self, playback: Playback, from_ms: Ms, to_ms: Ms) -> list[Segment]:
        """What the clip is made of. Raises `BadFormat`, `Refused`, `NotFound`, before any entry."""
        if from_ms >= to_ms:
            raise BadFormat("The clip must end after it begins.")
        if to_ms - from_ms > LONGEST_MS:
            raise Refused("A clip has at most 10 minutes.", hint="Ask for a shorter time.")
        return await self._playbacks.between(playback, from_ms, to_ms)

    async def make(
        self, playback: Playback, found: list[Segment], wanted: Wanted
    ) -> AsyncGenerator[bytes]:
        """The bytes of the MP4. Raises `BadFormat`, or the keeper's errors in the middle of it."""
        child = await asyncio.create_subprocess_exec(*_CHILD, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        feeder = asyncio.create_task(self._feed(child, playback, found, wanted))
        sent = 0
        try:
            async for data in _read(child, feeder):
                await self._pulse.check()
                sent += len(data)
                if sent > MOST_BYTES:
                    raise Refused("The clip grew too large.", hint="Ask for a shorter time.")
                yield data
            await feeder
            await _check_end(child)
        finally:  # also when the browser left; nothing is awaited, as that could be cancelled again
            feeder.cancel()
            if child.returncode is None:
                child.kill()

    async def _feed(
        self, child: Process, playback: Playback, found: list[Segment], wanted: Wanted
    ) -> None:
        """Give the child one segment after the other, as it takes them."""
        to_child = child.stdin
        assert to_child is not None  # noqa: S101 - asked for above
        try:
            to_child.write(wanted.line())
            for segment in found:
                for message in await self._playbacks.messages(playback, segment):
                    to_child.write(_LENGTH.pack(len(message)) + message)
                await to_child.drain()
        except (BrokenPipeError, ConnectionResetError):
            LOG.info("the child that cuts a clip takes no more")  # `_check_end` says why
        finally:
            to_child.close()


async def _read(child: Process, feeder: asyncio.Task[None]) -> AsyncIterator[bytes]:
    """What the child writes, until it ends or can be given no more. Raises what stopped that."""
    from_child = child.stdout
    assert from_child is not None  # noqa: S101 - asked for above
    while data := await from_child.read(CHUNK):
        if feeder.done():
            feeder.result()
        yield data


async def _check_end(child: Process) -> None:
    """Raises `BadFormat` with the child's own words unless the clip is whole."""
    assert child.stderr is not None  # noqa: S101 - asked for above
    said = (await child.stderr.read()).decode("utf-8", "replace")[-300:]
    if await child.wait():
        raise BadFormat(said or "The clip could not be made.")
