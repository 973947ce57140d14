"""The one writer of the log: batches, each entry judged by `tlog.history`.

A batch closes when nothing more comes (for 5 ms, once something waits), after 50 ms at the latest,
and with at most 1,000 entries. What comes while it is written waits for the next.

An entry is answered when it is durable and signed. If the disk fails, everything in hand is refused
and the log is read again from the disk before anything else is written, so that what the keeper
believes is always what is on the log.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from sqlite3 import Error as SqlError

from plainview.base import durable
from plainview.errors import LogAway, PlainviewError, Refused
from plainview.keeper.ids import Ids, Known
from plainview.tlog.entries import Entry, parse
from plainview.tlog.history import History
from plainview.tlog.notes import Signer
from plainview.tlog.writer import LogWriter

BATCH_SECONDS = 0.05
BATCH_ENTRIES = 1000
PAUSE_SECONDS = 0.005
_PROBE_SECONDS = 1.0

Item = tuple[Entry, "Future[int]"]
FAULTS = (OSError, SqlError, PlainviewError, LookupError, TypeError, ValueError, ArithmeticError)
"""After any of these, also an unforeseen one, only what is on the disk is believed."""


class Scribe:
    """`history` and `writer` may be read under `lock`; only the thread in here changes them."""

    def __init__(self, folder: Path, signer: Signer) -> None:
        self.folder, self._signer = folder, signer
        self.lock = threading.RLock()
        self._probed = 0.0
        self._waiting: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._reopen()
        self.thread = threading.Thread(target=self._run, name="scribe", daemon=True)
        self.thread.start()

    def _reopen(self) -> None:
        """Read the whole log; raises `StoreDamaged`, or what a bad entry raises.

        What was known before stays until all of it was read.
        """
        past, ids = History(), Ids()
        self._ids = ids  # the old file goes at once; while `broken`, nobody is told of any
        self.writer = LogWriter(self.folder, self._signer, lambda raw: _take(parse(raw), past, ids))
        self.history, self.broken = past, ""

    def known(self, ident: str) -> int | None:
        """Index of the entry with this submission id, if it is on the log."""
        with self.lock:
            return None if self.broken or not (found := self._ids.find(ident)) else found[0]

    def submit(self, entry: Entry) -> int:
        """Log `entry` and return its index; the same submission again returns the same index.

        Raises what `History.apply` raises, or `LogAway`.
        """
        future: Future[int] = Future()
        self._waiting.put((entry, future))  # no more can wait than there are connections
        try:
            return future.result(timeout=30)
        except TimeoutError as error:
            raise LogAway("The log does not keep up.", hint="Is its disk full or slow?") from error

    def check_writable(self) -> None:
        """Raises `LogAway` unless the log's disk takes a write now (asked once a second)."""
        if self.broken:
            raise self._away()
        if time.monotonic() - self._probed > _PROBE_SECONDS:
            try:
                durable.write_file(self.folder / ".probe", bytes(4096))
            except OSError as error:
                raise LogAway(f"The log cannot be written: {error.strerror}.") from error
            self._probed = time.monotonic()

    def close(self) -> None:
        """Write what waits, then stop."""
        self._waiting.put(None)
        self.thread.join()

    def _run(self) -> None:
        batch: list[Item | None] = []
        while None not in batch:
            batch = [self._waiting.get()]
            seen, ends = 0, time.monotonic() + BATCH_SECONDS
            while seen < (seen := self._waiting.qsize()) and time.monotonic() < ends:
                time.sleep(PAUSE_SECONDS)
            batch += [self._waiting.get() for _ in range(min(seen, BATCH_ENTRIES - 1))]
            self._write([item for item in batch if item])

    def _write(self, batch: list[Item]) -> None:
        with self.lock:
            try:
                if self.broken:
                    self._reopen()
                taken, raws = self._judge(batch)
                if raws:
                    self.writer.append(raws)
            except FAULTS as error:
                self.broken = f"{type(error).__name__}: {error}"
                for _entry, future in batch:
                    if not future.done():
                        future.set_exception(self._away())
                return
        for future, index in taken:
            future.set_result(index)

    def _judge(self, batch: list[Item]) -> tuple[list[tuple[Future[int], int]], list[bytes]]:
        """Who is answered with what once the new entries, also returned, are durable."""
        taken, raws = [], []
        for entry, future in batch:
            try:
                known = self._ids.find(entry.id)
                if known is None:
                    known = _take(entry, self.history, self._ids)
                    raws.append(entry.raw)
                if known[1] != _content(entry):
                    raise Refused("Another entry has this submission id.", hint="Use a new id.")
            except PlainviewError as error:
                future.set_exception(error)
            else:
                taken.append((future, known[0]))
        return taken, raws

    def _away(self) -> LogAway:
        return LogAway(f"The log cannot be written: {self.broken}")

    def recover(self) -> None:
        """After a failed write, try to read the log again."""
        if self.broken:
            self._write([])


def _take(entry: Entry, history: History, ids: Ids) -> Known:
    """The next entry, if it may stand on the log."""
    known = (history.size, _content(entry))
    history.apply(known[0], entry)
    ids.add(entry.id, known)
    return known


def _content(entry: Entry) -> bytes:
    """What a submission that is made again must repeat: all but the keeper's own time, hashed.

    Else an id that is on the log already would pass for the entry of what was never logged.
    """
    head = entry.raw.rpartition(b'"time":')[0] + entry.type.encode()
    return hashlib.sha256(entry.raw if entry.by else head).digest()
