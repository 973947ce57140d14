"""Following the log for shreds: what cannot be read any more takes no more room."""

from __future__ import annotations

from typing import Protocol

import structlog

from plainview.register.answers import ShredOnLog
from plainview.store.rooted import RootBook
from plainview.store.store import Store
from plainview.tlog.entries import parse

log = structlog.get_logger()
LOOKED_AT = 10_000
"""Shreds that are looked at after a start; older ones were followed long ago."""

NEWEST = 200
"""Shreds that may come between two looks."""


class Shreds(Protocol):
    """Who knows the log (`plainview.register.projection.Register`)."""

    def shreds(self, limit: int) -> list[ShredOnLog]:
        """The newest first."""
        ...

    def raw(self, index: int) -> bytes:
        """The bytes of an entry."""
        ...


class Retention:
    """Used by one thread."""

    def __init__(self, store: Store, register: Shreds, book: RootBook) -> None:
        self._store, self._register, self._book = store, register, book
        self._seen = -1

    def follow(self) -> int:
        """Drop the windows of shreds that are new on the log; how many packs went."""
        dropped = 0
        newest = self._register.shreds(LOOKED_AT if self._seen < 0 else NEWEST)
        for shred in reversed([one for one in newest if one.index > self._seen]):
            windows = list(parse(self._register.raw(shred.index)).body["windows"])
            packs = self._store.drop_windows(windows)
            self._book.forget(windows)
            self._seen = shred.index
            if packs:
                log.info("dropped", period=shred.period, packs=packs)
            dropped += packs
        return dropped
