"""What is seen in place of what is hidden: masks by profile, solid fill, mosaic, zones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import BadFormat
from plainview.media.frames import Frame
from plainview.redact import fill, mask
from plainview.redact.detector import Kind
from plainview.redact.fill import CELLS, GREY, LEVELS, Filler
from plainview.redact.moving import Moving
from plainview.redact.rules import MOST_POINTS, MOST_ZONES, FillStyle, Profile, Rules
from plainview.redact.tracker import Mark

FACE, PERSON, CAR = Mark(Kind.FACE, 1), Mark(Kind.PERSON, 2), Mark(Kind.VEHICLE, 3)
FOUND = {
    FACE: np.array([100, 40, 20, 24], np.float32),
    PERSON: np.array([90, 30, 40, 120], np.float32),
    CAR: np.array([300, 200, 90, 60], np.float32),
}
AREA = np.array([[40, 40, 64, 80]], np.float32)


def noise(seed: int, width: int = 320, height: int = 240) -> Frame:
    rng = np.random.default_rng(seed)
    frame = Frame.blank(width, height)
    for plane in frame.planes:
        plane[:] = rng.integers(0, 255, plane.shape, dtype=np.uint8)
    return frame


def areas(profile: Profile) -> dict[Mark, tuple[float, ...]]:
    marks, found = mask.hidden(FOUND, profile)
    return {m: tuple(a) for m, a in zip(marks, found.tolist(), strict=True) if a[2] * a[3] > 0}


def test_every_profile_hides_faces_and_plates() -> None:
    for profile in Profile:
        hidden = areas(profile)
        assert hidden[FACE][0] < 100
        assert hidden[FACE][2] > 20
        _, top, _, height = hidden[CAR]
        assert top <= 200 + 60 / 2
        assert top + height >= 259


def test_profiles_hide_of_a_person_what_they_say() -> None:
    assert PERSON not in areas(Profile.FACES)
    _, top, width, height = areas(Profile.HEADS)[PERSON]
    assert top < 30
    assert 0.15 * 120 < height < 0.4 * 120
    assert width > 30
    for profile in (Profile.PEOPLE, Profile.MOTION):
        left, top, width, height = areas(profile)[PERSON]
        assert left <= 90
        assert top <= 30
        assert left + width >= 130
        assert top + height >= 150


@given(st.floats(20, 200), st.floats(1.0, 4.0))
def test_a_head_is_covered_however_much_of_the_body_is_seen(width: float, tall: float) -> None:
    """A head is about 0.4 as wide as the shoulders' box, or an eighth of a whole person."""
    box = np.array([[50, 50, width, width * tall]], np.float32)
    ((_, top, wide, high),) = mask.heads(box).tolist()
    assert top <= 50
    assert top + high >= 50 + min(0.4 * width, width * tall / 2)
    assert wide >= 0.8 * width


def test_no_plate_is_sought_where_none_could_be_read() -> None:
    far = {CAR: np.array([300, 200, 20, 14], np.float32)}
    _, found = mask.hidden(far, Profile.PEOPLE)
    assert found[0, 3] == 0


def test_a_mosaic_has_few_cells_of_few_values() -> None:
    frame = noise(1)
    filler = Filler(320, 240, Rules(fill=FillStyle.MOSAIC))
    filler.fill(frame, [FACE], AREA)
    for plane, step in zip(frame.planes, (1, 2, 2), strict=True):
        part = plane[40 // step : 120 // step, 40 // step : 104 // step]
        assert len(np.unique(part, axis=0)) <= CELLS
        assert len(np.unique(part, axis=1).T) <= CELLS
        assert len(np.unique(part)) <= min(CELLS * CELLS, LEVELS)


def test_a_mosaic_is_frozen_for_as_long_as_its_mask_lives() -> None:
    filler = Filler(320, 240, Rules(fill=FillStyle.MOSAIC))
    shown = []
    for seed in range(5):
        frame = noise(seed)
        frame.planes[0][:] = frame.planes[0] // 4 + 40 * seed
        filler.fill(frame, [FACE], AREA)
        shown.append(frame.planes[0][40:120, 40:104].copy())
    assert all(np.array_equal(shown[0], one) for one in shown), "averaging recovers nothing"
    filler.fill(noise(9), [], AREA[:0])
    frame = noise(8)
    frame.planes[0][:] = 200
    filler.fill(frame, [FACE], AREA)
    assert not np.array_equal(shown[0], frame.planes[0][40:120, 40:104])


@given(st.tuples(*[st.floats(-400, 400)] * 2, *[st.floats(0, 500)] * 2))
def test_a_mosaic_of_any_box_stays_in_the_picture(box: tuple[float, ...]) -> None:
    filler = Filler(320, 240, Rules(fill=FillStyle.MOSAIC))
    filler.fill(noise(2), [FACE], np.array([box], np.float32))


def test_zones_are_hidden_in_every_picture_and_nothing_around_them() -> None:
    zone = ((1000, 1000), (5000, 1000), (5000, 5000), (1000, 5000))
    filler = Filler(320, 240, Rules(Profile.FACES, zones=(zone,)))
    frame, before = noise(3), noise(3)
    filler.fill(frame, [], AREA[:0])
    for plane, raw, step, value in zip(frame.planes, before.planes, (1, 2, 2), GREY, strict=True):
        inside = np.s_[24 // step : 120 // step, 32 // step : 160 // step]
        assert (plane[inside] == value).all()
        assert np.array_equal(plane[: 22 // step], raw[: 22 // step])
        assert np.array_equal(plane[:, 164 // step :], raw[:, 164 // step :])


def test_what_no_search_saw_is_solid_whatever_the_style() -> None:
    frame = noise(4)
    Filler(320, 240, Rules(fill=FillStyle.MOSAIC)).cover(frame, AREA)
    for plane, step, value in zip(frame.planes, (1, 2, 2), GREY, strict=True):
        assert (plane[40 // step : 120 // step, 40 // step : 104 // step] == value).all(), "corners"


def test_a_small_mosaic_within_a_large_one_shows_no_finer_cells() -> None:
    alone, both = noise(6), noise(6)
    inner = np.array([[56, 56, 24, 24]], np.float32)
    Filler(320, 240, Rules(fill=FillStyle.MOSAIC)).fill(alone, [FACE], AREA)
    filler = Filler(320, 240, Rules(fill=FillStyle.MOSAIC))
    filler.fill(both, [FACE, CAR], np.concatenate([AREA, inner]))
    assert np.array_equal(alone.planes[0], both.planes[0])


def test_a_mosaic_that_begins_at_the_border_has_cells_for_what_is_in_the_picture() -> None:
    frame = noise(7)
    beyond = np.array([[-54, 40, 64, 80]], np.float32)
    Filler(320, 240, Rules(fill=FillStyle.MOSAIC)).fill(frame, [FACE], beyond)
    assert len(np.unique(frame.planes[0][40:120, :10], axis=1).T) == 1, "10 pixels are one cell"


def test_boxes_far_beyond_the_picture_cost_no_memory() -> None:
    frame = noise(8)
    fill.fill(frame, np.array([[-1e30, -1e9, 3e30, 1e30], [1e30, 0, 1e30, 9]], np.float32))
    for plane, value in zip(frame.planes, GREY, strict=True):
        assert (plane == value).all()


def test_solid_fill_writes_exactly_its_colour() -> None:
    frame = noise(5)
    fill.fill(frame, AREA)
    for plane, step, value in zip(frame.planes, (1, 2, 2), GREY, strict=True):
        assert (plane[70 // step : 90 // step, 50 // step : 90 // step] == value).all()


@pytest.mark.parametrize(
    ("zones", "says"),
    [
        ((((0, 0), (1, 1)),), "Zone 1 has 2 points"),
        ((((0, 0), (1, 1), (10_001, 0)),), "reaches out of the picture"),
        ((((0, 0),) * (MOST_POINTS + 1),), "points"),
        ((((0, 0), (9, 0), (9, 9)),) * (MOST_ZONES + 1), "more than"),
    ],
)
def test_zones_that_are_no_polygons_are_refused_with_a_reason(
    zones: tuple[tuple[tuple[int, int], ...], ...], says: str
) -> None:
    with pytest.raises(BadFormat, match=says):
        Rules(zones=zones)


def test_what_moves_stands_out_and_what_is_still_does_not() -> None:
    moving = Moving()
    rng = np.random.default_rng(6)
    street = rng.integers(60, 160, (180, 320), dtype=np.uint8)
    for _ in range(30):
        moving.areas(street)
    assert len(moving.areas(street)) == 0
    now = street.copy()
    now[80:110, 150:165] = 250
    found = moving.areas(now)
    assert len(found) == 1
    left, top, width, height = found[0]
    assert left <= 300
    assert top <= 160
    assert left + width >= 330
    assert top + height >= 220
