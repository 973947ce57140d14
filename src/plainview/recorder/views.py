"""Views: finished pictures become encrypted records, for the live tail and for the store.

Format: docs/design/interfaces.md, "The view's frame message". A GOP belongs to the window that
holds its key frame; nothing of a view exists outside this process that is not encrypted.
"""

from __future__ import annotations

import struct

from plainview.base.clock import Clock, Ms
from plainview.errors import PlainviewError, Unavailable
from plainview.media.packets import WallSource
from plainview.media.timing import JUMP_MS
from plainview.recorder.windows import Cursor, Window, WindowStock
from plainview.redact.view import ViewItem
from plainview.store.packs import GAP_BEFORE, Kind
from plainview.store.packs import PIXELATED as SEGMENT_PIXELATED
from plainview.store.records import DISCONTINUITY, KEY, PIXELATED, Record
from plainview.store.tail import Tail
from plainview.store.writer import NewSegment, Ticket, Writer

VERSION = 1
CLOSE_MS: Ms = JUMP_MS
"""A GOP lasts until the next key frame if that comes within this time of its last frame."""
_MESSAGE = struct.Struct(">BBHQII")


def message(item: ViewItem, flags: int, sequence: int) -> bytes:
    """The frame message before encryption."""
    head = _MESSAGE.pack(VERSION, flags, 0, item.wall_ms, item.duration_ms, sequence & 0xFFFFFFFF)
    return head + item.annexb


class Views:
    """Used by the camera's redacting thread alone."""

    def __init__(self, stock: WindowStock, writer: Writer, tail: Tail, clock: Clock) -> None:
        self._cursor = Cursor(stock)
        self._writer, self._tail, self._clock = writer, tail, clock
        self._window: Window | None = None
        self._number = 0
        self._segment = 0
        self._frame = 0
        self._records: list[Record] = []
        self._end: Ms = 0
        self._gap = False
        self._segment_gap = False
        self._last: Ticket | None = None
        self.wall_source: WallSource = "arrival"
        self.trouble = ""
        """Why there is no window, or why the store did not take the last segment."""
        self.last_ms: Ms = 0

    def gap(self) -> None:
        """What follows does not continue what was before; it must begin with a key frame."""
        self.flush()
        self._gap = True

    def push(self, item: ViewItem) -> None:
        """Take a finished picture. Raises `Unavailable` without a window to encrypt it for."""
        if item.key:
            self._begin(item.wall_ms)
        window = self._window
        if window is None or (self._gap and not item.key):
            return
        flags = (KEY if item.key else 0) | (PIXELATED if item.pixelated else 0)
        if self._gap:
            flags, self._gap, self._segment_gap = flags | DISCONTINUITY, False, True
        sealed = window.cipher.seal(self._number, "frame", message(item, flags, self._frame))
        record = Record(self._number, flags, item.wall_ms, sealed)
        self._number += 1
        self._frame += 1
        self._records.append(record)
        self._end = item.wall_ms + item.duration_ms
        self._tail.publish(window.id, record)

    def flush(self, next_ms: Ms | None = None) -> None:
        """Store the GOP in hand; `next_ms` is when the next one begins."""
        records, self._records = self._records, []
        gap, self._segment_gap = self._segment_gap, False
        if not records or self._window is None:
            return
        start = records[0].wall_ms
        end = max(self._end, start + 1)
        if next_ms is not None and 0 <= next_ms - end < CLOSE_MS:
            end = next_ms
        gap = gap or (self._last is not None and self._last.refused)
        pixelated = any(record.pixelated for record in records)
        new = NewSegment(
            sequence=self._segment,
            start_ms=start,
            duration_ms=end - start,
            arrival_ms=self._clock(),
            wall_source=self.wall_source,
            data=b"".join(record.to_bytes() for record in records),
            flags=(SEGMENT_PIXELATED if pixelated else 0) | (GAP_BEFORE if gap else 0),
        )
        try:
            self._last = self._writer.add(Kind.VIEWS, self._window.header, new)
        except PlainviewError as error:
            self.trouble, self._segment_gap = error.message, True
            return
        self._segment += 1
        self.trouble, self.last_ms = "", end

    def close(self) -> None:
        """Store the GOP in hand, close the pack, and show nothing old to new viewers."""
        self.flush()
        self._tail.clear()
        if self._window is not None:
            self._writer.close_window(Kind.VIEWS, self._window.header)
            self._window = None

    def _begin(self, moment: Ms) -> None:
        """A key frame: the GOP before it is complete, and the window may change."""
        self.flush(moment)
        try:
            window = self._cursor.pick(moment)
        except Unavailable as error:
            self.trouble = error.message
            self._tail.clear()
            self._gap = True
            raise
        if window is not self._window:
            if self._window is not None:
                self._writer.close_window(Kind.VIEWS, self._window.header)
            self._window, self._number, self._segment = window, 0, 0
