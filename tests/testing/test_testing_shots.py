"""The shots of the generated street: deterministic, and truthful after pans, zooms and weather."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.errors import NotFound
from plainview.testing.scene import Truth
from plainview.testing.scene_casts import nobody
from plainview.testing.scene_heads import Head
from plainview.testing.scene_shots import NAMES, SHOTS, Shot, open_shot

SIZE = (640, 360)
Change = NDArray[np.int64]


def shot(name: str, heads: dict[str, Head], seed: int = 7) -> Shot:
    return open_shot(name, seed, size=SIZE, heads=heads)


def emptied(name: str, heads: dict[str, Head]) -> Shot:
    """The same shot without anybody."""
    return Shot(name, replace(SHOTS[name], cast=nobody), 7, SIZE, heads)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_name_and_seed_give_the_same_pictures(name: str, heads: dict[str, Head]) -> None:
    size = (320, 180)
    one, again = (open_shot(name, 7, size=size, heads=heads) for _ in range(2))
    other = open_shot(name, 8, size=size, heads=heads)
    assert one.frame(0).shape == (180, 320, 3)
    for number in (0, 77):
        assert np.array_equal(one.frame(number), again.frame(number))
        assert one.truth(number) == again.truth(number)
        assert not np.array_equal(one.frame(number), other.frame(number))
    assert one.count == one.fps * 40


def changes(name: str, heads: dict[str, Head]) -> Iterator[tuple[Change, list[Truth]]]:
    """What people change in the pictures of a shot, and the truth of each."""
    with_people, without = shot(name, heads), emptied(name, heads)
    for number in range(11, with_people.count, with_people.count // 14):
        difference = with_people.frame(number).astype(int) - without.frame(number)
        yield np.abs(difference).max(axis=2), with_people.truth(number)


def apart(truth: Truth, others: list[Truth]) -> bool:
    """Whether nobody else's head comes near this one, and all of it is in the picture."""
    x, y, w, h = truth.head
    if x < w or y < h or x + 2 * w > SIZE[0] or y + 2 * h > SIZE[1]:
        return False
    return not any(
        abs(x + w / 2 - ox - ow / 2) < 2.5 * w + 2 * ow and oy < y + 2 * h
        for ox, oy, ow, _ in (other.head for other in others if other is not truth)
    )


def outline(change: Change, face: tuple[float, float, float, float]) -> tuple[int, int, int]:
    """Left, top and right of what has changed in one piece with the middle of a face."""
    x, y, w, h = face
    _, pieces, stats, _ = cv2.connectedComponentsWithStats((change > 20).astype(np.uint8))
    middle = pieces[int(y + 0.3 * h) : int(y + 0.5 * h) + 1, int(x + w / 2)]
    left, top, wide = stats[middle.max()][:3].tolist()
    return left, top, left + wide


@pytest.mark.parametrize("name", ["crossing", "panning", "zooming", "rushing", "near"])
def test_boxes_lie_where_the_faces_are(name: str, heads: dict[str, Head]) -> None:
    """Inside a visible face the picture has changed; round a head that stands alone it has not."""
    inside = edges = 0
    for change, truths in changes(name, heads):
        for truth in truths:
            if truth.face is None or truth.visible < 0.99 or truth.face[3] < 10:
                continue
            x, y, w, h = truth.face
            rows = slice(int(y + 0.25 * h), int(y + 0.75 * h))
            part = change[rows, int(x + 0.3 * w) : int(x + 0.7 * w)]
            assert np.median(part) > 8, (name, truth)
            inside += 1
            if apart(truth, truths):
                left, top, wide, high = truth.head
                x0, y0, x1 = outline(change[: int(top + 0.6 * high)], truth.face)
                assert left - 2.5 <= x0 <= left + 0.35 * wide, (name, truth)
                assert left + 0.65 * wide <= x1 <= left + wide + 2.5, (name, truth)
                assert top - 2.5 <= y0 <= top + 0.2 * high, (name, truth)
                edges += 1
    assert inside >= 10
    assert edges >= 1


@pytest.mark.parametrize(("name", "least", "most"), [("near", 14, 60), ("far", 4, 16)])
def test_faces_have_the_sizes_that_the_name_says(
    name: str, least: float, most: float, heads: dict[str, Head]
) -> None:
    """At half the usual width: 28 to 120 pixels near, 8 to 32 pixels far."""
    seen = [truth for n in range(0, 600, 25) for truth in shot_truth(name, n, heads)]
    heights = [truth.face[3] for truth in seen if truth.face and truth.visible >= 0.5]
    assert least <= min(heights) <= max(heights) <= most
    assert max(heights) > 0.7 * most


_open: dict[str, Shot] = {}


def shot_truth(name: str, number: int, heads: dict[str, Head]) -> list[Truth]:
    if name not in _open:
        _open[name] = shot(name, heads)
    return _open[name].truth(number)


def test_people_turn_from_the_back_to_the_face(heads: dict[str, Head]) -> None:
    numbers = range(30, 240, 9)
    of_one = [
        next(t for t in shot_truth("turning", n, heads) if t.walker == "walker-2") for n in numbers
    ]
    assert {truth.face is None for truth in of_one} == {True, False}
    assert max(abs(truth.turn) for truth in of_one) > 150
    assert all(b.turn != a.turn for a, b in pairwise(of_one))


def test_a_moving_camera_loses_and_finds_people(heads: dict[str, Head]) -> None:
    seen = [[t.visible for t in shot_truth("panning", n, heads)] for n in range(0, 500, 20)]
    shares = [share for frame in seen for share in frame]
    assert {0.0, 1.0} <= set(shares)
    assert any(0.05 < share < 0.95 for share in shares)


def test_the_bus_hides_who_is_behind_it(heads: dict[str, Head]) -> None:
    hidden = [
        number
        for number in range(0, 500, 15)
        for truth in shot_truth("rushing", number, heads)
        if truth.visible < 0.02 and 60 < truth.head[0] < 560 and 60 < truth.head[1] < 300
    ]
    assert hidden


def test_dusk_is_dark_and_noisy_and_rain_is_not_still(heads: dict[str, Head]) -> None:
    dusk, rain, day = (shot(name, heads) for name in ("dusk", "rain", "crossing"))
    assert dusk.frame(5).mean() < 0.35 * day.frame(5).mean()
    assert dusk.frame(5).std() < 0.5 * day.frame(5).std()
    streaks = np.abs(rain.frame(5).astype(int) - rain.frame(6)).mean()
    assert streaks > 2 * np.abs(day.frame(5).astype(int) - day.frame(6)).mean()


def test_the_empty_street_moves_but_holds_nobody(heads: dict[str, Head]) -> None:
    empty = shot("empty", heads)
    assert not any(empty.truth(number) for number in range(0, empty.count, 50))
    leaves = np.abs(empty.frame(0).astype(int) - empty.frame(9)).max(axis=2)
    assert (leaves[:170] > 25).mean() > 0.002
    light = [empty.frame(number)[180:].mean() for number in range(0, 195, 15)]
    assert max(light) > 1.08 * min(light)


def test_an_unknown_shot_is_named(heads: dict[str, Head]) -> None:
    with pytest.raises(NotFound, match="waltzing") as caught:
        open_shot("waltzing", heads=heads)
    assert "walking" in caught.value.hint
