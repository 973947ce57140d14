"""What has changed since it was last searched.

Pictures are compared small and blurred, so that noise and compression do not count. A change that
is explained by motion (the same content stood elsewhere in a searched picture) is covered by the
masks that move along; content that stood in no searched picture is *unsearched*. A change of most
of the picture is a cut.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.redact.boxes import Boxes, none

SHRINK = 2
"""How much smaller than the searched picture the compared ones are."""
DIFFERENT = 24
"""Luma steps beyond noise and compression."""
_SPECK = np.ones((3, 3), np.uint8)
CUT = 24.0
"""Mean luma steps between pictures of different scenes."""
LEAST_SIDE = 5
"""Smallest unsearched area that counts, in compared pixels: a face of 10 searched pixels."""
MARGIN = 3
_NO_MAP = np.empty(0, np.float32)

Small = NDArray[np.uint8]
Mask = NDArray[np.uint8]
"""0 or 255 for each compared pixel."""


def small(grey: NDArray[np.uint8]) -> Small:
    """The compared picture of a small frame's luma."""
    size = (grey.shape[1] // SHRINK, grey.shape[0] // SHRINK)
    return np.asarray(
        cv2.blur(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), (3, 3)), np.uint8
    )


def speckless(mask: Mask) -> Mask | None:
    """The mask without specks; None if nothing is left of it."""
    if not cv2.countNonZero(mask):
        return None
    opened = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, _SPECK), np.uint8)
    return opened if cv2.countNonZero(opened) else None


def touches(changed: Mask | None, box: NDArray[np.float32]) -> bool:
    """Whether something changed inside the box (4, searched pixels)."""
    if changed is None:
        return False
    left, top, width, height = (int(side) // SHRINK for side in box)
    return bool(changed[max(0, top) : top + height + 1, max(0, left) : left + width + 1].any())


def is_cut(before: Small, after: Small) -> bool:
    """Whether the two show different scenes."""
    return bool(cv2.absdiff(before, after).mean() > CUT)


class Unsearched:
    """Compares a picture with a searched one, motion allowed for."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._grid: NDArray[np.float32] | None = None

    def against(self, picture: Small, searched: Small) -> Mask | None:
        """Where `picture` holds content that `searched` does not; None if nowhere."""
        changed = _opened(_different(picture, searched))
        if changed is None:
            return None
        field = self._flow.calc(picture, searched, np.zeros((*picture.shape, 2), np.float32))
        positions = self._positions(picture) + field
        moved = cv2.remap(
            searched, positions, _NO_MAP, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE
        )
        rest = _opened(cv2.bitwise_and(changed, _different(picture, np.asarray(moved, np.uint8))))
        return None if rest is None else _whole(changed, rest)

    def _positions(self, picture: Small) -> NDArray[np.float32]:
        if self._grid is None or self._grid.shape[:2] != picture.shape:
            columns, rows = np.meshgrid(np.arange(picture.shape[1]), np.arange(picture.shape[0]))
            self._grid = np.stack([columns, rows], axis=-1).astype(np.float32)
        return self._grid


def both(first: Mask | None, second: Mask | None) -> Mask | None:
    """Where both masks are set; None if nowhere."""
    if first is None or second is None:
        return None
    return _opened(cv2.bitwise_and(first, second))


def areas(mask: Mask) -> Boxes:
    """The connected areas of a mask as boxes in searched pixels, with a margin."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return none()
    boxes = stats[1:, :4].astype(np.float32)
    boxes[:, :2] -= MARGIN
    boxes[:, 2:] += 2 * MARGIN
    return boxes * SHRINK


def _whole(changed: Mask, rest: Mask) -> Mask:
    """The connected areas of `changed` of which a part is in `rest`."""
    _, labels = cv2.connectedComponents(changed)
    kept = np.isin(labels, np.unique(labels[rest > 0])) & (changed > 0)
    return kept.astype(np.uint8) * 255


def _different(first: Small, second: Small) -> Mask:
    _, mask = cv2.threshold(cv2.absdiff(first, second), DIFFERENT, 255, cv2.THRESH_BINARY)
    return np.asarray(mask, np.uint8)


_SQUARE = np.ones((LEAST_SIDE, LEAST_SIDE), np.uint8)


def _opened(mask: NDArray[np.uint8] | cv2.typing.MatLike) -> Mask | None:
    if not cv2.countNonZero(mask):
        return None
    opened = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, _SQUARE), np.uint8)
    return opened if cv2.countNonZero(opened) else None
