"""Redacting files that a user brings: the same pipeline as for cameras, full size, no audio.

The result is a fragmented MP4 (ISO/IEC 14496-12), written fragment by fragment, so that a long file
needs no more memory than a short one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from plainview.errors import BadFormat, NotFound
from plainview.media.encode import Unit, as_packet
from plainview.media.files import VideoFile
from plainview.media.fmp4 import TIMESCALE, write_segment
from plainview.media.packets import Packet, Parameters
from plainview.redact.detector import Detector
from plainview.redact.pipeline import Redactor
from plainview.redact.view import ViewItem, ViewPipeline

ENDINGS = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".avi", ".ts", ".webm"})

Progress = Callable[[int, int], None]
"""Milliseconds of video done, milliseconds in all (0 if the file does not say)."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """One finished file."""

    source: Path
    target: Path
    frames: int
    withheld: int
    """Frames that had to be pixelated whole because the detector failed."""


def pairs(source: Path, target: Path) -> list[tuple[Path, Path]]:
    """Which files to read and write. Raises `NotFound` or `BadFormat`, saying what to do."""
    if source.is_file():
        inside = target / f"{source.stem}.mp4"
        return [(source, _other(source, inside if target.is_dir() else target))]
    if not source.is_dir():
        raise NotFound(f"{source} does not exist.", hint="Name a video file or a folder of them.")
    files = sorted(p for p in source.rglob("*") if p.is_file() and p.suffix.lower() in ENDINGS)
    if not files:
        endings = " ".join(sorted(ENDINGS))
        raise NotFound(f"{source} holds no video files.", hint=f"Endings: {endings}.")
    if target.is_file():
        raise BadFormat(f"{target} is a file.", hint="Name a folder for the results.")
    found = [(f, (target / f.relative_to(source)).with_suffix(".mp4")) for f in files]
    if len({to for _, to in found}) < len(found):
        raise BadFormat(f"Names in {source} differ only in their ending.", hint="Rename them.")
    return [(of, _other(of, to)) for of, to in found]


def redact_file(
    source: Path, target: Path, detector: Detector, *, max_height: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Redacted:  # fmt: skip
    """Write the redacted `source` to `target`, which appears only when it is whole."""
    partial = target.with_name(f".{target.name}.part")
    with VideoFile(source) as video:
        total = video.duration_ms or 0
        redactor = Redactor(
            *video.size, video.fps, detector, view_height=max_height, view_fps=video.fps
        )
        redactor.warm_up()
        pipeline = ViewPipeline(redactor)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("wb") as out:
                counts = _write(out, _items(video, pipeline, progress, total), redactor)
            partial.rename(target)
        finally:
            partial.unlink(missing_ok=True)
    return Redacted(source, target, *counts)


def _items(
    video: VideoFile, pipeline: ViewPipeline, progress: Progress, total: int
) -> Iterator[ViewItem]:
    for frame in video.frames():
        progress(frame.wall_ms, total)
        yield from pipeline.push(frame)
    yield from pipeline.flush()
    progress(total, total)


def _write(out: IO[bytes], items: Iterator[ViewItem], redactor: Redactor) -> tuple[int, int]:
    writer = _Fragments(out, redactor.width, redactor.height)
    frames = withheld = 0
    for item in items:
        frames += 1
        withheld += item.pixelated
        writer.add(as_packet(Unit(item.annexb, item.key, item.wall_ms)))
    if not frames:
        raise BadFormat("The file holds no pictures.")
    writer.finish()
    return frames, withheld


class _Fragments:
    """Writes one fragment a GOP behind a common head."""

    def __init__(self, out: IO[bytes], width: int, height: int) -> None:
        self._out = out
        self._size = (width, height)
        self._parameters: Parameters | None = None
        self._packets: list[Packet] = []
        self._first = 0
        self._count = 0

    def add(self, packet: Packet) -> None:
        """Take a packet; a key frame ends the fragment before it."""
        if self._parameters is None:
            self._parameters = Parameters("h264", *self._size, packet.data)
            self._first = packet.wall_ms
        if packet.is_key and self._packets:
            self.finish()
        self._packets.append(packet)

    def finish(self) -> None:
        """Write the fragment under way."""
        if self._parameters is None or not self._packets:
            return
        segment = write_segment(self._packets, self._parameters)
        start = (self._packets[0].wall_ms - self._first) * TIMESCALE // 1000
        self._count += 1
        for kind, box in _boxes(segment):
            if kind == b"moof":
                box = _numbered(box, self._count, start)
            elif kind != b"mdat" and self._count > 1:
                continue
            self._out.write(box)
        self._packets.clear()


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at : at + size]
        at += size


def _numbered(moof: bytes, number: int, start: int) -> bytes:
    """The same `moof` as fragment `number`, beginning at `start` (in `TIMESCALE`)."""
    changed = bytearray(moof)
    struct.pack_into(">I", changed, moof.index(b"mfhd") + 8, number)
    struct.pack_into(">Q", changed, moof.index(b"tfdt") + 8, start)
    return bytes(changed)


def _other(source: Path, target: Path) -> Path:
    if target.exists() and target.samefile(source):
        raise BadFormat(f"{target} is the file to be redacted.", hint="Name another file.")
    return target
