"""The one writer of the log (c2sp.org/tlog-tiles on disk). Only the keeper runs it.

`append` writes entry bundles, then tiles, makes both durable, then the signed head, makes that
durable, and only then returns. Files:

    head         newest tree, signed by the log alone; what a restart continues from
    checkpoint   newest tree that the witnesses cosigned; what readers trust (`shown` writes it)
    tile/...     full and partial tiles and bundles

A crash leaves at most files beyond the head, which nobody was told of; they are written anew. A
log whose head, entries or last tiles are damaged is never continued, as that could fork it; nor is
one begun here (`beginning` does that, at set-up).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from plainview.base import durable
from plainview.errors import Invalid, LogAway, StoreDamaged
from plainview.tlog import merkle, notes, tiles
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.notes import Signer

RESTORE = "Restore the log's folder whole, with its head, from a copy; never start a new one."


class LogWriter:
    """Continues the log in `folder`.

    It reads the whole log once and shows `replay` each entry; they are those that were signed if
    the writer can be made at all. Raises `StoreDamaged`, or what `replay` raises.
    """

    def __init__(
        self, folder: Path, signer: Signer, replay: Callable[[bytes], object] = lambda raw: None
    ) -> None:
        self.folder, self.origin, self._signer = folder, signer.name, signer
        self.size, self.root, self._broken = 0, merkle.EMPTY_ROOT, False
        self._bundle: list[bytes] = []  # entries of the last bundle
        self._edge: list[list[bytes]] = [[]] * tiles.LEVELS  # hashes of the last tile of each level
        self._written: set[str] = set()  # files of the last batch; a name met again is unchanged
        try:
            self.head = (folder / "head").read_bytes()
            found = Checkpoint.parse(signer.verifier.signed(self.head)[0])
            whole = self._load(found.size, replay)
        except (Invalid, OSError) as error:
            raise StoreDamaged(f"the log cannot be continued: {error}", hint=RESTORE) from error
        if not whole or (self.origin, self.root) != (found.origin, found.root):
            raise StoreDamaged("the log's entries or tiles are not what it signed.", hint=RESTORE)

    def _load(self, size: int, replay: Callable[[bytes], object]) -> bool:
        """Make the tree out of the entries; whether the files at its edge agree with it."""
        files: dict[str, bytes] = {}
        for index in range(-(-size // tiles.WIDTH)):
            width = tiles.width_at(0, index, size)
            data = (self.folder / tiles.bundle_path(index, width)).read_bytes()
            entries = tiles.unpack_bundle(data, width)
            files = self._grow(entries)
            for raw in entries:
                replay(raw)
        self._written = set(files)
        return all((self.folder / name).read_bytes() == data for name, data in files.items())

    def append(self, entries: list[bytes]) -> int:
        """Write a batch; its first index. On return it is durable and signed.

        Raises `LogAway` if the disk refuses. Nothing was acknowledged then, but the batch may
        stand on the log: only a new writer, which reads the disk again, can go on.
        """
        if self._broken:
            raise LogAway("the log was not written once, and has to be read again.")
        first, self._broken = self.size, True
        try:
            self._write(self._grow(entries))
        except OSError as error:
            raise LogAway(f"the log cannot be written: {error.strerror}.") from error
        self._broken = False
        return first

    def _grow(self, entries: list[bytes]) -> dict[str, bytes]:
        """Take `entries` into the tree; the files that they fill and all at its edge, by name."""
        files: dict[str, bytes] = {}
        number = self.size // tiles.WIDTH
        *full, self._bundle = tiles.cut(self._bundle + entries)
        for index, part in enumerate(filter(None, [*full, self._bundle]), number):
            files[tiles.bundle_path(index, len(part))] = tiles.pack_bundle(part)
        added = [merkle.leaf_hash(raw) for raw in entries]
        for level, before in enumerate(self._edge):
            *full, self._edge[level] = tiles.cut(before + added)
            for index, part in enumerate(filter(None, [*full, self._edge[level]]), number):
                files[tiles.tile_path(level, index, len(part))] = tiles.pack_tile(part)
            added, number = [merkle.root(part) for part in full], number // tiles.WIDTH
        self.size += len(entries)
        peaks = [peak for hashes in reversed(self._edge) for peak in merkle.peaks(hashes)]
        self.root = merkle.fold(peaks)
        return files

    def _write(self, files: dict[str, bytes]) -> None:
        """Write the files that are new, make them durable, then their names; then the head."""
        fresh = {self.folder / name: files[name] for name in files.keys() - self._written}
        for path, data in fresh.items():
            durable.make_folder(path.parent)
            durable.write_file(path, data, sync=False)
        for folder in {path.parent for path in fresh}:
            durable.sync_folder(folder)
        self._written = set(files)
        text = Checkpoint(self.origin, self.size, self.root).text()
        head = notes.render(text, [self._signer.sign(text)])
        durable.write_file(self.folder / "head", head)
        self.head = head
