"""The disk reserve: space that recordings may not take, kept for the log and the keys.

Two measures. Recordings stop while less than the reserve is free. And a reserve file holds a part
of that space by allocation, so that it is there even when another program fills the disk; then the
file is given up and the keeper can go on writing. It is taken back when there is room again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from plainview.errors import StoreFull

FILE_SHARE = 4
"""The reserve file holds one part in so many of the reserve."""


class Reserve:
    """Watches the free space of the disk that holds `data`."""

    def __init__(self, data: Path, size: int, *, free: Callable[[Path], int] | None = None) -> None:
        """`size` in bytes; `free` tells the free bytes at a path (tests give their own)."""
        self._data, self._size = data, size
        self._free = free or _free
        self.file = data / "reserve"

    def room(self) -> int:
        """Bytes that recordings may still take. Raises `OSError` when the disk cannot say."""
        return max(0, self._free(self._data) - self._size)

    def check(self, wanted: int) -> None:
        """Raise `StoreFull` if `wanted` bytes would cut into the reserve."""
        free = self._free(self._data)
        if free < wanted + self._size:
            if free < self._size // FILE_SHARE:
                self.file.unlink(missing_ok=True)
            raise StoreFull(
                f"the disk of {self._data} is full but for the reserve of {self._size >> 20} MiB.",
                hint="Free space; recording goes on by itself.",
            )

    def keep(self) -> None:
        """Allocate the reserve file if it is absent and there is room. Raises `OSError`."""
        if self.file.exists() or self._free(self._data) < 2 * self._size:
            return
        handle = os.open(self.file, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(handle, 0, max(1, self._size // FILE_SHARE))
        except OSError:
            self.file.unlink(missing_ok=True)
            raise
        finally:
            os.close(handle)


def _free(path: Path) -> int:
    return shutil.disk_usage(path).free
