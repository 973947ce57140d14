"""What the log promises over time: replayed, then compared with what was due.

`Ledger` takes authentic entries in order. It runs the same `History` as the keeper, and keeps what
a stranger needs besides: every window ever made (also the shredded ones), acts that wait for their
reveal, shares that wait for their opening.
"""

from __future__ import annotations

from binascii import unhexlify
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from plainview.base.clock import Ms, from_iso, to_iso
from plainview.base.ids import sha256_hex
from plainview.errors import GateClosed, PlainviewError
from plainview.tlog import leaves
from plainview.tlog.entries import Entry, commit, parse
from plainview.tlog.history import LATE_MS, History
from plainview.tlog.shapes import HEX
from plainview.verify.bulk import BulkEntry, BulkReader, is_canonical
from plainview.verify.ids import SubmissionIds
from plainview.verify.leaves import Leaf, read_leaves
from plainview.verify.opengate import OpenGate
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
        self._bulk = BulkReader()
        self._ids = SubmissionIds()
        self._gate = OpenGate(self.history)
        self._acts: dict[int, tuple[Ms, str]] = {}
        self._collected: dict[str, tuple[Ms, Ms]] = {}
        self._waiting: dict[tuple[str, str], Ms] = {}
        self._late = 0

    def take(self, index: int, raw: bytes) -> None:
        """One entry; whatever is wrong with it is recorded."""
        known = self._bulk.read(raw)
        if known is None or not self._take_bulk(index, known):
            self._take_any(index, raw)

    def _take_bulk(self, index: int, entry: BulkEntry) -> bool:
        """As `History.apply`, for kinds that it only notes, and whose shape is known.

        False, with nothing changed, where an entry may have to be refused: `_take_any` says why.
        """
        history = self.history
        if not history.rules or index != history.size or entry.time < history.clock - LATE_MS:
            return False
        if not _BULK_STEPS[entry.kind](self, index, entry):
            return False
        if entry.time > history.clock:
            history.clock = entry.time
        history.size = index + 1
        self.counts[entry.kind] += 1
        self._ids.add(entry.id)
        return True

    def _take_any(self, index: int, raw: bytes) -> None:
        where = f"entry {index}"
        try:
            entry = parse(raw)
            if entry.type == "shred":
                self._note_late(entry)
            self.history.apply(index, entry)
        except PlainviewError as error:
            self._report.fail("entry", where, error.message)
            self.history.size = index + 1
            self._ids.add_none(index)
            return
        self.counts[entry.type] += 1
        self._ids.add(bytes.fromhex(entry.id))
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
        self._minute(index, entry.id, entry.body, entry.time)

    def _minute(self, index: int, ident: str, body: Mapping[str, Any], logged: Ms) -> None:
        where = f"entry {index}"
        try:
            listed = read_leaves(self._fetch(leaves.path(ident)), body)
        except PlainviewError as error:
            self._report.fail("leaves", where, f"its leaves do not hold: {error.message}")
            return
        minute = body["minute"]
        at = from_iso(minute)
        since = self._since(body["node"], at)
        seen = self.recorded.setdefault(minute[:10], set())
        for leaf in listed:
            if leaf.minute != minute or at > logged + MINUTE_MS:
                wrong = "a leaf of another minute than its entry's."
            else:
                wrong = self._wrong_leaf(leaf, at, since)
            if wrong:
                self._report.fail("gate", where, f"{leaf.window}: {wrong}")
            seen.add(leaf.camera)

    def _since(self, node: str, minute: Ms) -> Ms:
        """The minute in which this node counted before: what it counts now was written since."""
        before, last = self._collected.get(node, (0, 0))
        if minute != last:
            before, last = last, minute
        self._collected[node] = before, last
        return before

    def _wrong_leaf(self, leaf: Leaf, at: Ms, since: Ms) -> str:
        made = self._windows.get(leaf.window)
        if made is None:
            return "recorded in a window that was not logged before."
        if (leaf.camera, leaf.register) != (made.camera, made.register):
            return "recorded for another camera or register version than its window."
        if at < made.start - MINUTE_MS:
            return f"recorded before {leaf.minute}, when its window had not begun."
        first = max(made.start, since - STOP_GRACE_MS)
        return self._closed(made.camera, first, min(made.end, at + MINUTE_MS))

    def _closed(self, camera: str, first: Ms, end: Ms) -> str:
        """Why the gate was closed all the time that the leaf can be of, empty if it was open."""
        try:
            self._gate.check(camera, first)
        except GateClosed:
            try:
                self._gate.check(camera, max(first, end - 1))
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

    # -- the same for the bulk, whose shape is known

    def _bulk_act(self, index: int, entry: BulkEntry) -> bool:
        self._acts[index] = entry.time, entry.body[2].decode()
        return True

    def _bulk_gate(self, index: int, entry: BulkEntry) -> bool:
        allowed, camera, _reason, register = entry.body
        if register is None:
            return allowed == b"false"
        versions = self.history.cameras.get(camera.decode(), [])
        return any(version.index == int(register) for version in versions)

    def _bulk_reveal(self, index: int, entry: BulkEntry) -> bool:
        detail, of, salt = entry.body
        known = self._acts.get(int(of))
        if known is None or not HEX.fullmatch(salt.decode()) or not is_canonical(detail):
            return False
        if sha256_hex(unhexlify(salt) + detail) != known[1]:
            return False
        del self._acts[int(of)]
        return True

    def _bulk_roots(self, index: int, entry: BulkEntry) -> bool:
        cipher, count, minute, node, plain = entry.body
        body = {"minute": minute.decode(), "node": node.decode(), "leaves": int(count)}
        body |= {"cipher_root": cipher.decode(), "plain_root": plain.decode()}
        try:
            self._minute(index, entry.id.hex(), body, entry.time)
        except PlainviewError as error:
            self._report.fail("entry", f"entry {index}", error.message)
        return True

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
        hidden = sum(since < at - wait for since, _ in self._acts.values())
        if hidden:
            self._report.notes.append(f"{hidden} acts were not revealed when they were due.")


_BULK_STEPS: dict[str, Callable[[Ledger, int, BulkEntry], bool]] = {
    "act": Ledger._bulk_act,
    "gate": Ledger._bulk_gate,
    "reveal": Ledger._bulk_reveal,
    "roots": Ledger._bulk_roots,
}
_STEPS: dict[str, Callable[[Ledger, int, Entry], None]] = {
    "windows": Ledger._windows_made,
    "roots": Ledger._roots,
    "act": Ledger._act,
    "reveal": Ledger._reveal,
    "release": Ledger._release,
    "opening": Ledger._opening,
}
