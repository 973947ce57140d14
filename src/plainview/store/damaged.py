"""Databases of the store that cannot be read any more: found out, set aside, made again.

The day indexes and the book of roots hold nothing that does not also stand in the packs or on the
log. A damaged one must therefore never stop recording: it is renamed to `<name>.damaged`, for
whoever wants to look, and made again.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from plainview.base.database import BUSY_SECONDS
from plainview.base.durable import sync_folder
from plainview.errors import StoreDamaged, Unavailable

HINT = "It is made again at the recorder's next start, or by plainview check --repair."
BESIDE = ("-wal", "-shm")


def check_database(path: Path, *, thorough: bool = True) -> None:
    """Raises `StoreDamaged` if the database at `path` is damaged; one that is absent is not.

    `thorough` reads all of it, otherwise only its schema is read. Raises `Unavailable` where it
    cannot be opened for another reason.
    """
    if not path.exists():
        return
    look = "PRAGMA quick_check(1)" if thorough else "SELECT 'ok' FROM sqlite_schema LIMIT 1"
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            found = connection.execute(look).fetchone()
    except sqlite3.OperationalError as error:
        raise Unavailable(f"{path} cannot be opened: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(f"{path.name} cannot be read: {error}.", hint=HINT) from error
    if found is not None and found != ("ok",):
        raise StoreDamaged(f"{path.name} cannot be read: it is damaged.", hint=HINT)


def set_aside(path: Path) -> None:
    """Rename a damaged database, durably; it must not be open here."""
    path.replace(path.with_name(f"{path.name}.damaged"))
    for suffix in BESIDE:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    sync_folder(path.parent)
