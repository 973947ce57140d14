"""The keeper's own small database, `keys/keeper.db`: wrapped values, unrevealed details, openings.

Nothing here decides anything: what may be opened follows from the log. Rows are written before
their log entry and count only once that entry is there. `secure_delete` overwrites what is deleted
and the rollback journal is truncated, so a destroyed salt is not left in a free page.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from plainview.base.clock import Ms
from plainview.errors import Unavailable

_SCHEMA = """
PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;
CREATE TABLE IF NOT EXISTS windows(
    id TEXT PRIMARY KEY, key TEXT NOT NULL, e TEXT NOT NULL, view TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS windows_key ON windows(key);
CREATE TABLE IF NOT EXISTS details(
    id TEXT PRIMARY KEY, detail TEXT NOT NULL, salt TEXT NOT NULL, due INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS openings(
    request TEXT NOT NULL, window TEXT NOT NULL, resealed TEXT NOT NULL,
    PRIMARY KEY(request, window)) STRICT;
PRAGMA user_version=1;
"""


class Locked(NamedTuple):
    """A window's E and view key, wrapped under the key named `key` (a period or a hold)."""

    id: str
    key: str
    e: str
    view: str


class Detail(NamedTuple):
    """The clear fields (canonical JSON) and salt (hex) of an act; `id` is its entry's."""

    id: str
    detail: str
    salt: str
    due: Ms


class Box:
    """Every method is one durable transaction; any thread may call."""

    def __init__(self, file: Path) -> None:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def _run(self, text: str, *rows: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """One transaction: the statement with each row of values; what it finds."""
        try:
            with self._lock, self._db:
                self._db.execute("BEGIN IMMEDIATE")
                return [found for values in rows for found in self._db.execute(text, values)]
        except sqlite3.Error as error:
            raise Unavailable(f"The keeper's database failed: {error}.") from error

    def put_windows(self, windows: Iterable[Locked]) -> None:
        """Add windows, or put them under another key."""
        self._run("INSERT OR REPLACE INTO windows VALUES(?,?,?,?)", *windows)

    def window(self, window: str) -> Locked | None:
        found = self._run("SELECT * FROM windows WHERE id=?", (window,))
        return Locked(*found[0]) if found else None

    def windows_under(self, key: str) -> list[Locked]:
        found = self._run("SELECT * FROM windows WHERE key=? ORDER BY id", (key,))
        return [Locked(*row) for row in found]

    def drop_windows(self, windows: Iterable[str]) -> None:
        """Forget windows whose key is gone, and what was re-sealed of them."""
        rows = [(window,) for window in windows]
        self._run("DELETE FROM windows WHERE id=?", *rows)
        self._run("DELETE FROM openings WHERE window=?", *rows)

    def put_detail(self, detail: Detail) -> Detail:
        """Keep `detail`; if one of its id is here already, that one counts and is returned."""
        self._run("INSERT OR IGNORE INTO details VALUES(?,?,?,?)", detail)
        return Detail(*self._run("SELECT * FROM details WHERE id=?", (detail.id,))[0])

    def details_due(self, now: Ms) -> list[Detail]:
        found = self._run("SELECT * FROM details WHERE due<=? ORDER BY due LIMIT 1000", (now,))
        return [Detail(*row) for row in found]

    def drop_detail(self, ident: str) -> None:
        self._run("DELETE FROM details WHERE id=?", (ident,))

    def put_opening(self, request: str, window: str, resealed: str) -> None:
        self._run("INSERT OR IGNORE INTO openings VALUES(?,?,?)", (request, window, resealed))

    def opening(self, request: str, window: str) -> str | None:
        text = "SELECT resealed FROM openings WHERE request=? AND window=?"
        found = self._run(text, (request, window))
        return found[0][0] if found else None
