"""Still pictures of data sets, shown as a camera that looks at nothing else for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from plainview.bench.hiding.truth import DataSet, Pictures, Sequence, Target
from plainview.errors import BadFormat
from plainview.media.frames import Frame

FPS = 12.5
SHOWN = 8
"""Frames that one picture is shown for: past the second search of a picture that stands still."""
SIZES = ((640, 480), (640, 640), (1024, 768), (1024, 1024), (1280, 960))
"""Pictures are padded to the first of these that holds them, so that a few compiled networks
serve all; larger ones are made smaller. None is enlarged."""
PADDING = 114

Row = tuple[Path, list[Target]]
"""A picture and what is in it, in its own pixels."""


def stills(name: str, rows: list[Row], scale: float, *, complete: bool) -> DataSet:
    """A data set of still pictures, evenly chosen where `scale` is less than 1."""
    count = max(1, round(len(rows) * scale))
    chosen = [rows[number * len(rows) // count] for number in range(min(count, len(rows)))]

    def sequences() -> Iterator[Sequence]:
        for path, targets in chosen:
            yield _sequence(path, targets)

    return DataSet(name, sequences, len(chosen) * SHOWN, complete)


def read(path: Path) -> Frame:
    """A picture's pixels, as a frame of its own size. Raises `BadFormat`."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise BadFormat(f"{path} is not a picture, or is not there.")
    return Frame.from_bgr(np.asarray(_even(picture), np.uint8))


def _even(picture: cv2.typing.MatLike) -> cv2.typing.MatLike:
    rows, columns = picture.shape[:2]
    return cv2.copyMakeBorder(picture, 0, rows % 2, 0, columns % 2, cv2.BORDER_REPLICATE)


def _sequence(path: Path, targets: list[Target]) -> Sequence:
    frame = read(path)
    scale = min(1.0, SIZES[-1][0] / frame.width, SIZES[-1][1] / frame.height)
    width, height = (int(side * scale / 2) * 2 for side in (frame.width, frame.height))
    if scale < 1:
        targets = [one.scaled(width / frame.width, height / frame.height) for one in targets]
        frame = frame.scaled(width, height)
    size = next(s for s in SIZES if width <= s[0] and height <= s[1])
    opened: Callable[[], Pictures] = _Shown(_padded(frame, size), targets)
    return Sequence(path.stem, size, FPS, SHOWN, opened, still=True, content=(width, height))


def _padded(frame: Frame, size: tuple[int, int]) -> Frame:
    whole = Frame.blank(*size)
    whole.planes[0][:] = PADDING
    for number, (to, of) in enumerate(zip(whole.planes, frame.planes, strict=True)):
        half = 2 if number else 1
        to[: frame.height // half, : frame.width // half] = of
    return whole


class _Shown:
    """One picture, again and again."""

    def __init__(self, frame: Frame, targets: list[Target]) -> None:
        self._frame, self._targets = frame, targets

    def __call__(self) -> Pictures:
        for number in range(SHOWN):
            frame = self._frame.copy()
            frame.wall_ms = round(number * 1000 / FPS)
            yield frame, self._targets
