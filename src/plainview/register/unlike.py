"""Rows of two tables side by side, in the order of their key: what is unlike, in words."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, UniqueConstraint

from plainview.base.ids import sha256_hex

Row = tuple[Any, ...]
_SHOWN = 80
"""Characters of a text that is shown as it is; of a longer one, as of every document, the hash."""


@dataclass(frozen=True)
class Unlike:
    """Something that the log says otherwise: the table, the row's key, and who says what."""

    table: str
    row: str
    message: str


Tell = Callable[[Unlike], None]


def compare_table(
    table: Table,
    found: sqlite3.Connection,
    made: sqlite3.Connection,
    tell: Callable[[Unlike], None],
) -> int:
    """Tell what `found` has otherwise than `made`, which follows from the log; rows of `found`."""
    columns = [column.name for column in table.columns]
    key = [columns.index(name) for name in key_of(table)]

    def told(row: Row, message: str) -> None:
        shown = ", ".join(f"{columns[at]} {_shown(row[at])}" for at in key)
        tell(Unlike(table.name, shown, message))

    count = 0
    for here, there in _side_by_side(_rows(table, found), _rows(table, made), key):
        count += here is not None
        if here is None:
            told(there, f"the row is missing; the log says {_words(columns, there)}.")
        elif there is None:
            told(here, f"the log knows no such row; it says {_words(columns, here)}.")
        elif not _same(here, there):
            pairs = zip(columns, here, there, strict=True)
            told(here, "; ".join(_change(*one) for one in pairs if not _same(one[1:2], one[2:])))
    return count


def key_of(table: Table) -> list[str]:
    """The columns that name a row."""
    names = [column.name for column in table.primary_key]
    if not names:
        unique = next(one for one in table.constraints if isinstance(one, UniqueConstraint))
        names = [column.name for column in unique.columns]
    return names


def _rows(table: Table, connection: sqlite3.Connection) -> Iterator[Row]:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    order = ", ".join(f'"{name}"' for name in key_of(table))
    query = f'SELECT {columns} FROM "{table.name}" ORDER BY {order}'  # noqa: S608 - our own names
    yield from connection.execute(query)


def _side_by_side(
    found: Iterator[Row], made: Iterator[Row], key: Sequence[int]
) -> Iterator[tuple[Any, Any]]:
    """Rows of one key together; None where one side has none."""
    here, there = next(found, None), next(made, None)
    while here is not None or there is not None:
        if here == there:
            order = 0
        elif here is None or there is None:
            order = 1 if here is None else -1
        else:
            mine, theirs = (tuple(_rank(row[at]) for at in key) for row in (here, there))
            order = (mine > theirs) - (mine < theirs)
        yield here if order <= 0 else None, there if order >= 0 else None
        here = next(found, None) if order <= 0 else here
        there = next(made, None) if order >= 0 else there


def _rank(value: Any) -> tuple[int, Any]:
    """As SQLite sorts: nothing, numbers, text by its bytes, bytes."""
    if value is None:
        return 0, 0
    if isinstance(value, str):
        return 2, value.encode("utf-8", "surrogateescape")
    return (3, value) if isinstance(value, bytes) else (1, value)


def _same(one: Row, other: Row) -> bool:
    """Equal in kind, too: to Python, 1 and 1.0 are one."""
    return one == other and [*map(type, one)] == [*map(type, other)]


def _change(column: str, here: Any, there: Any) -> str:
    return f"{column}: it says {_shown(here)}, the log says {_shown(there)}"


def _words(columns: Sequence[str], row: Row) -> str:
    return ", ".join(f"{name} {_shown(value)}" for name, value in zip(columns, row, strict=True))


def _shown(value: Any) -> str:
    """In ASCII, since whoever altered a row may have written anything into it."""
    if isinstance(value, bytes):
        return f"{len(value)} bytes with hash {sha256_hex(value)}"
    if isinstance(value, str) and len(value) > _SHOWN:
        data = value.encode("utf-8", "surrogateescape")
        return f"{len(data)} bytes with hash {sha256_hex(data)}"
    return json.dumps(value)
