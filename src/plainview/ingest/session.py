"""One camera, for as long as it is wanted: connect, read, notice stalls, reconnect, declare gaps.

The stream is an iterator on the caller's thread. What was missed is never silent: a `Gap` opens at
the last picture (its end still unknown, so that what is in hand can be written) and is closed by
the first picture that comes again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import structlog

from plainview.base.clock import Clock, Ms, now_ms
from plainview.errors import SourceAway
from plainview.ingest.health import Health, HealthBook
from plainview.ingest.pacing import PROCESS_PACER, Backoff, Pacer
from plainview.media.access import Access
from plainview.media.packets import Packet, Parameters
from plainview.media.rtp.waiting import always
from plainview.media.rtsp import redact_url
from plainview.media.streams import DEFAULT, CameraStream, open_camera

log = structlog.get_logger()
LOSS_LOG_MS: Ms = 60_000
LOSS_COUNT_MS: Ms = 1_000
"""How often health takes in what was lost; for every picture it would cost more than reading."""
CLOCK_STEP_MS: Ms = 1_000
"""A wall time this much before the one just seen is a step backwards of the camera's clock."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Time without pictures; `end_ms` is None while it lasts."""

    start_ms: Ms
    end_ms: Ms | None
    reason: str


class Source:
    """A camera at `url`. `items()` is read by one thread; `stop()` and `health` by any."""

    def __init__(
        self,
        url: str,
        access: Access = DEFAULT,
        *,
        open_s: float = 10.0,
        stall_s: float = 5.0,
        backoff: Backoff | None = None,
        pacer: Pacer = PROCESS_PACER,
        clock: Clock = now_ms,
        watched: Callable[[], bool] = always,
    ) -> None:
        """While nobody has `watched`, pictures may come a few at a time."""
        self.name = redact_url(url)
        self._url, self._access, self._watched = url, access, watched
        self._open_s, self._stall_s = open_s, stall_s
        self._backoff = backoff or Backoff()
        self._pacer, self._clock = pacer, clock
        self._book = HealthBook(self.name)
        self._stop = threading.Event()
        self._parameters: Parameters | None = None
        self._began = clock()
        self._last_wall: Ms | None = None
        self._last: Packet | None = None
        self._open_gap: Gap | None = None
        self._logged, self._logged_ms = 0, 0
        self._counted_ms: Ms = 0

    @property
    def health(self) -> Health:
        """What the connection is doing now."""
        return self._book.now()

    @property
    def parameters(self) -> Parameters:
        """Of the latest packet. Raises `SourceAway` before the first one."""
        if self._parameters is None:
            raise SourceAway(f"{self.name} has sent no picture yet.")
        return self._parameters

    def stop(self) -> None:
        """End `items()`: at the next packet, or when a stall or an open times out."""
        self._stop.set()

    def items(self) -> Iterator[Packet | Gap]:
        """Packets and gaps until `stop()`; the camera's failures end in gaps, never in errors."""
        while not self._stop.is_set():
            self._pause(self._pacer.wait_s())
            if self._stop.is_set():
                break
            self._book.state("connecting", self._clock(), self._book.now().reason)
            try:
                yield from self._connection()
            except SourceAway as error:
                yield from self._lost(error.message)
                self._book.state("waiting", self._clock(), error.message)
                self._pause(self._backoff.wait_s())
        self._book.state("stopped", self._clock())

    def _pause(self, seconds: float) -> None:
        self._stop.wait(seconds)

    def _connection(self) -> Iterator[Packet | Gap]:
        stream = open_camera(
            self._url,
            self._access,
            open_s=self._open_s,
            stall_s=self._stall_s,
            clock=self._clock,
            watched=self._watched,
        )
        try:
            for number, packet in enumerate(stream.packets()):
                if self._stop.is_set():
                    return
                if number == 0:
                    self._backoff.reset()
                    self._book.state("running", self._clock())
                yield from self._received(stream, packet)
        finally:
            self._count(stream)
            if (counts := stream.counts) is not None:
                self._book.closed(expected=counts.expected, lost=counts.missing)
            stream.close()

    def _received(self, stream: CameraStream, packet: Packet) -> Iterator[Packet | Gap]:
        self._parameters = stream.parameters
        if self._open_gap is not None:
            # A camera may begin with its latest key frame, older than the last picture seen.
            yield replace(self._open_gap, end_ms=max(packet.wall_ms, self._open_gap.start_ms))
            self._open_gap = None
            self._last_wall = packet.wall_ms
        elif packet.discontinuity:
            yield from self._jump(packet.wall_ms, "The camera's time stamps jumped.")
        elif self._last_wall is not None and packet.wall_ms < self._last_wall - CLOCK_STEP_MS:
            yield from self._jump(packet.wall_ms, "The camera's clock stepped back.")
            self._last_wall = packet.wall_ms
        elif self._stepped(packet):
            yield from self._jump(packet.wall_ms, "The camera's clock was set.")
        elif packet.missing and self._last_wall is not None:
            yield from self._jump(packet.wall_ms, f"Pictures were lost ({packet.lost} packets).")
        self._last_wall = max(packet.wall_ms, self._last_wall or packet.wall_ms)
        self._last = packet
        if packet.lost or not 0 <= packet.arrival_ms - self._counted_ms < LOSS_COUNT_MS:
            self._counted_ms = packet.arrival_ms
            self._count(stream)
        self._book.packet(
            packet.arrival_ms,
            damaged=packet.damaged,
            wall_source=packet.wall_source,
            clock_error_ms=stream.clock_error_ms,
        )
        yield packet

    def _stepped(self, packet: Packet) -> bool:
        """Whether the wall time moved on, and the stream's own time did not."""
        last = self._last
        if last is None or "rtcp" not in (last.wall_source, packet.wall_source):
            return False
        if packet.pts >= last.pts and packet.wall_ms - last.wall_ms <= CLOCK_STEP_MS:
            return False  # the usual case, without fractions
        step = (packet.wall_ms - last.wall_ms) - (packet.pts_ms - last.pts_ms)
        return step > CLOCK_STEP_MS

    def _count(self, stream: CameraStream) -> None:
        """Losses go to health once a second and, at most every `LOSS_LOG_MS`, to the log."""
        counts, now = stream.counts, self._clock()
        if counts is None:
            return
        self._book.loss(
            now, expected=counts.expected, lost=counts.missing, jitter_ms=counts.jitter_ms
        )
        lost = self._book.now().lost_packets or 0
        if lost > self._logged and now - self._logged_ms >= LOSS_LOG_MS:
            log.warning("packets_lost", source=self.name, lost=lost - self._logged, total=lost)
            self._logged, self._logged_ms = lost, now

    def _jump(self, wall_ms: Ms, reason: str) -> Iterator[Gap]:
        self._book.gap()
        start = wall_ms if self._last_wall is None else min(self._last_wall, wall_ms)
        yield Gap(start, wall_ms, reason)

    def _lost(self, reason: str) -> Iterator[Gap]:
        """Open a gap at the last picture, once."""
        if self._open_gap is not None:
            return
        start = self._last_wall if self._last_wall is not None else self._began
        self._open_gap = Gap(start, None, reason)
        self._book.gap()
        yield self._open_gap
