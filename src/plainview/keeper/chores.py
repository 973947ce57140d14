"""What the keeper does unasked: reveals, openings that are due, shreds.

A shred: held windows of the period move under a hold key; the period's key is destroyed; then the
entry is logged. After a crash in between, the next round finds windows on the log that are due and
whose key is gone, and logs them: an entry never comes before the deed, and never fails to come.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from plainview.base.clock import Clock, Ms
from plainview.errors import PlainviewError, Unavailable
from plainview.keeper.box import Detail, Locked
from plainview.keeper.desk import Desk, ident_of
from plainview.keeper.witnesses import Witnesses
from plainview.tlog import merkle

OVERDUE_MS: Ms = 3_600_000
REVEALS = 50
"""At once: one after the other, each waits for a write to the disk."""
SHRED_ENTRY = 500
"""Windows in one shred entry, so that it stays far below the greatest length of an entry."""


class Chores:
    """`round` does what is due now; `red` says, in words, what could not be done."""

    def __init__(self, desk: Desk, witnesses: Witnesses, clock: Clock) -> None:
        self._desk, self._witnesses, self._clock = desk, witnesses, clock
        self._scribe, self._ring, self._box = desk.scribe, desk.ring, desk.box
        self.red: dict[str, str] = {}

    def round(self) -> None:
        self._scribe.recover()
        check = self._witnesses.checkpoint
        for step in (check, self.reveal, self.open, self.shred, self.check_overdue):
            with self.telling(step.__name__):
                step()

    @contextmanager
    def telling(self, name: str) -> Iterator[None]:
        """What goes wrong in here is a reason to be red until it goes right."""
        try:
            yield
            self.red.pop(name, None)
        except (OSError, PlainviewError) as error:
            told = error.line() if isinstance(error, PlainviewError) else error
            self.red[name] = f"{name}: {told}"

    def reveal(self) -> None:
        """Log the details whose time has come, then destroy them with their salts.

        Many wait together, so that they share the scribe's batches.
        """
        with ThreadPoolExecutor(REVEALS) as pool:
            list(pool.map(self._reveal, self._box.details_due(self._clock())))

    def _reveal(self, detail: Detail) -> None:
        with self._scribe.lock:
            self._scribe.check_writable()  # else nothing is known, and nothing is to be dropped
            index = self._scribe.known(detail.id)
        if index is not None:
            body = {"of": index, "detail": json.loads(detail.detail), "salt": detail.salt}
            self._desk.log("reveal", body, ident_of("reveal", detail.id))
        self._box.drop_detail(detail.id)

    def open(self) -> None:
        """Re-seal E wherever enough custodians have released, without being asked."""
        with self._scribe.lock:
            history, now = self._scribe.history, self._clock()
            ripe = [
                (name, window)
                for name, asked in history.requests.items()
                if asked.expires > now
                for window, given in asked.releases.items()
                if window not in asked.openings and (kept := history.windows.get(window))
                if len(given) >= kept.set.k and kept.due > now
            ]
        for name, window in ripe:
            self._desk.opening(name, window)

    def shred(self) -> None:
        """Destroy the keys that are due, if the witnesses confirm the time; log what is gone."""
        self._log_destroyed()
        now = self._clock()
        if due := {name for name, at in self._ring.due.items() if at <= now}:
            self._witnesses.check_time()
            with self._desk.keeping:
                for name in sorted(due):
                    self._hold_back(name, now)
                self._ring.destroy(due)
                self._log_destroyed()

    def _hold_back(self, name: str, now: Ms) -> None:
        """Put the held windows under the key `name` under hold keys, which have their own ends."""
        with self._scribe.lock:
            windows, rows = self._scribe.history.windows, self._box.windows_under(name)
            ends = {row: windows[row.id].due for row in rows if row.id in windows}
        ends = {row: end for row, end in ends.items() if end > now}
        self._ring.ensure({f"hold.{end}": end for end in ends.values()})
        self._box.put_windows(self._move(row, f"hold.{end}") for row, end in ends.items())

    def _move(self, row: Locked, key: str) -> Locked:
        e, view = self._desk.unlock(row, "e"), self._desk.unlock(row, "view")
        return self._desk.locked(row.id, key, e, view)

    def _log_destroyed(self) -> None:
        """One entry a key for the windows that are due and that no key opens any more."""
        with self._scribe.lock:
            history = self._scribe.history
            due = [(history.windows[w[0]].record, w) for w in history.due(self._clock()).values()]
        for record, names in due:
            rows = [(name, self._box.window(name)) for name in names]
            gone = [name for name, row in rows if row is None or row.key not in self._ring.due]
            for at in range(0, len(gone), SHRED_ENTRY):
                part = gone[at : at + SHRED_ENTRY]
                root = merkle.root_over(name.encode() for name in part)
                body = {"period": record["period"], "class": record["class"]}
                body |= {"due": record["shred"], "count": len(part), "windows": part, "root": root}
                self._desk.log("shred", body, ident_of("shred", root))
                self._box.drop_windows(part)

    def check_overdue(self) -> None:
        """Raises `Unavailable` if something should have been destroyed an hour ago."""
        if late := [n for n, at in self._ring.due.items() if at <= self._clock() - OVERDUE_MS]:
            raise Unavailable(f"{len(late)} keys are overdue for destruction.")
