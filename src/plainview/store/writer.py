"""The one writer of a node: group commits.

Producers hand over segments and never wait for the disk. One thread writes them into their packs;
every `commit_seconds` it makes the packs durable (fdatasync) and then commits the rows of the
group in one transaction per day. *Acknowledged* means that commit. kill -9 loses what was handed
over and not yet written; a power cut also the last group.

Nothing that a disk does ends the writer: a full, failed or read-only one costs what it did not
take, each segment refused with the reason and noted as a loss, and writing goes on by itself.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

import structlog
from sqlalchemy.exc import DatabaseError, OperationalError

from plainview.errors import PlainviewError, Refused, StoreDamaged, StoreFull
from plainview.seal.windows import WindowHeader
from plainview.store.damaged import HINT
from plainview.store.days import Days
from plainview.store.groups import Groups, Ticket
from plainview.store.index import Loss, row_of
from plainview.store.packs import Kind, PackName, SegmentHeader, check_content, name_of
from plainview.store.places import Places
from plainview.store.room import Headroom, Room
from plainview.store.volumes import Volumes

__all__ = ["NewSegment", "Ticket", "Writer"]

log = structlog.get_logger()
LATELY_S = 60.0
"""A refusal is trouble for so long, unless the like is stored before."""
INDEX = "index"
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


@dataclass(slots=True)
class _Item:
    kind: Kind
    name: PackName
    header: WindowHeader
    segment: SegmentHeader
    data: bytes
    ticket: Ticket


class _Flush(threading.Event):
    pass


@dataclass(frozen=True, slots=True)
class _Close:
    name: PackName


@dataclass(frozen=True, slots=True)
class _Lost:
    name: PackName
    loss: Loss


class Writer:
    """Takes segments from any thread. Use as a context manager: leaving commits and closes."""

    def __init__(
        self,
        days: Days,
        volumes: Volumes,
        room: Room,
        *,
        commit_seconds: float,
        lock: BinaryIO | None = None,
        settle: Callable[[], None] = lambda: None,
    ) -> None:
        """`lock` is closed with the writer; `settle` is called when a disk has come back."""
        self._days, self._volumes, self._room = days, volumes, room
        self._every, self._file_lock, self._settle = commit_seconds, lock, settle
        self._queue: queue.SimpleQueue[_Item | _Flush | _Close | _Lost | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._groups = Groups()
        self._places = Places(volumes, days, self._groups, room)
        self._troubles: dict[str, tuple[float, PlainviewError]] = {}
        self._fatal: StoreDamaged | None = None
        self.written = 0
        """Bytes of segments written since the start."""
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

    @property
    def trouble(self) -> PlainviewError | None:
        """Why something that came lately was not stored; None when everything is."""
        since = time.monotonic() - LATELY_S
        return next((error for at, error in list(self._troubles.values()) if at >= since), None)

    def add(self, kind: Kind, header: WindowHeader, segment: NewSegment) -> Ticket:
        """Hand over a segment of the window that `header` describes.

        Raises `BadFormat` for a plaintext original or a view that is not records, `StoreFull`
        when too much waits.
        """
        check_content(kind, segment.data)
        name, fixed, ticket = name_of(kind, header), segment.header(), Ticket()
        most = MAX_WAITING if kind is Kind.ORIGINALS else MAX_WAITING // 2
        with self._lock:
            slow = self._waiting + len(segment.data) > most
            if not slow:
                self._waiting += len(segment.data)
        if slow:
            self._queue.put(_Lost(name, _loss(name, fixed, "slow")))
            raise StoreFull("the disk is too slow: segments are waiting for it.")
        self._queue.put(_Item(kind, name, header, fixed, segment.data, ticket))
        return ticket

    def close_window(self, kind: Kind, header: WindowHeader) -> None:
        """Say that nothing more comes for this window; its pack is cut to its true size."""
        self._queue.put(_Close(name_of(kind, header)))

    def flush(self, timeout: float = 60) -> None:
        """Wait until everything handed over before is committed (or refused).

        Raises `StoreDamaged` when nothing can be committed any more.
        """
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

    def headroom(self) -> list[Headroom]:
        """How long the room of each disk and of each class lasts."""
        return [*self._places.headroom(), *self._room.headroom()]

    def complaints(self) -> list[str]:
        """What is wrong with disks and room now, a sentence each."""
        failed = [one.trouble.message for one in self._volumes.failed() if one.trouble is not None]
        stopped = [f"not recorded, since room is short: {what}." for what in self._room.stopped()]
        trouble = [self.trouble.message] if self.trouble is not None else []
        return list(dict.fromkeys([*failed, *stopped, *trouble]))

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
        self._places.close_all()
        self._commit()

    def _handle(self, item: _Item | _Flush | _Close | _Lost | None) -> bool:
        if item is None:
            return False
        if isinstance(item, _Flush):
            self._commit()
            item.set()
        elif isinstance(item, _Close):
            self._places.close(item.name)
        elif isinstance(item, _Lost):
            self._groups.lose(item.name.day, item.loss)
        else:
            with self._lock:
                self._waiting -= len(item.data)
            self._write(item)
        return True

    def _fail(self, error: StoreDamaged) -> None:
        """Nothing more is acknowledged until a new process has made the index again."""
        self._troubled(INDEX, error)
        self._fatal = error
        self._groups.fail(error)

    def _write(self, item: _Item) -> None:
        if self._fatal is not None:
            item.ticket.settle(self._fatal)
            return
        record, size = item.header.record, len(item.data)
        what, reason = f"{record.class_} {item.kind}", "full"
        try:
            self._groups.check()
            self._volumes.data.check(0)
            reason = "limit"
            self._room.check_limit(record, size)
            reason = "order"
            self._room.check_order(record, item.kind, *self._volumes.room())
            reason = "full"
            path, offset = self._places.write(item.name, item.header, item.segment, item.data)
        except StoreFull as error:
            self._refuse(item, what, error, reason)
            return
        except StoreDamaged as error:
            self._refuse(item, what, error, "disk")
            return
        except Refused as error:
            item.ticket.settle(error)
            return
        except OSError as error:  # the disk of the log and the index cannot even say its room
            failed = StoreDamaged(f"{self._volumes.disks.data} failed: {error.strerror}.")
            self._refuse(item, what, failed, "disk")
            return
        self._troubles.pop(what, None)
        window = record.window
        row = row_of(item.name.camera, item.kind, window, path, offset, item.segment)
        self._groups.row(item.name.day, row, item.ticket)
        self.written += len(item.data)

    def _refuse(self, item: _Item, what: str, error: StoreFull | StoreDamaged, reason: str) -> None:
        """Not stored: say so, and note the loss for the timeline."""
        self._troubled(what, error)
        item.ticket.settle(error)
        self._groups.lose(item.name.day, _loss(item.name, item.segment, reason))

    def _commit(self) -> None:
        back = self._places.look()
        sizes = self._places.sync() if self._groups else {}
        try:
            if back:
                self._settle()
            self._groups.commit(self._days, sizes)
        except OperationalError as error:
            self._troubled(INDEX, StoreFull(f"the index takes no rows: {error.orig}."))
        except DatabaseError as error:
            self._fail(StoreDamaged(f"the index is damaged: {error.orig}.", hint=HINT))
        except (OSError, StoreDamaged) as error:
            self._troubled(INDEX, StoreFull(f"the index takes no rows: {error}."))
        else:
            self._places.acknowledged(sizes)
            self._troubles.pop(INDEX, None)
            self._keep_reserve()

    def _keep_reserve(self) -> None:
        try:
            self._volumes.data.keep()
        except OSError as error:
            self._troubled(INDEX, StoreFull(f"the reserve cannot be kept: {error.strerror}."))

    def _troubled(self, what: str, error: StoreFull | StoreDamaged) -> None:
        if what not in self._troubles:
            log.error("not_stored", what=what, reason=error.message)
        self._troubles[what] = time.monotonic(), error


def _loss(name: PackName, segment: SegmentHeader, reason: str) -> Loss:
    end = segment.start_ms + segment.duration_ms
    return Loss(name.camera, name.kind, segment.start_ms, end, reason)
