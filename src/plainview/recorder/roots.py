"""Roots: once a minute the log learns the Merkle roots of all originals acknowledged since.

Nothing depends on memory: what stands in the index and in no leaf yet is what must be logged, so
a crash, a missing keeper or a lost index only make a later minute larger. Leaves are durable, with
the id of their entry, before the keeper is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from plainview.base.clock import Ms, to_iso
from plainview.base.ids import new_id
from plainview.store.packs import Kind
from plainview.store.rooted import Leaf, RootBook, leaf_of
from plainview.store.store import Store

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

    def __init__(self, store: Store, node: str, keeper: Logs) -> None:
        self._store, self._node, self._keeper = store, node, keeper
        self.book = RootBook(store.data)
        self._everything = True
        self._last: Ms = 0

    def due(self, now: Ms) -> bool:
        """Whether a new minute has begun since the last time."""
        return now // MINUTE_MS != self._last // MINUTE_MS

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
        minute = to_iso(now - now % MINUTE_MS)
        leaves: list[Leaf] = []
        for window, number in sorted(held.items()):
            if number > counted[window]:
                rows = self._store.of_window(Kind.ORIGINALS, window)[counted[window] :]
                register = self._store.header(window).record.register_
                leaves.append(leaf_of(rows, minute, register))
        for start in range(0, len(leaves), MOST_LEAVES):
            self.book.add(new_id(), leaves[start : start + MOST_LEAVES])
        self._everything = False
