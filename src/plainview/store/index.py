"""The index: one SQLite file per UTC day, `index/<day>.db`, so that a day is dropped by unlinking.

A row is written only after the bytes that it names are durable: a segment is *acknowledged* when
its row is committed. Everything here can be made again from the packs (`store.recover`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.sqlite import insert

from plainview.base.database import open_engine, upgrade, writing
from plainview.store.index_first import FIRST
from plainview.store.packs import (
    CONTINUES,
    DAMAGED,
    GAP_BEFORE,
    PIXELATED,
    SEGMENT_HEADER,
    Kind,
    SegmentHeader,
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One stored segment. Times in ms; `offset` is that of its header in the pack."""

    camera: str
    kind: Kind
    window: str
    seq: int
    start_ms: int
    end_ms: int
    wall_source: str
    arrival_ms: int
    pack: str
    offset: int
    length: int
    cipher_sha256: str
    plain_sha256: str
    flags: int

    @property
    def pixelated(self) -> bool:
        """Whether some of its pictures were pixelated whole."""
        return bool(self.flags & PIXELATED)

    @property
    def gap_before(self) -> bool:
        """Whether something is missing between it and the segment before."""
        return bool(self.flags & GAP_BEFORE)

    @property
    def continues(self) -> bool:
        """Whether it begins in the middle of a GOP."""
        return bool(self.flags & CONTINUES)

    @property
    def damaged(self) -> bool:
        """Whether pictures arrived damaged."""
        return bool(self.flags & DAMAGED)


def row_of(
    camera: str, kind: Kind, window: str, pack: str, offset: int, header: SegmentHeader
) -> Segment:
    """The index row of the segment that `header` describes."""
    return Segment(
        camera, kind, window, header.sequence, header.start_ms,
        header.start_ms + header.duration_ms, header.wall_source, header.arrival_ms, pack, offset,
        header.length, header.cipher, header.plain, header.flags,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack file of the day; `closed` once nothing will be appended any more.

    `disk` is the id of the disk that it was written to (empty: the data folder), `retention` the
    class and `register` the entry of its window, as far as they are known; `bytes` its true size.
    """

    pack: str
    kind: Kind
    camera: str
    window: str
    start_ms: int
    end_ms: int
    closed: bool
    disk: str = ""
    retention: str = ""
    register: int = -1
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Loss:
    """A stretch that was not stored, and why; times in ms."""

    camera: str
    kind: Kind
    start_ms: int
    end_ms: int
    reason: str


LONGEST_MS = 600_000
"""No segment lasts so long: originals are cut after 10 s, views after 2 s."""

_META = MetaData()
_PACKS = Table(
    "packs",
    _META,
    Column("pack", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("camera", String, nullable=False),
    Column("window", String, nullable=False, index=True),
    Column("start_ms", Integer, nullable=False),
    Column("end_ms", Integer, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("disk", String, nullable=False),
    Column("retention", String, nullable=False),
    Column("register", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
)
_SEGMENTS = Table(
    "segments",
    _META,
    Column("camera", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("window", String, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("start_ms", Integer, nullable=False),
    Column("end_ms", Integer, nullable=False),
    Column("wall_source", String, nullable=False),
    Column("arrival_ms", Integer, nullable=False),
    Column("pack", String, primary_key=True),
    Column("offset", Integer, nullable=False),
    Column("length", Integer, nullable=False),
    Column("cipher_sha256", String, nullable=False),
    Column("plain_sha256", String, nullable=False),
    Column("flags", Integer, nullable=False),
    Index("segments_time", "kind", "camera", "start_ms"),
)
_DROPPED = Table("dropped", _META, Column("window", String, primary_key=True))


_LOSSES = Table(
    "losses",
    _META,
    Column("number", Integer, primary_key=True),
    Column("camera", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("start_ms", Integer, nullable=False),
    Column("end_ms", Integer, nullable=False),
    Column("reason", String, nullable=False),
    Index("losses_time", "kind", "camera", "start_ms"),
)
JOIN_MS = 15_000
"""Losses of one camera for one reason that are closer than this are one loss."""


def _first(connection: Connection) -> None:
    for statement in FIRST:
        connection.exec_driver_sql(statement)


def _disks(connection: Connection) -> None:
    for column in _OF_DISKS:
        connection.exec_driver_sql(f"ALTER TABLE packs ADD COLUMN {column}")
    total = func.coalesce(func.sum(_SEGMENTS.c.length + SEGMENT_HEADER), 0)
    mine = (_SEGMENTS.c.window == _PACKS.c.window) & (_SEGMENTS.c.pack == _PACKS.c.pack)
    size = select(total).where(mine).scalar_subquery()
    connection.execute(_PACKS.update().values(bytes=size))
    _META.create_all(connection, tables=[_LOSSES])


_OF_DISKS = (
    "disk VARCHAR NOT NULL DEFAULT ''",
    "retention VARCHAR NOT NULL DEFAULT ''",
    "register INTEGER NOT NULL DEFAULT -1",
    "bytes INTEGER NOT NULL DEFAULT 0",
)
_STEPS = [_first, _disks]
_NAMES = [field.name for field in fields(Segment)]


class DayIndex:
    """The open index of one day; dispose it after use. Threads may share it."""

    def __init__(self, path: Path) -> None:
        """Open or create `path`. Raises `StoreDamaged` if a newer Plainview wrote it."""
        self.path = path
        # The web process, which may have a user of its own, reads it too, and so writes its lock.
        self._engine: Engine = open_engine(path, mode=0o660)
        upgrade(self._engine, _STEPS)
        self.inode = path.stat().st_ino

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def add(
        self,
        packs: Iterable[Pack],
        segments: Iterable[Segment],
        closed: Iterable[str],
        sizes: Mapping[str, int] | None = None,
        losses: Iterable[Loss] = (),
    ) -> None:
        """Acknowledge a group: one transaction. Rows that are there already stay.

        `sizes` are the true sizes of packs that grew; `losses` what was refused meanwhile.
        """
        with writing(self._engine) as connection:
            for pack in packs:
                connection.execute(insert(_PACKS).on_conflict_do_nothing(), asdict(pack))
            rows = [asdict(segment) for segment in segments]
            if rows:
                connection.execute(insert(_SEGMENTS).on_conflict_do_nothing(), rows)
            for name in closed:
                connection.execute(_PACKS.update().where(_PACKS.c.pack == name).values(closed=True))
            for name, size in (sizes or {}).items():
                connection.execute(_PACKS.update().where(_PACKS.c.pack == name).values(bytes=size))
            for loss in losses:
                _add_loss(connection, loss)

    def losses(self, kind: Kind, camera: str, from_ms: int, to_ms: int) -> list[Loss]:
        """What was not stored of [from_ms, to_ms), by start."""
        c = _LOSSES.c
        query = select(c.camera, c.kind, c.start_ms, c.end_ms, c.reason).where(
            c.kind == kind, c.camera == camera, c.start_ms < to_ms, c.end_ms > from_ms
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(c.start_ms)).all()
        return [Loss(r.camera, Kind(r.kind), r.start_ms, r.end_ms, r.reason) for r in rows]

    def has_losses(self) -> bool:
        """Whether something of this day was not stored."""
        with self._engine.connect() as connection:
            return connection.execute(select(_LOSSES.c.number).limit(1)).first() is not None

    def usage(self) -> dict[str, int]:
        """Bytes that the packs of each retention class take."""
        query = select(_PACKS.c.retention, func.sum(_PACKS.c.bytes).label("size"))
        with self._engine.connect() as connection:
            rows = connection.execute(query.group_by(_PACKS.c.retention)).all()
        return {row.retention: int(row.size or 0) for row in rows}

    def on_disk(self, disk: str) -> int:
        """How many packs lie on a disk, as far as this index knows."""
        query = select(func.count()).where(_PACKS.c.disk == disk)
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def place(self, packs: Iterable[Pack]) -> None:
        """Correct where packs lie and what window they hold; their sizes stay."""
        with writing(self._engine) as connection:
            for one in packs:
                known = {"disk": one.disk, "retention": one.retention, "register": one.register}
                query = _PACKS.update().where(_PACKS.c.pack == one.pack)
                connection.execute(query.values(**known))

    def remove(self, segments: Iterable[Segment]) -> None:
        """Take rows out whose bytes are gone (`plainview check --repair`)."""
        with writing(self._engine) as connection:
            for segment in segments:
                connection.execute(
                    delete(_SEGMENTS).where(
                        _SEGMENTS.c.pack == segment.pack, _SEGMENTS.c.seq == segment.seq
                    )
                )

    def remove_packs(self, names: Iterable[str]) -> None:
        """Take packs and their rows out (`plainview check --repair`)."""
        with writing(self._engine) as connection:
            for name in names:
                connection.execute(delete(_SEGMENTS).where(_SEGMENTS.c.pack == name))
                connection.execute(delete(_PACKS).where(_PACKS.c.pack == name))

    def packs(self, window: str | None = None) -> list[Pack]:
        """Every pack of the day, or those of one window."""
        query = select(_PACKS).order_by(_PACKS.c.start_ms, _PACKS.c.pack)
        if window is not None:
            query = query.where(_PACKS.c.window == window)
        with self._engine.connect() as connection:
            return [_pack(row) for row in connection.execute(query)]

    def between(self, kind: Kind, camera: str, from_ms: int, to_ms: int) -> list[Segment]:
        """Segments that overlap [from_ms, to_ms), by start."""
        query = select(_SEGMENTS).where(
            _SEGMENTS.c.kind == kind,
            _SEGMENTS.c.camera == camera,
            _SEGMENTS.c.start_ms < to_ms,
            _SEGMENTS.c.start_ms > from_ms - LONGEST_MS,
            _SEGMENTS.c.end_ms > from_ms,
        )
        return self._segments(query.order_by(_SEGMENTS.c.start_ms, _SEGMENTS.c.seq))

    def of_pack(self, pack: str) -> list[Segment]:
        """Segments of one pack by offset."""
        query = select(_SEGMENTS).where(_SEGMENTS.c.pack == pack)
        return self._segments(query.order_by(_SEGMENTS.c.offset))

    def of_window(self, kind: Kind, window: str, from_seq: int = 0) -> list[Segment]:
        """Segments of one window by sequence, from `from_seq` on."""
        query = select(_SEGMENTS).where(
            _SEGMENTS.c.window == window, _SEGMENTS.c.kind == kind, _SEGMENTS.c.seq >= from_seq
        )
        return self._segments(query.order_by(_SEGMENTS.c.seq))

    def counts(self, kind: Kind, ending_after: int = 0) -> dict[str, int]:
        """How many segments each window holds, of windows that end after a moment (ms)."""
        late = select(_PACKS.c.window).where(_PACKS.c.kind == kind, _PACKS.c.end_ms > ending_after)
        query = (
            select(_SEGMENTS.c.window, func.count().label("number"))
            .where(_SEGMENTS.c.kind == kind, _SEGMENTS.c.window.in_(late))
            .group_by(_SEGMENTS.c.window)
        )
        with self._engine.connect() as connection:
            return {row.window: row.number for row in connection.execute(query)}

    def drop_first(self, windows: Sequence[str]) -> list[Pack]:
        """Mark windows as dropped, durably, and return their packs."""
        with writing(self._engine) as connection:
            for window in windows:
                connection.execute(insert(_DROPPED).on_conflict_do_nothing(), {"window": window})
            query = select(_PACKS).where(_PACKS.c.window.in_(select(_DROPPED.c.window)))
            return [_pack(row) for row in connection.execute(query)]

    def drop_last(self, away: Sequence[str] = ()) -> bool:
        """Delete the rows of dropped windows; whether the day is empty now.

        Packs on disks that are `away` could not be unlinked: their rows stay until they can be.
        """
        gone = select(_DROPPED.c.window)
        with writing(self._engine) as connection:
            connection.execute(delete(_SEGMENTS).where(_SEGMENTS.c.window.in_(gone)))
            connection.execute(
                delete(_PACKS).where(_PACKS.c.window.in_(gone), _PACKS.c.disk.not_in(away))
            )
            return connection.execute(select(_PACKS.c.pack).limit(1)).first() is None

    def dropped(self) -> set[str]:
        """Windows whose packs must not come back."""
        with self._engine.connect() as connection:
            return set(connection.execute(select(_DROPPED.c.window)).scalars())

    def _segments(self, query: Any) -> list[Segment]:
        with self._engine.connect() as connection:
            return [_segment(row) for row in connection.execute(query)]


def _add_loss(connection: Connection, loss: Loss) -> None:
    """A new row, or a longer one where the same loss goes on."""
    c = _LOSSES.c
    before = select(c.number, c.end_ms).where(
        c.kind == loss.kind, c.camera == loss.camera, c.reason == loss.reason,
        c.start_ms <= loss.start_ms, c.end_ms >= loss.start_ms - JOIN_MS,
    )  # fmt: skip
    found = connection.execute(before.order_by(c.start_ms.desc()).limit(1)).first()
    if found is None:
        connection.execute(_LOSSES.insert(), asdict(loss))
    else:
        end = max(found.end_ms, loss.end_ms)
        connection.execute(_LOSSES.update().where(c.number == found.number).values(end_ms=end))


def _segment(row: Row[Any]) -> Segment:
    values = {name: row._mapping[name] for name in _NAMES}
    return Segment(**{**values, "kind": Kind(values["kind"])})


def _pack(row: Row[Any]) -> Pack:
    values = dict(row._mapping)
    return Pack(**{**values, "kind": Kind(values["kind"])})
