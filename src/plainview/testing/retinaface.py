"""RetinaFace (mobilenet, 0.25): a second opinion on faces, for tests and `plainview bench`.

It is not in the pipeline and in no wheel (docs/design/redaction-models.md says why): the pipeline's
own network must not be its only judge. For strides of 8, 16 and 32 it returns scores (no face,
face) and boxes for two sizes of anchors; its landmark head was cut out of the file
(`tools/convert_onnx.py`). Decoding follows biubug6/Pytorch_Retinaface (MIT).
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.errors import DetectorFault
from plainview.redact import models
from plainview.redact.backend import Maps, Network, compile_network
from plainview.redact.boxes import Boxes
from plainview.redact.detector import MOST_BOXES, Found

LEAST_SCORE = 0.2
MOST_OVERLAP = 0.4
ANCHORS = {8: (16, 32), 16: (64, 128), 32: (256, 512)}
"""Stride: sides of the square anchors in each of its cells, in pixels."""
PLACE, SIZE = 0.1, 0.2
"""What the network's numbers are multiplied by: shifts of the middle, logs of the size."""
FACE = 1
MULTIPLE = 32


class RetinaFace:
    """Finds faces in pictures of any size. `folder` is where set-up put the network."""

    def __init__(self, folder: Path) -> None:
        self._weights = models.load_checking(models.SECOND_FACES, folder)
        self._networks: dict[tuple[int, int], Network] = {}

    def search(self, picture: NDArray[np.uint8]) -> Found:
        """Faces in a BGR picture (height x width x 3), in its pixels."""
        rows, columns = (-(-side // MULTIPLE) * MULTIPLE for side in picture.shape[:2])
        if (rows, columns) not in self._networks:
            self._networks[rows, columns] = compile_network(self._weights, rows, columns)
        canvas = np.zeros((rows, columns, 3), np.uint8)
        canvas[: picture.shape[0], : picture.shape[1]] = picture[..., ::-1]
        return decode(self._networks[rows, columns](canvas), rows, columns)


def decode(maps: Maps, rows: int, columns: int) -> Found:
    """Boxes of the six maps. Raises `DetectorFault` for wrong shapes and for NaN."""
    shapes = [
        (1, channels, rows // stride, columns // stride)
        for stride in ANCHORS
        for channels in (4, 8)
    ]
    if [m.shape for m in maps] != shapes:
        raise DetectorFault("The network's output has the wrong shape.")
    if not all(np.isfinite(m).all() for m in maps):
        raise DetectorFault("The network's output is not a number.")
    levels = [
        _level(maps[2 * index][0], maps[2 * index + 1][0], stride)
        for index, stride in enumerate(ANCHORS)
    ]
    boxes, scores = (np.concatenate(parts) for parts in zip(*levels, strict=True))
    kept = cv2.dnn.NMSBoxes(
        boxes.tolist(), scores.tolist(), LEAST_SCORE, MOST_OVERLAP, top_k=MOST_BOXES
    )
    order = np.asarray(kept, np.intp).reshape(-1)
    return Found.of(boxes[order], scores[order])


def _level(
    scores: NDArray[np.float32], boxes: NDArray[np.float32], stride: int
) -> tuple[Boxes, NDArray[np.float32]]:
    """Boxes and scores of one stride's cells."""
    sides = np.array(ANCHORS[stride], np.float32)
    pairs = scores.reshape(len(sides), 2, *scores.shape[1:])
    face = 1 / (1 + np.exp(pairs[:, 1 - FACE] - pairs[:, FACE]))
    which, at_y, at_x = np.nonzero(face >= LEAST_SCORE)
    made = boxes.reshape(len(sides), 4, *boxes.shape[1:])[which, :, at_y, at_x]
    anchor = sides[which, None]
    middle = (np.stack([at_x, at_y], axis=1) + 0.5) * stride + made[:, :2] * PLACE * anchor
    size = np.exp(made[:, 2:] * SIZE) * anchor
    found = np.concatenate([middle - size / 2, size], axis=1).astype(np.float32)
    return found, face[which, at_y, at_x].astype(np.float32)
