"""How the picture that is searched is laid out: which parts of the frame, how large, and where.

A whole search holds all of the small frame and, in a strip below, a few parts at twice its size
(`looks`). A search of parts holds only what has changed, on a smaller sheet, small parts at twice
their size, since what is far away is small. Each sheet keeps room for the known face.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np

from plainview.redact.boxes import Boxes
from plainview.redact.motion import SHRINK, Mask
from plainview.redact.survey import Area

STRIDE = 32
GAP = 2
CELL = 8
"""Changed areas are made of cells of this side, in pixels of the small frame."""
SMALL = (160, 128)
"""Areas no larger than this (width, height) are searched at twice their size."""
SIZES = ((192, 320), (288, 480))
"""Rows and columns of sheets for parts; a network is compiled for each."""
WORTH = 0.7
"""A sheet for parts costs at most this share of a whole one."""
MOST_AREAS = 40
HIGH = 120
"""Areas that are at least so high may be searched at half their size."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of the small frame (even pixels) at a place of the sheet, enlarged by `zoom`."""

    area: Area
    zoom: float
    left: int
    top: int
    strict: bool = False
    """Only boxes that lie whole in it and are small count: the rest is seen elsewhere as well."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows and columns of the picture, what is on it, and the room of the known face (an area)."""

    rows: int
    columns: int
    patches: tuple[Patch, ...]
    room: Area

    @property
    def areas(self) -> list[Area]:
        """The parts of the small frame that it shows."""
        return [patch.area for patch in self.patches if not patch.strict]


def changed_areas(changed: Mask | None, boxes: Boxes, width: int, height: int) -> list[Area]:
    """The changed places and the boxes as areas with a margin; those that touch are joined.

    `boxes` (n x 4, small frame) are to be searched as well.
    """
    grid = np.zeros((-(-height // CELL), -(-width // CELL)), np.uint8)
    if changed is not None:
        side = CELL // SHRINK
        rows, columns = grid.shape[0] * side, grid.shape[1] * side
        padded = cv2.copyMakeBorder(
            changed, 0, rows - changed.shape[0], 0, columns - changed.shape[1],
            cv2.BORDER_CONSTANT, value=0,
        )  # fmt: skip
        grid[:] = np.asarray(padded).reshape(grid.shape[0], side, grid.shape[1], side).max((1, 3))
    for left, top, wide, high in boxes.tolist():
        grow = CELL + max(wide, high) / 4
        rows_ = slice(max(0, int(top - grow) // CELL), max(0, int(top + high + grow) // CELL + 1))
        columns_ = slice(
            max(0, int(left - grow) // CELL), max(0, int(left + wide + grow) // CELL + 1)
        )
        grid[rows_, columns_] = 255
    grid = np.asarray(cv2.dilate(grid, np.ones((3, 3), np.uint8)), np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(grid)
    areas = [_in_frame(row, width, height) for row in stats[1:count, :4].tolist()]
    return _joined(areas) if len(areas) <= MOST_AREAS else [(0, 0, width, height)]


def _in_frame(cells: list[int], width: int, height: int) -> Area:
    left, top = cells[0] * CELL, cells[1] * CELL
    right = min(width, left + cells[2] * CELL)
    bottom = min(height, top + cells[3] * CELL)
    return left, top, right - left, bottom - top


def _joined(areas: list[Area]) -> list[Area]:
    """Areas that overlap become one, so that nothing is searched twice."""
    done: list[Area] = []
    for area in areas:
        merged = area
        while hit := next((other for other in done if _overlap(merged, other)), None):
            done.remove(hit)
            merged = _union(merged, hit)
        done.append(merged)
    return done


def _overlap(a: Area, b: Area) -> bool:
    return (
        a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]
    )  # fmt: skip


def _union(a: Area, b: Area) -> Area:
    left, top = min(a[0], b[0]), min(a[1], b[1])
    right = max(a[0] + a[2], b[0] + b[2])
    bottom = max(a[1] + a[3], b[1] + b[3])
    return left, top, right - left, bottom - top


class Scaling(StrEnum):
    """At which size areas are searched."""

    ENLARGE = "enlarge"
    """Small ones at twice their size, where that fits, the smallest first."""
    KEEP = "keep"
    REDUCE = "reduce"
    """High ones at half their size: what fills them is large."""


def lay_out(
    areas: Sequence[Area], room: tuple[int, int], most: int, scaling: Scaling = Scaling.ENLARGE
) -> Sheet | None:
    """The smallest sheet that holds the areas, None if a whole search costs no more than it.

    `room` is the width and height that the known thing needs, `most` the pixels of a whole sheet.
    """
    sheets = empty_sheets(room, most)
    order = sorted(areas, key=lambda area: area[2] * area[3])
    usual = [0.5 if scaling is Scaling.REDUCE and area[3] >= HIGH else 1.0 for area in order]
    small = sum(area[2] <= SMALL[0] and area[3] <= SMALL[1] for area in order)
    small = small if scaling is Scaling.ENLARGE else 0
    for enlarged in range(small, -1, -1) if small < 4 else (small, small // 2, 0):
        zooms = [2.0] * enlarged + usual[enlarged:]
        for empty in sheets:
            free = empty.room[0] - GAP
            patches = shelves(list(zip(order, zooms, strict=True)), empty.rows, free)
            if patches is not None:
                return replace(empty, patches=patches)
    return None


def empty_sheet(rows: int, columns: int, room: tuple[int, int]) -> Sheet:
    """A sheet with nothing but the room of the known thing, at its right."""
    return Sheet(rows, columns, (), (columns - room[0], 0, room[0], rows))


def empty_sheets(room: tuple[int, int], most: int) -> list[Sheet]:
    """The sheets for parts that are worth it, the smallest first; arguments as for `lay_out`."""
    return [
        empty_sheet(rows, columns, room)
        for rows, columns in SIZES
        if rows * columns <= WORTH * most and rows >= room[1] and columns > room[0] + GAP
    ]


def shelves(areas: list[tuple[Area, float]], rows: int, columns: int) -> tuple[Patch, ...] | None:
    """Place the areas on shelves, the highest first; None if they do not fit."""
    patches = []
    left = top = shelf = 0
    for area, zoom in sorted(areas, key=lambda item: -item[0][3] * item[1]):
        width, height = size(area, zoom)
        if left + width > columns:
            left, top, shelf = 0, top + shelf + GAP, 0
        if left + width > columns or top + height > rows:
            return None
        shelf = max(shelf, height)
        patches.append(Patch(area, zoom, left, top))
        left += width + GAP
    return tuple(patches)


def size(area: Area, zoom: float) -> tuple[int, int]:
    """Width and height of an area on the sheet, even."""
    return round(area[2] * zoom / 2) * 2, round(area[3] * zoom / 2) * 2


def up(value: int) -> int:
    """The next multiple of what the network needs."""
    return -(-value // STRIDE) * STRIDE


def places(side: int, columns: int, top: int) -> Iterator[tuple[int, int]]:
    """Left and top of squares of `side` beside one another in a strip of `columns`."""
    for index in range((columns + GAP) // (side + GAP)):
        yield index * (side + GAP), top
