"""Submission ids of all entries, each with its index and content: the newest in memory, the rest
in a file, so that memory does not grow with the log.

The file is no record: it is made anew from the log at each start. It has no name (SQLite puts it
where temporary files go: SQLITE_TMPDIR, else TMPDIR, /var/tmp) and goes with the process.
"""

from __future__ import annotations

import sqlite3

RECENT = 1_000

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
        if ident in self._recent:
            return self._recent[ident]
        found = self._older.execute("SELECT n, content FROM ids WHERE id=?", [ident]).fetchone()
        return found and (int(found[0]), bytes(found[1]))

    def add(self, ident: str, known: Known) -> None:
        """Now and then all in memory go to the file, in its order, which is soonest done."""
        self._recent[ident] = known
        if len(self._recent) == RECENT:
            rows = sorted((key, *one) for key, one in self._recent.items())
            with self._older:
                self._older.executemany("INSERT INTO ids VALUES(?,?,?)", rows)
            self._recent = {}
