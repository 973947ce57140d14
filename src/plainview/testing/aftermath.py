"""What is left of a time that has passed, compared with what the cameras sent.

Originals are opened as a court would have them opened, with two custodians' keys and the keeper's
half, which here all lie in one hand; every picture must be one that its camera sent, once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from plainview.base.clock import Ms, from_iso
from plainview.base.ids import unb64
from plainview.keeper.ring import unwrap
from plainview.media import nal
from plainview.media.files import read_packets
from plainview.seal.combine import combine_window
from plainview.seal.segments import check_plain, open_segment
from plainview.seal.shares import open_share
from plainview.seal.windows import WindowHeader
from plainview.store.index import Segment
from plainview.store.packs import Kind
from plainview.store.store import Store
from plainview.testing.clip import Clip
from plainview.testing.hamlet import Hamlet
from plainview.testing.ledger import Broken
from plainview.testing.street import STEP_MS, DrivenMount
from plainview.tlog import notes
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.entries import Entry, parse
from plainview.tlog.reader import LogReader

TOUCH_MS: Ms = 1
"""Two segments that follow one another touch, but for rounding."""


class Keys:
    """The keeper's period keys, read from its folder (as its user could) without touching them."""

    def __init__(self, folder: Path) -> None:
        state, root = _ring(folder)
        self.due: dict[str, Ms] = {name: key["due"] for name, key in state["keys"].items()}
        self._keys = {
            name: unwrap(root, [name], key["wrapped"]) for name, key in state["keys"].items()
        }

    def e_of(self, header: WindowHeader) -> bytes:
        """The keeper's half of a window's key. Raises `KeyError` once its key is destroyed."""
        record = header.record
        return unwrap(self._keys[record.period], [record.window, "e"], header.wrapped_e)


def _ring(folder: Path) -> tuple[dict[str, Any], bytes]:
    """The ring with its root key, which a shred may replace just now."""
    while True:
        state: dict[str, Any] = json.loads((folder / "ring.json").read_bytes())
        with suppress(FileNotFoundError):
            return state, (folder / f"root-{state['root']}.key").read_bytes()


def opened(hamlet: Hamlet, header: WindowHeader, keys: Keys) -> str:
    """The age identity of a window."""
    record = header.record
    holders = {key.person: key for key in hamlet.keys.values()}
    shares = [
        open_share(holders[share.person].age, unb64(share.sealed), record).to_bytes()
        for share in header.shares[: record.k]
    ]
    return combine_window(record, keys.e_of(header), shares)


def check_originals(
    hamlet: Hamlet, store: Store, mount: DrivenMount, camera: str, windows: Iterable[str]
) -> int:
    """Every picture that the camera sent within these windows is there, once, in order, whole.

    Returns how many. Raises `Broken`.
    """
    keys, count = Keys(hamlet.settings.keys_dir), 0
    loop = [_pictures(mount.clip, at) for at in range(len(mount.clip.pictures))]
    for window in windows:
        header = store.header(window)
        sk, found = opened(hamlet, header, keys), []
        for row in store.of_window(Kind.ORIGINALS, window):
            data = store.read(row)
            check_plain(sk, data, row.plain_sha256)
            packets = read_packets(open_segment(sk, data)[0])[1]
            start = (row.start_ms - mount.begin) // STEP_MS
            found += [(start + at, _vcl(one.data)) for at, one in enumerate(packets)]
        span = header.record.start_ms, header.record.end_ms
        expected = _sent(mount, *span)
        if [number for number, _ in found] != expected:
            raise Broken(f"{window} holds {len(found)} pictures, {len(expected)} were sent.")
        wrong = [number for number, units in found if units != loop[number % len(loop)]]
        if wrong:
            raise Broken(f"{window}: pictures {wrong[:3]} are not those that were sent.")
        count += len(found)
    return count


def _sent(mount: DrivenMount, start: Ms, end: Ms) -> list[int]:
    first = -(-(start - mount.begin) // STEP_MS)
    beyond = -(-(end - mount.begin) // STEP_MS)
    return [
        number
        for low, high in mount.sent
        for number in range(max(low, first), min(high + 1, beyond))
    ]


def _pictures(clip: Clip, at: int) -> list[bytes]:
    return [unit for unit in clip.pictures[at].units if _is_picture(unit)]


def _vcl(data: bytes) -> list[bytes]:
    return [unit for unit in nal.annexb_units(data) if _is_picture(unit)]


def _is_picture(unit: bytes) -> bool:
    return 1 <= unit[0] & 31 <= 5


def holes(rows: Iterable[Segment]) -> list[tuple[Ms, Ms, bool]]:
    """Stretches that no segment covers: begin, end, whether the segment after it declares it.

    A segment that declares a gap counts even where none can be seen.
    """
    found: list[tuple[Ms, Ms, bool]] = []
    ordered = sorted(rows, key=lambda row: row.start_ms)
    covered = ordered[0].end_ms if ordered else 0
    for row in ordered[1:]:
        if row.gap_before or row.start_ms - covered > TOUCH_MS:
            found.append((covered, row.start_ms, row.gap_before))
        covered = max(covered, row.end_ms)
    return found


class Log:
    """The entries that are on the log now."""

    def __init__(self, folder: Path) -> None:
        reader = LogReader.folder(folder)
        size = Checkpoint.parse(notes.parse(reader.fetch("head"))[0]).size
        self.entries: list[Entry] = [parse(raw) for _, raw in reader.entries(0, size)]

    def of(self, kind: str) -> list[Entry]:
        """All entries of a type."""
        return [entry for entry in self.entries if entry.type == kind]

    def check_shreds(self) -> tuple[int, int]:
        """No window was shredded before it was due; (keys, windows) that were. Raises `Broken`.

        The dates are recomputed from the windows' own entries.
        """
        due = {
            record["window"]: record["shred"]
            for entry in self.of("windows")
            for record in entry.body["windows"]
        }
        shreds = self.of("shred")
        for entry in shreds:
            early = [name for name in entry.body["windows"] if from_iso(due[name]) > entry.time]
            if early:
                raise Broken(f"{early[0]} was shredded before {due[early[0]]}.")
        keys = Counter(entry.body["period"] for entry in shreds)
        return len(keys), sum(entry.body["count"] for entry in shreds)

    def unshredded(self, at: Ms) -> list[str]:
        """Windows that were due by `at` and stand in no shred."""
        gone = {name for entry in self.of("shred") for name in entry.body["windows"]}
        return [
            record["window"]
            for entry in self.of("windows")
            for record in entry.body["windows"]
            if record["window"] not in gone and from_iso(record["shred"]) <= at
        ]
