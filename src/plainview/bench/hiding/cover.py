"""What is hidden in a finished picture, from its pixels: whatever the shape or the kind of fill.

A pixel is hidden if the redactor changed it, or if it lies within what was changed (filling may
leave a pixel as it was by chance); the softened edge of a mask, one pixel, does not count.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.bench.hiding.truth import Box
from plainview.media.frames import Frame
from plainview.redact.pipeline import ViewFrame

COVERED = 0.8
"""A box is covered if this share of its area is hidden."""
_GAPS = np.ones((5, 5), np.uint8)
_EDGE = np.ones((3, 3), np.uint8)

Map = NDArray[np.uint8]
"""Height x width, 1 where hidden."""


class Hidden:
    """Where a finished picture hides; `raw` is the picture as it was, of the same size."""

    def __init__(self, view: ViewFrame, raw: Frame) -> None:
        self.whole = view.pixelated
        self.map: Map = np.ones((raw.height, raw.width), np.uint8)
        if not view.pixelated:
            self.map = _changed(view.frame, raw)

    def share(self, box: Box) -> float:
        """Share of a box's area inside the picture that is hidden; 1 if all of it is outside."""
        rows, columns = self.map.shape
        left, top = max(0, round(box[0])), max(0, round(box[1]))
        right = min(columns, max(left + 1, round(box[0] + box[2])))
        bottom = min(rows, max(top + 1, round(box[1] + box[3])))
        part = self.map[top:bottom, left:right]
        return float(part.mean()) if part.size else 1.0

    def covers(self, box: Box) -> bool:
        """Whether enough of a box is hidden."""
        return self.share(box) >= COVERED

    def area(self, content: tuple[int, int] | None = None) -> float:
        """Share of the picture, or of its part of `content` (width, height), that is hidden."""
        width, height = content or (self.map.shape[1], self.map.shape[0])
        return float(self.map[:height, :width].mean())

    def false(self, heads: list[Box]) -> tuple[int, float]:
        """Masks (pieces of what is hidden) that touch none of the heads: how many, and what share
        of the picture they hide."""
        count, pieces, stats, _ = cv2.connectedComponentsWithStats(self.map)
        touched = np.zeros(count, bool)
        touched[0] = True
        for box in heads:
            left, top = max(0, int(box[0])), max(0, int(box[1]))
            right, bottom = max(0, int(box[0] + box[2]) + 1), max(0, int(box[1] + box[3]) + 1)
            touched[np.unique(pieces[top:bottom, left:right])] = True
        area = stats[~touched, cv2.CC_STAT_AREA].sum() / self.map.size
        return int((~touched).sum()), float(area)


def _changed(frame: Frame, raw: Frame) -> Map:
    luma, blue, red = (
        np.not_equal(of, was) for of, was in zip(frame.planes, raw.planes, strict=True)
    )
    chroma = (blue | red).astype(np.uint8)
    size = (raw.width, raw.height)
    changed = luma | cv2.resize(chroma, size, interpolation=cv2.INTER_NEAREST).astype(bool)
    closed = cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_CLOSE, _GAPS)
    return np.asarray(cv2.erode(closed, _EDGE), np.uint8)
