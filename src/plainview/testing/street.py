"""Cameras that film by a driven clock: a picture every two seconds, the same loop over and over.

A real RTSP server with real H.264 and sender reports. Each tick of the clock is four seconds: every
camera sends two pictures, and the clock stands until the recorder has taken all of them from its
sockets, so that no picture is late, however busy the machine is.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from plainview.base.clock import Ms
from plainview.errors import Unavailable
from plainview.media.convert import ClipStyle, encode_clip
from plainview.media.frames import Frame
from plainview.testing import damage, rtp
from plainview.testing.clip import Clip
from plainview.testing.rtp import CLOCK_RATE
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_mounts import ClipMount

STEP_MS: Ms = 2_000
"""Between two pictures: the most that does not count as a jump of a camera's time stamps."""
PER_TICK = 2
"""Pictures that are sent at once, when both are due: a recorder is woken half as often."""
TICK_MS: Ms = PER_TICK * STEP_MS
GOP = 5
LOOP = 60
REPORT_EVERY = 30
"""Pictures between two sender reports."""
PATIENCE_S = 60.0


@dataclass(slots=True)
class Ticks:
    """The number of the latest picture, for those who wait for the next."""

    number: int = 0
    waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = field(
        default_factory=list
    )

    async def due(self, number: int) -> None:
        """Wait for picture `number`."""
        while self.number < number:
            loop = asyncio.get_running_loop()
            future = loop.create_future()
            self.waiting.append((loop, future))
            if self.number < number:
                await future

    def next(self, count: int) -> None:
        """The next pictures are due."""
        self.number += count
        waiting, self.waiting = self.waiting, []
        for loop, future in waiting:
            loop.call_soon_threadsafe(_wake, future)


@dataclass(slots=True)
class DrivenMount(ClipMount):
    """One camera; picture n is taken `n * STEP_MS` after `begin`."""

    ticks: Ticks = field(default_factory=Ticks)
    begin: Ms = 0
    viewers: int = 0
    first: int = 0
    """Where the present connection begins: at a key frame that may be yet to come."""
    done: int = -1
    """The latest picture that was sent."""
    sent: list[tuple[int, int]] = field(default_factory=list)
    """Stretches of pictures that were sent: first and last number."""

    def is_behind(self) -> bool:
        """Whether a picture that is due was not sent yet."""
        number = self.ticks.number
        return bool(self.viewers) and self.first <= number and self.done < number

    async def play(self, packetiser: rtp.Packetiser) -> AsyncGenerator[tuple[bool, bytes]]:
        """(is RTCP, packet) from the next key frame on, each picture when its tick comes."""
        self.first = first = -(-self.ticks.number // GOP) * GOP
        self.viewers, self.done = self.viewers + 1, first - 1
        self.sent.append((first, first - 1))
        try:
            for number in itertools.count(first):
                await self.ticks.due(number)
                at = number * STEP_MS * CLOCK_RATE // 1000
                if (number - first) % REPORT_EVERY == 0:
                    yield True, packetiser.sender_report(self.begin + number * STEP_MS, at)
                units = self.clip.pictures[number % len(self.clip.pictures)].units
                for packet in packetiser.access_unit(units, at):
                    yield False, packet
                self.done, self.sent[-1] = number, (first, number)
        finally:
            self.viewers -= 1


class Street:
    """`names` are cameras whose pictures are redacted, `unseen` ones that claim 16,384 x 16,384
    pixels: those are recorded, and no view is made of them."""

    def __init__(
        self, names: list[str], unseen: list[str], *, begin: Ms, port: int, clip: Clip
    ) -> None:
        self.ticks = Ticks()
        self.server = RtspServer(port=port)
        self.mounts: dict[str, DrivenMount] = {}
        huge = damage.claiming(clip, damage.h264_sps(1024, 1024))
        for name, plays in [*((one, clip) for one in names), *((one, huge) for one in unseen)]:
            self.mounts[name] = DrivenMount(plays, ticks=self.ticks, begin=begin)
            self.server.add(name, self.mounts[name])

    def tick(self) -> None:
        """Every camera sends its next pictures; returns when the recorder has taken them all.

        Raises `Unavailable` if it does not.
        """
        self.ticks.next(PER_TICK)
        end = time.monotonic() + PATIENCE_S
        while not self._taken():
            if time.monotonic() > end:
                raise Unavailable("The recorder does not read what the cameras send.")
            time.sleep(0.001)

    def _taken(self) -> bool:
        behind = any(one.is_behind() for one in self.mounts.values())
        return not behind and not any(_unread(self.server.port))


def small_clip() -> Clip:
    """A small moving pattern: 60 pictures of 96 x 64, a key frame every five."""
    ramp = np.add.outer(np.arange(64), np.arange(96))

    def frames() -> Iterator[Frame]:
        for number in range(LOOP):
            grey = ((2 * ramp + 7 * number) % 256).astype(np.uint8)
            yield Frame.from_bgr(np.repeat(grey[:, :, None], 3, 2))

    rate = Fraction(1000, STEP_MS)
    style = ClipStyle(gop_seconds=float(GOP / rate))
    return damage.paced(Clip(*encode_clip(frames(), float(rate), style)), [STEP_MS * CLOCK_RATE // 1000])


def _unread(port: int) -> Iterator[int]:
    """Bytes that wait in sockets that are connected to our port, unread."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[2].rpartition(":")[2], 16) == port:
            waiting = int(fields[4].rpartition(":")[2], 16)
            if waiting:
                yield waiting


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
