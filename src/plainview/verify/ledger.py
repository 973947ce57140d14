"""What the log promises over time: replayed, then compared with what was due.

`Ledger` takes authentic entries in order. It runs the same `History` as the keeper, and keeps what
a stranger needs besides: every window ever made (also the shredded ones), acts that wait for their
reveal, shares that wait for their opening.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from plainview.base.clock import Ms, to_iso
from plainview.errors import PlainviewError
from plainview.tlog.entries import Entry, parse
from plainview.tlog.history import LATE_MS, History
from plainview.verify.acts import Acts
from plainview.verify.bulk import NO_ROWS, BulkReader, Minutes, Run
from plainview.verify.ids import SubmissionIds
from plainview.verify.minutes import Recorded
from plainview.verify.report import Report

SHRED_GRACE_MS: Ms = 3_600_000
"""A shred is overdue an hour after it was due."""
SHUTTING = frozenset({"record", "objection", "answer"})
"""What may shut the gate of cameras that it does not name, or of a version that stays the same."""
OPENING_GRACE_MS: Ms = 60_000
"""The keeper's half follows the k-th release within a minute."""


class Ledger:
    """Replay of one log; `fetch` gets files by name (the leaves)."""

    def __init__(self, report: Report, fetch: Callable[[str], bytes]) -> None:
        self.history = History()
        self.counts: Counter[str] = Counter()
        times = Minutes()
        self.recorded = Recorded(self.history, report, fetch, times)
        self._report = report
        self._bulk = BulkReader(times)
        self._ids = SubmissionIds()
        self._acts = Acts()
        self._waiting: dict[tuple[str, str], Ms] = {}
        self._late = 0

    def take(self, first: int, raws: list[bytes]) -> None:
        """Entries that follow one another, such as a bundle's; whatever is wrong is recorded."""
        for start, end, run in self._bulk.runs(raws):
            if run is None or not self._take_run(first + start, run):
                for place in range(start, end):
                    self._take_one(first + place, raws[place])

    def _take_run(self, first: int, run: Run) -> bool:
        """As `History.apply`, for kinds that it only notes, and whose shape is known.

        False, with nothing changed, where an entry may have to be refused: `_take_one` says why.
        """
        history, rows = self.history, run.rows
        newest = max(history.clock, run.latest)
        if not history.rules or first != history.size or run.earliest < newest - LATE_MS:
            return False
        if not all(self._gate_holds(*texts[:3]) for texts in rows.get("gate", NO_ROWS).texts):
            return False
        if not self._acts.take(first, rows.get("act", NO_ROWS), rows.get("reveal", NO_ROWS)):
            return False
        self.recorded.take(first, rows.get("roots", NO_ROWS))
        history.clock = newest
        history.size = first + run.size
        self.counts.update({kind: len(found.places) for kind, found in rows.items()})
        self._ids.add(run.ids)
        return True

    def _gate_holds(self, allowed: bytes, camera: bytes, register: bytes) -> bool:
        if not register:
            return allowed == b"false"
        versions = self.history.cameras.get(camera.decode(), [])
        return any(version.index == int(register) for version in versions)

    def _take_one(self, index: int, raw: bytes) -> None:
        where = f"entry {index}"
        try:
            entry = parse(raw)
            if entry.type == "shred":
                self._note_late(entry)
            stated = self.history.apply(index, entry)
        except PlainviewError as error:
            self._report.fail("entry", where, error.message)
            self.history.size = index + 1
            self._ids.add_none(index)
            return
        self.counts[entry.type] += 1
        if stated.type in SHUTTING:
            self.recorded.register_changed()
        self._ids.add(bytes.fromhex(entry.id))
        step = _STEPS.get(entry.type)
        try:
            if step is not None:
                step(self, index, entry)
        except PlainviewError as error:
            self._report.fail("entry", where, error.message)

    # -- what kinds of entries mean beyond `History`

    def _windows(self, index: int, entry: Entry) -> None:
        self.recorded.windows(entry.body["windows"])

    def _roots(self, index: int, entry: Entry) -> None:
        self.recorded.minute(index, entry.id, entry.body, entry.time)

    def _act(self, index: int, entry: Entry) -> None:
        self._acts.add(index, entry.time, entry.body["detail_commitment"])

    def _reveal(self, index: int, entry: Entry) -> None:
        if wrong := self._acts.reveal(entry.body):
            self._report.fail("reveal", f"entry {index}", wrong)

    def _release(self, index: int, entry: Entry) -> None:
        key = (entry.body["request"], entry.body["window"])
        given = self.history.requests[key[0]].releases[key[1]]
        if len(given) >= self.history.window(key[1]).set.k:
            self._waiting.setdefault(key, entry.time)

    def _opening(self, index: int, entry: Entry) -> None:
        self._waiting.pop((entry.body["request"], entry.body["window"]), None)

    def _note_late(self, entry: Entry) -> None:
        names = entry.body.get("windows")
        for name in names if isinstance(names, list) else []:
            if isinstance(name, str) and name in self.history.windows:
                self._late += entry.time > self.history.windows[name].due + SHRED_GRACE_MS

    # -- at the end

    def close(self, at: Ms) -> None:
        """Record what should have happened by `at` and did not, or happened before its time."""
        for index in self._ids.repeated():
            self._report.fail("entry", f"entry {index}", "its submission id is on the log already.")
        if self.history.clock > at + LATE_MS:
            clock = to_iso(self.history.clock)
            message = f"the keeper wrote {clock}, which the newest witness had not seen yet."
            self._report.fail("time", "log", message)
        for period, names in sorted(self.history.due(at - SHRED_GRACE_MS).items()):
            message = f"{len(names)} windows are overdue for shredding, such as {names[0]}."
            self._report.fail("overdue", period, message)
        if self._late:
            self._report.notes.append(f"{self._late} windows were shredded over an hour late.")
        overdue = sum(since + OPENING_GRACE_MS < at for since in self._waiting.values())
        if overdue:
            self._report.notes.append(f"{overdue} openings are overdue for the keeper's half.")
        wait = self.history.rules.get("reveal_seconds", 0) * 1000 + SHRED_GRACE_MS
        if hidden := self._acts.logged_before(at - wait):
            self._report.notes.append(f"{hidden} acts were not revealed when they were due.")


_STEPS: dict[str, Callable[[Ledger, int, Entry], None]] = {
    "windows": Ledger._windows,
    "roots": Ledger._roots,
    "act": Ledger._act,
    "reveal": Ledger._reveal,
    "release": Ledger._release,
    "opening": Ledger._opening,
}
