"""What the next commit acknowledges: rows with their receipts, by day.

A group lives until the index has taken it. While the index takes nothing (its disk is full or
read-only) groups wait here, and nobody is told that anything was stored.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from plainview.errors import PlainviewError, StoreFull
from plainview.store.days import Days
from plainview.store.index import Loss, Pack, Segment
from plainview.store.packs import Kind

MOST_WAITING = 50_000
"""Rows that may wait for the index; then new segments are refused."""


class Ticket:
    """The receipt of a segment."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._error: PlainviewError | None = None

    def settle(self, error: PlainviewError | None = None) -> None:
        """Called by the writer, once."""
        self._error = error
        self._done.set()

    @property
    def error(self) -> PlainviewError | None:
        """Why the segment was not stored; None as long as that is not known."""
        return self._error

    @property
    def refused(self) -> bool:
        """Whether it is known that the segment was not stored."""
        return self._error is not None

    def wait(self, timeout: float | None = None) -> None:
        """Return when the segment is acknowledged; raises why it was not, or `StoreFull` late."""
        if not self._done.wait(timeout):
            raise StoreFull("the disk did not take a segment in time.")
        if self._error is not None:
            raise self._error


@dataclass(slots=True)
class _Group:
    packs: dict[str, Pack] = field(default_factory=dict)
    rows: list[tuple[Segment, Ticket]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    losses: dict[tuple[str, Kind, str], Loss] = field(default_factory=dict)


class Groups:
    """Used by the writer's thread."""

    def __init__(self) -> None:
        self._days: dict[str, _Group] = {}
        self._rows = 0

    def __bool__(self) -> bool:
        return bool(self._days)

    def check(self) -> None:
        """Raises `StoreFull` when too much waits for the index already."""
        if self._rows >= MOST_WAITING:
            raise StoreFull("the index takes no rows and too many wait for it.")

    def pack(self, day: str, pack: Pack) -> None:
        """A pack was begun."""
        self._of(day).packs[pack.pack] = pack

    def row(self, day: str, segment: Segment, ticket: Ticket) -> None:
        """A segment was written; `ticket` is settled when it is acknowledged."""
        self._of(day).rows.append((segment, ticket))
        self._rows += 1

    def close(self, day: str, path: str) -> None:
        """Nothing more comes for this pack."""
        self._of(day).closed.append(path)

    def lose(self, day: str, loss: Loss) -> None:
        """A segment was refused."""
        losses, key = self._of(day).losses, (loss.camera, loss.kind, loss.reason)
        before = losses.get(key)
        if before is not None:
            start, end = min(before.start_ms, loss.start_ms), max(before.end_ms, loss.end_ms)
            loss = replace(loss, start_ms=start, end_ms=end)
        losses[key] = loss

    def take_back(self, paths: Collection[str], error: PlainviewError) -> list[Segment]:
        """The disk of these packs failed: their rows are refused. The segments that went."""
        gone: list[Segment] = []
        for group in self._days.values():
            for row, ticket in group.rows:
                if row.pack in paths:
                    ticket.settle(error)
                    gone.append(row)
            group.rows = [one for one in group.rows if one[0].pack not in paths]
            for path in paths:
                group.packs.pop(path, None)
        self._rows -= len(gone)
        return gone

    def fail(self, error: PlainviewError) -> None:
        """The index takes nothing any more: all rows are refused."""
        for group in self._days.values():
            for _, ticket in group.rows:
                ticket.settle(error)
        self._days.clear()
        self._rows = 0

    def commit(self, days: Days, sizes: Mapping[str, int]) -> None:
        """Acknowledge what was written, a transaction a day. Raises as the index does.

        `sizes` are the true sizes of packs that grew.
        """
        for day in list(self._days):
            group = self._days[day]
            packs, rows = group.packs.values(), [row for row, _ in group.rows]
            grown = {row.pack: sizes[row.pack] for row in rows if row.pack in sizes}
            losses = group.losses.values()
            days.make(day).add(packs, rows, group.closed, grown, losses)
            del self._days[day]
            self._rows -= len(rows)
            for _, ticket in group.rows:
                ticket.settle()

    def _of(self, day: str) -> _Group:
        return self._days.setdefault(day, _Group())
