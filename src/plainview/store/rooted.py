"""The book of roots: which stored originals stand in which logged minute.

A leaf counts the next `segments` originals of its window, in the order of their sequence numbers:
the first leaf of a window covers its first segments, the second those that follow. Leaves are
committed here before the keeper is asked to log them, under the id of the entry to come, so that a
crash in between leads to the same entry again and never to a segment that is logged twice or not
at all. Format of leaves: `plainview.tlog.leaves`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, delete, func, select

from plainview.base.database import open_engine, writing
from plainview.base.upgrading import upgrade_to_newest
from plainview.store.index import Segment
from plainview.tlog.segments import segments_root

FILE = "roots.db"


@dataclass(frozen=True, slots=True)
class Leaf:
    """What one minute added to one window. `cipher` and `plain` are hex Merkle roots."""

    camera: str
    window: str
    segments: int
    cipher: str
    plain: str
    register: int
    minute: str

    def to_dict(self) -> dict[str, Any]:
        """As the log's leaves hold it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Batch:
    """The leaves of one entry; `index` is its place on the log, None until it was logged."""

    entry: str
    minute: str
    index: int | None
    leaves: list[Leaf]


def leaf_of(rows: Sequence[Segment], minute: str, register: int) -> Leaf:
    """The leaf of consecutive originals of one window."""
    return Leaf(
        rows[0].camera,
        rows[0].window,
        len(rows),
        segments_root([row.cipher_sha256 for row in rows]),
        segments_root([row.plain_sha256 for row in rows]),
        register,
        minute,
    )


METADATA = MetaData()
_LEAVES = Table(
    "leaves",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("entry", String, nullable=False, index=True),
    Column("at", Integer),
    Column("camera", String, nullable=False),
    Column("window", String, nullable=False, index=True),
    Column("segments", Integer, nullable=False),
    Column("cipher", String, nullable=False),
    Column("plain", String, nullable=False),
    Column("register", Integer, nullable=False),
    Column("minute", String, nullable=False),
)
_NAMES = [field.name for field in fields(Leaf)]
UPGRADES = Path(__file__).with_name("upgrades")


class RootBook:
    """The book of a node; close it after use."""

    def __init__(self, data: Path) -> None:
        self._engine = open_engine(data / FILE)
        upgrade_to_newest(self._engine, UPGRADES)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def add(self, entry: str, leaves: Iterable[Leaf]) -> None:
        """Make leaves durable under the id of the entry that will hold them."""
        rows = [{**leaf.to_dict(), "entry": entry} for leaf in leaves]
        with writing(self._engine) as connection:
            connection.execute(_LEAVES.insert(), rows)

    def logged(self, entry: str, index: int) -> None:
        """The entry is on the log."""
        with writing(self._engine) as connection:
            connection.execute(_LEAVES.update().where(_LEAVES.c.entry == entry).values(at=index))

    def waiting(self) -> list[Batch]:
        """Entries that the log may not hold yet, oldest first."""
        return self._batches(_LEAVES.c["at"].is_(None))

    def batches(self) -> list[Batch]:
        """Every entry, oldest first."""
        return self._batches(_LEAVES.c.number >= 0)

    def counted(self, windows: Iterable[str]) -> dict[str, int]:
        """How many originals of these windows stand in leaves already."""
        total = select(func.coalesce(func.sum(_LEAVES.c.segments), 0))
        with self._engine.connect() as connection:
            return {
                window: int(
                    connection.execute(total.where(_LEAVES.c.window == window)).scalar_one()
                )
                for window in windows
            }

    def by_window(self) -> dict[str, list[Leaf]]:
        """The leaves of each window in their order."""
        found: dict[str, list[Leaf]] = {}
        for batch in self.batches():
            for leaf in batch.leaves:
                found.setdefault(leaf.window, []).append(leaf)
        return found

    def forget(self, windows: Iterable[str]) -> None:
        """Windows that were shredded: what the log says of them stays on the log."""
        with writing(self._engine) as connection:
            for window in windows:
                connection.execute(delete(_LEAVES).where(_LEAVES.c.window == window))

    def _batches(self, condition: Any) -> list[Batch]:
        query = select(_LEAVES).where(condition).order_by(_LEAVES.c.number)
        with self._engine.connect() as connection:
            rows = [dict(row._mapping) for row in connection.execute(query)]
        found = []
        for entry, group in groupby(rows, key=lambda row: str(row["entry"])):
            same = list(group)
            leaves = [Leaf(**{name: row[name] for name in _NAMES}) for row in same]
            found.append(Batch(entry, same[0]["minute"], same[0]["at"], leaves))
        return found
