"""One search: the picture, the network's maps, the check with the known face, the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.errors import DetectorFault
from plainview.media.frames import Frame
from plainview.redact import centerface, models, wire
from plainview.redact.boxes import none, overlap
from plainview.redact.canvas import Canvas, Known, planes
from plainview.redact.detector import Found, Kind, check
from plainview.redact.host import RemoteDetector
from plainview.redact.manners import FACE_HEIGHT

KNOWN = np.array([[100, 368, 36, 48]], np.float32)


def found(*rows: tuple[float, float, float, float, float]) -> Found:
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Found.of(table[:, :4], table[:, 4])


def maps(rows: int = 64, columns: int = 96) -> list[Any]:
    shape = (rows // 4, columns // 4)
    return [np.zeros((1, n, *shape), np.float32) for n in (1, 2, 2)]


def test_a_search_with_the_known_face_passes() -> None:
    check(found((102, 372, 30, 40, 0.8), (5, 5, 9, 9, 0.2)), KNOWN)


@pytest.mark.parametrize(
    ("flaw", "reason"),
    [
        (found(), "known face"),
        (found((300, 372, 30, 40, 0.9)), "known face"),
        (found((102, 372, 30, 40, 0.1)), "known face"),
        (found((102, 372, 30, 40, float("nan"))), "not a number"),
        (found((float("nan"), 372, 30, 40, 0.9)), "not a number"),
        (found((float("inf"), 372, 30, 40, 0.9)), "not a number"),
        (found((102, 372, -30, 40, 0.9)), "out of range"),
        (found((102, 372, 30, 40, 1.7)), "out of range"),
        (found((102, 372, 30, 40, 0.9), (-1e20, 0, 2e20, 2e20, 0.9)), "out of range"),
        (Found.of(np.zeros((2, 3), np.float32), np.ones(2, np.float32)), "shape"),
        (Found.of(np.zeros((2, 4), np.float32), np.ones(1, np.float32)), "shape"),
        (Found.of(np.ones((1001, 4), np.float32), np.ones(1001, np.float32)), "many"),
    ],
)
def test_every_unsound_answer_is_a_fault(flaw: Found, reason: str) -> None:
    with pytest.raises(DetectorFault, match=reason):
        check(flaw, KNOWN)


def test_nothing_in_the_maps_is_no_box() -> None:
    assert len(centerface.decode(maps(), 64, 96).boxes) == 0


def test_a_peak_in_the_maps_is_a_box_around_it() -> None:
    heat, size, offset = maps()
    heat[0, 0, 8, 12] = 0.9
    size[0, :, 8, 12] = np.log([5.0, 4.0])  # height, width in cells
    answer = centerface.decode([heat, size, offset], 64, 96)
    assert answer.boxes[0].tolist() == pytest.approx([42, 24, 16, 20])


@pytest.mark.parametrize("index", [0, 1, 2])
def test_maps_with_nan_are_a_fault(index: int) -> None:
    flawed = maps()
    flawed[index][0, 0, 3, 3] = np.nan
    with pytest.raises(DetectorFault, match="not a number"):
        centerface.decode(flawed, 64, 96)


@pytest.mark.parametrize("rows", [32, 96])
def test_maps_of_another_shape_are_a_fault(rows: int) -> None:
    with pytest.raises(DetectorFault, match="shape"):
        centerface.decode(maps(), rows, 96)


@pytest.mark.parametrize(
    "size", [(1280, 720), (480, 270), (768, 576), (270, 480), (64, 64), (1920, 1080), (2000, 250)]
)
def test_the_known_face_is_found_beside_any_picture(
    size: tuple[int, int], detector: RemoteDetector
) -> None:
    width, height = size
    canvas = Canvas(width, height, 320, Known(models.known_face(), FACE_HEIGHT))
    assert canvas.rows % 32 == canvas.columns % 32 == 0
    rng = np.random.default_rng(1)
    frame = Frame.from_bgr(rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))
    drawn = canvas.draw(frame, canvas.grey(frame), canvas.whole())
    answer = detector.search(drawn.picture)
    check(answer, drawn.known)
    strip = overlap(answer.boxes, drawn.known)[:, 0] > 0.2
    assert len(canvas.gather(answer, drawn).boxes) <= len(answer.boxes) - strip.sum()


def test_the_known_face_stands_elsewhere_each_time() -> None:
    canvas = Canvas(640, 360, 640, Known(models.known_face(), FACE_HEIGHT))
    frame = Frame.blank(640, 360)
    grey = canvas.grey(frame)
    places = {float(canvas.draw(frame, grey, canvas.whole()).known[0, 0]) for _ in range(20)}
    assert len(places) > 10


def test_a_face_in_the_picture_is_found(
    scene: Callable[..., Any], detector: RemoteDetector
) -> None:
    street = scene(3, actors=2)
    width, height = street.size
    canvas = Canvas(width, height, 640, Known(models.known_face(), FACE_HEIGHT))
    frame = Frame.from_bgr(street.picture(40))
    answer = detector.search(canvas.draw(frame, canvas.grey(frame), canvas.whole()).picture)
    truth = np.array(street.boxes(40), np.float32)
    assert overlap(truth, answer.boxes).max(axis=1).min() > 0.3


def test_planes_share_memory_with_the_picture() -> None:
    picture = np.zeros((96, 64), np.uint8)
    luma, blue, red = planes(picture, 64)
    luma[:], blue[:], red[:] = 1, 2, 3
    assert picture.sum() == 64 * 64 + 5 * 32 * 32


number = st.floats(-1e6, 1e6, width=32)


@given(st.integers(1, 2**32 - 1), st.lists(st.tuples(*[number] * 5), max_size=40))
def test_answers_survive_the_wire(request_id: int, rows: list[tuple[float, ...]]) -> None:
    table = np.array(rows, np.float32).reshape(-1, 5)
    kinds = (np.arange(len(table)) % len(Kind)).astype(np.uint8)
    packed = wire.pack_found(request_id, Found(table[:, :4], table[:, 4], kinds))
    back_id, back = wire.unpack_answer(packed)
    assert back_id == request_id
    assert isinstance(back, Found)
    assert np.array_equal(np.column_stack([back.boxes, back.scores]), table)
    assert np.array_equal(back.kinds, kinds)


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_any_bytes_from_the_wire_are_an_answer_or_a_fault(data: bytes) -> None:
    try:
        _, result = wire.unpack_answer(data)
    except DetectorFault:
        return
    assert isinstance(result, Found | DetectorFault)


def test_overlap_of_nothing_is_empty() -> None:
    assert overlap(none(), KNOWN).shape == (0, 1)
