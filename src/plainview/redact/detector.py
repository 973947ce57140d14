"""What a detector is, and how one search is proved to have worked.

A detector gets a picture and returns boxes with scores, nothing else. Every picture that is
searched carries a known face beside it (`canvas`); a result that does not hold it, or that is no
sound list of boxes, is a `DetectorFault`, and the caller withholds the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from plainview.errors import DetectorFault
from plainview.redact.boxes import Boxes, overlap

MOST_BOXES = 1000
KNOWN_SCORE = 0.3
"""The known face scores 0.8 and more in a healthy search."""
KNOWN_OVERLAP = 0.25


@dataclass(frozen=True, slots=True)
class Found:
    """One search: n x 4 boxes in pixels of the searched picture, n scores from 0 to 1."""

    boxes: Boxes
    scores: NDArray[np.float32]


class Detector(Protocol):
    """Finds what is to be hidden."""

    def search(self, picture: NDArray[np.uint8]) -> Found:
        """Boxes in a picture of I420 layout (1.5 height x width). Raises `DetectorFault`."""
        ...


def check(found: Found, known: Boxes) -> None:
    """Raise `DetectorFault` unless `found` is sound and holds the known face (a 1 x 4 box)."""
    boxes, scores = found.boxes, found.scores
    if boxes.ndim != 2 or boxes.shape[1] != 4 or scores.shape != (len(boxes),):
        raise DetectorFault("The detector's answer has the wrong shape.")
    if len(boxes) > MOST_BOXES:
        raise DetectorFault("The detector's answer has too many boxes.")
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        raise DetectorFault("The detector's answer is not a number.")
    if (boxes[:, 2:] <= 0).any() or (scores < 0).any() or (scores > 1).any():
        raise DetectorFault("The detector's answer is out of range.")
    sure = boxes[scores >= KNOWN_SCORE]
    if not len(sure) or overlap(sure, known).max() < KNOWN_OVERLAP:
        raise DetectorFault("The detector did not find the known face.")
