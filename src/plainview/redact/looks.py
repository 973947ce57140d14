"""Where to look closer: small parts of the frame that a search sees at twice the size.

The searched picture is small, so distant faces are too. Beside it there is room for a few enlarged
parts. They go first to what has changed, to small masks that were not confirmed, and to what was
not looked at for longest, so that every part has its turn within seconds.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.redact.boxes import Boxes
from plainview.redact.motion import Mask

SIDE = 72
"""Side of a part, in pixels of the small frame."""
CELL = SIDE // 2
SMALL_FACE = 16.0
"""Masks of faces lower than this, in the small frame, are kept alive by closer looks."""
STILL, CHANGED, UNSURE = 0.15, 1.0, 3.0
"""Weights of a part where nothing happened, where something changed, of an unsure small mask."""
MUCH = 20 / 255
"""A twentieth of a part that changed is as much as all of it."""

Part = tuple[int, int]
"""Left and top in the small frame, even."""


class Looks:
    """Chooses the parts for one camera with a small frame of `width` x `height`."""

    def __init__(self, width: int, height: int) -> None:
        self._limits = (max(0, width - SIDE), max(0, height - SIDE))
        self._size = (max(1, -(-width // CELL)), max(1, -(-height // CELL)))
        self._age = np.ones(self._size[::-1], np.float32)

    def choose(self, count: int, changed: Mask | None, unsure: Boxes) -> list[Part]:
        """`count` parts to look at in a picture that has changed there since it was searched."""
        self._age += 1
        weight = np.full_like(self._age, STILL)
        if changed is not None:
            share = cv2.resize(changed, self._size, interpolation=cv2.INTER_AREA)
            weight += CHANGED * np.minimum(1, np.asarray(share, np.float32) * MUCH)
        for left, top, width, height in unsure.tolist():
            row, column = int((top + height / 2) // CELL), int((left + width / 2) // CELL)
            if 0 <= row < weight.shape[0] and 0 <= column < weight.shape[1]:
                weight[row, column] += UNSURE
        return [self._next(weight) for _ in range(count)]

    def _next(self, weight: NDArray[np.float32]) -> Part:
        row, column = np.unravel_index(np.argmax(weight * self._age), weight.shape)
        left = min(max(0, (int(column) * CELL) - CELL // 2), self._limits[0]) // 2 * 2
        top = min(max(0, (int(row) * CELL) - CELL // 2), self._limits[1]) // 2 * 2
        rows = slice(-(-top // CELL), max((top + SIDE) // CELL, int(row) + 1))
        columns = slice(-(-left // CELL), max((left + SIDE) // CELL, int(column) + 1))
        self._age[rows, columns] = 0
        self._age[row, column] = 0
        return left, top
