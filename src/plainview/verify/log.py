"""Verifying a whole log as a stranger does, with its public files and a trust policy.

The log's own signature and the witness quorum, every bundle and tile, every entry's form and
authors, the gate history, releases before openings, shreds in time.
"""

from __future__ import annotations

from plainview.base.clock import Ms
from plainview.errors import PlainviewError
from plainview.tlog.policy import Policy
from plainview.tlog.reader import LogReader
from plainview.verify.ledger import Ledger
from plainview.verify.report import Report, time_of
from plainview.verify.tree import Progress, read_authentic


def no_progress(done: int, total: int) -> None:
    """For callers who do not watch."""


def verify_log(
    reader: LogReader,
    policy: Policy,
    *,
    now: Ms | None = None,
    max_age_ms: Ms | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Verify everything; the report's `ok` says whether all holds.

    `now` is the reader's clock, `max_age_ms` how old the witnesses' word may be. What is overdue
    is judged at the time of the newest cosignature, so that an old copy is not blamed for its age.
    """
    report = Report("The log")
    try:
        checked = policy.check(reader.checkpoint_note(), now=now, max_age_ms=max_age_ms)
    except PlainviewError as error:
        report.fail("checkpoint", "checkpoint", error.line())
        return report
    report.witnessed(checked, policy)
    ledger = Ledger(report, reader.fetch)
    for first, entries in read_authentic(reader, checked.checkpoint, report, progress):
        ledger.take(first, entries)
    if ledger.history.size and ledger.history.origin != checked.checkpoint.origin:
        report.fail("origin", "entry 0", "the founding entry is that of another log.")
    if ledger.history.size == checked.checkpoint.size:
        ledger.close(time_of(checked, now) or ledger.history.clock)
    report.facts["entries"] = dict(sorted(ledger.counts.items()))
    report.facts["cameras"] = {
        day: len(seen) for day, seen in sorted(ledger.recorded.cameras.items())
    }
    return report
