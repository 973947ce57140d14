"""Every file of the log against the root: bundles against tiles, tiles against tiles.

The tree is rebuilt from the entries alone, so that a wrong tile is named even where the root, which
hangs on the entries, is right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from plainview.errors import PlainviewError
from plainview.tlog import merkle, tiles
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.reader import LogReader
from plainview.verify.report import Report

Progress = Callable[[int, int], None]
"""Called with entries done and in all."""


def read_authentic(
    reader: LogReader, head: Checkpoint, report: Report, progress: Progress
) -> Iterator[tuple[int, list[bytes]]]:
    """Yield (first index, entries) of each bundle that agrees with its tile.

    Stops yielding at the first that does not, as what follows would be judged on a false past, but
    checks all files and records each failure. A root that differs is recorded at the end.
    """
    tree = _Tree(reader, head.size, report)
    sound = True
    for number in range(-(-head.size // tiles.WIDTH)):
        first = number * tiles.WIDTH
        width = min(tiles.WIDTH, head.size - first)
        entries = _bundle(reader, number, width, report)
        sound = tree.take(number, width, entries) and sound
        if sound:
            yield first, entries
        progress(first + width, head.size)
    if tree.root() != head.root:
        report.fail("root", "checkpoint", "the entries do not make up the root that was signed.")


def _bundle(reader: LogReader, number: int, width: int, report: Report) -> list[bytes]:
    try:
        return reader.bundle(number, width)
    except PlainviewError as error:
        report.fail("bundle", tiles.bundle_path(number, width), error.message)
        return []


class _Tree:
    """The tile tree, grown tile by tile and compared with what is published."""

    def __init__(self, reader: LogReader, size: int, report: Report) -> None:
        self._reader, self._size, self._report = reader, size, report
        self._levels: list[list[bytes]] = []

    def take(self, number: int, width: int, entries: list[bytes]) -> bool:
        """One bundle; whether it agrees with its tile. A lost bundle is taken from the tile."""
        sha256 = hashlib.sha256
        hashes = [sha256(b"\x00" + raw).digest() for raw in entries]
        published = self._tile(0, number, width)
        if published == hashes:
            self._push(0, number, hashes)
            return True
        if entries and published is not None:
            where = tiles.bundle_path(number, width)
            self._report.fail("bundle", where, "its entries are not those of its tile.")
        self._push(0, number, hashes or published or [])
        return False

    def _tile(self, level: int, number: int, width: int) -> list[bytes] | None:
        try:
            return self._reader.tile(level, number, width)
        except PlainviewError as error:
            self._report.fail("tile", tiles.tile_path(level, number, width), error.message)
            return None

    def _push(self, level: int, number: int, hashes: list[bytes]) -> None:
        """A tile is complete, or the log ends in it: hand its root up."""
        if len(self._levels) == level:
            self._levels.append([])
        if len(hashes) < tiles.WIDTH:
            self._levels[level] = hashes
            return
        self._levels[level] = []
        if len(self._levels) == level + 1:
            self._levels.append([])
        above = self._levels[level + 1]
        above.append(_root_of_full(hashes))
        if len(above) == tiles.WIDTH:
            self._compare(level + 1, number // tiles.WIDTH, above)
            self._push(level + 1, number // tiles.WIDTH, above)

    def _compare(self, level: int, number: int, hashes: list[bytes]) -> None:
        published = self._tile(level, number, len(hashes))
        if published is not None and published != hashes:
            where = tiles.tile_path(level, number, len(hashes))
            self._report.fail("tile", where, "it does not follow from the tiles below it.")

    def root(self) -> bytes:
        """The root, after comparing the last tile of each level above the entries."""
        for level, hashes in enumerate(self._levels):
            if level and hashes:
                self._compare(level, (self._size >> (8 * level)) // tiles.WIDTH, hashes)
        return merkle.fold([p for row in reversed(self._levels) for p in merkle.peaks(row)])


def _root_of_full(hashes: list[bytes]) -> bytes:
    """`merkle.root` of a full tile, with fewer calls."""
    sha256 = hashlib.sha256
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return hashes[0]
