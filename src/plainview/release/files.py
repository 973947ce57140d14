"""What the requester keeps: a playable file per window, and on request the bare parts.

<window>.mp4          the whole window, the camera's own pictures, copied
<window>/NNNNNN.mp4   each segment by itself, as it was sealed (`--raw`)
<window>/NNNNNN.age   each sealed segment; Debian's `age -d -i <window>.identity` opens it
<window>.identity     the window's age identity (`--keep-identity`), mode 0600
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from plainview.base.durable import make_folder, write_file
from plainview.errors import BadFormat, NotFound
from plainview.release.opening import OpenedWindow, Segment
from plainview.seal.join import Joiner


@dataclass(frozen=True)
class Kept:
    """What was written of one window."""

    window: str
    videos: tuple[Path, ...]
    segments: int
    bytes: int
    gaps_ms: int
    hashes: tuple[str, ...]  # of the plaintext segments, in their order


def keep_window(
    out: Path,
    opened: OpenedWindow,
    segments: Iterator[Segment],
    *,
    raw: bool = False,
    sealed: bool = False,
    identity: bool = False,
) -> Kept:
    """Write a window's files as its segments arrive. Raises `BadFormat`, `NotFound` if empty."""
    name = opened.window.record.window
    make_folder(out, mode=0o700)
    if identity:
        write_file(out / f"{name}.identity", f"{opened.identity}\n".encode(), mode=0o600)
    if raw or sealed:
        make_folder(out / name, mode=0o700)
    size = gaps = 0
    hashes: list[str] = []
    with Videos(out, name) as videos:
        for segment in segments:
            videos.add(segment)
            if raw:
                write_file(out / name / f"{segment.seq:06d}.mp4", segment.plain, mode=0o600)
            if sealed:
                write_file(out / name / f"{segment.seq:06d}.age", segment.sealed, mode=0o600)
            hashes.append(segment.plain_sha256)
            size += len(segment.fmp4)
            gaps += segment.gap_before_ms
    if not hashes:
        raise NotFound(f"The server holds no segment of window {name}.")
    return Kept(name, tuple(videos.paths), len(hashes), size, gaps, tuple(hashes))


class Videos:
    """`<window>.mp4`, and `<window>-2.mp4` ... where the camera's configuration changed."""

    def __init__(self, out: Path, name: str) -> None:
        self._out, self._name = out, name
        self._stack = ExitStack()
        self._joiner: Joiner | None = None
        self.paths: list[Path] = []

    def __enter__(self) -> Videos:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, segment: Segment) -> None:
        """Append a segment, to a new file if it does not fit the last one."""
        if self._joiner is None or not self._joiner.fits(segment.fmp4):
            self._joiner = Joiner(self._next())
        self._joiner.add(segment.fmp4, segment.meta.start)

    def _next(self) -> BinaryIO:
        number = f"-{len(self.paths) + 1}" if self.paths else ""
        path = self._out / f"{self._name}{number}.mp4"
        self._stack.close()
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise BadFormat(f"{path} cannot be written: {error.strerror}.") from error
        self.paths.append(path)
        return self._stack.enter_context(os.fdopen(handle, "wb"))
