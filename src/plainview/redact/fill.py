"""What is seen in place of what is hidden, written into the YUV planes.

Solid: rounded shapes of a calm grey; nothing of the picture is left inside, so nothing can be
undone. Corners are rounded outside the protected box, edges are softened outside of it as well.

Mosaic: at most 6 x 6 averaged cells, coarse in value too, taken once when the mask appears and kept
while it lives: averaging many frames gives no more than one frame does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.media.frames import Frame, Plane
from plainview.redact.boxes import Boxes
from plainview.redact.rules import UNITS, FillStyle, Rules, Zone
from plainview.redact.tracker import Mark

GREY = (112, 131, 126)
"""Y, U, V of the fill: a slightly cool grey."""
ROUNDING = 0.32
"""Corner radius as a share of the shorter side."""
STEP = 4
"""Sides are rounded up to this many pixels, so that few corners serve all masks."""
FINE = 4
"""Corners are drawn at so many times their size."""
CELLS = 6
"""Cells of a mosaic on each side, at most."""
LEAST_CELL = 8
"""Pixels; a small mask has fewer cells."""
LEVELS = 16
"""A cell's luma and chroma are one of so many values."""

Shape = NDArray[np.uint8]
Cells = tuple[Plane, Plane, Plane]


class Filler:
    """Of one camera's pictures of `width` x `height`."""

    def __init__(self, width: int, height: int, rules: Rules) -> None:
        self._mosaic = rules.fill is FillStyle.MOSAIC
        self._cells: dict[Mark, Cells] = {}
        self._zones = _zones(rules.zones, width, height) if rules.zones else None

    def fill(self, frame: Frame, marks: Sequence[Mark], areas: Boxes) -> None:
        """Hide fixed zones and n areas (frame pixels), each with its mark, in `frame`.

        The frame's planes are written into. To be called once a frame, in their order.
        """
        if self._mosaic:
            cells = {
                mark: self._cells.get(mark) or _cells(frame, area)
                for mark, area in zip(marks, areas.tolist(), strict=True)
            }
            self._cells = cells
            # Large ones last: small ones inside them would show finer cells of the same face.
            large_last = sorted(zip(areas.tolist(), marks, strict=True), key=_extent)
            for area, mark in large_last:
                _paste(frame, area, cells[mark])
        else:
            fill(frame, areas)
        if self._zones is not None:
            for plane, zone, value in zip(frame.planes, self._zones, GREY, strict=True):
                plane[zone] = value

    def cover(self, frame: Frame, areas: Boxes) -> None:
        """Hide areas (n x 4) that no search saw: solid, whatever the style, to their corners."""
        for left, top, width, height in areas.tolist():
            for plane, step, value in zip(frame.planes, (1, 2, 2), GREY, strict=True):
                rows = _span(top / step, height / step, plane.shape[0])
                columns = _span(left / step, width / step, plane.shape[1])
                plane[rows, columns] = value


def _zones(zones: Sequence[Zone], width: int, height: int) -> list[NDArray[np.bool_]]:
    """For each plane, where it is always hidden."""
    luma = np.zeros((height, width), np.uint8)
    scale = np.array([width, height]) / UNITS
    for zone in zones:
        corners = np.round(np.array(zone) * scale).astype(np.int32)
        cv2.fillPoly(luma, [corners], 255)
    chroma = cv2.resize(luma, (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA) > 0
    return [luma > 0, chroma, chroma]


def _cells(frame: Frame, area: Sequence[float]) -> Cells:
    """The mosaic of an area as it looks now: a few cells of few values."""
    left, top, width, height = area
    seen = (_span(left, width, frame.width), _span(top, height, frame.height))
    across, down = (min(CELLS, max(1, (one.stop - one.start) // LEAST_CELL)) for one in seen)
    cells = []
    for plane, step in zip(frame.planes, (1, 2, 2), strict=True):
        rows = _span(top / step, height / step, plane.shape[0])
        columns = _span(left / step, width / step, plane.shape[1])
        mean = cv2.resize(plane[rows, columns], (across, down), interpolation=cv2.INTER_AREA)
        width_of = 256 // LEVELS
        cells.append(np.asarray(mean, np.uint8) // width_of * width_of + width_of // 2)
    return cells[0], cells[1], cells[2]


def _extent(item: tuple[Sequence[float], Mark]) -> float:
    (_, _, width, height), _ = item
    return width * height


def _paste(frame: Frame, area: Sequence[float], cells: Cells) -> None:
    left, top, width, height = area
    for plane, step, values in zip(frame.planes, (1, 2, 2), cells, strict=True):
        rows = _span(top / step, height / step, plane.shape[0])
        columns = _span(left / step, width / step, plane.shape[1])
        if width > 0 and height > 0:
            region = plane[rows, columns]
            size = (region.shape[1], region.shape[0])
            region[:] = cv2.resize(values, size, interpolation=cv2.INTER_NEAREST)


def _span(start: float, length: float, limit: int) -> slice:
    """At least one pixel of a side, the box rounded outwards."""
    first = min(max(0, int(np.floor(start))), limit - 1)
    return slice(first, max(first + 1, min(limit, int(np.ceil(start + length)))))


def fill(frame: Frame, boxes: Boxes) -> None:
    """Hide every box (n x 4, frame pixels) in `frame`, whose planes are written into."""
    for left, top, width, height in _near(boxes, frame.width, frame.height).tolist():
        if not (width > 0 and height > 0):
            continue
        columns, rows = _stepped(width), _stepped(height)
        x = _even(left - (columns - width) / 2)
        y = _even(top - (rows - height) / 2)
        luma = shape(columns, rows)
        _blend(frame.planes[0], x, y, luma, GREY[0])
        chroma = _rounded(columns // 2, rows // 2, _half_corner(_radius(columns, rows)))
        _blend(frame.planes[1], x // 2, y // 2, chroma, GREY[1])
        _blend(frame.planes[2], x // 2, y // 2, chroma, GREY[2])


def _near(boxes: Boxes, width: int, height: int) -> Boxes:
    """The boxes cut where they reach so far out of the picture that no rounded corner is in it."""
    far = np.array([width, height], np.float64)
    near = np.clip(boxes[:, :2].astype(np.float64), -far, 2 * far)
    ends = np.clip(boxes[:, :2].astype(np.float64) + boxes[:, 2:], -far, 2 * far)
    return np.concatenate([near, ends - near], axis=1).astype(np.float32)


def shape(columns: int, rows: int) -> Shape:
    """Coverage (0 to 255) of a rounded rectangle; both sides multiples of `STEP`, at least two."""
    return _rounded(columns, rows, _corner(_radius(columns, rows)))


def _radius(columns: int, rows: int) -> int:
    """Of a corner, in parts of a pixel."""
    return int(min(columns, rows) * ROUNDING * FINE)


def _rounded(columns: int, rows: int, corner: Shape) -> Shape:
    cover = np.full((rows, columns), 255, np.uint8)
    side = len(corner)
    for y, down in ((slice(side), corner), (slice(rows - side, rows), corner[::-1])):
        cover[y, :side] = down
        cover[y, columns - side :] = down[:, ::-1]
    return cover


@lru_cache(maxsize=1024)
def _corner(radius: int) -> Shape:
    """The corner at the top left, of even side, drawn finer and averaged."""
    side = -(-(radius + 1) // (2 * FINE)) * 2
    drawn = np.full((side * FINE, side * FINE), 255, np.uint8)
    drawn[:radius, :radius] = 0
    cv2.circle(drawn, (radius, radius), radius, 255, -1)
    return np.asarray(cv2.resize(drawn, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


@lru_cache(maxsize=1024)
def _half_corner(radius: int) -> Shape:
    """The same corner for a chroma plane: set wherever any of its four luma pixels is."""
    corner = _corner(radius)
    half = len(corner) // 2
    blocks = corner.reshape(half, 2, half, 2)
    return np.asarray(blocks.max(axis=(1, 3)), np.uint8)


def _blend(plane: Plane, x: int, y: int, cover: Shape, value: int) -> None:
    left, top = max(x, 0), max(y, 0)
    right = min(x + cover.shape[1], plane.shape[1])
    bottom = min(y + cover.shape[0], plane.shape[0])
    if left >= right or top >= bottom:
        return
    region = plane[top:bottom, left:right]
    part = (slice(top - y, bottom - y), slice(left - x, right - x))
    kept = cv2.multiply(region, 255 - cover[part], scale=1 / 255)
    region[:] = cv2.add(kept, cv2.convertScaleAbs(cover[part], alpha=value / 255))


def _stepped(side: float) -> int:
    return max(STEP * 2, -(-int(np.ceil(side)) // STEP) * STEP)


def _even(value: float) -> int:
    return round(value / 2) * 2
