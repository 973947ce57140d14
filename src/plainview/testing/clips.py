"""Clips for simulated cameras: any video file made fit for streaming, and the rendered street.

Made once and kept in a cache folder; a file that a simulated camera can send as it is (H.264 or
H.265 or AV1 with regular key frames) is not touched.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from plainview.base.durable import make_folder
from plainview.errors import BadFormat
from plainview.media.convert import ClipStyle, write_clip
from plainview.media.files import VideoFile
from plainview.media.frames import Frame
from plainview.testing import scene_heads
from plainview.testing.scene import VERSION, Scene, render

Progress = Callable[[str, int, int], None]
"""Called with (what, done, of how many)."""

_SENDABLE = ("h264", "hevc", "av1")
_MOST_GOP_S = 4.0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a picture (x, y, width, height, even pixels), enlarged to `size`."""

    box: tuple[int, int, int, int]
    size: tuple[int, int]


def quiet(what: str, done: int, total: int) -> None:
    """A progress that nobody sees."""


def convert(
    source: Path,
    target: Path,
    *,
    part: Part | None = None,
    start_s: float = 0.0,
    progress: Progress = quiet,
) -> Path:
    """Encode `source` as H.264 with a key frame every 2 s at its own rate; `start_s` turns the
    loop so that it begins there. Raises `BadFormat`."""
    make_folder(target.parent)
    with VideoFile(source) as file:
        fps = file.fps
        total = round((file.duration_ms or 0) * fps / 1000)
    done = itertools.count(1)

    def frames() -> Iterator[Frame]:
        skip = round(start_s * fps)
        for first, last in ((skip, None), (0, skip)):
            with VideoFile(source) as file:
                for frame in itertools.islice(file.frames(), first, last):
                    yield frame if part is None else frame.cropped(*part.box).scaled(*part.size)

    write_clip(
        target,
        frames(),
        fps,
        ClipStyle(),
        progress=lambda: progress(target.name, next(done), total),
    )
    return target


def sendable(path: Path, cache: Path, *, progress: Progress = quiet) -> Path:
    """`path` itself, or its conversion in `cache`. Raises `BadFormat` if it is not a video."""
    if not path.is_file():
        raise BadFormat(f"{path} is not a file.", hint="Name a video file, or `scene`.")
    with VideoFile(path) as file:
        if file.codec in _SENDABLE and _often_enough(file):
            return path
    stat = path.stat()
    mark = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}"
    name = f"{path.stem}-{hashlib.sha256(mark.encode()).hexdigest()[:12]}.mp4"
    target = cache / name
    return target if target.exists() else convert(path, target, progress=progress)


def _often_enough(file: VideoFile) -> bool:
    """Whether key frames come often enough for a viewer to join."""
    last, longest = None, 0.0
    for packet in itertools.islice(file.packets(), 3000):
        if packet.is_key:
            longest = max(longest, packet.pts_ms - last) if last is not None else longest
            last = packet.pts_ms
    return last is not None and longest <= _MOST_GOP_S * 1000


def street(cache: Path, *, progress: Progress = quiet) -> Path:
    """The generated street as a clip in `cache`, rendered once. Raises `NotFound` without faces."""
    heads = scene_heads.load()
    name = f"street-v{VERSION}-{len(heads)}.mp4"
    target = cache / name
    if target.exists() and target.with_suffix(".json").exists():
        return target
    scene = Scene(heads=heads)
    done = itertools.count(1)
    render(scene, target, progress=lambda: progress("generated street", next(done), scene.count))
    return target
