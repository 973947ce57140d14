"""The folders that packs lie in: the data folder, and every disk that was given to this store.

A disk carries a marker, `plainview-disk.json`, with its own id and the id of the store that it
belongs to; `data/disks.json` remembers which disk was last seen where. A folder without the marker
at a place where a disk is known is a mount point without its disk: nothing is written into it. The
path of a pack below its disk is the same on every disk, so that a pack may be moved by copying it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from plainview.base.durable import write_file
from plainview.base.ids import new_id
from plainview.errors import NotFound, Refused, StoreDamaged, Unavailable
from plainview.store.packs import Kind

MARKER = "plainview-disk.json"
BOOK = "disks.json"
DATA = ""
"""The id of the data folder, which needs no marker."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder with packs, here or away."""

    id: str
    folder: Path

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.folder} (disk {self.id[:8]})" if self.id else str(self.folder)


@dataclass(frozen=True, slots=True)
class _Book:
    store: str
    disks: dict[str, str]


class Disks:
    """Where packs may lie. Threads may share it; only the writer's process calls `claim`."""

    def __init__(self, data: Path, folders: Iterable[Path] = ()) -> None:
        """`folders` are those that settings name for new packs; none means the data folder."""
        self.data = data
        self.folders = [Path(folder) for folder in folders] or [data]
        self._lock = threading.Lock()
        self._read: tuple[int, _Book] | None = None

    def known(self) -> list[Disk]:
        """The data folder first, then every disk that the store was ever given."""
        found = self._book().disks
        return [Disk(DATA, self.data)] + [Disk(id, Path(at)) for id, at in sorted(found.items())]

    def present(self) -> list[Disk]:
        """The disks that are in their places now."""
        return [disk for disk in self.known() if not self.trouble(disk)]

    def away(self) -> dict[str, str]:
        """Id of each disk that is not, with the reason."""
        return {disk.id: why for disk in self.known() if (why := self.trouble(disk))}

    def trouble(self, disk: Disk) -> str:
        """Why a disk cannot be used now; empty when its marker is where it belongs."""
        if disk.id == DATA:
            return "" if disk.folder.is_dir() else f"{disk.folder} is not there."
        try:
            self._check_marker(disk)
        except (StoreDamaged, Unavailable) as error:
            return error.message
        return ""

    def where(self, path: str) -> Path | None:
        """The file of a pack, on whichever disk it lies; None also where its disk is unreadable."""
        for disk in self.known():
            file = disk.folder / path
            with suppress(OSError):  # of one disk: the others are asked all the same
                if file.exists():
                    return file
        return None

    def open(self, path: str, disk: str = "") -> BinaryIO:
        """The pack, for reading; `disk` is where the index says that it lies.

        Raises `NotFound` when it was deleted, `Unavailable` when its disk is away.
        """
        file = self.where(path)
        try:
            if file is not None:
                return file.open("rb")
        except FileNotFoundError:
            pass  # dropped in between
        except OSError as error:
            raise Unavailable(
                f"{file} cannot be read: {error.strerror}.", hint="Check the disk."
            ) from error
        why = self.away().get(disk)
        if why:
            raise Unavailable(f"{path} is out of reach: {why}", hint="Put the disk back.")
        raise NotFound(f"{path} was deleted.")

    def packs(self) -> Iterator[tuple[Disk, str]]:
        """Every pack on every disk that is here, by disk, kind, camera and day."""
        for disk in self.present():
            for kind in Kind:
                for path in sorted((disk.folder / kind).glob("*/*/*.pack")):
                    yield disk, path.relative_to(disk.folder).as_posix()

    def claim(self, folder: Path) -> Disk:
        """The disk in a folder that settings name; a new one gets its marker.

        Raises `Unavailable` when the disk that belongs there is away, `Refused` when another
        store's disk or somebody's recordings are there.
        """
        if folder == self.data or (self.data.is_dir() and _same(folder, self.data)):
            return Disk(DATA, self.data)
        if not folder.is_dir():
            raise Unavailable(f"{folder} is not there.", hint="Mount the disk, or make the folder.")
        book, here = self._book(), folder.resolve()
        marker = _marker(folder)
        if marker is None:
            known = [id for id, at in book.disks.items() if Path(at) == here]
            if known:
                raise Unavailable(
                    f"{folder} is without its disk {known[0][:8]}.",
                    hint=f"Mount it. For a new disk in its place: plainview disks --adopt {folder}",
                )
            return self.adopt(folder)
        self.check_ours(folder)
        id, _ = marker
        if book.disks.get(id) != str(here):
            self._write(_Book(book.store, {**book.disks, id: str(here)}))
        return Disk(id, here)

    def check_ours(self, folder: Path) -> None:
        """Raises `Refused` if another store's disk is in this folder."""
        marker = _marker(folder)
        if marker is not None and marker[1] != self._book().store:
            raise Refused(
                f"{folder} holds a disk of another Plainview.",
                hint="Mount the right one; nothing was written.",
            )

    def adopt(self, folder: Path) -> Disk:
        """Give a folder without a marker to the store; a disk that was known there stays known.

        Raises `NotFound`, `Refused` unless it is empty, `Unavailable` if it cannot be written.
        """
        if not folder.is_dir():
            raise NotFound(f"{folder} is not a folder.", hint="Mount the disk first.")
        if any((folder / kind).exists() for kind in Kind) or _marker(folder) is not None:
            raise Refused(f"{folder} holds recordings already.", hint="Name an empty folder.")
        book, disk = self._book(), Disk(new_id(), folder.resolve())
        others = {id: at for id, at in book.disks.items() if at != str(disk.folder)}
        replaced = {id: f"{at}.away" for id, at in book.disks.items() if id not in others}
        text = json.dumps({"v": 1, "disk": disk.id, "store": book.store}) + "\n"
        try:
            write_file(folder / MARKER, text.encode())
        except OSError as error:
            raise Unavailable(f"{folder} cannot be written: {error.strerror}.") from error
        self._write(_Book(book.store, {**others, **replaced, disk.id: str(disk.folder)}))
        return disk

    def forget(self, id: str) -> None:
        """Take a disk off the book. Raises `NotFound`; the caller has seen that it is empty."""
        book = self._book()
        if id not in book.disks:
            raise NotFound(f"No disk {id} is known here.", hint="See plainview disks.")
        rest = {other: at for other, at in book.disks.items() if other != id}
        self._write(_Book(book.store, rest))

    def _check_marker(self, disk: Disk) -> None:
        if not disk.folder.is_dir():
            raise Unavailable(f"{disk.name} is not there.")
        marker = _marker(disk.folder)
        if marker is None:
            raise Unavailable(f"{disk.name} is not mounted: its marker {MARKER} is missing.")
        if marker != (disk.id, self._book().store):
            raise Unavailable(f"{disk.folder} holds another disk than {disk.id[:8]}.")

    def _book(self) -> _Book:
        file = self.data / BOOK
        with self._lock:
            try:
                changed = file.stat().st_mtime_ns
                if self._read is None or self._read[0] != changed:
                    values = json.loads(file.read_text())
                    self._read = changed, _Book(str(values["store"]), dict(values["disks"]))
            except FileNotFoundError:
                return _Book("", {})
            except (OSError, ValueError, KeyError) as error:
                raise StoreDamaged(f"{file} cannot be read: {error}.") from error
            return self._read[1]

    def ready(self) -> None:
        """Make the book when there is none. For the writer, before it claims disks."""
        if not (self.data / BOOK).exists():
            self._write(_Book(new_id(), {}))

    def _write(self, book: _Book) -> None:
        values = {"v": 1, "store": book.store, "disks": book.disks}
        write_file(self.data / BOOK, (json.dumps(values, indent=1) + "\n").encode())
        with self._lock:
            self._read = None


def _marker(folder: Path) -> tuple[str, str] | None:
    """(disk id, store id) of the marker; None without one. Raises `StoreDamaged`."""
    try:
        values = json.loads((folder / MARKER).read_text())
        return str(values["disk"]), str(values["store"])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreDamaged(f"{folder / MARKER} cannot be read: {error}.") from error


def _same(one: Path, other: Path) -> bool:
    return one.exists() and one.samefile(other)


def by_path(found: Iterable[tuple[Disk, str]]) -> dict[str, Sequence[Disk]]:
    """The disks that each pack lies on: one, or more when it was copied."""
    where: dict[str, list[Disk]] = {}
    for disk, path in found:
        where.setdefault(path, []).append(disk)
    return dict(where)
