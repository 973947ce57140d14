"""Boxes, where something to hide is: n x 4 float32 of left, top, width, height in pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]


def none() -> Boxes:
    """No boxes: an array of 0 x 4."""
    return np.zeros((0, 4), np.float32)


def overlap(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """Intersection over union of every pair, as an n x m array."""
    left = np.maximum(first[:, None, :2], second[None, :, :2])
    right = np.minimum(
        first[:, None, :2] + first[:, None, 2:], second[None, :, :2] + second[None, :, 2:]
    )
    inner = np.clip(right - left, 0, None).prod(axis=2)
    areas = first[:, 2:].prod(axis=1)[:, None] + second[:, 2:].prod(axis=1)[None, :]
    union: NDArray[np.float32] = inner / np.maximum(areas - inner, 1e-6)
    return union


def share_within(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """How much of each of n boxes lies within each of m others, as an n x m array."""
    left = np.maximum(first[:, None, :2], second[None, :, :2])
    right = np.minimum(
        first[:, None, :2] + first[:, None, 2:], second[None, :, :2] + second[None, :, 2:]
    )
    inner = np.clip(right - left, 0, None).prod(axis=2)
    share: NDArray[np.float32] = inner / np.maximum(first[:, 2:].prod(axis=1)[:, None], 1e-6)
    return share


def enlarged(boxes: Boxes, factor: float, margin: float = 0.0) -> Boxes:
    """The same centres; sides times `factor` plus `margin` pixels on each side."""
    grown = boxes[:, 2:] * factor + 2 * margin
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    return np.concatenate([centres - grown / 2, grown], axis=1).astype(np.float32)


def clipped(boxes: Boxes, width: int, height: int) -> Boxes:
    """The parts of the boxes inside a picture of this size."""
    near = np.clip(boxes[:, :2], 0, (width, height))
    far = np.clip(boxes[:, :2] + boxes[:, 2:], 0, (width, height))
    return np.concatenate([near, far - near], axis=1).astype(np.float32)
