"""Detectors that are no part of redaction, to look for faces that it left.

They are fetched by `tools/fetch_checks.py`, are in no wheel, and are loaded from their folder only
if their hash is the known one. They return boxes and scores; landmarks are not read.
"""

from __future__ import annotations

import ctypes
import hashlib
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.errors import WeightsMissing
from plainview.redact.airgap import openvino
from plainview.redact.boxes import Boxes

HINT = "Run: .venv/bin/python tools/fetch_checks.py"
RETINAFACE = "retinaface-boxes.onnx"
LIBRARY = "yuface/libfacedetection.so"
OPENMP = "yuface.libs/libgomp-a34b3233.so.1.0.0"
KNOWN = {
    RETINAFACE: "a5014f05614b0c65de461a4b17ddd658dc71fc67327b2555690c6a88e6b38b60",
    LIBRARY: "7fc3c140b563f449ce7cb5bd102ece650681e5bfeffc87efe79272be1932c4f4",
    OPENMP: "3a7eaece7231911be2fbb1b3e7cb4cb5c2e0f84e0c2bb73739472b5a1feec8c1",
}
LEAST_SCORE = 0.5

Picture = NDArray[np.uint8]
Scores = NDArray[np.float32]


class Check(Protocol):
    """Finds faces in a picture."""

    name: str

    def find(self, picture: Picture) -> tuple[Boxes, Scores]:
        """Boxes (n x 4: left, top, width, height) and scores (n, 0 to 1) in a BGR picture."""
        ...


def available(folder: Path) -> list[Check]:
    """Those that have been fetched. Raises `WeightsMissing` if a file is not the known one."""
    found: list[Check] = []
    if (folder / RETINAFACE).is_file():
        found.append(RetinaFace(_checked(folder, RETINAFACE).read_bytes()))
    if (folder / LIBRARY).is_file():
        _checked(folder, OPENMP)
        found.append(LibFaceDetection(_checked(folder, LIBRARY)))
    return found


def _checked(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise WeightsMissing(f"{path} is not there.", hint=HINT)
    if hashlib.sha256(path.read_bytes()).hexdigest() != KNOWN[name]:
        raise WeightsMissing(f"{path} is not the file that is known.", hint=HINT)
    return path


class RetinaFace:
    """RetinaFace with MobileNet 0.25 (biubug6, MIT; trained on WIDER FACE), on OpenVINO."""

    name = "retinaface"
    _MEAN = (104.0, 117.0, 127.0)
    _STRIDES = ((8, (16, 32)), (16, (64, 128)), (32, (256, 512)))
    _MOST_OVERLAP = 0.4

    def __init__(self, weights: bytes) -> None:
        self._core = openvino.Core()
        self._weights = weights
        self._networks: dict[tuple[int, int], Any] = {}

    def find(self, picture: Picture) -> tuple[Boxes, Scores]:
        rows, columns = (-(-side // 32) * 32 for side in picture.shape[:2])
        padded = cv2.copyMakeBorder(
            picture, 0, rows - picture.shape[0], 0, columns - picture.shape[1],
            cv2.BORDER_CONSTANT, value=self._MEAN,
        )  # fmt: skip
        blob = cv2.dnn.blobFromImage(padded, mean=self._MEAN)
        results = self._network(rows, columns).create_infer_request().infer([blob])
        offsets, scores = (np.asarray(results[index])[0] for index in range(2))
        anchors = self._anchors(rows, columns)
        sure = scores[:, 1] >= LEAST_SCORE
        offsets, scores, anchors = offsets[sure], scores[sure, 1], anchors[sure]
        centres = anchors[:, :2] + anchors[:, 2:] * offsets[:, :2] * 0.1
        sizes = anchors[:, 2:] * np.exp(offsets[:, 2:] * 0.2)
        boxes = np.concatenate([centres - sizes / 2, sizes], axis=1).astype(np.float32)
        return _distinct(boxes, scores.astype(np.float32), self._MOST_OVERLAP)

    def _network(self, rows: int, columns: int) -> Any:
        if (rows, columns) not in self._networks:
            model = self._core.read_model(self._weights)
            model.reshape([1, 3, rows, columns])
            self._networks[rows, columns] = self._core.compile_model(
                model, "CPU", {"INFERENCE_NUM_THREADS": 1}
            )
        return self._networks[rows, columns]

    def _anchors(self, rows: int, columns: int) -> NDArray[np.float64]:
        """Centres and sides of the boxes that the network's answers are relative to, n x 4."""
        parts = []
        for stride, sides in self._STRIDES:
            y, x = np.indices((rows // stride, columns // stride)).reshape(2, -1)
            for_each = [
                np.stack([(x + 0.5) * stride, (y + 0.5) * stride, *[np.full(x.shape, side)] * 2], 1)
                for side in sides
            ]
            parts.append(np.stack(for_each, axis=1).reshape(-1, 4))
        return np.concatenate(parts)


class LibFaceDetection:
    """libfacedetection (Shiqi Yu, BSD-3; trained on WIDER FACE), a compiled library."""

    name = "libfacedetection"
    _BUFFER = 0x20000
    _SHORTS = 16
    """Score in percent, left, top, width, height, and landmarks that are not read."""
    _SYMBOL = "_Z14facedetect_cnnPhS_iii"

    def __init__(self, library: Path) -> None:
        self._detect = ctypes.CDLL(str(library.resolve()))[self._SYMBOL]
        self._detect.restype = ctypes.c_void_p
        pointer, number = ctypes.c_void_p, ctypes.c_int
        self._detect.argtypes = [pointer, pointer, number, number, number]

    def find(self, picture: Picture) -> tuple[Boxes, Scores]:
        picture = np.ascontiguousarray(picture)
        buffer = np.zeros(self._BUFFER, np.uint8)
        rows, columns = picture.shape[:2]
        self._detect(buffer.ctypes.data, picture.ctypes.data, columns, rows, columns * 3)
        count = int(buffer[:4].view(np.int32)[0])
        shorts = (
            buffer[4 : 4 + 2 * self._SHORTS * count].view(np.int16).reshape(count, self._SHORTS)
        )
        scores = (shorts[:, 0] / 100).astype(np.float32)
        sure = scores >= LEAST_SCORE
        return shorts[sure, 1:5].astype(np.float32), scores[sure]


def _distinct(boxes: Boxes, scores: Scores, most_overlap: float) -> tuple[Boxes, Scores]:
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), LEAST_SCORE, most_overlap)
    order = np.asarray(kept, np.intp).reshape(-1)
    return boxes[order], scores[order]
