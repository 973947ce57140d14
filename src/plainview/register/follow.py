"""Following the log: new entries go through the rule book into register.db.

Several processes follow the same log into the same file. Each keeps its own rule book; whoever
finds an entry that has no rows yet writes them, under the database's write lock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import Connection, Engine, select, update

from plainview.base.database import open_engine, writing
from plainview.base.durable import sync_folder
from plainview.base.settings import Settings
from plainview.base.upgrading import upgrade_to_newest
from plainview.errors import LogAway, NotFound, PlainviewError, StoreDamaged
from plainview.register import rows, tables
from plainview.register.restore import restore
from plainview.register.stored import Recheck
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.entries import parse
from plainview.tlog.history import History
from plainview.tlog.merkle import leaf_hash
from plainview.tlog.notes import parse as parse_note
from plainview.tlog.reader import LogReader
from plainview.tlog.tiles import WIDTH

BATCH = 1_000
FRESH_SECONDS = 0.2
_log = structlog.get_logger(__name__)


class Follower:
    """The rule book and register.db, kept up with the log. Threads may share it."""

    def __init__(self, settings: Settings) -> None:
        self.reader = LogReader.folder(settings.log_dir)
        self._log = settings.log_dir
        self._engine: Engine = open_engine(settings.own_dir / "register.db")
        upgrade_to_newest(self._engine, tables.UPGRADES)
        self._lock = threading.RLock()
        self._history: History | None = None
        self._recheck: Recheck | None = None
        self._synced = float("-inf")
        self._size = 0

    def close(self) -> None:
        """Close the database."""
        if self._recheck is not None:
            self._recheck.close()
        self._engine.dispose()

    def sync(self, until: int | None = None) -> int:
        """Apply what is new on the log, or its first `until` entries; the number of entries.

        Raises `LogAway`, `StoreDamaged`.
        """
        with self._lock:
            fresh = self._history is None
            history = self._book()
            size = self._size = self.log_size()
            before = history.size
            if before and not size:
                raise LogAway(
                    f"The log is not in {self._log}: {before} entries of it are known.",
                    hint="Is its disk mounted? What was known counts until its own end.",
                )
            if fresh and before:
                self._check_same_log(before)
            end = size if until is None else min(size, until)
            while history.size < end:
                self._apply(min(end, history.size + BATCH))
                history = self._book()
            self._synced = time.monotonic()
            return history.size - before

    def _check_same_log(self, applied: int) -> None:
        """Raises `StoreDamaged` if register.db was made from another log than the one here."""
        with self._engine.connect() as connection:
            query = select(tables.ENTRIES.c.leaf).where(tables.ENTRIES.c.idx == applied - 1)
            leaf = connection.execute(query).scalar_one()
        if applied <= self._size:
            (_, raw) = next(self.entries(applied - 1, applied))
            if leaf_hash(raw).hex() == leaf:
                return
        raise StoreDamaged(
            f"register.db follows another log: it knows {applied} entries, this log does not.",
            hint="If the log is the right one, delete register.db; it is made again.",
        )

    @contextmanager
    def book(self) -> Iterator[History]:
        """The rule book, not older than `FRESH_SECONDS`; hold it no longer than needed."""
        with self._lock:
            if time.monotonic() - self._synced > FRESH_SECONDS:
                self.sync()
            yield self._book()

    @contextmanager
    def rows(self) -> Iterator[Connection]:
        """register.db to read from, not older than `FRESH_SECONDS`."""
        with self.book():
            pass
        with self._engine.connect() as connection:
            yield connection

    def entries(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Entries [start, end). Bundles are read as wide as the log has them: a partial bundle
        exists only in the widths at which batches ended."""
        for number in range(start // WIDTH, -(-end // WIDTH)):
            first = number * WIDTH
            bundle = self.reader.bundle(number, min(WIDTH, self._size - first))
            for index in range(max(start, first), min(end, first + WIDTH)):
                yield index, bundle[index - first]

    def _book(self) -> History:
        if self._history is None:
            with self._engine.connect() as connection:
                self._history, noted = restore(connection)
            if self._recheck is None:
                self._recheck = Recheck(self._engine, noted)
        if self._recheck is not None:
            self._recheck.check()
        return self._history

    def log_size(self) -> int:
        """The head is newer than the witnessed checkpoint by a moment; mirrors have no head."""
        for name in ("head", "checkpoint"):
            try:
                note = self.reader.fetch(name)
            except NotFound:
                continue
            size = Checkpoint.parse(parse_note(note)[0]).size
            if name == "head" and size > self._size:
                # Its name may be younger than the keeper's fsync: what is learnt from it here must
                # not outlive it in a power cut.
                sync_folder(self._log)
            return size
        return 0  # no log yet: nobody is known and nobody may record

    def _apply(self, end: int) -> None:
        """Apply entries up to `end` in one transaction; a failure forgets the rule book."""
        history = self._book()
        try:
            with writing(self._engine) as connection:
                stored = connection.execute(select(tables.STATE.c.next)).scalar_one()
                batch = rows.Batch(connection)
                for index, raw in self.entries(history.size, end):
                    _one(batch, history, index, raw, write=index >= stored)
                batch.flush()
                if history.size > stored:
                    values = {"next": history.size, "clock_ms": history.clock}
                    connection.execute(update(tables.STATE).values(values))
        except BaseException:
            self._history = None
            raise


def _one(batch: rows.Batch, history: History, index: int, raw: bytes, *, write: bool) -> None:
    clock = history.clock
    try:
        entry = parse(raw)
        stated = history.apply(index, entry)
    except PlainviewError as error:
        # The keeper never logs such an entry. It has no effect here, as it has none for strangers.
        _log.error("entry rejected", index=index, reason=error.message)
        history.size = index + 1
        if write:
            rows.write_rejected(batch, index, leaf_hash(raw).hex(), error.message)
        return
    if write:
        rows.write(batch, index, entry, stated, clock, history)
