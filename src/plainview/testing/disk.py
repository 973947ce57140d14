"""A disk that forgets: what a careful file system must keep over a power cut, and what it may lose.

A model of files and folders that is changed call by call. It keeps apart what is seen (`live`) and
what is certain (`durable`), and makes, for a moment, one of the many states in which a disk may be
found after the power went (the approach of ALICE, OSDI 2014, and CrashMonkey, OSDI 2018):

    content     what fsync or fdatasync covered is there. Of each sector of 512 bytes written since,
                any of its later versions may be there or none; a write may be torn at any sector
    size        of the last sync, or after any later call; what was never written is zeros
    names       what an fsync of their folder covered is there. Later changes of a folder are there
                up to some moment; those of two folders know nothing of each other. A file that was
                synced while its name was not may be gone

This is stricter than ext4, XFS and btrfs are in practice.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

SECTOR = 512


class Luck(Enum):
    """How much of what was not synced is found again."""

    NOTHING = "nothing"
    ALL = "all"
    PREFIX = "prefix"
    SECTORS = "sectors"


@dataclass(eq=False, slots=True)
class Change:
    """One change of a file: `data` at `offset`, or a new size (`grow`: only if it is larger)."""

    offset: int
    data: bytes = b""
    size: int | None = None
    grow: bool = False
    done: bool = False
    """Whether the call has returned, so that a sync that begins now covers it."""

    def size_after(self, before: int) -> int:
        """The file's size once this is done."""
        if self.size is not None:
            return max(before, self.size) if self.grow else self.size
        return max(before, self.offset + len(self.data))


@dataclass(eq=False, slots=True)
class File:
    """The durable bytes and what was changed since; `size` may reach beyond them: zeros."""

    durable: bytearray = field(default_factory=bytearray)
    size: int = 0
    pending: list[Change] = field(default_factory=list)

    def live_size(self) -> int:
        """As the program sees it."""
        size = self.size
        for change in self.pending:
            size = change.size_after(size)
        return size

    def covered(self) -> list[Change]:
        """What a sync that begins now makes durable."""
        return [change for change in self.pending if change.done]

    def settle(self, covered: list[Change]) -> None:
        """A sync has returned."""
        for change in covered:
            self.size = _apply(self.durable, self.size, change)
        gone = set(map(id, covered))
        self.pending = [change for change in self.pending if id(change) not in gone]

    def after_crash(self, luck: Luck, chance: random.Random) -> tuple[bytearray, int]:
        """Bytes (trailing zeros may be left out) and size, as they may be found."""
        data, size = bytearray(self.durable), self.size
        changes = self.pending
        if luck is Luck.NOTHING or not changes:
            return data, size
        shrinks = any(change.size is not None and not change.grow for change in changes)
        if luck is Luck.SECTORS and not shrinks:
            return _sectors(data, size, changes, chance)
        count = len(changes) if luck is Luck.ALL else chance.randint(0, len(changes))
        for change in changes[:count]:
            size = _apply(data, size, change)
        if luck is not Luck.ALL and count < len(changes) and changes[count].size is None:
            data, size = _sectors(data, size, [changes[count]], chance)
        return data, size


@dataclass(eq=False, slots=True)
class Folder:
    """Names: those that are certain, those that are seen, and the steps between them."""

    durable: dict[str, File | Folder] = field(default_factory=dict)
    live: dict[str, File | Folder] = field(default_factory=dict)
    pending: list[dict[str, File | Folder | None]] = field(default_factory=list)

    def change(self, names: dict[str, File | Folder | None]) -> None:
        """One step: these names now mean this (None: nothing any more)."""
        self.pending.append(names)
        _rename(self.live, names)

    def settle(self, count: int) -> None:
        """An fsync that began when there were `count` steps has returned."""
        for names in self.pending[:count]:
            _rename(self.durable, names)
        del self.pending[:count]

    def after_crash(self, luck: Luck, chance: random.Random) -> dict[str, File | Folder]:
        """The names that may be found."""
        found, steps = dict(self.durable), len(self.pending)
        if luck is Luck.NOTHING:
            steps = 0
        elif luck is not Luck.ALL:
            steps = chance.randint(0, steps)
        for names in self.pending[:steps]:
            _rename(found, names)
        return found


def load(path: Path) -> Folder:
    """The folder at `path` with all that is in it, all of it durable. Sockets are left out."""
    folder = Folder()
    for entry in sorted(path.iterdir()):
        if entry.is_dir():
            folder.durable[entry.name] = load(entry)
        elif entry.is_file():
            data = bytearray(entry.read_bytes())
            folder.durable[entry.name] = File(data, len(data))
    folder.live = dict(folder.durable)
    return folder


def crash(root: Folder, target: Path, chance: random.Random) -> str:
    """Write into `target`, which must not exist, a state in which the disk may be found.

    Returns, for a person, how much luck there was.
    """
    general = chance.choice(list(Luck))
    mixed = chance.random() < 0.5
    for path, found in _survivors(root, target, general, chance, mixed=mixed):
        if isinstance(found, Folder):
            path.mkdir(mode=0o700)
            continue
        luck = chance.choice(list(Luck)) if mixed else general
        data, size = found.after_crash(luck, chance)
        with path.open("wb") as file:
            file.write(bytes(data).rstrip(b"\0"))
            file.truncate(size)
        path.chmod(0o600)
    return "mixed" if mixed else general.value


def _survivors(
    folder: Folder, path: Path, general: Luck, chance: random.Random, *, mixed: bool
) -> Iterator[tuple[Path, File | Folder]]:
    yield path, folder
    luck = chance.choice(list(Luck)) if mixed else general
    for name, found in sorted(folder.after_crash(luck, chance).items()):
        if isinstance(found, Folder):
            yield from _survivors(found, path / name, general, chance, mixed=mixed)
        else:
            yield path / name, found


def _rename(names: dict[str, File | Folder], step: dict[str, File | Folder | None]) -> None:
    for name, found in step.items():
        if found is None:
            names.pop(name, None)
        else:
            names[name] = found


def _apply(data: bytearray, size: int, change: Change) -> int:
    """Make a change whole; the size after it."""
    after = change.size_after(size)
    if change.data:
        _put(data, change.offset, change.data)
    del data[after:]
    return after


def _put(data: bytearray, offset: int, part: bytes) -> None:
    if len(data) < offset + len(part):
        data.extend(bytes(offset + len(part) - len(data)))
    data[offset : offset + len(part)] = part


def _sectors(
    data: bytearray, size: int, changes: list[Change], chance: random.Random
) -> tuple[bytearray, int]:
    """Each sector as it was, or as it was after any of the writes to it."""
    sizes = [size]
    sectors: dict[int, list[tuple[int, bytes]]] = {}
    for change in changes:
        sizes.append(change.size_after(sizes[-1]))
        for start, part in _cut(change):
            sectors.setdefault(start // SECTOR, []).append((start, part))
    often = chance.random()
    for versions in sectors.values():
        count = len(versions) if chance.random() < often else chance.randint(0, len(versions))
        for start, part in versions[:count]:
            _put(data, start, part)
    size = chance.choice(sizes)
    del data[size:]
    return data, size


def _cut(change: Change) -> Iterator[tuple[int, bytes]]:
    """The change's bytes by sector."""
    at, end = change.offset, change.offset + len(change.data)
    while at < end:
        stop = min(end, (at // SECTOR + 1) * SECTOR)
        yield at, change.data[at - change.offset : stop - change.offset]
        at = stop
