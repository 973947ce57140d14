"""Originals: a camera's packets, cut at windows, sealed on arrival, stored."""

from __future__ import annotations

from collections import deque

from plainview.base.clock import Ms
from plainview.errors import PlainviewError
from plainview.ingest.segmenter import Segment, Segmenter
from plainview.ingest.session import Gap
from plainview.media.packets import Packet, Parameters
from plainview.recorder.windows import Cursor, Window, WindowStock
from plainview.seal.segments import SegmentMeta, join_box, plain_hash, seal_boxed
from plainview.store.packs import CONTINUES, DAMAGED, GAP_BEFORE, Kind
from plainview.store.writer import NewSegment, Ticket, Writer

PATIENCE_S = 5.0
"""How long packets wait for windows that are being made after a clock stepped back."""


class Originals:
    """Used by the camera's reading thread alone."""

    def __init__(self, stock: WindowStock, writer: Writer) -> None:
        self._cursor = Cursor(stock)
        self._writer = writer
        self._segmenter = Segmenter(self._window_end)
        self._begun: deque[Window] = deque()
        """Windows of the segments under way, in order: the one picked when each began."""
        self._open: Window | None = None
        self._sequence = 0
        self._lost = False
        self.last_ms: Ms = 0
        self._last: Ticket | None = None

    @property
    def trouble(self) -> str:
        """Why the last segment was not stored; empty when it was, or may yet be."""
        error = self._last.error if self._last is not None else None
        return error.message if error is not None else ""

    def push(self, item: Packet | Gap, parameters: Parameters | None) -> None:
        """Take an item of the source.

        Raises `Unavailable` when there is no window for it: then what was in hand is stored, and
        the item is not recorded. Raises as `Writer.add` when the store does not take it.
        """
        if isinstance(item, Packet):
            try:
                self._cursor.pick(item.wall_ms, PATIENCE_S)
            except PlainviewError:
                self.flush()
                self._lost = True
                raise
        self._store(self._segmenter.push(item, parameters))

    def flush(self) -> None:
        """Seal and store what is in hand."""
        self._store(self._segmenter.flush())

    def close(self) -> None:
        """The same, and close the pack: the window is never reopened."""
        try:
            self.flush()
        finally:
            if self._open is not None:
                self._writer.close_window(Kind.ORIGINALS, self._open.header)
                self._open = None

    def _window_end(self, moment: Ms) -> Ms:
        window = self._cursor.pick(moment)
        self._begun.append(window)
        return window.end

    def _store(self, segments: list[Segment]) -> None:
        for segment in segments:
            self._store_one(segment, self._begun.popleft())

    def _store_one(self, segment: Segment, window: Window) -> None:
        if window is not self._open:
            if self._open is not None:
                self._writer.close_window(Kind.ORIGINALS, self._open.header)
            self._open, self._sequence = window, 0
        new = sealed(segment, window, self._sequence, self._flags(segment))
        self._lost = True  # until the store has taken it
        self._last = self._writer.add(Kind.ORIGINALS, window.header, new)
        self._lost = False
        self._sequence += 1
        self.last_ms = segment.end_ms

    def _flags(self, segment: Segment) -> int:
        lost = self._lost or (self._last is not None and self._last.refused)
        gap = GAP_BEFORE if segment.gap_before is not None or lost else 0
        continues = CONTINUES if segment.continuing else 0
        return gap | continues | (DAMAGED if segment.damaged else 0)


def sealed(segment: Segment, window: Window, sequence: int, flags: int = 0) -> NewSegment:
    """The segment as the store takes it: an fMP4 with its box, hashed, in an age file."""
    meta = SegmentMeta(window.id, sequence, segment.start_ms, segment.end_ms)
    plain = join_box(segment.parts(), meta)
    return NewSegment(
        sequence=sequence,
        start_ms=segment.start_ms,
        duration_ms=segment.end_ms - segment.start_ms,
        arrival_ms=segment.arrival_ms,
        wall_source=segment.wall_source,
        data=seal_boxed(window.header.record.pk, plain),
        plain_sha256=plain_hash(plain),
        flags=flags,
    )
