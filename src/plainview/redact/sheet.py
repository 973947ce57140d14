"""A preview sheet: finished pictures of a video, evenly chosen, with their times.

Made of redacted pictures only, so that it can be looked at by whoever may see the result.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.errors import BadFormat
from plainview.redact.pipeline import ViewFrame

Picture = NDArray[np.uint8]

MOST = 20
COLUMNS = 4
WIDTH = 480
"""Of one picture, in pixels: large enough to see a face that was missed."""
BAND, GAP, TEXT = 28, 8, 18
PAPER, INK = 255, 40


class Sheet:
    """Chooses pictures while a video passes whose length need not be known."""

    def __init__(self) -> None:
        self._step = 1
        self._seen = 0
        self._kept: list[tuple[str, Picture]] = []

    def note(self, view: ViewFrame, seconds: float) -> None:
        """Take a finished picture; a `files.Watch`."""
        if self._seen % self._step == 0:
            frame = view.frame
            height = max(2, round(frame.height * WIDTH / frame.width))
            label = clock(seconds) + ("  withheld" if view.pixelated else "")
            self._kept.append((label, frame.to_bgr(WIDTH, height)))
            if len(self._kept) == 2 * MOST:
                del self._kept[1::2]
                self._step *= 2
        self._seen += 1

    def png(self) -> bytes:
        """The sheet. Raises `BadFormat` if there were no pictures."""
        if not self._kept:
            raise BadFormat("There are no pictures for a sheet.")
        count = min(MOST, len(self._kept))
        chosen = [self._kept[round(i)] for i in np.linspace(0, len(self._kept) - 1, count)]
        cells = [_cell(label, picture) for label, picture in chosen]
        height = max(cell.shape[0] for cell in cells)
        columns = min(COLUMNS, len(cells))
        rows = -(-len(cells) // columns)
        sheet = np.full((rows * height, columns * (WIDTH + GAP), 3), PAPER, np.uint8)
        for index, cell in enumerate(cells):
            top, left = index // columns * height, index % columns * (WIDTH + GAP)
            sheet[top : top + cell.shape[0], left : left + WIDTH] = cell
        return cv2.imencode(".png", sheet)[1].tobytes()


def clock(seconds: float) -> str:
    """`0:01:23.45`."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 100:02d}.{rest % 100:02d}"


def _cell(label: str, picture: Picture) -> Picture:
    band = np.full((BAND, picture.shape[1], 3), PAPER, np.uint8)
    ink = (INK, INK, INK)
    cv2.putText(band, label, (2, BAND - GAP), ink, cv2.FontFace("sans"), TEXT, 400)
    return np.concatenate([band, picture])
