"""Durable writes: temporary file, fsync, rename, fsync of the folder.

The pattern is that of Moonfire NVR's db/lib.rs and Sunlight's durable package.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_file(path: Path, data: bytes, *, mode: int = 0o644, sync: bool = True) -> None:
    """Replace `path` by `data` so that after a crash it holds the old or the new bytes, whole.

    Without `sync` its name becomes durable with the caller's own `sync_folder`.
    """
    # Threads may write one file at the same time: each has a temporary file of its own.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    if sync:
        sync_folder(path.parent)


def make_folder(path: Path, *, mode: int = 0o755) -> None:
    """Create `path` and its parents; their names are durable on return."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=mode, exist_ok=True)
    sync_folder(path.parent)
