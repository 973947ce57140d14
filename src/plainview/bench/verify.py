"""`plainview bench verify`: entries a second, of a log like a small city's over a month.

The baseline is the least that a verifier must do: hash every entry, and the tree over them.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from plainview.bench.catalogue import Options, Say
from plainview.bench.measure import memory_mb
from plainview.bench.month import HOURS, Month
from plainview.bench.result import Result, alone, compared
from plainview.errors import Unavailable
from plainview.tlog import merkle
from plainview.tlog.reader import LogReader
from plainview.verify.log import verify_log


def run(options: Options, say: Say) -> Iterator[Result]:
    """`verify.entries_s` (processor time of one core; ratio: against hashing alone)."""
    hours = round(options.scaled(HOURS, 2))
    with tempfile.TemporaryDirectory(prefix="plainview-bench-") as name:
        folder, month, size = Path(name) / "log", Month(hours), 0
        for size in month.write(folder):
            say(f"writing the log: {size} entries")
        ours, theirs = [], []
        for number in range(options.runs):
            say(f"{size} entries, run {number + 1} of {options.runs}")
            theirs.append(size / _hashed(folder, size))
            ours.append(size / _verified(folder, month))
    against = "SHA-256 of all entries and of the tree over them"
    yield compared("verify", "verify.entries_s", "entries/s", ours, theirs, against)
    yield alone("verify", "verify.entries", [float(size)], "entries")
    yield alone("verify", "verify.memory_mb", [memory_mb(os.getpid())], "MB")


def _verified(folder: Path, month: Month) -> float:
    """Processor seconds of a whole verification. Raises `Unavailable` unless all holds."""
    began = time.process_time()
    report = verify_log(LogReader.folder(folder), month.policy())
    spent = time.process_time() - began
    if not report.ok:
        raise Unavailable("The bench's own log does not hold: " + report.lines()[0])
    return spent


def _hashed(folder: Path, size: int) -> float:
    """Processor seconds to read and hash it."""
    reader, began = LogReader.folder(folder), time.process_time()
    merkle.root([merkle.leaf_hash(raw) for _, raw in reader.entries(0, size)])
    return time.process_time() - began
