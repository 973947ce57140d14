"""The packs that are being written, each on its disk; a window moves on when its disk does not.

A window whose disk has no room, or has failed, goes on in a further part on another disk. What was
written to a failed disk and not acknowledged is refused; it is cut off when the disk is back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.exc import DatabaseError

from plainview.errors import PlainviewError, Refused, StoreDamaged, StoreFull, Unavailable
from plainview.seal.windows import WindowHeader
from plainview.store.days import Days
from plainview.store.groups import Groups
from plainview.store.index import Loss
from plainview.store.packfile import PackFile
from plainview.store.packs import PackName, SegmentHeader
from plainview.store.recover import cut, pack_row
from plainview.store.room import Headroom, Meter, Room, hours_of
from plainview.store.volumes import Volume, Volumes


@dataclass(slots=True)
class _Open:
    file: PackFile
    volume: Volume
    retention: str
    acknowledged: int = 0


class Places:
    """Used by the writer's thread; `headroom` by any."""

    def __init__(self, volumes: Volumes, days: Days, groups: Groups, room: Room) -> None:
        self._volumes, self._days, self._groups, self._room = volumes, days, groups, room
        self._open: dict[str, _Open] = {}
        """By the path of the window's first part."""
        self._parts: dict[str, int] = {}
        self._dirty: set[str] = set()
        self._grown: dict[str, int] = {}
        """True sizes of packs that no commit has acknowledged yet."""
        self._meters = {volume.folder: Meter() for volume in volumes.all}

    def write(
        self, name: PackName, header: WindowHeader, segment: SegmentHeader, data: bytes
    ) -> tuple[str, int]:
        """Append a segment; the pack's path and the offset in it.

        Raises `StoreFull`, `StoreDamaged` when no disk takes it, `Refused` for an old window.
        """
        tried: list[Volume] = []
        while True:
            one = self._open.get(name.path)
            volume = one.volume if one else self._volumes.choose(len(data), but=tried)
            try:
                one = one or self._begin(volume, name, header)
                volume.check(len(data))
                offset = one.file.append(segment, data)
            except StoreFull:
                tried.append(volume)
                if not self._volumes.fits(len(data), but=tried):
                    raise
                self.close(name, goes_on=True)
            except (StoreDamaged, Unavailable) as error:
                volume.fail(error)
                self._give_up(volume, error)
            else:
                size = one.file.end - offset
                self._dirty.add(name.path)
                self._grown[one.file.name.path] = one.file.end
                self._room.stored(one.retention, size)
                self._meters[volume.folder].add(size)
                return one.file.name.path, offset

    def close(self, name: PackName, *, goes_on: bool = False) -> None:
        """Nothing more comes for the window, or (`goes_on`) for this part of it."""
        one = self._open.pop(name.path, None)
        self._dirty.discard(name.path)
        if one is not None:
            self._close(name, one)
        if not goes_on:
            self._parts.pop(name.path, None)

    def _close(self, name: PackName, one: _Open) -> None:
        self._parts[name.path] = one.file.name.part + 1
        one.volume.open -= 1
        try:
            one.file.close()
        except OSError as error:
            self._open[name.path] = one
            one.volume.open += 1
            trouble = StoreDamaged(f"{one.file.path} could not be closed: {error.strerror}.")
            one.volume.fail(trouble)
            self._give_up(one.volume, trouble)
        else:
            self._groups.close(name.day, one.file.name.path)

    def close_all(self) -> None:
        """Close every pack."""
        for path in list(self._open):
            one = self._open.get(path)
            if one is not None:
                self.close(replace(one.file.name, part=0))

    def sync(self) -> dict[str, int]:
        """Make what was written durable; true sizes of the packs that grew."""
        for path in list(self._dirty):
            one = self._open.get(path)
            if one is None:
                continue
            try:
                one.file.sync()
            except StoreDamaged as error:
                one.volume.fail(error)
                self._give_up(one.volume, error)
        self._dirty.clear()
        return dict(self._grown)

    def acknowledged(self, sizes: dict[str, int]) -> None:
        """The index holds the rows of packs of these sizes."""
        for one in self._open.values():
            size = sizes.get(one.file.name.path)
            if size is not None:
                one.acknowledged = size
        for path, size in sizes.items():
            if self._grown.get(path) == size:
                del self._grown[path]

    def look(self) -> bool:
        """See whether each disk is in its place; whether one has come back."""
        back = False
        for volume in self._volumes.all:
            if volume.trouble is None:
                try:
                    volume.look()
                except Unavailable as error:
                    volume.fail(error)
            if volume.trouble is not None:
                self._give_up(volume, volume.trouble)
                if volume.revive() and self._mend(volume):
                    back = True
        return back

    def headroom(self) -> list[Headroom]:
        """Of each disk that packs are written to."""
        found = []
        for volume in self._volumes.all:
            room, rate = volume.room(), self._meters[volume.folder].rate()
            used = max(0, volume.total() - room)
            hours = None if volume.trouble is not None else hours_of(room, rate)
            found.append(Headroom("disk", str(volume.folder), used, room, rate, hours))
        return found

    def _begin(self, volume: Volume, name: PackName, header: WindowHeader) -> _Open:
        volume.look()  # a new file in a mount point without its disk would be lost to all
        mine = replace(name, part=self._parts.get(name.path, 0))
        if self._volumes.disks.where(mine.path) is not None:
            raise Refused(
                f"the pack {mine.path} exists already.", hint="A window is never reopened."
            )
        file = PackFile(volume.root, mine, header)
        one = _Open(file, volume, header.record.class_)
        self._open[name.path] = one
        volume.open += 1
        self._groups.pack(name.day, pack_row(mine, header, volume.id))
        return one

    def _give_up(self, volume: Volume, error: PlainviewError) -> None:
        """Leave the packs of a failed disk; what was not acknowledged there is refused."""
        left = {base: one for base, one in self._open.items() if one.volume is volume}
        for base, one in left.items():
            del self._open[base]
            self._dirty.discard(base)
            self._parts[base] = one.file.name.part + 1
            volume.torn[one.file.name.path] = one.acknowledged
            volume.open -= 1
            unsure = one.file.end - one.acknowledged
            self._grown.pop(one.file.name.path, None)
            self._room.stored(one.retention, -unsure)
            one.file.abandon()
        paths = {one.file.name.path for one in left.values()}
        for row in self._groups.take_back(paths, error):
            loss = Loss(row.camera, row.kind, row.start_ms, row.end_ms, "disk")
            self._groups.lose(row.pack.split("/")[2], loss)

    def _mend(self, volume: Volume) -> bool:
        """Cut off what was never acknowledged; whether the disk can be used."""
        for path, end in list(volume.torn.items()):
            file = volume.root / path
            try:
                if end and file.exists():
                    cut(file, end)
                    index = self._days.get(path.split("/")[2])
                    if index is not None:
                        index.add([], [], [path], {path: end})
                else:
                    file.unlink(missing_ok=True)
            except (OSError, DatabaseError) as error:
                volume.fail(StoreDamaged(f"{file} could not be mended: {error}."))
                return False
            del volume.torn[path]
        return True
