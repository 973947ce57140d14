"""Lines of text, such as number plates: where they are. Nothing here can read them.

The network returns one map: how likely each pixel belongs to the middle of a line of text. What is
likely enough and hangs together becomes a box, grown as the network was trained to be (it was
taught shrunken lines, so that neighbours stay apart). Follows DB in PaddleOCR (Apache-2.0), with
upright boxes.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.errors import DetectorFault
from plainview.redact.backend import Maps
from plainview.redact.boxes import Boxes
from plainview.redact.detector import MOST_BOXES, Found, Kind

LEAST_LIKELY = 0.2
"""For a pixel. The usual 0.3 loses plates that are small or blurred."""
LEAST_SCORE = 0.3
"""The mean of a line's pixels; callers decide what a new box needs."""
LEAST_SIDE = 3
GROWTH = 2.8
"""The usual 1.6 leaves the gap between two groups of a plate open, and its first letter bare."""
KNOWN_TEXT = "PLAINVIEW"
DARK, LIGHT = 20, 235
HERSHEY_HEIGHT = 22
"""Pixels that a capital letter of this font is high at a scale of 1."""


def decode(maps: Maps, rows: int, columns: int) -> Found:
    """Boxes of the one map. Raises `DetectorFault` for a wrong shape and for NaN."""
    if [m.shape for m in maps] != [(1, 1, rows, columns)]:
        raise DetectorFault("The network's output has the wrong shape.")
    likely = maps[0][0, 0]
    if not np.isfinite(likely).all():
        raise DetectorFault("The network's output is not a number.")
    text = likely >= LEAST_LIKELY
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        text.astype(np.uint8), connectivity=8
    )
    sums = np.bincount(labels[text], likely[text], count)
    boxes = stats[1:, : cv2.CC_STAT_AREA].astype(np.float32)
    scores = (sums[1:] / stats[1:, cv2.CC_STAT_AREA]).astype(np.float32).clip(0, 1)
    sure = (scores >= LEAST_SCORE) & (boxes[:, 2:] >= LEAST_SIDE).all(axis=1)
    best = np.flatnonzero(sure)[np.argsort(-scores[sure], kind="stable")][:MOST_BOXES]
    return Found.of(_grown(boxes[best], rows, columns), scores[best], Kind.TEXT)


def _grown(boxes: Boxes, rows: int, columns: int) -> Boxes:
    """By area over circumference on each side, but not out of the picture."""
    width, height = boxes[:, 2], boxes[:, 3]
    reach = (GROWTH * width * height / (2 * (width + height)))[:, None]
    far = np.array([columns, rows], np.float32)
    near = np.clip(boxes[:, :2] - reach, 0, far - 1)
    sides = np.clip(boxes[:, :2] + boxes[:, 2:] + reach, 0, far) - near
    return np.concatenate([near, sides], axis=1).astype(np.float32)


def known_text(height: int = 32) -> NDArray[np.uint8]:
    """What stands beside every picture searched for text: height x width x 3, BGR.

    Drawn by OpenCV's own line font, so that no font file is needed.
    """
    scale = height / 2 / HERSHEY_HEIGHT
    stroke = max(1, round(height / 12))
    font = cv2.FONT_HERSHEY_SIMPLEX
    (width, tall), _ = cv2.getTextSize(KNOWN_TEXT, font, scale, stroke)
    picture = np.full((height, (width + height) // 2 * 2, 3), LIGHT, np.uint8)
    place = (height // 2, (height + tall) // 2)
    cv2.putText(picture, KNOWN_TEXT, place, font, scale, (DARK,) * 3, stroke, cv2.LINE_AA)
    return picture
