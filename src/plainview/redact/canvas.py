"""The picture that is searched: parts of the frame on a sheet, and the known thing beside them.

The known thing (a face, a person) stands at another place in every search, so that an old answer
does not pass for a new one. Layout I420 (one array of 1.5 x height rows); sides are multiples of
32, as the network needs.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.media.frames import Frame
from plainview.redact.boxes import Boxes, overlap, share_within
from plainview.redact.detector import Found, Kind
from plainview.redact.layout import (
    GAP,
    SIZES,
    Patch,
    Scaling,
    Sheet,
    empty_sheet,
    empty_sheets,
    lay_out,
    places,
    size,
    up,
)
from plainview.redact.looks import SIDE, Part
from plainview.redact.survey import Area

Grey = NDArray[np.uint8]
Planes = tuple[Grey, Grey, Grey]

ZOOM = 2
LOOK = SIDE * ZOOM
"""Side of an enlarged part on the canvas."""
PADDING = 114
WIDE = 9 / 16
ENOUGH = 0.75
"""Scale of the small frame at which people are found."""
EDGE = 3.0
"""Boxes nearer than this to the edge of a strict part are of faces cut by it."""
SAME, BESIDE = 0.3, 0.7
"""Overlap from which two boxes are the same thing; of people only if so much of one is within the
other, since people walk side by side."""


@dataclass(frozen=True, slots=True)
class Known:
    """What every search must find: a picture (BGR), its height on the sheet, and room beside it."""

    picture: NDArray[np.uint8]
    height: int
    margin: int = 2


@dataclass(frozen=True, slots=True)
class Drawn:
    """One picture to search, the place of its known thing (1 x 4), and what it shows."""

    picture: NDArray[np.uint8]
    known: Boxes
    sheet: Sheet


class Canvas:
    """Draws frames of one size; `width` x `height` is the size of the small frame on it.

    A whole search has a sheet of its own, with a strip of enlarged parts (`looks`), or the frame
    is made to fit on one of `fitted` (rows, columns), or on a smaller one where that is enough.
    """

    def __init__(
        self, width: int, height: int, longest: int, known: Known, *,
        fitted: tuple[int, int] | None = None, looks: bool = True,
    ) -> None:  # fmt: skip
        # What a search costs goes by area: a squarer picture gets no more of it than one of 16:9.
        scale = min(
            longest / max(width, height), (longest * longest * WIDE / width / height) ** 0.5
        )
        self.width, self.height = _even(width * scale), _even(height * scale)
        self.to_frame = (width / self.width, height / self.height)
        self._known = i420(known)
        tall, wide = self._known[0].shape
        self._room = (wide + 2 * known.margin + 8, tall + 2 * known.margin + 8)
        strip = max(LOOK if looks else 0, self._room[1] - GAP) + 2 * GAP
        self._area = (0, 0, self.width, self.height)
        self.columns = up(max(self.width, self._room[0]))
        self.rows = up(self.height + strip)
        self.sheet = fitted
        if fitted is not None:
            enough = (one for one in SIZES if self._zoom(*one) >= ENOUGH)
            self.sheet = self.rows, self.columns = next(enough, fitted)
        fits = (self.columns - self._room[0]) // (LOOK + GAP)
        self.parts = fits if looks and min(self.width, self.height) >= SIDE else 0
        """How many enlarged parts there is room for in a whole search."""

    def grey(self, frame: Frame) -> Grey:
        """The small frame's luma."""
        return _resized(frame.planes[0], self.width, self.height)

    def whole(self, parts: Sequence[Part] = ()) -> Sheet:
        """A sheet with all of the frame, and enlarged parts below it."""
        spots = places(LOOK, self.columns, self.rows - LOOK - GAP)
        looks = [
            Patch((left, top, SIDE, SIDE), ZOOM, *spot, strict=True)
            for (left, top), spot in zip(parts, spots, strict=False)
        ]
        used = len(looks) * (LOOK + GAP)
        below = self.height + GAP
        room = (used, below, self.columns - used, self.rows - below)
        frame = Patch(self._area, 1, 0, 0)
        return Sheet(self.rows, self.columns, (frame, *looks), room)

    def fitted(self, rows: int, columns: int) -> Sheet:
        """All of the frame on a sheet of this size."""
        frame = Patch(self._area, self._zoom(rows, columns), 0, 0)
        return replace(empty_sheet(rows, columns, self._room), patches=(frame,))

    def _zoom(self, rows: int, columns: int) -> float:
        """At which all of the frame fits on a sheet of this size."""
        free = empty_sheet(rows, columns, self._room).room[0] - GAP
        return min(free / self.width, rows / self.height)

    def some(self, areas: Sequence[Area], scaling: Scaling) -> Sheet | None:
        """A sheet with these areas only; None where that would save nothing."""
        return lay_out(areas, self._room, self.rows * self.columns, scaling)

    def sheets(self) -> list[Sheet]:
        """An empty sheet for parts of every size that there may be."""
        return empty_sheets(self._room, self.rows * self.columns)

    def large(self) -> Sheet:
        """The largest empty sheet for parts, even where a whole search costs no more."""
        return empty_sheets(self._room, sys.maxsize)[-1]

    def draw(self, frame: Frame, grey: Grey, sheet: Sheet) -> Drawn:
        """The picture to search for `frame`, whose small luma is `grey`."""
        picture = np.full((sheet.rows * 3 // 2, sheet.columns), 128, np.uint8)
        canvas = planes(picture, sheet.rows)
        canvas[0][:] = PADDING
        for patch in sheet.patches:
            _put(canvas, self._seen(frame, grey, patch), patch.left, patch.top)
        return Drawn(picture, self._place_known(canvas, sheet.room), sheet)

    def gather(self, found: Found, drawn: Drawn) -> Found:
        """What was found in the frame, in pixels of the small frame; each thing once."""
        parts = [Found.nothing()]
        for patch in drawn.sheet.patches:
            left, top, _, _ = patch.area
            inside = _inside(found.boxes, patch, size(patch.area, patch.zoom))
            near = found.boxes[inside].copy()
            near[:, :2] -= (patch.left, patch.top)
            small = (near / patch.zoom + np.array([left, top, 0, 0])).astype(np.float32)
            parts.append(Found(small, found.scores[inside], found.kinds[inside]))
        return once(parts)

    def _seen(self, frame: Frame, grey: Grey, patch: Patch) -> Planes:
        """What a patch shows, at its size on the sheet."""
        left, top, width, height = patch.area
        wide, high = size(patch.area, patch.zoom)
        if patch.zoom == 1:
            luma = grey[top : top + height, left : left + width]
        else:
            luma = _cut(frame.planes[0], self._in_frame(patch.area), wide, high)
        half = [side // 2 for side in self._in_frame(patch.area)]
        blue, red = (_cut(plane, half, wide // 2, high // 2) for plane in frame.planes[1:])
        return luma, blue, red

    def _in_frame(self, area: Area) -> list[int]:
        """Left, top, right, bottom of an area in pixels of the frame."""
        across, down = self.to_frame
        left, top, width, height = area
        return [
            round(left * across),
            round(top * down),
            round((left + width) * across),
            round((top + height) * down),
        ]

    def _place_known(self, canvas: Planes, room: Area) -> Boxes:
        height, width = self._known[0].shape
        left, top = (
            start + 2 * secrets.randbelow(max(0, length - side) // 2 + 1)
            for start, length, side in ((room[0], room[2], width), (room[1], room[3], height))
        )
        left, top = left // 2 * 2, top // 2 * 2
        _put(canvas, self._known, left, top)
        return np.array([[left, top, width, height]], np.float32)


def planes(picture: NDArray[np.uint8], rows: int) -> Planes:
    """Writable Y, U and V of an I420 picture of `rows` luma rows."""
    columns = picture.shape[1]
    flat = picture.reshape(-1)
    luma, quarter = rows * columns, rows * columns // 4
    shape = (rows // 2, columns // 2)
    return (
        flat[:luma].reshape(rows, columns),
        flat[luma : luma + quarter].reshape(shape),
        flat[luma + quarter :].reshape(shape),
    )


def _put(canvas: Planes, small: Planes, left: int, top: int) -> None:
    """Write a picture into another at an even place."""
    for plane, source, step in zip(canvas, small, (1, 2, 2), strict=True):
        rows, columns = source.shape
        plane[top // step : top // step + rows, left // step : left // step + columns] = source


def _inside(boxes: Boxes, patch: Patch, sides: tuple[int, int]) -> NDArray[np.bool_]:
    """Which boxes are of this patch, that wide and high on the sheet."""
    near = boxes[:, :2] - (patch.left, patch.top)
    if not patch.strict:
        centre = near + boxes[:, 2:] / 2
        return np.asarray(((centre >= 0) & (centre < sides)).all(axis=1), np.bool_)
    far = near + boxes[:, 2:]
    whole = (near >= EDGE).all(axis=1) & (far <= np.array(sides) - EDGE).all(axis=1)
    return np.asarray(whole & (boxes[:, 2:] <= np.array(sides) / 2).all(axis=1), np.bool_)


def once(parts: Sequence[Found]) -> Found:
    """All that was found, each thing once, where it is surest."""
    found = Found(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.kinds for part in parts]),
    )
    found = found.only(np.argsort(-found.scores, kind="stable"))
    again = overlap(found.boxes, found.boxes) > SAME
    inside = share_within(found.boxes, found.boxes)
    people = found.kinds == Kind.PERSON
    again &= ~people[:, None] | (np.maximum(inside, inside.T) > BESIDE)
    again &= found.kinds[:, None] == found.kinds[None, :]
    kept = np.zeros(len(found), np.bool_)
    for index in range(len(found)):
        kept[index] = not again[index][kept].any()
    return found.only(kept)


def _cut(plane: Grey, box: list[int], width: int, height: int) -> Grey:
    left, top, right, bottom = box
    return _resized(plane[top:bottom, left:right], width, height)


def _resized(plane: Grey, width: int, height: int) -> Grey:
    if plane.shape == (height, width):
        return plane.copy()
    exact = plane.shape[0] % height == 0 and plane.shape[1] % width == 0
    method = cv2.INTER_AREA if exact else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, (width, height), interpolation=method), np.uint8)


def i420(known: Known) -> Planes:
    """The known thing as it stands on the sheet."""
    width = _even(known.picture.shape[1] * known.height / known.picture.shape[0])
    small = cv2.resize(known.picture, (width, known.height), interpolation=cv2.INTER_AREA)
    return planes(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2YUV_I420), np.uint8), known.height)


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)
