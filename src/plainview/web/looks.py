"""Who looked at a camera: disclosed looks counted by role and purpose, in `looks.db`.

The file follows the log's `reveal` entries and can be thrown away: it is counted again. A year of a
city is some 100,000 looks and more, which must neither be read at each start nor lie in memory.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, delete, func, select
from sqlalchemy import update as change
from sqlalchemy.dialects.sqlite import insert

from plainview.base.clock import Ms
from plainview.base.database import open_engine, writing
from plainview.base.upgrading import upgrade_to_newest
from plainview.register.projection import Register
from plainview.tlog.entries import parse

SLICE = 500
"""Reveals counted at once; the rest follows in the next slice."""
MOST = 30
"""Lines of one page; how many more there are is said."""
LONGEST_PURPOSE = 200

METADATA = MetaData()
_STATE = Table(
    "state",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("next", Integer, nullable=False),  # entries of the log that were looked through
    Column("log", String, nullable=False),  # leaf of its first entry: another log starts anew
)
_LOOKS = Table(
    "looks",
    METADATA,
    Column("camera", String, primary_key=True),
    Column("role", String, primary_key=True),
    Column("act", String, primary_key=True),
    Column("purpose", String, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("last_ms", Integer, nullable=False),
)
_new = insert(_LOOKS)
_ADD = _new.on_conflict_do_update(
    index_elements=["camera", "role", "act", "purpose"],
    set_={
        "number": _LOOKS.c.number + _new.excluded.number,
        "last_ms": func.max(_LOOKS.c.last_ms, _new.excluded.last_ms),
    },
)


@dataclass(frozen=True)
class Look:
    """A kind of looks at a camera that was disclosed, with how often and when last."""

    role: str
    act: str
    purpose: str
    count: int
    last: Ms


class Looks:
    """Counts looks; threads may share it. Close it after use."""

    def __init__(self, register: Register, file: Path) -> None:
        self._register = register
        self._engine = open_engine(file)
        upgrade_to_newest(self._engine, Path(__file__).with_name("looks_upgrades"))
        self._lock = threading.Lock()
        with self._engine.connect() as connection:
            self._next, self._log = connection.execute(select(_STATE.c.next, _STATE.c.log)).one()

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def at(self, camera: str) -> list[Look]:
        """Looks at a camera, the most frequent first, at most `MOST`."""
        c = _LOOKS.c
        query = select(c.role, c.act, c.purpose, c.number, c.last_ms).where(c.camera == camera)
        query = query.order_by(c.number.desc(), c.last_ms.desc()).limit(MOST)
        with self._engine.connect() as connection:
            return [Look(*row) for row in connection.execute(query)]

    def total(self, camera: str) -> int:
        """How many looks at a camera were disclosed."""
        query = select(func.sum(_LOOKS.c.number)).where(_LOOKS.c.camera == camera)
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar() or 0)

    def follow(self) -> bool:
        """Count the next slice of what is new; whether there may be more."""
        with self._lock:
            self._check_log()
            size = self._register.size
            found = self._register.of_type("reveal", after=self._next, limit=SLICE)
            end = found[-1] + 1 if len(found) == SLICE else size
            if end == self._next:
                return False
            with writing(self._engine) as connection:
                self._count(connection, found)
                connection.execute(change(_STATE).values(next=end, log=self._log))
            self._next = end
            return len(found) == SLICE

    def _check_log(self) -> None:
        """Begin anew where the counts are of another log than the one here."""
        first = next((line.leaf for line in self._register.lines([0])), "")
        if self._log not in ("", first):
            with writing(self._engine) as connection:
                connection.execute(delete(_LOOKS))
            self._next = 0
        self._log = first

    def _count(self, connection: Connection, reveals: list[int]) -> None:
        disclosed = self._disclosed(reveals)
        rows = [
            {
                "camera": detail["camera"],
                "role": act.role,
                "act": act.act,
                "purpose": str(detail.get("purpose", ""))[:LONGEST_PURPOSE],
                "number": 1,
                "last_ms": act.time_ms,
            }
            for act in self._register.acts_at(list(disclosed))
            for detail in disclosed[act.index]
        ]
        if rows:
            connection.execute(_ADD, rows)

    def _disclosed(self, reveals: list[int]) -> dict[int, list[dict[str, Any]]]:
        """What reveals say of cameras, by the act that they disclose."""
        found: dict[int, list[dict[str, Any]]] = {}
        for _, raw in self._register.raws(reveals):
            body = parse(raw).body
            if isinstance(body["detail"].get("camera"), str):
                found.setdefault(int(body["of"]), []).append(body["detail"])
        return found
