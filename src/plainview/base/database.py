"""SQLite databases: one way to open one, to write to one, and to upgrade one.

WAL with full synchronisation; writers take the lock when they begin (BEGIN IMMEDIATE), so that
two processes queue instead of failing half-way. Upgrades are numbered and go one way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text

from plainview.base.durable import make_folder
from plainview.errors import StoreDamaged

BUSY_SECONDS = 10
Upgrade = Callable[[Connection], None]


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by us, not by the driver
    for pragma in (f"busy_timeout={BUSY_SECONDS * 1000}", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _overwrite(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA secure_delete=ON").close()


def open_engine(path: Path, *, mode: int = 0o600, overwrite: bool = False) -> Engine:
    """Open (or create with `mode`) the database at `path`; close it with `engine.dispose()`.

    With `overwrite`, what is deleted is overwritten in the file; `empty_journal` does the rest.

    SQLite gives the files beside it (`-wal`, `-shm`) the same mode. In WAL even readers write.
    """
    make_folder(path.parent)
    if not path.exists():
        path.touch(mode=mode)
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    if overwrite:
        event.listen(engine, "connect", _overwrite)
    event.listen(engine, "begin", _begin)
    return engine


def empty_journal(engine: Engine) -> None:
    """Bring what was written into the database's file, and leave the journal empty."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def snapshot(path: Path) -> Iterator[sqlite3.Connection]:
    """What the database holds now, to read only, however long it takes and whoever writes to it.

    For a file that is not trusted: nothing that it defines is run, and text that is not UTF-8
    comes with surrogates instead of an error. Raises `sqlite3.Error`.
    """
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        for pragma in (f"busy_timeout={BUSY_SECONDS * 1000}", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("BEGIN")
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction; the lock is taken before the first statement."""
    opened = engine.connect().execution_options(begin="BEGIN IMMEDIATE")
    with opened as connection, connection.begin():
        yield connection


def upgrade(engine: Engine, steps: Sequence[Upgrade]) -> None:
    """Bring the database to version `len(steps)`; raises `StoreDamaged` if it is newer."""
    with writing(engine) as connection:
        version = int(connection.execute(text("PRAGMA user_version")).scalar_one())
        if version > len(steps):
            raise StoreDamaged(
                f"{engine.url.database} was written by a newer version ({version}).",
                hint="Run the newer version of plainview.",
            )
        for number, step in enumerate(steps[version:], start=version + 1):
            step(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {number}")
