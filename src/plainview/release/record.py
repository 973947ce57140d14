"""The log's record behind a request: every entry it rests on, and what was written when.

Input is the JSON of `GET /api/requests/<hash>/evidence`. The `roots` entries, logged within a
minute of recording, are what a segment is finally held against: they stood there before anybody
asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plainview.base.clock import Ms
from plainview.errors import BadFormat, BadProof, NotLogged
from plainview.release.checks import Asked
from plainview.release.client import Server
from plainview.release.trust import Proven, Trust, named
from plainview.seal.windows import WindowRecord
from plainview.tlog.segments import segments_root
from plainview.verify.leaves import check_leaves

LOGGED_MS: Ms = 300_000
"""So long after its end a window's last segments may still be on their way to the log."""


@dataclass(frozen=True)
class Minute:
    """What one `roots` entry says of a window: so many segments, with this root."""

    index: int
    segments: int
    plain: str


@dataclass(frozen=True)
class Record:
    """Proven entries by index, and the leaves of each `roots` entry by its id."""

    origin: str
    entries: dict[int, Proven]
    leaves: dict[str, list[dict[str, Any]]]

    def minutes(self, window: WindowRecord) -> list[Minute]:
        """What was logged as written into a window, in the order of the log."""
        found = []
        for index, proven in sorted(self.entries.items()):
            for leaf in self.leaves.get(proven.entry.id, []):
                if proven.entry.type == "roots" and leaf["window"] == window.window:
                    found.append(Minute(index, leaf["segments"], leaf["plain"]))
        return found


def fetch_record(server: Server, trust: Trust, asked: Asked) -> Record:
    """The record, every entry proven and every list of leaves held against its entry."""
    answer = server.get(f"/api/requests/{asked.hash}/evidence")
    if not isinstance(answer, dict) or not isinstance(answer.get("entries"), dict):
        raise BadFormat("The server did not answer with the record of the request.")
    entries: dict[int, Proven] = {}
    for index, item in answer["entries"].items():
        proven = trust.prove(item, f"entry {index}")
        if str(proven.index) != index:
            raise BadProof(f"Entry {index} of the record stands elsewhere on the log.")
        entries[proven.index] = proven
    leaves = answer.get("leaves")
    if not isinstance(leaves, dict):
        raise BadFormat("The server did not answer with the leaves of the record.")
    for proven in entries.values():
        if proven.entry.type == "roots":
            with named(f"The segments logged in entry {proven.index}"):
                check_leaves(leaves.get(proven.entry.id), proven.entry.body)
    known = {proven.entry.id for proven in entries.values() if proven.entry.type == "roots"}
    kept = {ident: listed for ident, listed in leaves.items() if ident in known}
    return Record(str(answer.get("origin", "")), entries, kept)


def check_segments(
    window: WindowRecord, minutes: Sequence[Minute], hashes: Sequence[str]
) -> list[int]:
    """Which `roots` entry holds each segment; `hashes` are their plaintext hashes in order.

    Raises `BadProof` when the segments are not exactly those that were logged, for instance when
    one was left out, and `NotLogged` while those of the newest minute are not logged yet.
    """
    holders: list[int] = []
    for minute in minutes:
        part = hashes[len(holders) : len(holders) + minute.segments]
        if len(part) < minute.segments or segments_root(part) != minute.plain:
            raise BadProof(
                f"The segments of window {window.window} are not those that were logged when they "
                f"were recorded (entry {minute.index}).",
                hint="The server left one out or changed one. Keep what you have as evidence.",
            )
        holders += [minute.index] * minute.segments
    if len(holders) != len(hashes):
        raise NotLogged(
            f"{len(hashes) - len(holders)} segments of window {window.window} are not on the log.",
            hint="The newest minute is logged when it is over: try again in two minutes.",
        )
    return holders


def check_logged(
    window: WindowRecord, minutes: Sequence[Minute], hashes: Sequence[str], *, now: Ms
) -> list[int]:
    """As `check_segments`, for whoever will not ask again: what is not logged in time never was.

    Anybody can seal to the window's public key, and a server can withhold `roots` entries for ever.
    """
    try:
        return check_segments(window, minutes, hashes)
    except NotLogged as error:
        if now < window.end_ms + LOGGED_MS:
            raise
        raise BadProof(
            error.message,
            hint="They may be false: nothing shows that they were recorded then. "
            "Keep what you have as evidence.",
        ) from error
