"""The register's history: any past state reproduced and proved, and any altered row found."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from plainview.base.settings import Settings
from plainview.register import tables
from plainview.register.answers import RegisterAt
from plainview.register.follow import Follower
from plainview.register.projection import Register
from plainview.register.proved import check_folder, write_folder
from plainview.register.remade import Remade
from plainview.register.unlike import Unlike, key_of
from plainview.testing.past import Moment, Past
from plainview.testing.registry import record_values

FULL = os.environ.get("PLAINVIEW_BARS") == "1"
PASTS, PROOFS, ALTERED = (40, 8, 250) if FULL else (2, 3, 150)
DERIVED = tables.METADATA.sorted_tables


def published(folder: Path, seed: int) -> tuple[Past, Settings]:
    past = Past(seed)
    past.city.publish(folder / "log")
    (folder / "policy.txt").write_text(past.city.policy().text)
    return past, Settings(data=folder)


def follow(settings: Settings, until: int | None = None) -> Path:
    """Apply entries as a process of the node does; the file, with its journal emptied."""
    follower = Follower(settings)
    follower.sync(until)
    follower.close()
    database = settings.own_dir / "register.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return database


def compared(remade: Remade, database: Path) -> list[Unlike]:
    found: list[Unlike] = []
    remade.compare(database, found.append)
    return found


# -- what was said at a moment


def check_moment(at: RegisterAt, moment: Moment) -> None:
    """The register's answer is what was written down as it was said."""
    said = {(one.type, one.subject): one for one in at.said()}
    assert said.keys() == moment.words.keys() | {("custodian-set", "set-1")}
    for key, (_, _, version, status, body) in moment.words.items():
        assert (said[key].version, said[key].status, said[key].body) == (version, status, body)
    assert {one.newest.subject: one.recording for one in at.cameras} == moment.recording


@pytest.mark.bar("history")
@pytest.mark.timeout(3600)
def test_any_past_state_is_reproduced_and_proved(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    moments = proofs = statements = 0
    for seed in range(PASTS):
        past, settings = published(tmp_path / str(seed), seed)
        policy, rng = past.city.policy(), random.Random(seed)  # noqa: S311 - repeatable
        proved = rng.sample(past.moments, PROOFS)
        with Register(settings) as register:
            register.sync()
            assert register.rejected(), "no entry broke the rules"
            for number, moment in enumerate(past.moments):
                at = register.at(moment.time)
                check_moment(at, moment)
                if moment in proved:
                    folder = tmp_path / f"proof-{seed}-{number}"
                    write_folder(register, at, folder, policy.text)
                    statements += check_folder(folder, policy).statements
        moments, proofs = moments + len(past.moments), proofs + len(proved)
    measured = (
        f"{moments} moments of {PASTS} random histories reproduced; {proofs} of them proved, by "
        f"{statements} statements"
    )
    record_property("bar", json.dumps({"measured": measured}))


def test_a_past_has_records_of_every_kind(tmp_path: Path) -> None:
    past, settings = published(tmp_path, 0)
    database = follow(settings)
    with closing(sqlite3.connect(database)) as connection:
        for table in DERIVED:
            (count,) = connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()  # noqa: S608
            assert count, table.name
    kinds = {
        subject.split("/")[0] for type_, subject in past.moments[-1].words if type_ == "record"
    }
    assert kinds == record_values(0).keys()


# -- altered rows


class Forger:
    """Alters one row of a register.db at random, and knows which."""

    def __init__(self, database: Path, rng: random.Random) -> None:
        self._connection = sqlite3.connect(database, isolation_level=None)
        self._rng = rng

    def close(self) -> None:
        self._connection.close()

    def alter(self) -> tuple[str, str, list[tuple[str, str]]]:
        """How, the table, and the key of the rows that are altered: (column, value as JSON)."""
        while True:
            table = self._rng.choice(DERIVED).name
            how = self._rng.choice([self._cell, self._cell, self._delete, self._insert, self._swap])
            try:
                keys = how(table)
            except sqlite3.IntegrityError:  # such a row cannot be
                continue
            if keys:
                return how.__name__, table, keys

    def _ask(self, query: str, *values: Any) -> list[Any]:
        return self._connection.execute(query, values).fetchall()

    def _row(self, table: str) -> tuple[int, dict[str, Any]]:
        query = f'SELECT rowid, * FROM "{table}" ORDER BY random() LIMIT 1'  # noqa: S608
        cursor = self._connection.execute(query)
        names = [column[0] for column in cursor.description]
        offset = self._rng.randrange(self._ask(f'SELECT count(*) FROM "{table}"')[0][0])  # noqa: S608
        query = f'SELECT rowid, * FROM "{table}" ORDER BY rowid LIMIT 1 OFFSET ?'  # noqa: S608
        (row,) = self._ask(query, offset)
        return row[0], dict(zip(names[1:], row[1:], strict=True))

    def _key(self, table: str, row: dict[str, Any]) -> list[tuple[str, str]]:
        names = key_of(tables.METADATA.tables[table])
        return [(name, json.dumps(row[name])) for name in names]

    def _cell(self, table: str) -> list[tuple[str, str]]:
        rowid, row = self._row(table)
        column = self._rng.choice(sorted(row))
        update = f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?'  # noqa: S608
        self._ask(update, self._other(table, column, row[column]), rowid)
        kept = f'SELECT "{column}", rowid FROM "{table}"'  # noqa: S608
        after = [value for value, _ in self._ask(kept)]
        same = any(
            value == row[column] and type(value) is type(row[column]) for value in after
        ) and self._unchanged(table, rowid, column, row[column])
        return [] if same else self._key(table, row)

    def _unchanged(self, table: str, rowid: int, column: str, before: Any) -> bool:
        query = f'SELECT "{column}" FROM "{table}" WHERE rowid = ?'  # noqa: S608
        found = self._ask(query, rowid)
        return bool(found) and found[0][0] == before and type(found[0][0]) is type(before)

    def _other(self, table: str, column: str, value: Any) -> Any:
        """Another value: a little beside it, of another kind, of another row, or none."""
        query = f'SELECT "{column}" FROM "{table}"'  # noqa: S608
        others = [row[0] for row in self._ask(query)]
        beside: Any = value
        if isinstance(value, int):
            beside = value + self._rng.choice([-1, 1, 1000])
        elif isinstance(value, str | bytes) and value:
            at = self._rng.randrange(len(value))
            middle = b"~" if isinstance(value, bytes) else "~"
            beside = value[:at] + middle + value[at + 1 :]  # type: ignore[operator]
        kind: Any = value.encode() if isinstance(value, str) else str(value)
        return self._rng.choice(
            [beside, beside, kind, self._rng.choice(others), None, 0.5, "x\xff"]
        )

    def _delete(self, table: str) -> list[tuple[str, str]]:
        rowid, row = self._row(table)
        self._ask(f'DELETE FROM "{table}" WHERE rowid = ?', rowid)  # noqa: S608
        return self._key(table, row)

    def _insert(self, table: str) -> list[tuple[str, str]]:
        _, row = self._row(table)
        name = self._rng.choice(key_of(tables.METADATA.tables[table]))
        value = row[name]
        row[name] = value + self._rng.choice([1, 5, 10**6]) if isinstance(value, int) else "made up"
        columns, marks = ", ".join(f'"{one}"' for one in row), ", ".join("?" * len(row))
        self._ask(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', *row.values())  # noqa: S608
        return self._key(table, row)

    def _swap(self, table: str) -> list[tuple[str, str]]:
        """Two rows exchange what they say."""
        (one_id, one), (other_id, other) = self._row(table), self._row(table)
        key = key_of(tables.METADATA.tables[table])
        columns = [name for name in one if name not in key and one[name] != other[name]]
        if not columns:
            return []
        for rowid, row in ((one_id, other), (other_id, one)):
            changes = ", ".join(f'"{name}" = ?' for name in columns)
            values = [row[name] for name in columns]
            self._ask(f'UPDATE "{table}" SET {changes} WHERE rowid = ?', *values, rowid)  # noqa: S608
        return self._key(table, one)


@pytest.mark.bar("history")
@pytest.mark.timeout(3600)
def test_every_altered_row_is_found(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    hows: dict[str, int] = {}
    for seed in range(PASTS):
        past, settings = published(tmp_path / str(seed), seed)
        rng = random.Random(seed)  # noqa: S311 - repeatable
        until = len(past.city.raws) - rng.choice([0, 0, 7])  # one lags behind the log
        database = follow(settings, until)
        copy = tmp_path / str(seed) / "altered.db"
        with Remade(settings.data) as remade:
            assert compared(remade, database) == []
            for number in range(ALTERED):
                shutil.copy(database, copy)
                forger = Forger(copy, rng)
                how, table, keys = forger.alter()
                forger.close()
                found = compared(remade, copy)
                assert found, f"{seed}/{number}: {how} of {table} {keys} was not found"
                key = ", ".join(f"{name} {value}" for name, value in keys)
                rows = [(one.table, one.row) for one in found]
                assert (table, key) in rows, f"{seed}/{number}: {how} of {table} {key}: {rows[:5]}"
                hows[how[1:]] = hows.get(how[1:], 0) + 1
    assert hows.keys() == {"cell", "delete", "insert", "swap"}
    number = sum(hows.values())
    kinds = ", ".join(f"{count} by {how}" for how, count in sorted(hows.items()))
    measured = f"{number} rows altered ({kinds}) in {len(DERIVED)} tables, all found and named"
    record_property("bar", json.dumps({"measured": measured}))
