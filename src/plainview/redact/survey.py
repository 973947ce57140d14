"""What has been searched, and what has changed since.

A search leaves behind how each searched place looked (small and blurred, so that noise and
compression do not count). A place that still looks the same needs no other search: its answer
would be the same. A place that looks different is searched before its picture is shown.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.redact.motion import SHRINK, Mask, Small, speckless

BRIGHT = 110.0
"""Mean luma of a picture in daylight."""
LEAST, MOST = 5.0, 10.0
"""Luma steps that count as a change: in the dark differences are smaller, and so is noise once it
has been averaged."""

Area = tuple[int, int, int, int]
"""Left, top, width, height in pixels of the small frame."""


class Survey:
    """Of one camera and one kind of search."""

    def __init__(self) -> None:
        self._looked: Small | None = None

    @property
    def looked(self) -> Small | None:
        """How each place looked when it was last searched; None before the first whole search."""
        return self._looked

    def forget(self) -> None:
        """Nothing counts as searched any more."""
        self._looked = None

    def changed(self, now: Small) -> Mask | None:
        """Where the picture is not as it was searched; None if nowhere."""
        if self._looked is None:
            return np.full_like(now, 255)
        limit = min(MOST, max(LEAST, MOST * cv2.mean(now)[0] / BRIGHT))
        _, different = cv2.threshold(cv2.absdiff(now, self._looked), limit, 255, cv2.THRESH_BINARY)
        return speckless(np.asarray(different, np.uint8))

    def took(self, now: Small, areas: Iterable[Area] | None = None) -> None:
        """Note a search of these areas of the picture; of all of it if None."""
        if areas is None or self._looked is None:
            self._looked = now.copy() if areas is None else None
            return
        looked = self._looked.copy()  # frames held back keep the one before
        for left, top, width, height in areas:
            rows = slice(top // SHRINK, -(-(top + height) // SHRINK))
            columns = slice(left // SHRINK, -(-(left + width) // SHRINK))
            looked[rows, columns] = now[rows, columns]
        self._looked = looked


def covers(areas: Iterable[Area], boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of n boxes have their centre in one of the areas."""
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    inside = np.zeros(len(boxes), np.bool_)
    for left, top, width, height in areas:
        near = (centres >= (left, top)) & (centres < (left + width, top + height))
        inside |= near.all(axis=1)
    return inside
