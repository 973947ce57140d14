"""Where the next pack goes: the disks that settings name, each with its room and its faults.

A pack goes to the disk with the most room for each pack that is being written there already, so
that disks fill evenly and none gets all the writing. A disk that fails (EIO), turns read-only or
loses its mount is left alone, loudly, while recording goes on on the others. It is tried again
every `RETRY_S`; when it takes writing again, what was never acknowledged on it is cut off and it is
used as before.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from plainview.errors import PlainviewError, StoreDamaged, StoreFull, Unavailable
from plainview.store.disks import Disk, Disks
from plainview.store.reserve import Reserve

log = structlog.get_logger()
RETRY_S = 15.0
PROBE = ".plainview-probe"


class Volume:
    """One folder that packs are written into; used by the writer's thread."""

    def __init__(self, folder: Path, disks: Disks, reserve: Callable[[Path], Reserve]) -> None:
        self.folder, self._disks, self._reserve_of = folder, disks, reserve
        self.disk: Disk | None = None
        self.reserve: Reserve | None = None
        self.trouble: PlainviewError | None = None
        self.open = 0
        """Packs that are being written here."""
        self.torn: dict[str, int] = {}
        """Packs that were given up when the disk failed: bytes of each that are acknowledged."""
        self.device = -1
        self._tried = -RETRY_S

    @property
    def name(self) -> str:
        """For people."""
        return self.disk.name if self.disk is not None else str(self.folder)

    @property
    def root(self) -> Path:
        """Where packs go."""
        return self.disk.folder if self.disk is not None else self.folder

    @property
    def id(self) -> str:
        """The disk's id. The volume must have been claimed."""
        return self.disk.id if self.disk is not None else ""

    def room(self) -> int:
        """Bytes that recordings may still take here; 0 while it is in trouble."""
        if self.reserve is None or self.trouble is not None:
            return 0
        try:
            return self.reserve.room()
        except OSError as error:
            self.fail(StoreDamaged(f"{self.name} cannot be asked for room: {error.strerror}."))
            return 0

    def total(self) -> int:
        """Bytes that the disk has in all; 0 when it cannot be asked."""
        try:
            found = os.statvfs(self.root)
        except OSError:
            return 0
        return found.f_frsize * found.f_blocks

    def check(self, size: int) -> None:
        """Raises `StoreFull` if so many bytes would cut into the reserve, `StoreDamaged`."""
        if self.trouble is not None or self.reserve is None:
            raise StoreDamaged(f"{self.name} is in trouble.")
        try:
            self.reserve.check(size)
        except OSError as error:
            raise StoreDamaged(f"{self.name} cannot be read: {error.strerror}.") from error

    def fail(self, error: PlainviewError) -> None:
        """Write here no more until `revive` finds it sound."""
        if self.trouble is None or self.trouble.message != error.message:
            log.error("disk_failed", disk=str(self.folder), reason=error.message)
        self.trouble = error
        self._tried = time.monotonic()

    def look(self) -> None:
        """Raises `Unavailable` if the disk is not in its place, or cannot be written."""
        if self.disk is None:
            raise Unavailable(f"{self.folder} was not claimed.")
        if why := self._disks.trouble(self.disk):
            raise Unavailable(why, hint="Mount it; recording there goes on by itself.")
        try:
            flags = os.statvfs(self.disk.folder).f_flag
        except OSError as error:
            raise Unavailable(f"{self.name} cannot be read: {error.strerror}.") from error
        if flags & os.ST_RDONLY:
            raise Unavailable(f"{self.name} is read-only.", hint="Mount it for writing.")

    def revive(self, *, now: bool = False) -> bool:
        """Claim the disk, or try it again after a fault; whether it can be written now."""
        if self.trouble is None and self.disk is not None:
            return True
        if not now and time.monotonic() - self._tried < RETRY_S:
            return False
        try:
            self.disk = self._disks.claim(self.folder)
            self.reserve = self._reserve_of(self.disk.folder)
            self.device = self.disk.folder.stat().st_dev
            self.look()
            self._probe(self.disk.folder / PROBE)
        except PlainviewError as error:
            self.fail(error)
            return False
        except OSError as error:
            self.fail(StoreDamaged(f"{self.name} cannot be written: {error.strerror}."))
            return False
        if self.trouble is not None:
            log.warning("disk_back", disk=str(self.folder))
        self.trouble = None
        return True

    def _probe(self, file: Path) -> None:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
            file.unlink(missing_ok=True)


class Volumes:
    """The folders of the settings, as the writer sees them."""

    def __init__(self, disks: Disks, reserve: Callable[[Path], Reserve]) -> None:
        """`reserve` makes the watcher of free space for a folder."""
        self.disks = disks
        self.data = reserve(disks.data)
        """Of the disk that holds log, keys and index."""
        disks.ready()
        self.all = [Volume(folder, disks, reserve) for folder in disks.folders]
        for volume in self.all:
            volume.revive(now=True)

    def choose(self, size: int, *, but: Sequence[Volume] = ()) -> Volume:
        """The disk for a new pack whose first segment has `size` bytes.

        Raises `StoreFull` when none has room, `StoreDamaged` when none can be written.
        """
        able = [one for one in self.all if one.trouble is None and one not in but]
        fitting = [(one.room() // (1 + one.open), one) for one in able if one.room() >= size]
        if fitting:
            return max(fitting, key=lambda pair: pair[0])[1]
        for one in able:
            if one.reserve is not None and one.trouble is None:
                one.reserve.check(size)
        first = next((one.trouble for one in self.all if one.trouble is not None), None)
        if first is not None:
            raise StoreDamaged(first.message, hint=first.hint)
        raise StoreFull("no disk has room.", hint="Free space; recording goes on by itself.")

    def fits(self, size: int, *, but: Sequence[Volume]) -> bool:
        """Whether there is a further disk with room for so many bytes."""
        able = [one for one in self.all if one.trouble is None and one not in but]
        return any(one.room() >= size for one in able)

    def room(self) -> tuple[int, int]:
        """Bytes that recordings may still take on all disks, and bytes in all."""
        each = {one.device: one for one in self.all if one.trouble is None}.values()
        return sum(one.room() for one in each), sum(one.total() for one in each)

    def failed(self) -> list[Volume]:
        """Those that cannot be written."""
        return [one for one in self.all if one.trouble is not None]
