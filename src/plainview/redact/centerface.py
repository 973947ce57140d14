"""CenterFace: boxes around faces.

The network's outputs are a heat map, log sizes and offsets at a quarter of the picture's size; its
landmark branch was cut out of the file (`tools/convert_onnx.py`). Decoding follows
Star-Clouds/CenterFace (MIT).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.errors import DetectorFault
from plainview.redact.backend import Maps
from plainview.redact.boxes import Boxes
from plainview.redact.detector import MOST_BOXES, Found

LEAST_SCORE = 0.15
"""What a live track is kept alive by; new tracks need more (`tracker`)."""
MOST_OVERLAP = 0.3
CELL = 4


def decode(maps: Maps, rows: int, columns: int) -> Found:
    """Boxes of the three maps. Raises `DetectorFault` for wrong shapes and for NaN."""
    shape = (rows // CELL, columns // CELL)
    if [m.shape for m in maps] != [(1, 1, *shape), (1, 2, *shape), (1, 2, *shape)]:
        raise DetectorFault("The network's output has the wrong shape.")
    heat = maps[0][0, 0]
    if not all(np.isfinite(m).all() for m in maps):
        raise DetectorFault("The network's output is not a number.")
    at_y, at_x = np.nonzero(heat >= LEAST_SCORE)
    if not len(at_y):
        return Found.nothing()
    sizes = np.exp(maps[1][0][:, at_y, at_x]) * CELL
    offsets = maps[2][0][:, at_y, at_x]
    centre_x = (at_x + offsets[1] + 0.5) * CELL
    centre_y = (at_y + offsets[0] + 0.5) * CELL
    boxes = np.stack(
        [centre_x - sizes[1] / 2, centre_y - sizes[0] / 2, sizes[1], sizes[0]], axis=1
    ).astype(np.float32)
    return _distinct(boxes, heat[at_y, at_x])


def _distinct(boxes: Boxes, scores: NDArray[np.float32]) -> Found:
    kept = cv2.dnn.NMSBoxes(
        boxes.tolist(), scores.tolist(), LEAST_SCORE, MOST_OVERLAP, top_k=MOST_BOXES
    )
    order = np.asarray(kept, np.intp).reshape(-1)
    return Found.of(boxes[order], scores[order].astype(np.float32))
