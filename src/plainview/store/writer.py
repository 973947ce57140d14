"""The one writer of a node: group commits.

Producers hand over segments and never wait for the disk. One thread writes them into their packs;
every `commit_seconds` it makes the packs durable (fdatasync) and then commits the rows of the
group in one transaction per day. *Acknowledged* means that commit. kill -9 loses what was handed
over and not yet written; a power cut also the last group.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import structlog
from sqlalchemy.exc import DatabaseError, OperationalError

from plainview.errors import PlainviewError, Refused, StoreDamaged, StoreFull
from plainview.seal.windows import WindowHeader
from plainview.store.damaged import HINT
from plainview.store.days import Days
from plainview.store.index import Pack, Segment, row_of
from plainview.store.packfile import PackFile
from plainview.store.packs import Kind, PackName, SegmentHeader, check_content, name_of
from plainview.store.reserve import Reserve

log = structlog.get_logger()
MAX_WAITING = 256 << 20
"""Bytes that may wait for the disk. Views may take half of it, so that originals go first."""


@dataclass(frozen=True, slots=True)
class NewSegment:
    """A segment to store. `data`: one age file, or the records of one GOP. Times in ms."""

    sequence: int
    start_ms: int
    duration_ms: int
    arrival_ms: int
    wall_source: str
    data: bytes
    plain_sha256: str = ""
    flags: int = 0

    def header(self) -> SegmentHeader:
        """The header that stands before it in the pack."""
        return SegmentHeader(
            len(self.data), self.sequence, self.start_ms, self.arrival_ms, self.duration_ms,
            self.wall_source, self.flags, sha256(self.data).hexdigest(), self.plain_sha256,
        )  # fmt: skip


class Ticket:
    """The receipt of a segment."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._error: PlainviewError | None = None

    def settle(self, error: PlainviewError | None = None) -> None:
        """Called by the writer, once."""
        self._error = error
        self._done.set()

    @property
    def refused(self) -> bool:
        """Whether it is known that the segment was not stored."""
        return self._error is not None

    def wait(self, timeout: float | None = None) -> None:
        """Return when the segment is acknowledged; raises why it was not, or `StoreFull` late."""
        if not self._done.wait(timeout):
            raise StoreFull("the disk did not take a segment in time.")
        if self._error is not None:
            raise self._error


@dataclass(slots=True)
class _Item:
    name: PackName
    header: WindowHeader
    segment: SegmentHeader
    data: bytes
    ticket: Ticket


@dataclass(slots=True)
class _Group:
    """What the next commit acknowledges, for one day."""

    packs: list[Pack] = field(default_factory=list)
    rows: list[Segment] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


class _Flush(threading.Event):
    pass


@dataclass(frozen=True, slots=True)
class _Close:
    name: PackName


class Writer:
    """Takes segments from any thread. Use as a context manager: leaving commits and closes."""

    def __init__(
        self,
        data: Path,
        days: Days,
        reserve: Reserve,
        *,
        commit_seconds: float,
        lock: BinaryIO | None = None,
    ) -> None:
        """`lock` is closed with the writer."""
        self._data, self._days, self._reserve = data, days, reserve
        self._every, self._file_lock = commit_seconds, lock
        self._queue: queue.SimpleQueue[_Item | _Flush | _Close | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._packs: dict[str, PackFile] = {}
        self._dirty: set[str] = set()
        self._groups: defaultdict[str, _Group] = defaultdict(_Group)
        self._fatal: PlainviewError | None = None
        self.trouble: PlainviewError | None = None
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether it still takes segments; if not, only a new process can go on."""
        return self._thread.is_alive() and self._fatal is None

    def add(self, kind: Kind, header: WindowHeader, segment: NewSegment) -> Ticket:
        """Hand over a segment of the window that `header` describes.

        Raises `BadFormat` for a plaintext original or a view that is not records, `StoreFull`
        when too much waits, `StoreDamaged` when the disk failed and the process must restart.
        """
        check_content(kind, segment.data)
        name, fixed, ticket = name_of(kind, header), segment.header(), Ticket()
        room = MAX_WAITING if kind is Kind.ORIGINALS else MAX_WAITING // 2
        with self._lock:
            if self._fatal is not None:
                raise self._fatal
            if self._waiting + len(segment.data) > room:
                raise StoreFull("the disk is too slow: segments are waiting for it.")
            self._waiting += len(segment.data)
        self._queue.put(_Item(name, header, fixed, segment.data, ticket))
        return ticket

    def close_window(self, kind: Kind, header: WindowHeader) -> None:
        """Say that nothing more comes for this window; its pack is cut to its true size."""
        self._queue.put(_Close(name_of(kind, header)))

    def flush(self, timeout: float = 60) -> None:
        """Wait until everything handed over before is committed (or refused)."""
        mark = _Flush()
        self._queue.put(mark)
        if not mark.wait(timeout):
            raise StoreFull("the disk did not take the segments in time.")
        if self._fatal is not None:
            raise self._fatal

    def close(self) -> None:
        """Commit what is in hand, close the packs, end the thread."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        if self._file_lock is not None:
            self._file_lock.close()

    def _run(self) -> None:
        due = time.monotonic() + self._every
        going = True
        while going:
            try:
                item = self._queue.get(timeout=max(0.0, due - time.monotonic()))
                going = self._handle(item)
            except queue.Empty:
                self._commit()
            if time.monotonic() >= due:
                self._commit()
                due = time.monotonic() + self._every
        for name in [pack.name for pack in self._packs.values()]:
            self._close_pack(name)
        self._commit()

    def _handle(self, item: _Item | _Flush | _Close | None) -> bool:
        if item is None:
            return False
        if isinstance(item, _Flush):
            self._commit()
            item.set()
        elif isinstance(item, _Close):
            self._close_pack(item.name)
        else:
            with self._lock:
                self._waiting -= len(item.data)
            self._write(item)
        return True

    def _write(self, item: _Item) -> None:
        if self._fatal is not None:
            item.ticket.settle(self._fatal)
            return
        try:
            self._reserve.check(len(item.data))
            pack = self._pack(item)
            offset = pack.append(item.segment, item.data)
        except StoreFull as error:
            self._troubled(error)
            item.ticket.settle(error)
            return
        except Refused as error:
            item.ticket.settle(error)
            return
        except StoreDamaged as error:
            self._fail(error)
            item.ticket.settle(error)
            return
        self._dirty.add(item.name.path)
        group = self._groups[item.name.day]
        window = item.header.record.window
        group.rows.append(
            row_of(item.name.camera, item.name.kind, window, item.name.path, offset, item.segment)
        )
        group.tickets.append(item.ticket)

    def _pack(self, item: _Item) -> PackFile:
        found = self._packs.get(item.name.path)
        if found is None:
            found = self._packs[item.name.path] = PackFile(self._data, item.name, item.header)
            self._groups[item.name.day].packs.append(pack_row(item.name, item.header))
        return found

    def _close_pack(self, name: PackName) -> None:
        pack = self._packs.pop(name.path, None)
        if pack is None:
            return
        try:
            pack.close()
        except OSError as error:
            self._fail(StoreDamaged(f"{name.path} could not be closed: {error.strerror}."))
            return
        self._dirty.discard(name.path)
        self._groups[name.day].closed.append(name.path)

    def _commit(self) -> None:
        if self._fatal is not None or not self._groups:
            return
        try:
            for path in self._dirty:
                self._packs[path].sync()
        except StoreDamaged as error:
            self._fail(error)
            return
        self._dirty.clear()
        for day in list(self._groups):
            group = self._groups[day]
            try:
                self._days.make(day).add(group.packs, group.rows, group.closed)
            except OperationalError as error:
                self._troubled(StoreFull(f"the index of {day} takes no rows: {error.orig}."))
                return
            except DatabaseError as error:
                self._fail(StoreDamaged(f"the index of {day} is damaged: {error.orig}.", hint=HINT))
                return
            del self._groups[day]
            for ticket in group.tickets:
                ticket.settle()
        self._reserve.keep()
        self.trouble = None

    def _troubled(self, error: StoreFull) -> None:
        if self.trouble is None:
            log.error("store_full", reason=error.message)
        self.trouble = error

    def _fail(self, error: StoreDamaged) -> None:
        """Nothing more can be trusted to reach the disk: refuse everything from now on."""
        log.error("store_failed", reason=error.message)
        with self._lock:
            self._fatal = self.trouble = error
        for group in self._groups.values():
            for ticket in group.tickets:
                ticket.settle(error)
        self._groups.clear()


def pack_row(name: PackName, header: WindowHeader, *, closed: bool = False) -> Pack:
    """The index row of a pack."""
    record = header.record
    return Pack(
        name.path, name.kind, name.camera, record.window, record.start_ms, record.end_ms, closed
    )
