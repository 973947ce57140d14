"""One writer per data folder: an flock(2) that dies with the process that holds it."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import BinaryIO

from plainview.errors import Refused


def exclusive(data: Path) -> BinaryIO:
    """The lock of the data folder, held until the file is closed.

    Raises `Refused` while another process (or writer of this one) holds it.
    """
    file = (data / "writer.lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise Refused(
            f"{data} is being written by a recorder.", hint="Stop it first, or wait for it."
        ) from error
    return file


def is_written(data: Path) -> bool:
    """Whether a recorder writes into the folder now."""
    try:
        exclusive(data).close()
    except Refused:
        return True
    return False
