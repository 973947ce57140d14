"""What a system acknowledged, written down from outside, and compared with what is there later.

segments    read from the index as soon as they stand in it, by a reader of its own
entries     answers of the keeper, with their index; a question that met no answer is asked again
trees       every checkpoint that readers could see, and what each witness remembers
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from plainview.base.clock import Ms
from plainview.base.ids import b64, new_id, sha256_hex
from plainview.base.settings import Settings
from plainview.errors import BadFormat, NotFound, PlainviewError
from plainview.keys.client import KeeperClient
from plainview.store.index import Segment
from plainview.store.packs import Kind
from plainview.store.records import parse as parse_records
from plainview.store.store import Store
from plainview.tlog import merkle, notes
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.entries import parse
from plainview.tlog.reader import LogReader

EVER = (0, 4_102_444_800_000)
LOOK_S = 0.25
HOLE_MS: Ms = 1_500
"""A view's pictures further apart than this are a hole, which the timeline must show."""


class Broken(AssertionError):
    """A promise that did not hold."""


class Ledger:
    """Watches from threads of its own between `start` and `stop`."""

    def __init__(self, settings: Settings, cameras: list[str], witnesses: list[Path]) -> None:
        self._settings, self._cameras, self._witnesses = settings, cameras, witnesses
        self.segments: dict[tuple[str, str, int], str] = {}
        self.entries: dict[str, int] = {}
        self.trees: set[tuple[int, str]] = set()
        self.newest: Counter[str] = Counter()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to write down."""
        for step in (self._look, self._ask):
            self._threads.append(threading.Thread(target=step, daemon=True))
            self._threads[-1].start()

    def stop(self) -> None:
        """Stop looking."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    # -- writing down

    def _look(self) -> None:
        with Store(self._settings) as store:
            while not self._stop.wait(LOOK_S):
                with suppress(PlainviewError, SQLAlchemyError, OSError):  # looked at again
                    self._segments(store)
                self._trees()

    def _segments(self, store: Store) -> None:
        for camera in self._cameras:
            for kind in Kind:
                for row in store.segments(kind, camera, *EVER):
                    self.segments[kind.value, row.window, row.seq] = row.cipher_sha256
                    if kind is Kind.ORIGINALS:
                        self.newest[camera] = max(self.newest[camera], row.arrival_ms)

    def _trees(self) -> None:
        with suppress(OSError, BadFormat):
            note = (self._settings.log_dir / "checkpoint").read_bytes()
            shown = Checkpoint.parse(notes.parse(note)[0])
            self.trees.add((shown.size, b64(shown.root)))
        for state in self._witnesses:
            with suppress(OSError, ValueError):
                for seen in json.loads(state.read_text()).values():
                    self.trees.add((seen["size"], seen["root"]))

    def _ask(self) -> None:
        """One question after the other; one without an answer is repeated under its id."""
        ident = new_id()
        with KeeperClient(self._settings.keeper_socket, timeout_s=5) as client:
            while not self._stop.wait(0.05):
                with suppress(PlainviewError):
                    self.entries[ident] = say(client, ident)
                    ident = new_id()

    # -- comparing

    def check(self) -> str:
        """Raises `Broken` if anything acknowledged is lost; else says how much there is."""
        segments, entries, trees = dict(self.segments), dict(self.entries), set(self.trees)
        self._check_segments(segments)
        self._check_log(entries, trees)
        return f"{len(segments)} segments, {len(entries)} entries, {len(trees)} trees"

    def _check_segments(self, segments: dict[tuple[str, str, int], str]) -> None:
        lost = []
        with Store(self._settings) as store:
            rows = {
                (row.kind.value, row.window, row.seq): row
                for camera in self._cameras
                for kind in Kind
                for row in store.segments(kind, camera, *EVER)
            }
            for key, digest in segments.items():
                row = rows.get(key)
                if row is None or row.cipher_sha256 != digest or not _readable(store, row):
                    lost.append(key)
            for camera in self._cameras:
                check_holes(store, camera)
        if lost:
            raise Broken(f"{len(lost)} acknowledged segments are lost: {lost[:3]}")

    def _check_log(self, entries: dict[str, int], trees: set[tuple[int, str]]) -> None:
        reader = LogReader.folder(self._settings.log_dir)
        size = Checkpoint.parse(notes.parse(reader.fetch("head"))[0]).size
        raws = [raw for _, raw in reader.entries(0, size)]
        at = {parse(raw).id: index for index, raw in enumerate(raws)}
        if len(at) != len(raws):
            raise Broken("a retry became a second entry")
        lost = [ident for ident, index in entries.items() if at.get(ident) != index]
        if lost:
            raise Broken(f"{len(lost)} acknowledged entries are lost: {lost[:3]}")
        leaves = [merkle.leaf_hash(raw) for raw in raws]
        for shown, root in sorted(trees):
            if shown > size or b64(merkle.root(leaves[:shown])) != root:
                raise Broken(f"a tree of size {shown} was seen, and it is not of this log")


def say(client: KeeperClient, ident: str) -> int:
    """Have an entry logged under an id of ours; its index."""
    gate = {"camera": "cam-99", "allowed": False, "reason": "none", "register": None}
    return int(client._ask("gate", id=ident, **gate))


def _readable(store: Store, row: Segment) -> bool:
    with suppress(PlainviewError):
        return sha256_hex(store.read(row)) == row.cipher_sha256
    return False


def check_holes(store: Store, camera: str, hole_ms: Ms = HOLE_MS) -> None:
    """Raises `Broken` for a stretch without pictures that the record does not own up to.

    In the view that is a gap, or a stretch shown as withheld: a machine without time left for
    searching withholds pictures, and then sends fewer of them.
    """
    rows = store.segments(Kind.VIEWS, camera, *EVER)
    if not rows:
        return
    owned = [
        (span.start, span.end)
        for span in store.spans(camera, rows[0].start_ms, rows[-1].end_ms)
        if span.state != "recorded"
    ]
    times = sorted(time_ for row in rows for time_ in _times(store, row))
    for before, after in pairwise(times):
        declared = sum(max(0, min(after, end) - max(before, start)) for start, end in owned)
        if after - before - declared > hole_ms:
            raise Broken(
                f"{camera}: no picture between {before} and {after}, and the timeline shows "
                f"{declared} ms of that as missing or withheld"
            )


def _times(store: Store, row: Segment) -> list[Ms]:
    with suppress(NotFound):
        return [record.wall_ms for record in parse_records(store.read(row))]
    return []


def wait_newer(ledger: Ledger, since: Ms, seconds: float) -> None:
    """Until every camera has an original that arrived after `since`. Raises `Broken`."""
    end = time.monotonic() + seconds
    while True:
        behind = [name for name in ledger._cameras if ledger.newest[name] <= since]
        if not behind:
            return
        if time.monotonic() > end:
            raise Broken(f"{behind} did not record again within {seconds:.0f} s")
        time.sleep(0.1)
