"""`plainview bench log`: entries a second that a real keeper makes durable, and how soon.

Clients speak to the keeper over its Unix socket; a witness cosigns. The baseline is SQLite (WAL,
synchronous=FULL) on the same disk, which commits rows of the same length in batches of as many as
there are writers: a store that is durable, but not public, signed or judged.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from plainview.bench.catalogue import Options, Say
from plainview.bench.keeping import running_keeper
from plainview.bench.measure import cpu_s, memory_mb
from plainview.bench.result import Result, alone, compared
from plainview.bench.writers import Writers, Written, gate_question, quantile

SECONDS = 10.0
WRITERS = 100
RATE = 500.0
_ROW = bytes(170)


def run(options: Options, say: Say) -> Iterator[Result]:
    """Measure one writer, a hundred, and a steady rate; each with a log of its own."""
    seconds = options.scaled(SECONDS, 0.3)
    against = f"SQLite {sqlite3.sqlite_version}, WAL, synchronous=FULL"
    kept: dict[int, list[Written]] = {1: [], WRITERS: []}
    for count, written in kept.items():
        theirs, name = [], f"log.entries_s.{count}_writer{'s' * (count > 1)}"
        for number in range(options.runs):
            say(f"{count} writers, run {number + 1} of {options.runs}")
            theirs.append(rows_a_second(seconds, count))
            written.append(measure(seconds, count))
        ours = [len(one.entries) / one.seconds for one in written]
        yield compared("log", name, "entries/s", ours, theirs, against)
    busy = kept[WRITERS]
    figures = {
        "log.keeper_cpu_us": ([one.keeper_s / len(one.entries) * 1e6 for one in busy], "us/entry"),
        "log.answer_p99_s": ([quantile(one.latencies(), 0.99) for one in busy], "s"),
        "log.checkpoint_p99_s": ([quantile(one.to_checkpoint(), 0.99) for one in busy], "s"),
    }
    for metric, (values, unit) in figures.items():
        yield alone("log", metric, values, unit)
    say(f"{RATE:g} entries a second for {options.minutes:g} minutes")
    yield from steady(options.scaled(options.minutes * 60, 0.3))


def steady(seconds: float) -> Iterator[Result]:
    """One keeper at `RATE` for so long: latencies and memory in the first and the last quarter."""
    with _clients(WRITERS) as (clients, keeper):
        clients.write(seconds / 10, RATE)  # threads and first tiles are there
        before = memory_mb(keeper)
        parts = [clients.write(seconds / 4, RATE) for _ in range(4)]
        after = memory_mb(keeper)
    first, last, at = parts[0], parts[-1], f"at_{RATE:g}_s"
    for name, part in (("first", first), ("last", last)):
        for share in (50, 99):
            answered = quantile(part.latencies(), share / 100)
            yield alone("log", f"log.answer_p{share}_s.{at}.{name}", [answered], "s")
        public = quantile(part.to_checkpoint(), 0.99)
        yield alone("log", f"log.checkpoint_p99_s.{at}.{name}", [public], "s")
    growth = quantile(last.latencies(), 0.5) / quantile(first.latencies(), 0.5)
    yield alone("log", f"log.answer_growth.{at}", [growth], "last quarter over first")
    yield alone("log", f"log.memory_mb.{at}.first", [before], "MB")
    yield alone("log", f"log.memory_mb.{at}.last", [after], "MB")
    grown = (after - before) * 1e6 / sum(len(part.entries) for part in parts)
    yield alone("log", f"log.memory_growth.{at}", [grown], "bytes an entry")


def measure(seconds: float, writers: int) -> Written:
    """A new log, written for so long by so many."""
    with _clients(writers) as (clients, keeper):
        before = cpu_s(keeper)
        written = clients.write(seconds)
        written.keeper_s = cpu_s(keeper) - before
        return written


@contextmanager
def _clients(count: int) -> Iterator[tuple[Writers, int]]:
    """So many connections to a keeper with a new log, and its process id."""
    with (
        tempfile.TemporaryDirectory(prefix="plainview-bench-") as folder,
        running_keeper(Path(folder)) as (settings, keeper),
        closing(
            Writers(settings.keeper_socket, settings.log_dir / "checkpoint", count, gate_question)
        ) as clients,
    ):
        yield clients, keeper


def rows_a_second(seconds: float, batch: int) -> float:
    """Durable rows a second of SQLite, committed `batch` at a time."""
    with (
        tempfile.TemporaryDirectory(prefix="plainview-bench-") as folder,
        closing(sqlite3.connect(Path(folder) / "rows.db", isolation_level=None)) as database,
    ):
        database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE rows(raw BLOB);"
        )
        rows, began = 0, time.monotonic()
        while time.monotonic() < began + seconds:
            database.execute("BEGIN")
            database.executemany("INSERT INTO rows VALUES(?)", [(_ROW,)] * batch)
            database.execute("COMMIT")
            rows += batch
        return rows / (time.monotonic() - began)
