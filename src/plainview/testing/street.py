"""Cameras that film by a driven clock: a picture every two seconds, the same loop over and over.

A real RTSP server with real H.264 and sender reports. Each tick of the clock is four seconds: every
camera sends two pictures. `testing.fasttown` lets the clock stand until the recorder has them all,
so that no picture is late, however busy the machine is.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

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
BURST = 4
"""Of cameras that nobody sees, half of them at every tick. The first of four pictures is 6 s old
then: even a tick later it is within the 10 s that a camera's clock may be off."""
PATIENCE_S = 60.0
ALIVE_S = 1.0
"""So often, of real time, a packet is sent again while the clock stands."""
LOOK_S = 0.002


@dataclass(slots=True)
class Ticks:
    """The number of the latest picture, for those who wait for the next."""

    number: int = 0
    waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = field(
        default_factory=list
    )

    async def due(self, number: int, seconds: float) -> bool:
        """Wait for tick `number`, at most so long; whether it has come."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while self.number < number and loop.time() < end:
            future = loop.create_future()
            self.waiting.append((loop, future))
            if self.number < number:
                await asyncio.wait([future], timeout=end - loop.time())
        return self.number >= number

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
    burst: int = 1
    """Pictures that it sends at once, when the last of them is due, as cameras on busy lines do."""
    phase: int = 0
    first: int = 0
    """Where the present connection begins: at a key frame that may be yet to come."""
    done: int = -1
    """The latest picture that was sent."""
    sent: list[tuple[int, int]] = field(default_factory=list)
    """Stretches of pictures that were sent: first and last number."""

    def is_behind(self) -> bool:
        """Whether a picture that is due was not sent yet."""
        number = self.ticks.number
        latest = max(self.first, number - (number + self.phase + 1) % self.burst)
        return bool(self.viewers) and self.first <= number and self.done < latest

    def _goes_at(self, number: int) -> int:
        """The tick at which a picture is sent; the first of a connection at once."""
        wait = 0 if number == self.first else -(number + self.phase + 1) % self.burst
        return number + wait

    async def play(self, packetiser: rtp.Packetiser) -> AsyncGenerator[tuple[bool, bytes]]:
        """(is RTCP, packet) from the next key frame on, each picture when its tick comes."""
        self.first = first = -(-self.ticks.number // GOP) * GOP
        self.viewers, self.done = self.viewers + 1, first - 1
        self.sent.append((first, first - 1))
        try:
            packet = b""
            for number in itertools.count(first):
                while not await self.ticks.due(self._goes_at(number), ALIVE_S):
                    if packet:
                        yield False, packet  # once more, while the clock stands: it is alive
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
        for name in names:
            self.mounts[name] = DrivenMount(clip, ticks=self.ticks, begin=begin)
        for phase, name in enumerate(unseen):
            self.mounts[name] = DrivenMount(
                huge, ticks=self.ticks, begin=begin, burst=BURST, phase=1 + 2 * (phase % 2)
            )
        for name, mount in self.mounts.items():
            self.server.add(name, mount)

    def tick(self) -> None:
        """Every camera sends the pictures that are due. Raises `Unavailable` if one cannot."""
        self.ticks.next(PER_TICK)
        end = time.monotonic() + PATIENCE_S
        while any(one.is_behind() for one in self.mounts.values()):
            if time.monotonic() > end:
                raise Unavailable("The recorder does not read what the cameras send.")
            time.sleep(LOOK_S)


def small_clip() -> Clip:
    """A small moving pattern: 60 pictures of 96 x 64, a key frame every five."""
    ramp = np.add.outer(np.arange(64), np.arange(96))

    def frames() -> Iterator[Frame]:
        for number in range(LOOP):
            grey = ((2 * ramp + 7 * number) % 256).astype(np.uint8)
            yield Frame.from_bgr(np.repeat(grey[:, :, None], 3, 2))

    rate = Fraction(1000, STEP_MS)
    style = ClipStyle(gop_seconds=float(GOP / rate))
    return damage.paced(
        Clip(*encode_clip(frames(), float(rate), style)), [STEP_MS * CLOCK_RATE // 1000]
    )


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
