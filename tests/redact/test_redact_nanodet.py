"""People and vehicles: maps to boxes, and the self-test's person."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.errors import DetectorFault
from plainview.redact import models, nanodet
from plainview.redact.backend import compile_network
from plainview.redact.boxes import overlap
from plainview.redact.detector import Kind, Sought, check
from plainview.redact.engine import Engine, Precision
from plainview.redact.host import RemoteDetector

Picture = NDArray[np.uint8]

VECTOR = Path(__file__).parents[1] / "vectors" / "redact" / "nanodet.json"
ROWS, COLUMNS = 64, 96


def maps() -> list[Any]:
    """Maps in which nothing is likely and every side is as likely at each distance."""
    return [
        np.zeros((1, channels, ROWS // stride, COLUMNS // stride), np.float32)
        for stride in nanodet.STRIDES
        for channels in (2, 44)
    ]


def placed(
    level: int, kind: int, cell: tuple[int, int], score: float, bins: tuple[int, ...]
) -> list[Any]:
    """Maps with one box; `bins` says which distance is surest to the left, top, right, bottom."""
    made = maps()
    made[2 * level][0, kind, *cell] = score
    for side, step in enumerate(bins):
        made[2 * level + 1][0, side * 11 + step, *cell] = 50
    return made


def test_nothing_in_the_maps_is_no_box() -> None:
    assert len(nanodet.decode(maps(), ROWS, COLUMNS)) == 0


@pytest.mark.parametrize(
    ("level", "cell", "bins", "box"),
    [
        (0, (3, 4), (2, 1, 2, 3), [20, 20, 32, 32]),
        (1, (1, 2), (1, 1, 1, 2), [24, 8, 32, 48]),
        (2, (1, 1), (1, 1, 1, 1), [16, 16, 64, 48]),
    ],
)
def test_distances_from_the_middle_of_a_cell_make_a_box(
    level: int, cell: tuple[int, int], bins: tuple[int, ...], box: list[int]
) -> None:
    found = nanodet.decode(placed(level, 0, cell, 0.9, bins), ROWS, COLUMNS)
    assert found.boxes.tolist() == [pytest.approx(box, abs=1e-3)]
    assert found.kinds.tolist() == [Kind.PERSON]


def test_a_distance_between_two_steps_is_their_mean() -> None:
    made = placed(0, 0, (4, 4), 0.9, (1, 1, 1, 1))
    made[1][0, 2, 4, 4] = 50  # the left side, one step further
    assert nanodet.decode(made, ROWS, COLUMNS).boxes[0, 0] == pytest.approx(36 - 1.5 * 8, abs=1e-3)


def test_a_box_ends_at_the_border_of_the_picture() -> None:
    found = nanodet.decode(placed(2, 1, (0, 0), 0.5, (10, 10, 10, 10)), ROWS, COLUMNS)
    assert found.boxes.tolist() == [[0, 0, COLUMNS, ROWS]]
    assert found.kinds.tolist() == [Kind.VEHICLE]


def test_a_person_in_front_of_a_vehicle_stays_and_is_there_once() -> None:
    made = placed(0, 0, (4, 5), 0.8, (2, 2, 2, 2))
    for cell, kind, score in (((4, 5), 1, 0.9), ((4, 6), 0, 0.6)):
        made[0][0, kind, *cell] = score
        for side in range(4):
            made[1][0, side * 11 + 2, *cell] = 50
    found = nanodet.decode(made, ROWS, COLUMNS)
    assert sorted(found.kinds) == [Kind.PERSON, Kind.VEHICLE]
    assert found.scores.max() == pytest.approx(0.9)


@pytest.mark.parametrize("index", range(6))
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_maps_that_are_no_numbers_are_a_fault(index: int, value: float) -> None:
    flawed = maps()
    flawed[index][0, 0, 0, 0] = value
    with pytest.raises(DetectorFault, match="not a number"):
        nanodet.decode(flawed, ROWS, COLUMNS)


def test_maps_of_another_shape_are_a_fault() -> None:
    with pytest.raises(DetectorFault, match="shape"):
        nanodet.decode(maps(), ROWS + 32, COLUMNS)
    with pytest.raises(DetectorFault, match="shape"):
        nanodet.decode(maps()[:-1], ROWS, COLUMNS)


@pytest.mark.parametrize("height", [72, 80, 96])
def test_the_known_person_is_found_wherever_it_stands(
    height: int, detector: RemoteDetector
) -> None:
    person = models.known_person()
    width = round(height * person.shape[1] / person.shape[0] / 2) * 2
    small = cv2.resize(person, (width, height), interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng(height)
    for _ in range(12):
        picture = np.full((160, 224, 3), 114, np.uint8)
        top, left = (2 * int(rng.integers(0, room // 2)) for room in (160 - height, 224 - width))
        picture[top : top + height, left : left + width] = small
        canvas = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
        found = detector.search(canvas, Sought.PEOPLE)
        known = np.array([[left, top, width, height]], np.float32)
        check(found, known)
        there = overlap(found.boxes, known)[:, 0] > 0.5
        assert found.scores[there].max() > 0.55
        assert found.kinds[np.argmax(found.scores)] == Kind.PERSON


def made_picture(seed: int, side: int = 416) -> Picture:
    """As `tools/make_nanodet_vector.py` makes it: blocks of three sizes, RGB."""
    random = np.random.RandomState(seed)
    total = np.zeros((side, side, 3), np.float64)
    for block in (104, 26, 2):
        cells = random.randint(0, 256, (side // block, side // block, 3))
        total += np.kron(cells, np.ones((block, block, 1)))
    return (total / 3).astype(np.uint8)


@pytest.mark.parametrize("engine", Engine)
def test_the_converted_network_answers_as_the_original_did(engine: Engine) -> None:
    vector = json.loads(VECTOR.read_bytes())
    picture = made_picture(vector["seed"])
    assert hashlib.sha256(picture.tobytes()).hexdigest() == vector["picture_sha256"]
    network = compile_network(
        models.load(models.PEOPLE), 416, 416, engine=engine, precision=Precision.F32
    )
    made = network(picture)
    for cell in vector["cells"]:
        level, at = nanodet.STRIDES.index(cell["stride"]), (cell["row"], cell["column"])
        scores, distances = made[2 * level][0][:, *at], made[2 * level + 1][0][:, *at]
        assert scores.tolist() == pytest.approx([cell["person"], cell["vehicle"]], abs=2e-5)
        assert distances.tolist() == pytest.approx(cell["distances"], abs=1e-3)
