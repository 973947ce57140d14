"""The second opinion on faces: maps to boxes, and agreement with the pipeline's own network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.errors import DetectorFault, WeightsMissing
from plainview.redact import models
from plainview.redact.boxes import overlap
from plainview.redact.local import LocalDetector
from plainview.testing import retinaface
from plainview.testing.retinaface import RetinaFace

NETWORK = Path(__file__).resolve().parents[2] / ".cache" / "models"


def maps(rows: int = 64, columns: int = 96) -> list[Any]:
    """Maps without a face."""
    made = []
    for stride in retinaface.ANCHORS:
        shape = (rows // stride, columns // stride)
        scores = np.zeros((1, 4, *shape), np.float32)
        scores[:, ::2] = 9
        made += [scores, np.zeros((1, 8, *shape), np.float32)]
    return made


def test_no_face_in_the_maps_is_no_box() -> None:
    assert len(retinaface.decode(maps(), 64, 96)) == 0


@pytest.mark.parametrize(("level", "anchor", "side"), [(0, 0, 16), (0, 1, 32), (1, 0, 64)])
def test_a_sure_anchor_is_a_box(level: int, anchor: int, side: int) -> None:
    made = maps()
    made[2 * level][0, 2 * anchor + 1, 1, 2] = 12
    found = retinaface.decode(made, 64, 96)
    stride = 8 << level
    middle = (2.5 * stride, 1.5 * stride)
    box = [middle[0] - side / 2, middle[1] - side / 2, side, side]
    assert found.boxes.tolist() == [pytest.approx(box)]
    assert found.scores[0] == pytest.approx(1 / (1 + np.exp(9 - 12)))


@pytest.mark.parametrize("index", range(6))
def test_maps_with_nan_are_a_fault(index: int) -> None:
    flawed = maps()
    flawed[index][0, 0, 0, 0] = np.nan
    with pytest.raises(DetectorFault, match="not a number"):
        retinaface.decode(flawed, 64, 96)
    with pytest.raises(DetectorFault, match="shape"):
        retinaface.decode(maps(), 96, 96)


def test_it_is_refused_where_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="retinaface"):
        RetinaFace(tmp_path)


@pytest.mark.parametrize("height", [48, 96, 150])
def test_it_finds_the_known_face_where_the_pipelines_network_does(height: int) -> None:
    face = models.known_face()
    small = cv2.resize(face, (height * 3 // 4, height), interpolation=cv2.INTER_AREA)
    picture: NDArray[np.uint8] = np.full((192, 256, 3), 114, np.uint8)
    picture[20 : 20 + height, 50 : 50 + small.shape[1]] = small
    second = RetinaFace(NETWORK).search(picture)
    canvas = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
    first = LocalDetector().search(canvas)
    assert second.scores.max() > 0.6
    assert overlap(first.boxes[:1], second.boxes[:1])[0, 0] > 0.5
