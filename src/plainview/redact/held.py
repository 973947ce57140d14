"""Frames that are held back until the search after them, and how its findings reach them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plainview.media.frames import Frame
from plainview.redact.boxes import Boxes, none
from plainview.redact.tracker import Trail, backwards, reaching

Box = NDArray[np.float32]


@dataclass(slots=True)
class Held:
    """One frame on its way; boxes are in pixels of the small frame."""

    frame: Frame
    grey: NDArray[np.uint8]
    small: NDArray[np.uint8]
    withheld: bool
    cut: bool = False
    """A new scene begins here."""
    searched: bool = False
    boxes: dict[int, Box] = field(default_factory=dict)
    """Faces by the number of their track."""
    unsearched: NDArray[np.uint8] | None = None
    """Where there is content that the search before did not see."""
    filled: Boxes = field(default_factory=none)
    """Areas that no search saw and that are hidden for this reason."""


def spread(frames: list[Held], number: int, delta: Box, steps: int) -> None:
    """Blend the correction of a track over the frames since the last search, `steps` ago.

    The newest of `frames` already has it. Masks thus slide to where they belong, without a jump.
    """
    between = frames[-steps:-1] if steps > 1 else []
    for age, held in enumerate(reversed(between), start=1):
        if number in held.boxes:
            held.boxes[number] = held.boxes[number] + delta * (1 - age / steps)


def carry_back(frames: list[Held], boxes: dict[int, Box]) -> None:
    """Hide what the newest of `frames` shows anew in the frames before it, up to a cut."""
    trails = {n: Trail(box.copy(), np.zeros(2, np.float32)) for n, box in boxes.items()}
    for after, before in zip(frames[:0:-1], frames[-2::-1], strict=True):
        if not trails or after.cut:
            return
        backwards(trails, after.grey, before.grey)
        for number, trail in trails.items():
            before.boxes[number] = reaching(trail.box, trail.shift, lost=trail.lost)
