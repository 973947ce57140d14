"""Time stamps of a live stream: missing ones are reconstructed, and wall times are given.

The first packets of a session may lack time stamps; they are held until one has them, never
dropped, and placed by the camera's clock where it is told. Without it: FFmpeg counts from the
session's first packet, so that one stands at 0.

The wall time is that of the camera's RTCP sender reports
(RFC 3550 clause 6.4.1; FFmpeg attaches it as `prft`) while the camera's clock is believable, else
our arrival time, smoothed along the stream's own time line.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from plainview.base.clock import Ms
from plainview.media.packets import Codec, Packet

MAX_CLOCK_ERROR_MS: Ms = 10_000
"""A camera clock further from ours than this is not used: windows follow real time."""

BELIEVED_AGAIN_MS: Ms = 5_000
"""A clock that was too far away is used again when it is this near, so that it does not flicker."""
JUMP_MS: Ms = 2_000
"""Time stamps this far from those before do not continue the stream."""

_HELD = 64
_SPAN_MS = 30_000
_LATE_MS = 1_500
_LASTING_MS = 3_000


class RawPacket(NamedTuple):
    """A packet as the demuxer gave it. One is made for every picture of every camera, which is
    why it is a tuple."""

    data: bytes
    pts: int | None
    is_key: bool
    damaged: bool
    prft_us: int | None
    """When the picture was taken by the camera's clock, microseconds since the epoch."""
    arrival_ms: Ms
    lost: int = 0
    missing: bool = False
    unit_sizes: tuple[int, ...] = ()


class Timeline:
    """Turns raw packets into packets with time stamps and wall times."""

    def __init__(self, time_base: Fraction, codec: Codec, *, fps: float | None = None) -> None:
        self._time_base, self._codec = time_base, codec
        self._tick_ms = float(time_base * 1000)
        self._step = max(1, round(1000 / (fps or 25.0) / self._tick_ms))
        self._held: list[RawPacket] = []
        self._highest: int | None = None
        self._arrivals = Arrivals()
        self._believed = True
        self.clock_error_ms: Ms | None = None
        """Camera clock minus ours, once a sender report came; for health."""

    def push(self, raw: RawPacket) -> list[Packet]:
        """The packets that are now complete, in decode order."""
        if raw.pts is None and self._highest is None and len(self._held) < _HELD:
            self._held.append(raw)
            return []
        if raw.pts is not None and not self._held:
            return [self._packet(raw, raw.pts)]
        first = raw.pts if raw.pts is not None else (self._highest or 0) + self._step
        held, self._held = self._held, []
        times = [self._before(raw, first, old, at - len(held)) for at, old in enumerate(held)]
        return [self._packet(r, t) for r, t in zip([*held, raw], [*times, first], strict=True)]

    def _before(self, known: RawPacket, pts: int, held: RawPacket, place: int) -> int:
        """Time stamp of a held packet, `-place` packets before the first known one."""
        if known.prft_us is not None and held.prft_us is not None:
            return pts + round((held.prft_us - known.prft_us) / 1000 / self._tick_ms)
        if place == -1 and 0 < pts * self._tick_ms < JUMP_MS:
            return 0
        return pts + place * self._step

    def drain(self) -> list[Packet]:
        """What is still held when the stream ends without any time stamp."""
        held, self._held = self._held, []
        return [self._packet(raw, at * self._step) for at, raw in enumerate(held)]

    def _packet(self, raw: RawPacket, pts: int) -> Packet:
        jump = self._note(pts)
        wall, source = self._wall(raw, pts * self._tick_ms, jump)
        return Packet(
            data=raw.data,
            pts=pts,
            time_base=self._time_base,
            is_key=raw.is_key,
            wall_ms=wall,
            wall_source="rtcp" if source else "arrival",
            arrival_ms=raw.arrival_ms,
            codec=self._codec,
            damaged=raw.damaged,
            discontinuity=jump,
            lost=raw.lost,
            missing=raw.missing,
            unit_sizes=raw.unit_sizes,
        )

    def _note(self, pts: int) -> bool:
        """Remember the highest time stamp; whether `pts` does not continue the stream."""
        highest = self._highest
        jump = highest is not None and abs(pts - highest) * self._tick_ms > JUMP_MS
        self._highest = pts if highest is None or jump else max(highest, pts)
        return jump

    def _wall(self, raw: RawPacket, pts_ms: float, jump: bool) -> tuple[Ms, bool]:
        """(wall time, whether it is the camera's)."""
        if raw.prft_us is not None:
            taken = round(raw.prft_us / 1000)
            self.clock_error_ms = taken - raw.arrival_ms
            most = MAX_CLOCK_ERROR_MS if self._believed else BELIEVED_AGAIN_MS
            self._believed = abs(self.clock_error_ms) <= most
            if self._believed:
                return taken, True
        return self._arrivals.wall(raw.arrival_ms, pts_ms, jump=jump), False


class Arrivals:
    """How a stream's time line lies to our clock, told by the least delayed packets.

    The least of the last 30 to 60 s counts, so that a camera whose clock runs fast or slow is
    followed, and a burst after a stall of the network moves nothing. A time line that really
    stopped is noticed after 3 s: then every packet is late.
    """

    def __init__(self) -> None:
        self._began: Ms = 0
        self._least: float | None = None
        self._before: float | None = None
        self._late: tuple[Ms, float] | None = None
        """Since when all packets are late, and the least late of them."""

    def wall(self, arrival_ms: Ms, pts_ms: float, *, jump: bool) -> Ms:
        """When a picture was taken, by our clock, as far as its arrival tells."""
        offset = arrival_ms - pts_ms
        if self._least is None or jump or arrival_ms < self._began:
            self._begin(arrival_ms, offset, before=None)
        elif arrival_ms - self._began >= _SPAN_MS:
            self._begin(arrival_ms, offset, before=self._least)
        else:
            self._least = min(self._least, offset)
        known = [one for one in (self._least, self._before) if one is not None]
        now = min(known, default=offset)
        self._notice_stop(arrival_ms, offset, now)
        return round(pts_ms + now)

    def _begin(self, arrival_ms: Ms, offset: float, *, before: float | None) -> None:
        self._began, self._least, self._before = arrival_ms, offset, before

    def _notice_stop(self, arrival_ms: Ms, offset: float, now: float) -> None:
        if offset - now <= _LATE_MS:
            self._late = None
            return
        since, least = self._late or (arrival_ms, offset)
        self._late = since, min(least, offset)
        if arrival_ms - since >= _LASTING_MS:
            self._begin(arrival_ms, self._late[1], before=None)
            self._late = None
