"""Following boxes from one picture to the next: pyramidal Lucas-Kanade optical flow.

Nine points a box, window 15, two pyramid levels, on the small grey picture; the box moves by the
median of its points. Boxes are moved, not told apart: nothing about their content is kept.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.redact.boxes import Boxes

WINDOW = (15, 15)
LEVELS = 2
LEAST_POINTS = 4
SCATTER = 0.1
"""How far a box's points may disagree, as a share of its side."""
RETURN = 2.0
"""Pixels within which the way back must lead."""
_GRID = np.stack(np.meshgrid([0.25, 0.5, 0.75], [0.25, 0.5, 0.75]), axis=-1).reshape(9, 2)


def shifts(
    before: NDArray[np.uint8], after: NDArray[np.uint8], boxes: Boxes
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """How far each of n boxes moved (n x 2, pixels), and for which of them that could be seen."""
    points = boxes[:, None, :2] + _GRID[None] * boxes[:, None, 2:]
    flat = points.reshape(-1, 1, 2).astype(np.float32)
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        before, after, flat, np.zeros_like(flat), winSize=WINDOW, maxLevel=LEVELS
    )
    delta = (moved - flat).reshape(-1, 9, 2)
    limits = np.array([before.shape[1], before.shape[0]], np.float32)
    inside = ((moved >= 0) & (moved < limits)).all(axis=2).reshape(-1, 9)
    good = status.reshape(-1, 9).astype(bool) & inside
    seen = good.sum(axis=1) >= LEAST_POINTS
    median = _medians(delta, good)
    apart = _medians(np.abs(delta - median[:, None]), good)
    agreed = (apart <= 1.0 + SCATTER * boxes[:, 2:]).all(axis=1)
    median[~seen] = 0
    return median, np.asarray(seen & agreed, np.bool_)


def _medians(values: NDArray[np.float32], good: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The medians (n x 2) of each box's good points; meaningless for a box without any."""
    ordered = np.sort(np.where(good[:, :, None], values, np.inf), axis=1)
    count = np.maximum(good.sum(axis=1), 1)
    rows = np.arange(len(values))
    low, high = ordered[rows, (count - 1) // 2], ordered[rows, count // 2]
    return np.asarray((low + high) / 2, np.float32)


def confirmed(
    before: NDArray[np.uint8], after: NDArray[np.uint8], boxes: Boxes, moved: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """For which of n boxes the way back from where they `moved` leads to where they were."""
    there = boxes.copy()
    there[:, :2] += moved
    back, seen = shifts(after, before, there)
    return np.asarray(seen & (np.abs(back + moved) <= RETURN).all(axis=1), np.bool_)
