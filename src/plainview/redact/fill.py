"""Masks in the picture: solid rounded shapes of a calm grey, written into the YUV planes.

Solid means that nothing of the picture is left inside: no blur and no mosaic that could be undone.
Corners are rounded outside the protected box, edges are softened outside of it as well.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.media.frames import Frame, Plane
from plainview.redact.boxes import Boxes

GREY = (112, 131, 126)
"""Y, U, V of the fill: a slightly cool grey."""
ROUNDING = 0.32
"""Corner radius as a share of the shorter side."""
STEP = 4
"""Sides are rounded up to this many pixels, so that few shapes serve all masks."""

Shape = NDArray[np.uint8]


def fill(frame: Frame, boxes: Boxes) -> None:
    """Hide every box (n x 4, frame pixels) in `frame`, whose planes are written into."""
    for left, top, width, height in boxes.tolist():
        if not (width > 0 and height > 0):
            continue
        columns, rows = _stepped(width), _stepped(height)
        x = _even(left - (columns - width) / 2)
        y = _even(top - (rows - height) / 2)
        luma = shape(columns, rows)
        _blend(frame.planes[0], x, y, luma, GREY[0])
        chroma = half(columns, rows)
        _blend(frame.planes[1], x // 2, y // 2, chroma, GREY[1])
        _blend(frame.planes[2], x // 2, y // 2, chroma, GREY[2])


@lru_cache(maxsize=2048)
def shape(columns: int, rows: int) -> Shape:
    """Coverage (0 to 255) of a rounded rectangle, drawn at four times the size and averaged."""
    scale = 4
    radius = int(min(columns, rows) * ROUNDING * scale)
    drawn = np.zeros((rows * scale, columns * scale), np.uint8)
    right, bottom = columns * scale - 1, rows * scale - 1
    cv2.rectangle(drawn, (radius, 0), (right - radius, bottom), 255, -1)
    cv2.rectangle(drawn, (0, radius), (right, bottom - radius), 255, -1)
    for x in (radius, right - radius):
        for y in (radius, bottom - radius):
            cv2.circle(drawn, (x, y), radius, 255, -1)
    return np.asarray(cv2.resize(drawn, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


@lru_cache(maxsize=2048)
def half(columns: int, rows: int) -> Shape:
    """The same shape for a chroma plane: set wherever any of its four luma pixels is."""
    full = shape(columns, rows)
    blocks = full.reshape(rows // 2, 2, columns // 2, 2)
    return np.asarray(blocks.max(axis=(1, 3)), np.uint8)


def _blend(plane: Plane, x: int, y: int, cover: Shape, value: int) -> None:
    left, top = max(x, 0), max(y, 0)
    right = min(x + cover.shape[1], plane.shape[1])
    bottom = min(y + cover.shape[0], plane.shape[0])
    if left >= right or top >= bottom:
        return
    region = plane[top:bottom, left:right]
    alpha = cover[top - y : bottom - y, left - x : right - x].astype(np.uint16)
    region[:] = (region * (255 - alpha) + value * alpha + 127) // 255


def _stepped(side: float) -> int:
    return max(STEP * 2, -(-int(np.ceil(side)) // STEP) * STEP)


def _even(value: float) -> int:
    return round(value / 2) * 2
