"""What a finished picture of the numbered street really shows of the faces in it.

Its time says which picture of the street it was made from, and so which faces stand where in it;
the number in the corner, where no mask lies over it, must say the same. A face counts by the
ellipse in its box: corners of the box are hair and wall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.media.frames import Frame
from plainview.redact.fill import GREY
from plainview.redact.withheld import CELLS
from plainview.testing.scene import Truth
from plainview.testing.scene_clip import BITS, CELL

LEAST_FACE, LEAST_VISIBLE = 16, 0.5
NEAR = 12
"""What coding adds to the grey of a mask, at most."""
BLACK, WHITE = 60, 190
COARSE = 3.0


@dataclass(slots=True)
class Seen:
    """All pictures of one way to a viewer."""

    shown: int = 0
    withheld: int = 0
    faces: int = 0
    least: float = 1.0
    """Smallest covered share of a face."""
    open: list[tuple[int, tuple[float, ...], float]] = field(default_factory=list)
    """Faces that were not covered: number of the picture, box, covered share."""
    fine: int = 0
    """Withheld pictures that hold more than coarse cells."""
    other: int = 0
    """Pictures whose number is another one than their time says."""


def look(
    frame: Frame, truths: Sequence[Truth], number: int, seen: Seen, *, pixelated: bool, need: float
) -> None:
    """Judge a decoded picture, whose size is that of the street, made from picture `number`."""
    if pixelated:
        seen.withheld += 1
        seen.fine += not is_coarse(frame)
        return
    seen.shown += 1
    seen.other += number_of(frame) not in (None, number)
    for truth in truths:
        box = truth.face
        if box is None or box[3] < LEAST_FACE or truth.visible < LEAST_VISIBLE:
            continue
        share = covered(frame, box)
        seen.faces += 1
        seen.least = min(seen.least, share)
        if share < need:
            seen.open.append((number, box, round(share, 3)))


def number_of(frame: Frame) -> int | None:
    """The number in the corner; None where it cannot be read."""
    value, luma = 0, frame.planes[0]
    for bit in range(BITS):
        x = bit * CELL + CELL // 2
        one, turned = int(luma[CELL // 2, x]), int(luma[CELL + CELL // 2, x])
        if not ((one > WHITE and turned < BLACK) or (turned > WHITE and one < BLACK)):
            return None
        value |= (one > turned) << bit
    return value


def covered(frame: Frame, box: tuple[float, float, float, float]) -> float:
    """Share of the face's ellipse that is under the grey of a mask."""
    left, top = max(0, int(box[0])), max(0, int(box[1]))
    right = min(frame.width, int(np.ceil(box[0] + box[2])))
    bottom = min(frame.height, int(np.ceil(box[1] + box[3])))
    if right <= left or bottom <= top:
        return 1.0
    oval = np.zeros((bottom - top, right - left), np.uint8)
    centre = (box[0] + box[2] / 2 - left, box[1] + box[3] / 2 - top)
    cv2.ellipse(oval, (centre, (box[2], box[3]), 0.0), 255, -1)
    inside = oval > 0
    if not inside.any():
        return 1.0
    return float((_grey(frame, left, top, right, bottom) & inside).sum() / inside.sum())


def _grey(frame: Frame, left: int, top: int, right: int, bottom: int) -> NDArray[np.bool_]:
    near = np.ones((bottom - top, right - left), bool)
    for plane, value, half in zip(frame.planes, GREY, (1, 2, 2), strict=True):
        rows = np.arange(top, bottom) // half
        columns = np.arange(left, right) // half
        part = plane[np.ix_(rows, columns)].astype(np.int16)
        near &= np.abs(part - value) <= NEAR
    return near


def is_coarse(frame: Frame) -> bool:
    """Whether the picture's upper third holds no more than 16 x 9 flat cells."""
    luma = frame.planes[0].astype(np.float32)
    band = slice(0, frame.height // 3)
    cells = cv2.resize(luma, CELLS, interpolation=cv2.INTER_AREA)
    flat = cv2.resize(cells, (frame.width, frame.height), interpolation=cv2.INTER_NEAREST)
    return float(np.abs(luma - flat)[band].mean()) < COARSE
