"""The one writer of the log (c2sp.org/tlog-tiles on disk). Only the keeper runs it.

`append` writes entry bundles, then tiles, makes both durable, then the signed head, makes that
durable, and only then returns. Files:

    head         newest tree, signed by the log alone; what a restart continues from
    checkpoint   newest tree that the witnesses cosigned; what readers trust
    tile/...     full and partial tiles and bundles

A crash leaves at most files beyond the head, which nobody was told of; they are written anew. A
log whose head or tiles are damaged is never continued, as that could fork it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from plainview.base import durable
from plainview.errors import BadFormat, BadProof, Invalid, LogAway, StoreDamaged
from plainview.tlog import merkle, notes, tiles
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.entries import MAX_ENTRY
from plainview.tlog.notes import SignatureLine, Signer

_RESTORE = "Restore the log's folder whole, with its head, from a copy; never start a new one."


class LogWriter:
    """Appends to the log in `folder`, creating it when the folder holds none.

    `witnessed=False` is for a log without witnesses: its head is published as the checkpoint.
    """

    def __init__(
        self, folder: Path, origin: str, signer: Signer, *, witnessed: bool = True
    ) -> None:
        self.folder, self.origin = folder, origin
        self._signer, self._witnessed = signer, witnessed
        self._edge: list[list[bytes]]  # hashes of the last tile of each level
        self._bundle: list[bytes]  # entries of the last bundle
        self._written: set[str]  # files of the last batch; a name met again is unchanged
        self.size, self.root, self.head = 0, merkle.EMPTY_ROOT, b""
        self._open()

    # -- opening

    def _open(self) -> None:
        durable.make_folder(self.folder)
        self._edge, self._bundle, self._written, self._broken = [], [], set(), False
        path = self.folder / "head"
        if path.exists():
            self._load(path.read_bytes())
        elif any((self.folder / name).exists() for name in ("checkpoint", "tile")):
            raise StoreDamaged("the log has entries but no head.", hint=_RESTORE)
        else:
            self._write_head()

    def _load(self, head: bytes) -> None:
        try:
            found = self._own(head)
            for level in range(tiles.levels(found.size)):
                self._edge.append(self._load_tile(level, found.size))
            self._bundle = self._load_bundle(found.size)
        except (Invalid, OSError) as error:
            raise StoreDamaged(f"the log cannot be continued: {error}", hint=_RESTORE) from error
        self.size, self.root, self.head = found.size, found.root, head
        if self._root() != found.root or found.origin != self.origin:
            raise StoreDamaged("the log's tiles do not make up its head.", hint=_RESTORE)
        if not self._witnessed:
            self._publish(head)

    def _own(self, note: bytes) -> Checkpoint:
        """The checkpoint in `note`, signed by this log."""
        text, lines = notes.parse(note)
        mine = [line for line in lines if self._signer.verifier.made(line)]
        if not mine:
            raise BadProof("it is not signed by this log's key.")
        self._signer.verifier.verify(text, mine[0].signature)
        return Checkpoint.parse(text)

    def _load_tile(self, level: int, size: int) -> list[bytes]:
        """The hashes of the partial tile at the edge of `level`."""
        index, width = divmod(size >> (8 * level), tiles.WIDTH)
        path = self.folder / tiles.tile_path(level, index, width)
        return tiles.unpack_tile(path.read_bytes(), width) if width else []

    def _load_bundle(self, size: int) -> list[bytes]:
        index, width = divmod(size, tiles.WIDTH)
        path = self.folder / tiles.bundle_path(index, width)
        entries = tiles.unpack_bundle(path.read_bytes(), width) if width else []
        if width and [merkle.leaf_hash(raw) for raw in entries] != self._edge[0]:
            raise BadProof("the last entries are not those that were signed.")
        return entries

    # -- appending

    def append(self, entries: list[bytes]) -> int:
        """Write a batch; its first index. On return it is durable and signed.

        Raises `LogAway` if the disk refuses. Nothing was acknowledged then, but the batch may
        stand on the log: the next call reads again from the disk where the log ends.
        """
        if any(len(raw) > MAX_ENTRY for raw in entries):
            raise BadFormat("an entry is too long for the log.")
        if self._broken:
            self._open()
        first = self.size
        try:
            self._write_all(self._grow(entries))
            self._write_head()
        except OSError as error:
            self._broken = True
            raise LogAway(f"the log cannot be written: {error.strerror}.") from error
        return first

    def _grow(self, entries: list[bytes]) -> dict[str, bytes]:
        """Take `entries` into the tree; the files that change, by name."""
        files: dict[str, bytes] = {}
        for raw in entries:
            self._bundle.append(raw)
            self._push(0, merkle.leaf_hash(raw), files)
            self.size += 1
            if len(self._bundle) == tiles.WIDTH:
                index = self.size // tiles.WIDTH - 1
                files[tiles.bundle_path(index)] = tiles.pack_bundle(self._bundle)
                self._bundle = []
        if self._bundle:
            name = tiles.bundle_path(self.size // tiles.WIDTH, len(self._bundle))
            files[name] = tiles.pack_bundle(self._bundle)
        for level, hashes in enumerate(self._edge):
            if hashes:
                index = (self.size >> (8 * level)) // tiles.WIDTH
                files[tiles.tile_path(level, index, len(hashes))] = tiles.pack_tile(hashes)
        self.root = self._root()
        return files

    def _push(self, level: int, digest: bytes, files: dict[str, bytes]) -> None:
        if level == len(self._edge):
            self._edge.append([])
        hashes = self._edge[level]
        hashes.append(digest)
        if len(hashes) == tiles.WIDTH:
            index = (self.size + 1 >> (8 * level)) // tiles.WIDTH - 1
            files[tiles.tile_path(level, index)] = tiles.pack_tile(hashes)
            self._edge[level] = []
            self._push(level + 1, merkle.root(hashes), files)

    def _root(self) -> bytes:
        return merkle.fold(
            [peak for hashes in reversed(self._edge) for peak in merkle.peaks(hashes)]
        )

    # -- the disk

    def _write_all(self, files: dict[str, bytes]) -> None:
        """Write the files that are new, make them durable, then their names."""
        fresh = {self.folder / name: files[name] for name in files.keys() - self._written}
        for path, data in fresh.items():
            durable.make_folder(path.parent)
            durable.write_file(path, data, sync=False)
        for folder in {path.parent for path in fresh}:
            durable.sync_folder(folder)
        self._written = set(files)

    def _write_head(self) -> None:
        text = Checkpoint(self.origin, self.size, self.root).text()
        head = notes.render(text, [self._signer.sign(text)])
        durable.write_file(self.folder / "head", head)
        self.head = head
        if not self._witnessed:
            self._publish(head)

    def _publish(self, note: bytes) -> None:
        """Show `note` to readers, then drop partial files whose full tile they now see."""
        shown, new = self.published(), self._own(note).size
        old = shown.size if shown else 0
        durable.write_file(self.folder / "checkpoint", note)
        for level in range(tiles.levels(new)):
            for index in range(old >> (8 * level + 8), new >> (8 * level + 8)):
                full = [tiles.tile_path(level, index), *([tiles.bundle_path(index)] * (not level))]
                for partial in (self.folder / f"{name}.p" for name in full):
                    if partial.is_dir():
                        shutil.rmtree(partial)

    def published(self) -> Checkpoint | None:
        """The checkpoint that readers see now, or None before the first."""
        path = self.folder / "checkpoint"
        return self._own(path.read_bytes()) if path.exists() else None

    def add_cosignatures(self, head: bytes, lines: list[SignatureLine]) -> None:
        """Publish `head`, a head of this log, with its witnesses' lines.

        The caller has checked the lines against the policy. A head older than the one that is
        published is left alone. Raises `BadProof` for what this log did not sign.
        """
        found, shown = self._own(head), self.published()
        if found.size > self.size:
            raise BadProof("a head from the future of this log.")
        if shown is None or found.size >= shown.size:
            text, own = notes.parse(head)
            self._publish(notes.render(text, [*own, *lines]))
