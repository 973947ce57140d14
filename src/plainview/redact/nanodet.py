"""NanoDet: boxes around people and vehicles.

For strides of 8, 16 and 32 the network returns a map of scores (person, vehicle) and a map of
4 x 11 distances: how likely it is that a side of the box lies 0 to 10 strides from the middle of
the cell. No other class and no kind of vehicle is in the file (`tools/convert_nanodet.py`).
Decoding follows RangiLyu/nanodet (Apache-2.0).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.errors import DetectorFault
from plainview.redact.backend import Maps
from plainview.redact.boxes import Boxes
from plainview.redact.detector import MOST_BOXES, Found, Kind

KINDS = np.array([Kind.PERSON, Kind.VEHICLE], np.uint8)
"""What the channels of the scores stand for."""
LEAST_SCORES = np.array([0.25, 0.15], np.float32)
"""Low: callers decide what a new box and one that is already there need. Vehicles seen from high
above score little, and what a false one costs is a search for text in it."""
MOST_OVERLAP = 0.5
STRIDES = (8, 16, 32)
SIDES, BINS = 4, 11
"""Left, top, right, bottom; distances of 0 to 10 strides."""


def decode(maps: Maps, rows: int, columns: int) -> Found:
    """Boxes of the six maps. Raises `DetectorFault` for wrong shapes and for NaN."""
    shapes = [
        (1, channels, rows // stride, columns // stride)
        for stride in STRIDES
        for channels in (len(KINDS), SIDES * BINS)
    ]
    if [m.shape for m in maps] != shapes:
        raise DetectorFault("The network's output has the wrong shape.")
    if not all(np.isfinite(m).all() for m in maps):
        raise DetectorFault("The network's output is not a number.")
    levels = [
        _level(maps[2 * index][0], maps[2 * index + 1][0], stride)
        for index, stride in enumerate(STRIDES)
    ]
    boxes, scores, kinds = (np.concatenate(parts) for parts in zip(*levels, strict=True))
    return _distinct(Found(_inside(boxes, rows, columns), scores, kinds))


def _level(
    scores: NDArray[np.float32], distances: NDArray[np.float32], stride: int
) -> tuple[Boxes, NDArray[np.float32], NDArray[np.uint8]]:
    """Left, top, right, bottom in pixels, scores and kinds of one stride's cells."""
    kind, at_y, at_x = np.nonzero(scores >= LEAST_SCORES[:, None, None])
    likely = np.exp(_below_zero(distances[:, at_y, at_x].reshape(SIDES, BINS, -1)))
    steps = np.arange(BINS, dtype=np.float32)[None, :, None]
    reach = (likely * steps).sum(axis=1) / likely.sum(axis=1) * stride
    middle = np.stack([at_x, at_y]).astype(np.float32) * stride + stride / 2
    edges = np.concatenate([middle - reach[:2], middle + reach[2:]]).T.astype(np.float32)
    return edges, scores[kind, at_y, at_x], KINDS[kind]


def _below_zero(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Less the largest of each side's, so that no exponential overflows."""
    below: NDArray[np.float32] = values - values.max(axis=1, keepdims=True)
    return below


def _inside(edges: Boxes, rows: int, columns: int) -> Boxes:
    """Boxes of left, top, width, height, cut at the border of the picture."""
    far = np.array([columns, rows], np.float32)
    near = np.clip(edges[:, :2], 0, far - 1)
    sides = np.maximum(np.clip(edges[:, 2:], 0, far) - near, 1)
    return np.concatenate([near, sides], axis=1)


def _distinct(found: Found) -> Found:
    """Each person and each vehicle once. A person in front of a vehicle stays."""
    kept = cv2.dnn.NMSBoxesBatched(
        found.boxes.tolist(), found.scores.tolist(), found.kinds.tolist(),
        0.0, MOST_OVERLAP, top_k=MOST_BOXES,
    )  # fmt: skip
    return found.only(np.asarray(kept, np.intp).reshape(-1))
