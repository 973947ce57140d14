"""Whether register.db says what the log says: it is made again from the log, and compared.

The register is made again in a folder that is thrown away, by the same code that keeps the real
one, as far as the real one has come. Then every row of every table is compared. Nothing is left
out: each table of `register.tables` follows from the log alone, and what the register knows
besides (people's names, stream addresses) lies in other files (`register.private`). Of Alembic's
own table, the version must be this program's.

Rows are read in the order of their keys from both files at once, so memory does not grow with them.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from plainview.base.database import snapshot
from plainview.base.settings import Settings
from plainview.register import tables as t
from plainview.register.follow import BATCH, Follower
from plainview.register.unlike import Row, Tell, Unlike, compare_table

Progress = Callable[[int, int], None]
FILE = "register.db"
_FAULTS = 20
_CLAIMS = ("SELECT next FROM state", "SELECT coalesce(max(idx) + 1, 0) FROM entries")


@dataclass(frozen=True)
class Compared:
    """How many rows a register has that had applied `applied` of the log's `size` entries."""

    rows: int
    applied: int
    size: int


def registers(data: Path) -> list[Path]:
    """Every register.db of a data folder: one, or one in each process's own folder there."""
    return sorted([*data.glob(FILE), *data.glob(f"*/{FILE}")])


class Remade:
    """A register made again from the log in a data folder, as far as it is asked for."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _begin(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="plainview-register-")
        self._follower = Follower(Settings(data=self._data, own=self._folder.name))
        self._made = 0

    def _end(self) -> None:
        self._follower.close()
        self._folder.cleanup()

    def compare(
        self, database: Path, tell: Tell, progress: Progress = lambda done, total: None
    ) -> Compared:
        """Tell all in which `database` is unlike. Raises `PlainviewError` if the log is away."""
        try:
            with snapshot(database) as found:
                wanted = self._position(found, lambda unlike: None)
            # What takes long comes before the rows are held still: no journal grows meanwhile.
            for end in range(min(wanted, self._made) + BATCH, wanted, BATCH):
                self._make(end)
                progress(end, wanted)
            with snapshot(database) as found:
                return self._compare(found, tell)
        except sqlite3.Error as error:
            tell(Unlike("file", "", f"it cannot be read: {error}."))
            return Compared(0, 0, self._follower.log_size())

    def _position(self, found: sqlite3.Connection, tell: Tell) -> int:
        """How many entries its rows follow from. Two rows say so; the higher is taken."""
        size = self._follower.log_size()
        said = [row[0] for query in _CLAIMS for row in found.execute(query)]
        possible = [claim for claim in said if isinstance(claim, int) and 0 <= claim <= size]
        if len(set(possible)) != 1 or len(possible) < len(said):
            words = " and ".join(map(str, said))
            tell(Unlike("state", "id 1", f"next and the last of its entries say {words}."))
        return max(possible, default=size)

    def _make(self, end: int) -> None:
        if end < self._made:
            self._end()
            self._begin()
        self._follower.sync(end)
        self._made = end

    def _compare(self, found: sqlite3.Connection, tell: Tell) -> Compared:
        applied = self._position(found, tell)
        self._make(applied)
        for (fault,) in found.execute(f"PRAGMA integrity_check({_FAULTS})"):
            if fault != "ok":
                tell(Unlike("file", "", f"it is damaged: {fault}."))
        with snapshot(Path(self._folder.name) / FILE) as made:
            here, there = _shapes(found), _shapes(made)
            for name in sorted(here.keys() | there.keys()):
                if here.get(name) != there.get(name):
                    tell(Unlike(name, "", "it is not made as this version makes it."))
            if _version(found) != _version(made):
                message = "it is of another version: start this one once, or delete the file."
                tell(Unlike("alembic_version", "", message))
            tables = [
                one for name, one in t.METADATA.tables.items() if here.get(name) == there[name]
            ]
            rows = sum(compare_table(table, found, made, tell) for table in tables)
        return Compared(rows, applied, self._follower.log_size())


def _shapes(connection: sqlite3.Connection) -> dict[str, list[Row]]:
    """Tables, views and triggers by name, with their columns. Indexes only make it quick."""
    query = (
        "SELECT type, name FROM sqlite_master"
        " WHERE type <> 'index' AND substr(name, 1, 7) <> 'sqlite_'"
    )
    columns = "SELECT * FROM pragma_table_xinfo(?)"
    return {
        name: [(type_,), *connection.execute(columns, (name,))]
        for type_, name in connection.execute(query).fetchall()
    }


def _version(connection: sqlite3.Connection) -> list[Row]:
    return list(connection.execute("SELECT version_num FROM alembic_version"))
