"""One pack being written: created once, never reopened, grown in steps, closed at its true size.

Only `store.writer` uses it, from one thread. Bytes count as written when `sync` has returned.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from plainview.base.durable import make_folder, sync_folder
from plainview.errors import Refused, StoreDamaged, StoreFull
from plainview.seal.windows import WindowHeader
from plainview.store.packs import STEP, PackName, SegmentHeader, file_header

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def full(error: OSError) -> bool:
    """Whether the system says that there is no room."""
    return error.errno in _FULL


class PackFile:
    """The file of one window and kind."""

    def __init__(self, data: Path, name: PackName, header: WindowHeader) -> None:
        """Create the pack. Raises `Refused` if the window was written before, `StoreFull`."""
        self.name = name
        self.path = data / name.path
        self._allocated = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            make_folder(self.path.parent)
            self._file = os.open(self.path, flags, 0o640)
        except FileExistsError as error:
            raise Refused(
                f"the pack {name.path} exists already.", hint="A window is never reopened."
            ) from error
        except OSError as error:
            raise _as_ours(error, self.path) from error
        self.end = 0
        try:
            self._put(file_header(name.kind, header))
            sync_folder(self.path.parent)
        except (StoreFull, StoreDamaged):
            self._undo()
            raise
        except OSError as error:
            self._undo()
            raise _as_ours(error, self.path) from error

    def append(self, header: SegmentHeader, data: bytes) -> int:
        """Write one segment and return its offset; after `StoreFull` the pack is as before."""
        offset = self.end
        self._put(header.to_bytes(), data)
        return offset

    def sync(self) -> None:
        """Make what was appended durable. Raises `StoreDamaged`: the disk failed."""
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise StoreDamaged(
                f"{self.path} could not be written to disk: {error.strerror}.",
                hint="Check the disk, then run plainview check.",
            ) from error

    def close(self) -> None:
        """Give back what was allocated beyond the last segment."""
        try:
            os.ftruncate(self._file, self.end)
            os.fsync(self._file)
        finally:
            self._let_go()

    def abandon(self) -> None:
        """Let go of a file whose disk failed; its bytes are as the disk left them."""
        with suppress(OSError):  # the failure was told when it happened
            self._let_go()

    def _let_go(self) -> None:
        handle, self._file = self._file, -1
        if handle >= 0:
            os.close(handle)

    def _undo(self) -> None:
        self.abandon()
        with suppress(OSError):  # recovery removes it, should it be there after all
            self.path.unlink()

    def _put(self, *parts: bytes) -> None:
        size = self.end + sum(map(len, parts))
        try:
            if size > self._allocated:
                target = -(-size // STEP) * STEP
                os.posix_fallocate(self._file, self._allocated, target - self._allocated)
                self._allocated = target
            place = self.end
            for part in parts:
                view = memoryview(part)
                while view:
                    count = os.pwrite(self._file, view, place)
                    view, place = view[count:], place + count
        except OSError as error:
            with suppress(OSError):  # what stands behind the end is cut off later
                os.ftruncate(self._file, self.end)
            self._allocated = self.end
            raise _as_ours(error, self.path) from error
        self.end = size


def _as_ours(error: OSError, path: Path) -> StoreFull | StoreDamaged:
    if full(error):
        return StoreFull("the disk is full.", hint="Free space; recording goes on by itself.")
    return StoreDamaged(f"{path} cannot be written: {error.strerror}.", hint="Check the disk.")
