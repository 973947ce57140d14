"""The number in every picture of a clip: light letters on a dark ground, in the lower left corner.

The letters are drawn once for each second and copied into the planes of a frame, so that the number
is part of the picture itself and goes wherever the picture goes.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from plainview.base.clock import Ms, to_iso
from plainview.media.frames import Frame, Plane

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_UNIT = 22
"""Height in pixels of the font's capital letters at scale 1."""
SMALLEST, PART = 7, 45
"""Capital letters have a 45th of the picture's height, and at least 7 pixels where they fit."""
GROUND, LETTERS, NEUTRAL = 24, 228, 128


def text_of(number: int, wall_ms: Ms) -> str:
    """What stands in a picture of the clip with this number."""
    return f"Plainview clip {number}  {to_iso(wall_ms)[:19].replace('T', ' ')} UTC"


def short_text(number: int) -> str:
    """The same where there is no room for more than the number."""
    return f"clip {number}"


@lru_cache(maxsize=8)
def drawn(text: str, short: str, width: int, height: int) -> Plane:
    """The label for pictures of this size: even height x even width, luma.

    The long text where its letters are large enough to be read, else the short one.
    """
    for words in (text, short):
        capital = max(SMALLEST, height // PART)
        label = _write(words, capital / _UNIT)
        if label.shape[1] <= width:
            return label
    scale = capital / _UNIT * width / label.shape[1]
    smaller = _write(short, scale * 0.95)
    return smaller[:, : width - width % 2]


def _write(words: str, scale: float) -> Plane:
    thick = max(1, round(scale * 1.6))
    (wide, high), below = cv2.getTextSize(words, _FONT, scale, thick)
    edge = max(2, high // 3)
    shape = (high + below + 2 * edge, wide + 2 * edge)
    label = np.full((shape[0] + shape[0] % 2, shape[1] + shape[1] % 2), GROUND, np.uint8)
    cv2.putText(label, words, (edge, edge + high), _FONT, scale, LETTERS, thick, cv2.LINE_AA)
    return label


def put(frame: Frame, number: int) -> None:
    """Write the number and the time into the picture."""
    text = text_of(number, frame.wall_ms)
    label = drawn(text, short_text(number), frame.width, frame.height)
    high, wide = min(label.shape[0], frame.height), min(label.shape[1], frame.width)
    luma, *colours = frame.planes
    luma[-high:, :wide] = label[:high, :wide]
    for plane in colours:
        plane[-(high // 2) :, : wide // 2] = NEUTRAL
