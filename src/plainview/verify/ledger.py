"""What the log promises over time: replayed, then compared with what was due.

`Ledger` takes authentic entries in order. It runs the same `History` as the keeper, and keeps what
a stranger needs besides: every window ever made (also the shredded ones), acts that wait for their
reveal, shares that wait for their opening.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from plainview.base.clock import Ms, from_iso, to_iso
from plainview.errors import BadFormat, BadProof, GateClosed, PlainviewError
from plainview.tlog import leaves
from plainview.tlog.entries import Entry, commit, parse, read_canonical
from plainview.tlog.history import LATE_MS, History
from plainview.verify.report import Report

SHRED_GRACE_MS: Ms = 3_600_000
"""A shred is overdue an hour after it was due."""
OPENING_GRACE_MS: Ms = 60_000
"""The keeper's half follows the k-th release within a minute."""
STOP_GRACE_MS: Ms = 30_000
"""A recorder stops within 10 s; its last segment and its commit take up to 20 s more."""
MINUTE_MS: Ms = 60_000


@dataclass(frozen=True, slots=True)
class LoggedWindow:
    """A window as its record said when it was logged."""

    camera: str
    start: Ms
    end: Ms
    register: int


class Ledger:
    """Replay of one log; `fetch` gets files by name (the leaves)."""

    def __init__(self, report: Report, fetch: Callable[[str], bytes]) -> None:
        self.history = History()
        self.counts: Counter[str] = Counter()
        self.recorded: dict[str, set[str]] = {}
        self._report, self._fetch = report, fetch
        self._windows: dict[str, LoggedWindow] = {}
        self._ids: set[bytes] = set()
        self._acts: dict[int, tuple[Ms, str]] = {}
        self._collected: dict[str, tuple[Ms, Ms]] = {}
        self._waiting: dict[tuple[str, str], Ms] = {}
        self._late = 0

    def take(self, index: int, raw: bytes) -> None:
        """One entry; whatever is wrong with it is recorded."""
        where = f"entry {index}"
        try:
            entry = parse(raw)
            if entry.type == "shred":
                self._note_late(entry)
            self.history.apply(index, entry)
        except PlainviewError as error:
            self._report.fail("entry", where, error.message)
            self.history.size = index + 1
            return
        self.counts[entry.type] += 1
        if (ident := bytes.fromhex(entry.id)) in self._ids:
            self._report.fail("entry", where, "its submission id is on the log already.")
        self._ids.add(ident)
        step = _STEPS.get(entry.type)
        try:
            if step is not None:
                step(self, index, entry)
        except PlainviewError as error:
            self._report.fail("entry", where, error.message)

    # -- windows, and what was written in them

    def _windows_made(self, index: int, entry: Entry) -> None:
        for record in entry.body["windows"]:
            start, end = from_iso(record["start"]), from_iso(record["end"])
            made = LoggedWindow(record["camera"], start, end, record["register"])
            self._windows[record["window"]] = made

    def _roots(self, index: int, entry: Entry) -> None:
        where, body = f"entry {index}", entry.body
        try:
            listed = read_canonical(self._fetch(leaves.path(entry.id)))
            check_leaves(listed, body)
        except PlainviewError as error:
            self._report.fail("leaves", where, f"its leaves do not hold: {error.message}")
            return
        since = self._since(body["node"], from_iso(body["minute"]))
        for leaf in listed:
            if wrong := self._wrong_leaf(leaf, body["minute"], since, entry.time):
                self._report.fail("gate", where, f"{leaf['window']}: {wrong}")
            self.recorded.setdefault(leaf["minute"][:10], set()).add(leaf["camera"])

    def _since(self, node: str, minute: Ms) -> Ms:
        """The minute in which this node counted before: what it counts now was written since."""
        before, last = self._collected.get(node, (0, 0))
        if minute != last:
            before, last = last, minute
        self._collected[node] = before, last
        return before

    def _wrong_leaf(self, leaf: Mapping[str, Any], minute: str, since: Ms, logged: Ms) -> str:
        made = self._windows.get(leaf["window"])
        if made is None:
            return "recorded in a window that was not logged before."
        if (leaf["camera"], leaf["register"]) != (made.camera, made.register):
            return "recorded for another camera or register version than its window."
        at = from_iso(leaf["minute"])
        if leaf["minute"] != minute or at > logged + MINUTE_MS:
            return "a leaf of another minute than its entry's."
        if at < made.start - MINUTE_MS:
            return f"recorded before {minute}, when its window had not begun."
        first = max(made.start, since - STOP_GRACE_MS)
        return self._closed(made.camera, first, min(made.end, at + MINUTE_MS))

    def _closed(self, camera: str, first: Ms, end: Ms) -> str:
        """Why the gate was closed all the time that the leaf can be of, empty if it was open."""
        try:
            self.history.may_record(camera, first)
        except GateClosed:
            try:
                self.history.may_record(camera, max(first, end - 1))
            except GateClosed as error:
                return f"recorded after {to_iso(first)} although {error.message}"
        return ""

    # -- people's acts, openings, shreds

    def _act(self, index: int, entry: Entry) -> None:
        self._acts[index] = entry.time, entry.body["detail_commitment"]

    def _reveal(self, index: int, entry: Entry) -> None:
        body = entry.body
        known = self._acts.pop(body["of"], None)
        if known is None:
            self._report.fail("reveal", f"entry {index}", "it reveals no act, or one twice.")
            return
        try:
            shown = commit(body["detail"], bytes.fromhex(body["salt"]))
        except (PlainviewError, ValueError):
            shown = ""
        if shown != known[1]:
            self._report.fail("reveal", f"entry {index}", "it is not what was committed to.")

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
                self._late += entry.time > self.history.due_at(name) + SHRED_GRACE_MS

    # -- at the end

    def close(self, at: Ms) -> None:
        """Record what should have happened by `at` and did not, or happened before its time."""
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
        hidden = sum(since < at - wait for since, _ in self._acts.values())
        if hidden:
            self._report.notes.append(f"{hidden} acts were not revealed when they were due.")


_STEPS: dict[str, Callable[[Ledger, int, Entry], None]] = {
    "windows": Ledger._windows_made,
    "roots": Ledger._roots,
    "act": Ledger._act,
    "reveal": Ledger._reveal,
    "release": Ledger._release,
    "opening": Ledger._opening,
}

_LEAF = {"camera", "window", "segments", "cipher", "plain", "register", "minute"}


def check_leaves(listed: Any, body: Mapping[str, Any]) -> None:
    """`listed` is what the roots entry `body` was logged for; raises `Invalid` kinds."""
    if not isinstance(listed, list) or len(listed) != body["leaves"]:
        raise BadFormat("not as many as the entry says.")
    for leaf in listed:
        if not isinstance(leaf, dict) or leaf.keys() != _LEAF:
            raise BadFormat("a leaf has other fields than it should.")
        texts = (leaf[name] for name in ("camera", "window", "cipher", "plain", "minute"))
        if not all(isinstance(text, str) for text in texts):
            raise BadFormat("a leaf's names and hashes are text.")
        if type(leaf["segments"]) is not int or leaf["segments"] < 1:
            raise BadFormat("a leaf counts at least one segment.")
    if leaves.roots(listed) != (body["cipher_root"], body["plain_root"]):
        raise BadProof("their roots are not those that were logged.")
