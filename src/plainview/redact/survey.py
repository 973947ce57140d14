"""What has been searched, and what has changed since.

A search leaves behind how each searched place looked (small and blurred, so that noise and
compression do not count). A place that still looks the same needs no other search: its answer
would be the same. A place that looks different is searched before its picture is shown. All of the
picture is searched at least once a second.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.base.clock import Ms
from plainview.redact.motion import SHRINK, Mask, Small, speckless

WHOLE_MS: Ms = 1000
"""How often all of the picture is searched at least."""

BRIGHT = 110.0
"""Mean luma of a picture in daylight."""
LEAST, MOST = 5.0, 10.0
"""Luma steps that count as a change: in the dark differences are smaller, and so is noise once it
has been averaged."""

Area = tuple[int, int, int, int]
"""Left, top, width, height in pixels of the small frame."""


class Survey:
    """Of one camera and one kind of search."""

    def __init__(self, fps: float) -> None:
        self._looked: Small | None = None
        self._most = max(1, round(fps * WHOLE_MS / 1000))
        self._frames = 0
        self._whole: Ms = 0
        """When all of the picture was last searched, and how many frames have passed since."""

    def passed(self) -> None:
        """Another frame has come."""
        self._frames += 1

    def is_old(self, wall_ms: Ms) -> bool:
        """Whether all of the picture is to be searched again.

        By the frames, since clocks jump, and by the clock, since frames are left out.
        """
        return self._frames >= self._most or not 0 <= wall_ms - self._whole < WHOLE_MS

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

    def took(self, now: Small, wall_ms: Ms, areas: Iterable[Area] | None = None) -> None:
        """Note a search of these areas of the picture; of all of it if None."""
        if areas is None:
            self._frames, self._whole = 0, wall_ms
        if areas is None or self._looked is None:
            self._looked = now.copy() if areas is None else None
            return
        looked = self._looked.copy()  # frames held back keep the one before
        for left, top, width, height in areas:
            rows = slice(top // SHRINK, -(-(top + height) // SHRINK))
            columns = slice(left // SHRINK, -(-(left + width) // SHRINK))
            looked[rows, columns] = now[rows, columns]
        self._looked = looked


def holds(areas: Iterable[Area], boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of n boxes lie whole in one of the areas."""
    far = boxes[:, :2] + boxes[:, 2:]
    inside = np.zeros(len(boxes), np.bool_)
    for left, top, width, height in areas:
        inside |= (boxes[:, :2] >= (left, top)).all(axis=1) & (
            far <= (left + width, top + height)
        ).all(axis=1)
    return inside


def covers(areas: Iterable[Area], boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of n boxes have their centre in one of the areas."""
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    inside = np.zeros(len(boxes), np.bool_)
    for left, top, width, height in areas:
        near = (centres >= (left, top)) & (centres < (left + width, top + height))
        inside |= near.all(axis=1)
    return inside
