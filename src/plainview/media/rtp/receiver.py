"""From datagrams to pictures with wall times: the part without sockets.

Only packets of one stream are taken: the right version and payload type, and the SSRC that the
camera announced, or else that of the first such packet. Another SSRC is never followed within a
connection. Where the camera really has changed it, the connection is ended, so that the change is a
declared gap.
"""

from __future__ import annotations

import secrets
import time

from plainview.base.clock import Clock
from plainview.errors import BadFormat, SourceAway
from plainview.media.rtp import packet as rtp
from plainview.media.rtp import rtcp
from plainview.media.rtp.description import Video
from plainview.media.rtp.express import Express, Found
from plainview.media.rtp.order import WINDOW_S, Counts, Item, Order
from plainview.media.rtp.pictures import Picture, Pictures
from plainview.media.timing import RawPacket

REPORT_OLD_S = 3600.0
"""A camera's clock is followed for so long after its last sender report."""
_SILENT_S = 2.0
_OTHER_PACKETS = 20


class Receiver:
    """One stream of one session. Times `now` are monotonic, in seconds."""

    def __init__(
        self,
        name: str,
        video: Video,
        clock: Clock,
        *,
        ssrc: int | None = None,
        first: int | None = None,
        window_s: float = WINDOW_S,
    ) -> None:
        self._name, self._video = name, video
        self.ssrc = ssrc
        self.counts = Counts()
        self._order = Order(video.clock_rate, self.counts, first=first, window_s=window_s)
        self._pictures = Pictures(video.codec, clock)
        self._base: int | None = None
        self._own = secrets.randbits(32)
        self._sender: tuple[rtcp.SenderReport, float] | None = None
        self._reported = (0, 0)
        self._other = 0
        self.last_s = time.monotonic()
        """When the last packet of the stream came."""
        self.ended = False
        """The camera said goodbye."""

    @property
    def due(self) -> float | None:
        """When `tick` has something to do."""
        return self._order.due

    def rtp(self, data: bytes, now: float) -> list[RawPacket]:
        """Take a datagram; pictures that are now complete.

        Raises `SourceAway` if the camera has replaced its stream by another.
        """
        try:
            packet = rtp.parse(data)
        except BadFormat:
            self.counts.malformed += 1
            return []
        if packet.payload_type != self._video.payload_type:
            self.counts.strangers += 1
            return []
        if self.ssrc is None:
            self.ssrc = packet.ssrc
        elif packet.ssrc != self.ssrc:
            self._stranger(now)
            return []
        self._other = 0
        self.last_s = now
        return self._taken(self._order.push(packet, now), now)

    def whole(
        self, express: Express, buffer: bytearray, at: int, now: float
    ) -> tuple[Found, list[RawPacket]]:
        """Take a whole picture at `at`, if all about it is usual; then `express` knows its end."""
        number = self._order.usual
        if self.ssrc is None or number is None or not self._pictures.between:
            return Found.ODD, []
        found = express.look(buffer, at, self.ssrc, number)
        if found is Found.ODD or not self._pictures.may_follow(express.timestamp):
            return Found.ODD, []
        self._other, self.last_s = 0, now
        if found is Found.MORE:
            return found, []
        self._order.took(express.count)
        pictures = self._pictures.whole(express.timestamp, express.units)
        return found, [self._raw(picture, now) for picture in pictures]

    def tick(self, now: float) -> list[RawPacket]:
        """Pictures that are complete because a wait is over."""
        return self._taken(self._order.wait_over(now), now)

    def flush(self, now: float) -> list[RawPacket]:
        """What is left at the end."""
        raw = self._taken(self._order.flush(), now)
        return raw + [self._raw(picture, now) for picture in self._pictures.flush()]

    def rtcp(self, data: bytes, now: float) -> None:
        """Take a datagram of the control channel."""
        try:
            found = rtcp.parse(data)
        except BadFormat:
            self.counts.malformed += 1
            return
        for one in found:
            if isinstance(one, rtcp.Goodbye):
                self.ended = self.ended or self.ssrc in one.ssrcs
            elif self.ssrc is None or one.ssrc == self.ssrc:
                self._sender = (one, now)
            else:
                self.counts.strangers += 1

    def report(self, now: float) -> bytes:
        """A receiver report (RFC 3550 clause 6.4.2, appendix A.3)."""
        if self.ssrc is None or not self.counts.received:
            return rtcp.receiver_report(self._own, None)
        expected, received = self.counts.expected, self.counts.received
        span, came = expected - self._reported[0], received - self._reported[1]
        self._reported = (expected, received)
        fraction = min(255, max(0, (span - came) * 256 // span)) if span > 0 else 0
        sender, at = self._sender or (None, now)
        block = rtcp.Reception(
            ssrc=self.ssrc,
            fraction=fraction,
            lost=expected - received,
            highest=self._order.highest,
            jitter=self._order.jitter_ticks,
            last_report=sender.short_ntp if sender else 0,
            delay=round((now - at) * 65536) if sender else 0,
        )
        return rtcp.receiver_report(self._own, block)

    def _stranger(self, now: float) -> None:
        self.counts.strangers += 1
        self._other += 1
        if self._other >= _OTHER_PACKETS and now - self.last_s > _SILENT_S:
            raise SourceAway(f"{self._name} replaced its stream by another.")

    def _taken(self, items: list[Item], now: float) -> list[RawPacket]:
        return [self._raw(picture, now) for item in items for picture in self._pictures.push(item)]

    def _raw(self, picture: Picture, now: float) -> RawPacket:
        if self._base is None:
            self._base = picture.timestamp
        return RawPacket(
            data=picture.data,
            pts=picture.timestamp - self._base,
            is_key=picture.is_key,
            damaged=picture.damaged,
            prft_us=self._wall_us(picture.timestamp, now),
            arrival_ms=picture.arrival_ms,
            lost=picture.lost,
            missing=picture.missing,
            unit_sizes=picture.unit_sizes,
        )

    def _wall_us(self, timestamp: int, now: float) -> int | None:
        """By the camera's clock, in microseconds since 1970; None before it was told."""
        if self._sender is None:
            return None
        report, at = self._sender
        if report.wall_us is None or now - at > REPORT_OLD_S:
            return None
        step = (timestamp - report.timestamp) & 0xFFFFFFFF
        step = step if step < 1 << 31 else step - (1 << 32)
        return report.wall_us + step * 1_000_000 // self._video.clock_rate
