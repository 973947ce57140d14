"""Roots: once a minute the log learns the Merkle roots of all originals acknowledged since.

Nothing depends on memory: what stands in the index and in no leaf yet is what must be logged, so
a crash, a missing keeper or a lost index only make a later minute larger. Leaves are durable, with
the id of their entry, before the keeper is asked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

import structlog

from plainview.base.clock import Ms, to_iso
from plainview.base.ids import new_id
from plainview.errors import NotFound, StoreDamaged
from plainview.seal.windows import WindowId
from plainview.store.damaged import check_database, set_aside
from plainview.store.packs import Kind
from plainview.store.rooted import FILE, Leaf, RootBook, leaf_of
from plainview.store.store import Store
from plainview.tlog import notes
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.entries import parse
from plainview.tlog.leaves import path as published
from plainview.tlog.reader import LogReader

log = structlog.get_logger()
MINUTE_MS: Ms = 60_000
LOOK_BACK_MS: Ms = 2 * 3_600_000
"""Windows that ended longer ago cannot have grown since the last look."""
MOST_LEAVES = 5_000
"""In one entry: the keeper's messages are bounded."""


class Logs(Protocol):
    """Who logs roots (`plainview.keys.client.KeeperClient`)."""

    def roots(
        self, node: str, minute: str, leaves: Sequence[dict[str, Any]], *, entry: str | None = None
    ) -> int:
        """The index of the entry."""
        ...


class Roots:
    """Used by one thread. Close the book after use."""

    def __init__(self, store: Store, node: str, keeper: Logs, *, every_ms: Ms = MINUTE_MS) -> None:
        """`every_ms`: how often; a log with windows shorter than a minute learns more often."""
        self._every = every_ms
        self._store, self._node, self._keeper = store, node, keeper
        self._must_be_readable()
        lost = not (store.data / FILE).exists()
        self.book = RootBook(store.data)
        if lost:
            restore(self.book, LogReader.folder(store.data / "log"), node)
        self._everything = True
        self._last: Ms = 0

    def _must_be_readable(self) -> None:
        """A damaged book is put out of the way, and restored as a lost one is."""
        file = self._store.data / FILE
        try:
            check_database(file)
        except StoreDamaged as error:
            log.error("roots_set_aside", reason=error.message)
            set_aside(file)

    def due(self, now: Ms) -> bool:
        """Whether a new minute (or what stands for it) has begun since the last time."""
        return now // self._every != self._last // self._every

    def log(self, now: Ms) -> int:
        """Log what is not logged yet; how many leaves. Raises as the keeper does: ask again."""
        self._collect(now)
        self._last = now
        count = 0
        for batch in self.book.waiting():
            leaves = [leaf.to_dict() for leaf in batch.leaves]
            index = self._keeper.roots(self._node, batch.minute, leaves, entry=batch.entry)
            self.book.logged(batch.entry, index)
            count += len(leaves)
        return count

    def _collect(self, now: Ms) -> None:
        held = self._store.counts(0 if self._everything else now - LOOK_BACK_MS)
        counted = self.book.counted(held)
        grown = [window for window, number in sorted(held.items()) if number > counted[window]]
        # A clock that stepped back must not say, for ever and in public, that a window was recorded
        # into before it began.
        latest = max([now, *(WindowId.parse(window).start for window in grown)])
        minute = to_iso(latest - latest % self._every)
        leaves: list[Leaf] = []
        for window in grown:
            rows = self._store.of_window(Kind.ORIGINALS, window)[counted[window] :]
            leaves.append(leaf_of(rows, minute, self._store.register_of(window)))
        for start in range(0, len(leaves), MOST_LEAVES):
            self.book.add(new_id(), leaves[start : start + MOST_LEAVES])
        self._everything = False


def restore(book: RootBook, reader: LogReader, node: str) -> None:
    """Write a lost book again, from the leaves that the log publishes."""
    try:
        size = Checkpoint.parse(notes.parse(reader.fetch("head"))[0]).size
    except NotFound:
        return  # no log yet, so nothing was ever logged
    for index, raw in reader.entries(0, size):
        entry = parse(raw)
        if entry.type == "roots" and entry.body["node"] == node:
            shown = json.loads(reader.fetch(published(entry.id)))
            book.add(entry.id, [Leaf(**leaf) for leaf in shown])
            book.logged(entry.id, index)
