"""What a detector is, and how one search is proved to have worked.

A detector gets a picture and returns boxes with scores, nothing else. Every picture that is
searched carries a known face beside it (`canvas`); a result that does not hold it, or that is no
sound list of boxes, is a `DetectorFault`, and the caller withholds the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from plainview.errors import DetectorFault
from plainview.redact.boxes import Boxes, none, overlap

MOST_BOXES = 1000
MOST_PIXELS = 100_000.0
"""No picture is so large; beyond it areas have no number any more."""
KNOWN_SCORE = 0.3
"""The known face scores 0.8 and more in a healthy search."""
KNOWN_OVERLAP = 0.25


class Sought(IntEnum):
    """What one search looks for; each has a network of its own."""

    FACES = 0
    PEOPLE = 1
    """People and vehicles."""
    PLATES = 2
    """Lines of text, in pictures of vehicles. They are hidden, never read."""


class Kind(IntEnum):
    """What is in a box: all that a mask needs to know."""

    FACE = 0
    PERSON = 1
    VEHICLE = 2
    TEXT = 3


@dataclass(frozen=True, slots=True)
class Found:
    """One search: n x 4 boxes in pixels of the searched picture, n scores from 0 to 1, n kinds."""

    boxes: Boxes
    scores: NDArray[np.float32]
    kinds: NDArray[np.uint8]

    @classmethod
    def of(cls, boxes: Boxes, scores: NDArray[np.float32], kind: Kind = Kind.FACE) -> Self:
        """Boxes that are all of one kind."""
        return cls(boxes, scores, np.full(len(boxes), kind, np.uint8))

    @classmethod
    def nothing(cls) -> Self:
        """A search that found nothing."""
        return cls.of(none(), np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self.boxes)

    def only(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Found:
        """The boxes that a mask or a list of indices chooses."""
        return Found(self.boxes[which], self.scores[which], self.kinds[which])


class Detector(Protocol):
    """Finds what is to be hidden."""

    def search(self, picture: NDArray[np.uint8], sought: Sought = Sought.FACES) -> Found:
        """Boxes in a picture of I420 layout (1.5 height x width). Raises `DetectorFault`."""
        ...


def check(found: Found, known: Boxes) -> None:
    """Raise `DetectorFault` unless `found` is sound and holds the known face (a 1 x 4 box)."""
    boxes, scores = found.boxes, found.scores
    flat = (len(boxes),)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or scores.shape != flat or found.kinds.shape != flat:
        raise DetectorFault("The detector's answer has the wrong shape.")
    if len(boxes) > MOST_BOXES:
        raise DetectorFault("The detector's answer has too many boxes.")
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        raise DetectorFault("The detector's answer is not a number.")
    far = (np.abs(boxes) > MOST_PIXELS).any() or (boxes[:, 2:] <= 0).any()
    if far or (scores < 0).any() or (scores > 1).any():
        raise DetectorFault("The detector's answer is out of range.")
    sure = boxes[scores >= KNOWN_SCORE]
    if not len(sure) or overlap(sure, known).max() < KNOWN_OVERLAP:
        raise DetectorFault("The detector did not find the known face.")
