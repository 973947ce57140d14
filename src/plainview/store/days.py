"""The day indexes of a data folder: opened when needed, forgotten when unlinked.

A day's file may be unlinked by the recorder while the web process has it open; the inode tells.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from plainview.base.clock import DAY_MS
from plainview.base.days import day_of
from plainview.base.durable import sync_folder
from plainview.errors import StoreDamaged
from plainview.store.damaged import check_database, set_aside
from plainview.store.index import DayIndex

OPEN_DAYS = 8
"""How many days are held open at once."""


class Days:
    """Finds the index of a day. Threads may share it."""

    def __init__(self, data: Path) -> None:
        self.folder = data / "index"
        self._open: OrderedDict[str, DayIndex] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, day: str) -> DayIndex | None:
        """The index of `day` (`2026-11-23`), or None where nothing was recorded."""
        with self._lock:
            if self._path(day).exists():
                return self._get(day)
            self._forget(day)
            return None

    def make(self, day: str) -> DayIndex:
        """The index of `day`, created when absent. For the writer."""
        with self._lock:
            return self._get(day)

    def all(self) -> list[str]:
        """Days that have an index, oldest first."""
        return sorted(path.stem for path in self.folder.glob("*.db"))

    def between(self, from_ms: int, to_ms: int) -> list[DayIndex]:
        """Indexes that may hold rows of [from_ms, to_ms): a window belongs to the day it starts.

        The day before is always asked too, since a window may reach over midnight.
        """
        first, last = day_of(max(0, from_ms - DAY_MS)), day_of(to_ms)
        found = (self.get(day) for day in self.all() if first <= day <= last)
        return [index for index in found if index is not None]

    def damaged(self, *, newest: int | None = None) -> dict[str, str]:
        """Days whose index cannot be read, and why. With `newest`, only so many are read whole."""
        found, days = {}, self.all()
        whole = days if newest is None else days[-newest:]
        for day in days:
            try:
                check_database(self._path(day), thorough=day in whole)
            except StoreDamaged as error:
                found[day] = error.message
        return found

    def set_aside(self, day: str) -> None:
        """Put a damaged index out of the way."""
        with self._lock:
            self._forget(day)
            set_aside(self._path(day))

    def unlink(self, day: str) -> None:
        """Remove the day's file with all that it remembered."""
        with self._lock:
            self._forget(day)
            for suffix in ("", "-wal", "-shm"):
                self._path(day).with_suffix(f".db{suffix}").unlink(missing_ok=True)
            sync_folder(self.folder)

    def close(self) -> None:
        """Close every open index."""
        with self._lock:
            for day in list(self._open):
                self._forget(day)

    def _path(self, day: str) -> Path:
        return self.folder / f"{day}.db"

    def _get(self, day: str) -> DayIndex:
        index, path = self._open.get(day), self._path(day)
        if index is not None and path.exists() and path.stat().st_ino == index.inode:
            self._open.move_to_end(day)
            return index
        self._forget(day)
        self._open[day] = index = DayIndex(path)
        while len(self._open) > OPEN_DAYS:
            self._open.popitem(last=False)[1].close()
        return index

    def _forget(self, day: str) -> None:
        index = self._open.pop(day, None)
        if index is not None:
            index.close()
