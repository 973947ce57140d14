"""Detectors that are no part of redaction: only the known files, boxes where faces are."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.bench.catalogue import CHECKS
from plainview.bench.hiding import checks
from plainview.bench.hiding.left import sightings
from plainview.errors import WeightsMissing
from plainview.redact import models
from plainview.redact.boxes import Boxes

ROOT = Path(__file__).resolve().parents[3]
FETCHED = ROOT / CHECKS
needs_fetched = pytest.mark.skipif(
    not (FETCHED / checks.LIBRARY).is_file(), reason="tools/fetch_checks.py was not run"
)


def street_with_face(left: int, top: int, height: int) -> NDArray[np.uint8]:
    face = models.known_face()
    small = cv2.resize(face, (height * 3 // 4, height), interpolation=cv2.INTER_AREA)
    picture = np.full((180, 320, 3), (150, 140, 120), np.uint8)
    picture[top : top + small.shape[0], left : left + small.shape[1]] = small
    return picture


@needs_fetched
def test_both_find_a_face_where_it_is() -> None:
    found = checks.available(FETCHED)
    assert [one.name for one in found] == ["retinaface", "libfacedetection"]
    for height in (80, 120):
        picture = street_with_face(120, 50, height)
        for check in found:
            boxes, scores = check.find(picture)
            best = boxes[scores.argmax()]
            centre = best[:2] + best[2:] / 2
            assert np.abs(centre - (120 + height * 0.375, 50 + height * 0.5)).max() < 0.2 * height
            assert scores.max() <= 1.0
            assert 0.4 * height < best[3] < 1.1 * height


@needs_fetched
def test_neither_finds_a_face_in_an_empty_picture() -> None:
    empty = np.full((180, 320, 3), 128, np.uint8)
    for check in checks.available(FETCHED):
        boxes, scores = check.find(empty)
        assert (boxes.shape, scores.shape) == ((0, 4), (0,))


@needs_fetched
def test_a_changed_library_is_not_loaded(tmp_path: Path) -> None:
    for name in (checks.LIBRARY, checks.OPENMP):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((FETCHED / name).read_bytes())
    assert len(checks.available(tmp_path)) == 1
    (tmp_path / checks.OPENMP).unlink()
    with pytest.raises(WeightsMissing, match="libgomp"):
        checks.available(tmp_path)
    (tmp_path / checks.OPENMP).write_bytes(b"another")
    with pytest.raises(WeightsMissing, match="not the file that is known"):
        checks.available(tmp_path)


def test_without_the_files_there_are_none_and_another_is_refused(tmp_path: Path) -> None:
    assert checks.available(tmp_path) == []
    (tmp_path / models.SECOND_FACES).write_bytes(b"another network")
    with pytest.raises(WeightsMissing, match="not the one that was checked"):
        checks.available(tmp_path)


def test_the_script_writes_the_files_that_are_known() -> None:
    script = (ROOT / "tools" / "fetch_checks.py").read_text()
    written = script[script.index("WRITTEN = {") :].partition("\n}")[0]
    assert dict(re.findall(r'"([^"]+)": \(?\s*"([0-9a-f]{64})"', written)) == checks.KNOWN


def test_no_check_lies_in_the_package() -> None:
    names = {Path(name).name for name in (*checks.KNOWN, models.SECOND_FACES)}
    assert not [path for path in (ROOT / "src").rglob("*") if path.name in names]


class Says:
    """A check that finds what it was told, in pixels of a picture of the usual size."""

    def __init__(self, name: str, *boxes: tuple[float, float, float, float]) -> None:
        self.name, self._boxes = name, boxes
        self.widths: list[int] = []

    def find(self, picture: checks.Picture) -> tuple[Boxes, checks.Scores]:
        self.widths.append(picture.shape[1])
        factor = picture.shape[1] / 320
        boxes = np.array(self._boxes, np.float32).reshape(-1, 4) * factor
        return boxes, np.full(len(boxes), 0.75, np.float32)


def test_two_who_see_the_same_face_make_one_sighting() -> None:
    one = Says("one", (100, 50, 30, 40), (10, 10, 12, 14))
    other = Says("other", (103, 52, 30, 40), (200, 50, 20, 24))
    found = sightings(np.zeros((180, 320, 3), np.uint8), [one, other])
    assert [sorted(sighting.said) for sighting in found] == [["one", "other"], ["other"]]
    assert found[0].box == pytest.approx((100, 50, 30, 40))
    assert one.widths == [640]
