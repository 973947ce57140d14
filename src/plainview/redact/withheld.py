"""The picture that is shown while protection is not assured: at most 16 x 9 cells and a notice.

Each cell is the average of its area, luma and chroma. The cells are renewed at most once a second,
so that neither a face nor a gait can be made out over time.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.base.clock import Ms
from plainview.media.frames import Frame, Plane
from plainview.redact import fill

CELLS = (16, 9)
RENEW_MS: Ms = 1000
NOTICE = "Picture withheld: protection is being restored"
FEWER = "Busy: fewer pictures"
"""Stands in the corner of pictures of a view of which some are left out."""
_BAND, _TEXT = 40, 225
"""Luma of the notice's band and of its letters."""


class Withheld:
    """Makes withheld pictures of one camera of `fps` frames a second."""

    def __init__(self, fps: float, notice: str = NOTICE) -> None:
        self._notice = notice
        self._fps = fps
        self._cells: tuple[Plane, ...] | None = None
        self._made: Ms = 0
        self._shown = 0

    def cover(self, frame: Frame) -> None:
        """Replace the whole of `frame` by its withheld picture."""
        self._shown += 1
        if self._cells is None or self._due(frame.wall_ms):
            self._cells = tuple(_averaged(plane) for plane in frame.planes)
            self._made = frame.wall_ms
            self._shown = 0
        for plane, cells in zip(frame.planes, self._cells, strict=True):
            size = (plane.shape[1], plane.shape[0])
            plane[:] = cv2.resize(cells, size, interpolation=cv2.INTER_NEAREST)
        _write(frame, self._notice)

    def _due(self, wall_ms: Ms) -> bool:
        """A second has passed by the camera's clock and, since that may jump, by its frames."""
        return abs(wall_ms - self._made) >= RENEW_MS and self._shown >= 0.8 * self._fps


def _averaged(plane: Plane) -> Plane:
    return np.asarray(cv2.resize(plane, CELLS, interpolation=cv2.INTER_AREA), np.uint8)


def say_fewer(frame: Frame) -> None:
    """Write into a picture that others before it were left out."""
    size = max(8, frame.height // 48)
    band = _band(FEWER, frame.width, frame.height, size)
    _put(frame, band, (frame.height - band.shape[0]) // 2 * 2, 0)


def _write(frame: Frame, notice: str) -> None:
    size = max(8, frame.height // 26)
    band = _band(notice, frame.width, frame.height, size)
    top = (frame.height - band.shape[0]) // 4 * 2
    left = (frame.width - band.shape[1]) // 4 * 2
    _put(frame, band, top, left)


def _put(frame: Frame, band: NDArray[np.uint8], top: int, left: int) -> None:
    height, width = band.shape
    frame.planes[0][top : top + height, left : left + width] = band
    rows = slice(top // 2, (top + height) // 2)
    columns = slice(left // 2, (left + width) // 2)
    frame.planes[1][rows, columns] = fill.GREY[1]
    frame.planes[2][rows, columns] = fill.GREY[2]


@lru_cache(maxsize=32)
def _band(text: str, width: int, height: int, size: int) -> NDArray[np.uint8]:
    """The band with the sign and the text, its sides even, for letters of at most `size`."""
    font = cv2.FontFace("sans")
    while size > 8 and _text_width(text, font, size) > width * 0.8:
        size -= 1
    letters = _text_width(text, font, size)
    columns = min(width, letters + 4 * size) // 2 * 2
    rows = min(height, 3 * size) // 2 * 2
    band = np.full((rows, columns), _BAND, np.uint8)
    _shield(band, size)
    cv2.putText(band, text, (3 * size, rows // 2 + size // 3), _TEXT, font, size, 500)
    return band


def _text_width(text: str, font: cv2.FontFace, size: int) -> int:
    return int(cv2.getTextSize((0, 0), text, (0, 0), font, size, 500)[2])


def _shield(band: NDArray[np.uint8], size: int) -> None:
    """A shield, the sign of protection, left of the text."""
    x, y = 1.6 * size, band.shape[0] / 2
    half, tall = 0.55 * size, 0.7 * size
    outline = [
        (x - half, y - tall * 0.8), (x, y - tall), (x + half, y - tall * 0.8),
        (x + half, y), (x, y + tall), (x - half, y),
    ]  # fmt: skip
    points = np.round(np.array(outline) * 16).astype(np.int32)
    cv2.fillPoly(band, [points], _TEXT, cv2.LINE_AA, 4)
