"""Cutting a stream into segments: 4 to 10 s of whole GOPs, never across a window's end.

A GOP that is longer than 10 s, or that a window's end cuts, is cut between two frames; the rest is
marked `continuing`: it needs the segment before to be decoded. Cuts are made only before a frame
that is shown after all frames so far, so that with B-frames, too, times do not overlap. No segment
begins before its window; where pictures are reordered, the last segment of a window may end a few
frames after it, since a frame that is shown later is sent first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from plainview.base.clock import Ms
from plainview.ingest.session import Gap
from plainview.media import codecs, fmp4
from plainview.media.packets import Packet, Parameters, WallSource

MIN_MS: Ms = 4_000
MAX_MS: Ms = 10_000
MAX_BYTES = 64 * 1024 * 1024
MAX_PACKETS = 10_000


@dataclass(frozen=True, slots=True)
class Segment:
    """Some seconds of an original, as packets in decode order."""

    packets: tuple[Packet, ...]
    parameters: Parameters
    start_ms: Ms
    end_ms: Ms
    wall_source: WallSource
    arrival_ms: Ms
    """When the first packet arrived, by our clock."""
    continuing: bool
    """Does not begin with a key frame."""
    damaged: bool
    gap_before: Gap | None
    until: int | None = None
    """When the next picture is shown, on the packets' time line; None if that is not known."""

    def fmp4(self) -> bytes:
        """The complete fMP4 of the segment, its samples copied."""
        return fmp4.write_segment(self.packets, self.parameters, until=self.until)

    def parts(self) -> list[bytes | memoryview]:
        """The same in parts, its NAL units not copied yet."""
        return fmp4.segment_parts(self.packets, self.parameters, until=self.until)


class Segmenter:
    """Feed it the items of a `Source`; `window_end(ms)` is the end of the window that holds ms."""

    def __init__(
        self,
        window_end: Callable[[Ms], Ms],
        *,
        min_ms: Ms = MIN_MS,
        max_ms: Ms = MAX_MS,
    ) -> None:
        self._window_end = window_end
        self._min, self._max = min_ms, max_ms
        self._packets: list[Packet] = []
        self._parameters: Parameters | None = None
        self._bytes = 0
        self._window: Ms = 0
        self._highest_pts = 0
        self._highest_wall: Ms = 0
        self._reorders = False
        self._step = 0  # the least from one picture to the next, in ticks; 0: not known yet
        self._last_gop: Ms = 0
        self._last_key: Ms | None = None
        self._gap: Gap | None = None
        self._frame_ms: Ms = 0

    def push(self, item: Packet | Gap, parameters: Parameters | None = None) -> list[Segment]:
        """Segments that are now complete. `parameters` are those of the packet (or unchanged)."""
        if isinstance(item, Gap):
            done = self.flush()
            first = self._gap.start_ms if self._gap else item.start_ms
            self._gap = Gap(first, item.end_ms, item.reason)
            return done
        done = self.flush(item) if self._must_cut(item, parameters) else []
        self._take(item, parameters)
        return done

    def flush(self, following: Packet | None = None) -> list[Segment]:
        """What is in hand, as a last segment; empty if there is nothing.

        The last picture lasts until the `following` one: a slow camera leaves no gaps.
        """
        if not self._packets or self._parameters is None:
            return []
        until = self._shown_next(following)
        packets, self._packets, self._bytes = tuple(self._packets), [], 0
        gap, self._gap = self._gap, None
        start = min(packet.wall_ms for packet in packets)
        length = fmp4.duration_ms(packets, until=until)
        if len(packets) > 1 or until is not None:
            self._frame_ms = length // len(packets)
        elif self._frame_ms:
            length = self._frame_ms  # one frame alone does not tell how long it is shown
        segment = Segment(
            packets=packets,
            parameters=self._parameters,
            start_ms=start,
            end_ms=start + max(length, 1),
            wall_source=packets[0].wall_source,
            arrival_ms=packets[0].arrival_ms,
            continuing=not packets[0].is_key,
            damaged=any(packet.damaged for packet in packets),
            gap_before=gap,
            until=until,
        )
        return [segment]

    def _shown_next(self, following: Packet | None) -> int | None:
        """Presentation time of the first picture of the next segment, if that is certain."""
        if following is None or following.pts <= self._highest_pts:
            return None
        return None if self._leaps(following) and not _refreshes(following) else following.pts

    def _take(self, packet: Packet, parameters: Parameters | None) -> None:
        if not self._packets:
            self._window = self._window_end(packet.wall_ms)
            self._highest_pts, self._highest_wall = packet.pts, packet.wall_ms
        step = packet.pts - self._highest_pts
        self._reorders = self._reorders or step < 0
        if step > 0:
            self._step = min(step, self._step or step)
        if packet.is_key:
            if self._last_key is not None:
                self._last_gop = max(0, packet.wall_ms - self._last_key)
            self._last_key = packet.wall_ms
        self._parameters = parameters or self._parameters
        self._packets.append(packet)
        self._bytes += len(packet.data)
        self._highest_pts = max(self._highest_pts, packet.pts)
        self._highest_wall = max(self._highest_wall, packet.wall_ms)

    def _must_cut(self, packet: Packet, parameters: Parameters | None) -> bool:
        if not self._packets:
            return False
        if parameters is not None and parameters != self._parameters:
            return True
        if self._bytes + len(packet.data) > MAX_BYTES or len(self._packets) >= MAX_PACKETS:
            return True
        pending = packet.wall_ms - self._packets[0].wall_ms
        if packet.pts <= self._highest_pts:
            return pending >= 2 * self._max  # time stamps that stand still, or run backwards
        if self._leaps(packet) and not _refreshes(packet):
            # Frames that are sent after this one may be shown before it, and before the end.
            if packet.wall_ms >= self._window:
                return self._highest_wall >= self._window
        elif packet.wall_ms >= self._window:
            return True
        if packet.is_key:
            return pending >= self._min or pending + self._last_gop > self._max
        return pending >= self._max

    def _leaps(self, packet: Packet) -> bool:
        """Whether frames between the last one and this one may come yet: the stream reorders, or
        begins to, which its second picture is too early to tell."""
        leap = packet.pts - self._highest_pts
        return self._reorders or not self._step or leap > 1.5 * self._step


def _refreshes(packet: Packet) -> bool:
    """Whether nothing sent later is shown before this packet (an IDR picture)."""
    return packet.is_key and codecs.is_instant_refresh(packet.data, packet.codec)
