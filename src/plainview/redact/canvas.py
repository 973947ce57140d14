"""The picture that is searched: a small copy of the frame, and a strip below it.

The strip holds a few parts of the frame at twice the size (`looks`) and the known face, at another
place in every search, so that an old answer does not pass for a new one. Layout I420 (one array of
1.5 x height rows); sides are multiples of 32, as the network needs.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.media.frames import Frame
from plainview.redact.boxes import Boxes
from plainview.redact.detector import Found
from plainview.redact.looks import SIDE, Part

Grey = NDArray[np.uint8]
Planes = tuple[Grey, Grey, Grey]

STRIDE = 32
ZOOM = 2
LOOK = SIDE * ZOOM
"""Side of an enlarged part on the canvas."""
GAP = 2
STRIP = LOOK + 2 * GAP
FACE_HEIGHT = 48
FACE_ROOM = 56
"""Columns kept for the known face."""
PADDING = 114
WIDE = 9 / 16
EDGE = 3.0
"""Boxes nearer than this to the edge of a part are of faces cut by it."""
SAME = 0.3


@dataclass(frozen=True, slots=True)
class Drawn:
    """One picture to search, the place of its known face (1 x 4), and the parts beside it."""

    picture: NDArray[np.uint8]
    known: Boxes
    parts: Sequence[Part]


class Canvas:
    """Draws frames of one size; `width` x `height` is the size of the small frame on it."""

    def __init__(self, width: int, height: int, longest: int, face: NDArray[np.uint8]) -> None:
        # What a search costs goes by area: a squarer picture gets no more of it than one of 16:9.
        scale = min(
            longest / max(width, height), (longest * longest * WIDE / width / height) ** 0.5
        )
        self.width, self.height = _even(width * scale), _even(height * scale)
        self.to_frame = (width / self.width, height / self.height)
        self.columns = _up(max(self.width, FACE_ROOM))
        self.rows = _up(self.height + STRIP)
        fits = (self.columns - FACE_ROOM) // (LOOK + GAP)
        self.parts = fits if min(self.width, self.height) >= SIDE else 0
        """How many enlarged parts there is room for."""
        self._face = _i420_face(face)

    def grey(self, frame: Frame) -> Grey:
        """The small frame's luma."""
        return _resized(frame.planes[0], self.width, self.height)

    def draw(self, frame: Frame, grey: Grey, parts: Sequence[Part] = ()) -> Drawn:
        """The picture to search for `frame`, whose small luma is `grey`."""
        picture = np.full((self.rows * 3 // 2, self.columns), 128, np.uint8)
        canvas = planes(picture, self.rows)
        canvas[0][:] = PADDING
        canvas[0][: self.height, : self.width] = grey
        half = (self.width // 2, self.height // 2)
        for plane, source in zip(canvas[1:], frame.planes[1:], strict=True):
            plane[: half[1], : half[0]] = _resized(source, *half)
        for index, part in enumerate(parts):
            _put(canvas, self._enlarged(frame, part), *self._place(index))
        return Drawn(picture, self._place_face(canvas, len(parts)), parts)

    def gather(self, found: Found, drawn: Drawn) -> Found:
        """What was found in the frame, in pixels of the small frame; each face once."""
        centre = found.boxes[:, :2] + found.boxes[:, 2:] / 2
        inside = (centre[:, 1] < self.height) & (centre[:, 0] < self.width)
        parts = [found.only(inside)]
        for index, part in enumerate(drawn.parts):
            left, top = self._place(index)
            whole = _within(found.boxes, left, top)
            near = found.boxes[whole].copy()
            near[:, :2] -= (left, top)
            small = (near / ZOOM + np.array([*part, 0, 0])).astype(np.float32)
            parts.append(Found(small, found.scores[whole], found.kinds[whole]))
        return once(parts)

    def _place(self, index: int) -> tuple[int, int]:
        """Left and top of an enlarged part on the canvas."""
        return index * (LOOK + GAP), self.rows - LOOK - GAP

    def _enlarged(self, frame: Frame, part: Part) -> Planes:
        left, top = part[0] * self.to_frame[0], part[1] * self.to_frame[1]
        width, height = SIDE * self.to_frame[0], SIDE * self.to_frame[1]
        luma, blue, red = frame.planes
        box = [round(side) for side in (left, top, left + width, top + height)]
        half = [round(side / 2) for side in (left, top, left + width, top + height)]
        return (_cut(luma, box, LOOK), _cut(blue, half, LOOK // 2), _cut(red, half, LOOK // 2))

    def _place_face(self, canvas: Planes, parts: int) -> Boxes:
        height, width = self._face[0].shape
        first = parts * (LOOK + GAP)
        highest = self.rows - STRIP + GAP
        left = first + 2 * secrets.randbelow((self.columns - width - first) // 2 + 1)
        top = highest + 2 * secrets.randbelow((self.rows - GAP - height - highest) // 2 + 1)
        _put(canvas, self._face, left, top)
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


def _within(boxes: Boxes, left: int, top: int) -> NDArray[np.bool_]:
    """Which boxes lie whole in the part at this place and are no larger than half of it."""
    near = boxes[:, :2] - (left, top)
    far = near + boxes[:, 2:]
    inside = (near >= EDGE).all(axis=1) & (far <= LOOK - EDGE).all(axis=1)
    return np.asarray(inside & (boxes[:, 2:] <= LOOK / 2).all(axis=1), np.bool_)


def once(parts: Sequence[Found]) -> Found:
    """All that was found, each face once, where it is surest."""
    found = Found(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.kinds for part in parts]),
    )
    if not len(found):
        return found
    kept = cv2.dnn.NMSBoxes(found.boxes.tolist(), found.scores.tolist(), 0.0, SAME)
    return found.only(np.asarray(kept, np.intp).reshape(-1))


def _cut(plane: Grey, box: list[int], side: int) -> Grey:
    left, top, right, bottom = box
    return _resized(plane[top:bottom, left:right], side, side)


def _resized(plane: Grey, width: int, height: int) -> Grey:
    if plane.shape == (height, width):
        return plane.copy()
    exact = plane.shape[0] % height == 0 and plane.shape[1] % width == 0
    method = cv2.INTER_AREA if exact else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, (width, height), interpolation=method), np.uint8)


def _i420_face(face: NDArray[np.uint8]) -> Planes:
    width = min(_even(face.shape[1] * FACE_HEIGHT / face.shape[0]), FACE_ROOM)
    small = cv2.resize(face, (width, FACE_HEIGHT), interpolation=cv2.INTER_AREA)
    return planes(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2YUV_I420), np.uint8), FACE_HEIGHT)


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)


def _up(value: int) -> int:
    return -(-value // STRIDE) * STRIDE
