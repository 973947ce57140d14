"""Detectors that are no part of redaction, to look for faces that it left.

One is fetched by set-up, the other by `tools/fetch_checks.py`; they are in no wheel, and are loaded
from their folder only if their hash is the known one. They return boxes and scores; landmarks are
not read.
"""

from __future__ import annotations

import ctypes
import hashlib
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.errors import WeightsMissing
from plainview.redact import models
from plainview.redact.boxes import Boxes
from plainview.testing.retinaface import RetinaFace

HINT = "Run: .venv/bin/python tools/fetch_checks.py"
LIBRARY = "yuface/libfacedetection.so"
OPENMP = "yuface.libs/libgomp-a34b3233.so.1.0.0"
KNOWN = {
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
    if (folder / models.SECOND_FACES).is_file():
        found.append(SecondFaces(folder))
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


class SecondFaces:
    """RetinaFace with MobileNet 0.25 (`plainview.testing.retinaface`)."""

    name = "retinaface"

    def __init__(self, folder: Path) -> None:
        self._network = RetinaFace(folder)

    def find(self, picture: Picture) -> tuple[Boxes, Scores]:
        found = self._network.search(picture)
        sure = found.only(found.scores >= LEAST_SCORE)
        return sure.boxes, sure.scores


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
