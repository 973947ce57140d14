"""Frames that are held back until the search after them, and how its findings reach them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plainview.media.frames import Frame
from plainview.redact.boxes import Boxes, none
from plainview.redact.tracker import Mark, Trail, backwards, reaching

Box = NDArray[np.float32]


@dataclass(slots=True)
class Held:
    """One frame on its way; boxes are in pixels of the small frame."""

    frame: Frame
    grey: NDArray[np.uint8]
    small: NDArray[np.uint8]
    withheld: bool
    changed: NDArray[np.uint8] | None = None
    """Where it is not as it was last searched."""
    fewer: bool = False
    """Frames before it were left out, since the node is busy."""
    cut: bool = False
    """A new scene begins here."""
    searched: bool = False
    boxes: dict[Mark, Box] = field(default_factory=dict)
    """What was found, by its mark."""
    unsearched: NDArray[np.uint8] | None = None
    """Where there is content that the search before did not see."""
    filled: Boxes = field(default_factory=none)
    """Areas that no search saw and that are hidden for this reason."""
    moving: Boxes = field(default_factory=none)
    """Areas that are hidden because something moves there."""


def spread(frames: list[Held], mark: Mark, delta: Box, steps: int) -> None:
    """Blend the correction of a track over the frames since the last search, `steps` ago.

    The newest of `frames` already has it. Masks thus slide to where they belong, without a jump.
    """
    between = frames[-steps:-1] if steps > 1 else []
    for age, held in enumerate(reversed(between), start=1):
        if mark in held.boxes:
            held.boxes[mark] = held.boxes[mark] + delta * (1 - age / steps)


def carry_back(frames: list[Held], boxes: dict[Mark, Box]) -> None:
    """Hide what the newest of `frames` shows anew in the frames before it, up to a cut."""
    trails = {mark: Trail(box.copy(), np.zeros(2, np.float32)) for mark, box in boxes.items()}
    for after, before in zip(frames[:0:-1], frames[-2::-1], strict=True):
        if not trails or after.cut:
            return
        backwards(trails, after.grey, before.grey)
        for mark, trail in trails.items():
            before.boxes[mark] = reaching(trail.box, trail.shift, lost=trail.lost)
