"""What a simulated camera sends: a clip in a loop, or what another program pushes."""

from __future__ import annotations

import asyncio
import itertools
import struct
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field

from plainview.base.clock import Ms, now_ms
from plainview.errors import BadFormat
from plainview.media.packets import Codec
from plainview.testing import rtp, sdp
from plainview.testing.clip import Clip, Picture
from plainview.testing.rtp import CLOCK_RATE
from plainview.testing.rtp_faults import Faults

_CACHED_BYTES = 8 * 1024 * 1024
_QUEUED = 4096


@dataclass(slots=True)
class ClipMount:
    """A clip played to everybody at the same position, as a live camera would."""

    clip: Clip
    loop: bool = True
    rounds: int = 1
    """How often it is played, if not in a loop."""
    from_start: bool = False
    """Each viewer begins at the first picture instead of the live position (for tests)."""
    speed: float = 1.0
    audio: bool = False
    """Offer an audio track in the SDP."""
    sprop: bool = True
    """Put the parameter sets into the SDP."""
    reports: bool = True
    """Send RTCP sender reports."""
    first_report_s: float = 0.0
    """How long the first of them is waited for."""
    report_every_s: float = 5.0
    faults: Faults | None = None
    """What the network does to its packets; for one viewer."""
    clock_offset_ms: Ms = 0
    """How wrong the camera's clock is."""
    stalled: bool = False
    """Keep connections open and send nothing: a camera that hangs."""
    _t0: float = field(default_factory=time.monotonic)
    _wall0: Ms = field(default_factory=now_ms)

    def describe(self) -> str:
        """The SDP."""
        return sdp.describe(self.clip.parameters, audio=self.audio, sprop=self.sprop)

    @property
    def codec(self) -> Codec:
        return self.clip.parameters.codec

    def _pictures(self, now: float) -> Iterator[tuple[Picture, int]]:
        """Pictures from a key frame on, each with the ticks that its round began at."""
        position = 0 if self.from_start else int((now - self._t0) * CLOCK_RATE * self.speed)
        base = position // self.clip.length * self.clip.length
        at = self.clip.key_before(position - base)
        for played in itertools.count(1):
            for picture in self.clip.pictures[at:]:
                yield picture, base
            if not self.loop and played >= self.rounds:
                return
            at, base = 0, base + self.clip.length

    async def play(self, packetiser: rtp.Packetiser) -> AsyncGenerator[tuple[bool, bytes]]:
        """(is RTCP, packet) at the time it is due."""
        t0, wall0 = self._t0, self._wall0
        if self.from_start:
            t0, wall0 = time.monotonic(), now_ms()
        report_due = time.monotonic() + self.first_report_s
        for picture, base in self._pictures(time.monotonic()):
            due = t0 + (base + picture.sent) / CLOCK_RATE / self.speed
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            while self.stalled:  # noqa: ASYNC110 - set from another thread
                await asyncio.sleep(0.05)
            shown = base + picture.shown
            if self.reports and time.monotonic() >= report_due:
                report_due = time.monotonic() + self.report_every_s
                wall = wall0 + shown * 1000 // CLOCK_RATE + self.clock_offset_ms
                yield True, packetiser.sender_report(wall, shown)
            packetiser.codec = picture.codec
            for packet in packetiser.access_unit(picture.units, shown):
                yield False, packet


class PushMount:
    """Relays what a client records; late viewers get the current GOP first."""

    def __init__(self, description: str) -> None:
        self._sdp, self.control, self.codec = sdp.video_only(description)
        self._cache: list[tuple[bool, bytes]] = []
        self._cached = 0
        self._viewers: set[asyncio.Queue[tuple[bool, bytes] | None]] = set()

    def describe(self) -> str:
        """The SDP as pushed, its video only."""
        return self._sdp

    def relay(self, is_rtcp: bool, packet: bytes) -> None:
        """Hand a packet on. Raises `BadFormat` if it is not RTP."""
        if len(packet) < 12:
            raise BadFormat("An RTP packet is too short.")
        if not is_rtcp and rtp.starts_key(_payload(packet), self.codec):
            self._begin(packet)
        if self._cached < _CACHED_BYTES:
            self._cache.append((is_rtcp, packet))
            self._cached += len(packet)
        for queue in list(self._viewers):
            if queue.full():
                self._drop(queue)
            else:
                queue.put_nowait((is_rtcp, packet))

    def _begin(self, packet: bytes) -> None:
        """Start the cache anew, unless this packet belongs to the key picture cached already."""
        stamps = [p[4:8] for rtcp, p in self._cache if not rtcp]
        if not stamps or stamps[0] != packet[4:8]:
            self._cache = [item for item in self._cache if item[0]][-1:]
            self._cached = 0

    def _drop(self, queue: asyncio.Queue[tuple[bool, bytes] | None]) -> None:
        """Let go of a viewer that is too slow."""
        self._viewers.discard(queue)
        queue.get_nowait()
        queue.put_nowait(None)

    def end(self) -> None:
        """The pushing client left."""
        for queue in list(self._viewers):
            if not queue.full():
                queue.put_nowait(None)
        self._viewers.clear()

    async def play(self, packetiser: rtp.Packetiser) -> AsyncGenerator[tuple[bool, bytes]]:
        """(is RTCP, packet) as they come; they keep the pusher's own SSRC and numbers."""
        queue: asyncio.Queue[tuple[bool, bytes] | None] = asyncio.Queue(_QUEUED)
        for cached in list(self._cache):
            yield cached
        self._viewers.add(queue)
        try:
            while (item := await queue.get()) is not None:
                yield item
        finally:
            self._viewers.discard(queue)


def _payload(packet: bytes) -> bytes:
    """The payload of an RTP packet, after contributing sources and extension."""
    at = 12 + 4 * (packet[0] & 15)
    if packet[0] & 16 and len(packet) >= at + 4:
        at += 4 + 4 * struct.unpack_from(">H", packet, at + 2)[0]
    return packet[at:]


Mount = ClipMount | PushMount
