"""Minutes that recorders counted: their leaves, held against the windows and the gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from plainview.base.clock import Ms, from_iso, to_iso
from plainview.errors import GateClosed, PlainviewError
from plainview.tlog import leaves
from plainview.tlog.history import History
from plainview.verify.bulk import Minutes, Rows
from plainview.verify.leaves import Leaf, LeafReader
from plainview.verify.opengate import OpenGate
from plainview.verify.report import Report

MINUTE_MS: Ms = 60_000
STOPS_MS: Ms = 10_000
"""A recorder stops within 10 s; until then it also begins the window that is next."""
STOP_GRACE_MS: Ms = 30_000
"""Its last segment and its commit take up to 20 s more."""


@dataclass(frozen=True, slots=True)
class LoggedWindow:
    """A window as its record said when it was logged."""

    camera: str
    start: Ms
    end: Ms
    register: int


class Recorded:
    """What was recorded, and whether it might be. `cameras` holds the names by day."""

    def __init__(
        self, history: History, report: Report, fetch: Callable[[str], bytes], times: Minutes
    ) -> None:
        self.cameras: dict[str, set[str]] = {}
        self._report, self._fetch, self._times = report, fetch, times
        self._windows: dict[str, LoggedWindow] = {}
        self._gate = OpenGate(history)
        self._leaves = LeafReader()
        self._collected: dict[str, tuple[Ms, Ms]] = {}
        self._minute, self._at = "", 0

    def windows(self, records: list[Mapping[str, Any]]) -> None:
        """Windows that were logged; also those that are shredded later are remembered."""
        for record in records:
            start, end = from_iso(record["start"]), from_iso(record["end"])
            made = LoggedWindow(record["camera"], start, end, record["register"])
            self._windows[record["window"]] = made

    def register_changed(self) -> None:
        """A statement may have shut the gate of any camera."""
        self._gate.forget()

    def take(self, first: int, roots: Rows) -> None:
        """All `roots` entries of the run that begins at `first`."""
        for place, texts in zip(roots.places, roots.texts, strict=True):
            cipher, count, minute, node, plain, ident, _time = (text.decode() for text in texts)
            body = {"cipher_root": cipher, "leaves": int(count), "minute": minute, "node": node}
            body["plain_root"] = plain
            logged = self._times.moment(texts[-1])
            try:
                self.minute(first + place, ident, body, logged)
            except PlainviewError as error:
                self._report.fail("entry", f"entry {first + place}", error.message)

    def minute(self, index: int, ident: str, body: Mapping[str, Any], logged: Ms) -> None:
        """One `roots` entry; raises `BadFormat` if its minute is no time."""
        try:
            listed = self._leaves.read(self._fetch(leaves.path(ident)), body)
        except PlainviewError as error:
            message = f"its leaves do not hold: {error.message}"
            self._report.fail("leaves", f"entry {index}", message)
            return
        minute = body["minute"]
        if minute != self._minute:
            self._at, self._minute = from_iso(minute), minute
        at = self._at
        since = self._since(body["node"], at)
        seen = self.cameras.setdefault(minute[:10], set())
        for leaf, said in listed:
            if said != minute or at > logged + MINUTE_MS:
                wrong = "a leaf of another minute than its entry's."
            else:
                wrong = self._wrong_leaf(leaf, at, since)
            if wrong:
                self._report.fail("gate", f"entry {index}", f"{leaf.window}: {wrong}")
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
        if leaf.camera != made.camera or leaf.register != made.register:
            return "recorded for another camera or register version than its window."
        start = made.start
        if at < start - MINUTE_MS:
            return f"recorded before {self._minute}, when its window had not begun."
        first = max(start, since - STOP_GRACE_MS)
        if self._gate.is_known_open(made.camera, first):
            return ""
        try:
            begin = max(start - STOPS_MS, since - STOP_GRACE_MS)
            self._gate.check_within(made.camera, first, begin, min(made.end, at + MINUTE_MS))
        except GateClosed as error:
            return f"recorded after {to_iso(first)} although {error.message}"
        return ""
