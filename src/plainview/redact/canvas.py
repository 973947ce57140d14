"""The picture that is searched: a small copy of the frame, and a strip with the known face below.

Layout I420 (one array of 1.5 x height rows). Sides are multiples of 32, as the network needs. The
known face stands at another place in every search, so an old answer does not pass for a new one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.media.frames import Frame
from plainview.redact.boxes import Boxes

Grey = NDArray[np.uint8]

STRIDE = 32
FACE_HEIGHT = 48
STRIP = FACE_HEIGHT + 6
"""Least height of the strip: the face and a gap between it and the picture."""
PADDING = 114


@dataclass(frozen=True, slots=True)
class Drawn:
    """One picture to search, the place of its known face (1 x 4), and the frame in small grey."""

    picture: NDArray[np.uint8]
    known: Boxes
    grey: Grey


class Canvas:
    """Draws frames of one size; `width` x `height` is the size of the small frame on it."""

    def __init__(self, width: int, height: int, longest: int, face: NDArray[np.uint8]) -> None:
        scale = longest / max(width, height)
        self.width, self.height = _even(width * scale), _even(height * scale)
        self.to_frame = (width / self.width, height / self.height)
        self.columns = _up(self.width)
        self.rows = _up(self.height + STRIP)
        self._face = _i420_face(face)

    def grey(self, frame: Frame) -> Grey:
        """The small frame's luma."""
        return _resized(frame.planes[0], self.width, self.height)

    def draw(self, frame: Frame, grey: Grey) -> Drawn:
        """The picture to search for `frame`, whose small luma is `grey`."""
        picture = np.full((self.rows * 3 // 2, self.columns), 128, np.uint8)
        luma, blue, red = planes(picture, self.rows)
        luma[:] = PADDING
        luma[: self.height, : self.width] = grey
        half = (self.width // 2, self.height // 2)
        blue[: half[1], : half[0]] = _resized(frame.planes[1], *half)
        red[: half[1], : half[0]] = _resized(frame.planes[2], *half)
        return Drawn(picture, self._place_face(luma, blue, red), grey)

    def inside(self, boxes: Boxes) -> NDArray[np.bool_]:
        """Which boxes belong to the frame and not to the strip below it."""
        centre = boxes[:, :2] + boxes[:, 2:] / 2
        inside: NDArray[np.bool_] = (centre[:, 1] < self.height) & (centre[:, 0] < self.width)
        return inside

    def _place_face(self, luma: Grey, blue: Grey, red: Grey) -> Boxes:
        face_y, face_u, face_v = self._face
        height, width = face_y.shape
        top = self.rows - height - 2
        left = 2 * secrets.randbelow((self.columns - width) // 2 + 1)
        luma[top : top + height, left : left + width] = face_y
        blue[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] = face_u
        red[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] = face_v
        return np.array([[left, top, width, height]], np.float32)


def planes(picture: NDArray[np.uint8], rows: int) -> tuple[Grey, Grey, Grey]:
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


def _resized(plane: Grey, width: int, height: int) -> Grey:
    if plane.shape == (height, width):
        return plane.copy()
    exact = plane.shape[0] % height == 0 and plane.shape[1] % width == 0
    method = cv2.INTER_AREA if exact else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, (width, height), interpolation=method), np.uint8)


def _i420_face(face: NDArray[np.uint8]) -> tuple[Grey, Grey, Grey]:
    width = _even(face.shape[1] * FACE_HEIGHT / face.shape[0])
    small = cv2.resize(face, (width, FACE_HEIGHT), interpolation=cv2.INTER_AREA)
    return planes(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2YUV_I420), np.uint8), FACE_HEIGHT)


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)


def _up(value: int) -> int:
    return -(-value // STRIDE) * STRIDE
