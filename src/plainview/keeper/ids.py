"""Submission ids of all entries, each with its index and content: the newest in memory, the rest
in a file, so that memory does not grow with the log.

The file is no record: it is made anew from the log at each start, has no name, and goes with the
process. It takes about 90 bytes an entry where SQLite's temporary files go (`process.run`).
"""

from __future__ import annotations

import sqlite3

RECENT = 1_000
"""At most so many are in memory."""

_FIND = "SELECT n, content FROM ids WHERE id=?"

Known = tuple[int, bytes]
"""Index of an entry and what a submission of the same id must repeat (`scribe`)."""


class Ids:
    """For one thread at a time. After `sqlite3.Error` it is of no more use: make a new one."""

    def __init__(self) -> None:
        self._recent: dict[str, Known] = {}
        self._older = sqlite3.connect("", check_same_thread=False)
        self._older.execute("CREATE TABLE ids(id TEXT PRIMARY KEY, n INT, content) WITHOUT ROWID")

    def find(self, ident: str) -> Known | None:
        """What is known of the entry with this id."""
        found = self._recent.get(ident) or self._older.execute(_FIND, [ident]).fetchone()
        return found and (int(found[0]), bytes(found[1]))

    def add(self, ident: str, known: Known) -> None:
        """Now and then all in memory go to the file, in its order, which is soonest done."""
        self._recent[ident] = known
        if len(self._recent) == RECENT:
            rows = sorted((key, *one) for key, one in self._recent.items())
            with self._older:
                self._older.executemany("INSERT OR REPLACE INTO ids VALUES(?,?,?)", rows)
            self._recent = {}
