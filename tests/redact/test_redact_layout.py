"""What a search looks at: changed places, the sheets that hold them, what counts as searched."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from plainview.media.frames import Frame
from plainview.redact import layout, motion
from plainview.redact.boxes import none
from plainview.redact.canvas import Canvas, Known, once
from plainview.redact.detector import Found, Kind
from plainview.redact.layout import Scaling, changed_areas, lay_out
from plainview.redact.survey import Survey, covers

WIDTH, HEIGHT = 640, 360
KNOWN = Known(np.full((64, 48, 3), 90, np.uint8), 48)


def picture(luma: int = 90) -> NDArray[np.uint8]:
    return np.full((HEIGHT // motion.SHRINK, WIDTH // motion.SHRINK), luma, np.uint8)


def changed(*areas: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    mask = picture(0)
    for left, top, width, height in areas:
        mask[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] = 255
    return mask


def test_before_the_first_search_everything_has_changed() -> None:
    mask = Survey(25).changed(picture())
    assert mask is not None
    assert mask.all()


def test_only_what_looks_different_has_changed() -> None:
    survey = Survey(25)
    survey.took(picture(), 0)
    assert survey.changed(picture()) is None
    now = picture()
    now[40:60, 100:120] = 160
    mask = survey.changed(now)
    assert mask is not None
    assert set(zip(*np.nonzero(mask), strict=True)) == set(
        itertools.product(range(40, 60), range(100, 120))
    )
    survey.took(now, 0, [(180, 60, 80, 80)])
    assert survey.changed(now) is None


def test_a_search_of_a_part_leaves_the_rest_unsearched() -> None:
    survey = Survey(25)
    survey.took(picture(), 0)
    now = picture()
    now[40:60, 100:120] = now[10:20, 10:20] = 160
    survey.took(now, 0, [(180, 60, 80, 80)])
    mask = survey.changed(now)
    assert mask is not None
    assert mask[10:20, 10:20].all()
    assert not mask[40:60].any()


def test_in_the_dark_smaller_differences_count() -> None:
    day, dusk = Survey(25), Survey(25)
    day.took(picture(120), 0)
    dusk.took(picture(30), 0)
    lighter = np.zeros_like(picture())
    lighter[40:60, 100:120] = 7
    assert day.changed(picture(120) + lighter) is None
    assert dusk.changed(picture(30) + lighter) is not None


def test_a_whole_search_grows_old_by_the_clock_and_by_the_frames() -> None:
    survey = Survey(10)
    survey.took(picture(), 5000)
    for _ in range(9):
        survey.passed()
        survey.took(picture(), 5900, [(0, 0, 64, 64)])
    assert not survey.is_old(5900)
    assert survey.is_old(6000), "frames are left out on a busy node"
    assert survey.is_old(4990), "a clock that was set back"
    survey.passed()
    assert survey.is_old(5900), "a clock that stands still"
    survey.took(picture(), 5900)
    assert not survey.is_old(5900)


def test_parts_without_a_whole_search_before_count_for_nothing() -> None:
    survey = Survey(25)
    survey.took(picture(), 0, [(0, 0, 64, 64)])
    assert survey.looked is None


areas_of_a_frame = st.lists(
    st.tuples(
        st.integers(0, 600), st.integers(0, 330), st.integers(8, 200), st.integers(8, 200)
    ).map(lambda a: (a[0], a[1], min(a[2], WIDTH - a[0]), min(a[3], HEIGHT - a[1]))),
    max_size=8,
)


@given(areas_of_a_frame)
def test_every_change_is_in_an_area_and_areas_do_not_overlap(
    parts: list[tuple[int, int, int, int]],
) -> None:
    mask = changed(*parts)
    found = changed_areas(mask, none(), WIDTH, HEIGHT)
    covered = np.zeros((HEIGHT, WIDTH), np.uint8)
    for left, top, width, height in found:
        assert left >= 0
        assert top >= 0
        assert left + width <= WIDTH
        assert top + height <= HEIGHT
        assert left % 2 == top % 2 == width % 2 == height % 2 == 0
        covered[top : top + height, left : left + width] += 1
    full = cv2.resize(mask, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
    assert (covered[full > 0] > 0).all()
    assert covered.max(initial=0) <= 1


def test_boxes_that_are_doubted_are_searched_with_room_around_them() -> None:
    ((left, top, width, height),) = changed_areas(
        None, np.array([[300, 100, 20, 24]], np.float32), WIDTH, HEIGHT
    )
    assert left < 292
    assert top < 92
    assert left + width > 328
    assert top + height > 132


@given(areas_of_a_frame, st.sampled_from(Scaling))
def test_a_sheet_holds_every_area_once_and_keeps_room_for_the_known_thing(
    parts: list[tuple[int, int, int, int]], scaling: Scaling
) -> None:
    areas = changed_areas(changed(*parts), none(), WIDTH, HEIGHT)
    room = (58, 60)
    sheet = lay_out(areas, room, 512 * 640, scaling)
    if sheet is None:
        return
    assert (sheet.rows, sheet.columns) in layout.SIZES
    assert sorted(sheet.areas) == sorted(areas)
    taken = np.zeros((sheet.rows, sheet.columns), np.uint8)
    left, top, width, height = sheet.room
    taken[top : top + height, left : left + width] += 1
    assert width >= room[0]
    assert height >= room[1]
    for patch in sheet.patches:
        width, height = layout.size(patch.area, patch.zoom)
        assert patch.left % 2 == patch.top % 2 == 0
        assert patch.top + height <= sheet.rows
        taken[patch.top : patch.top + height, patch.left : patch.left + width] += 1
    assert taken.max() == 1


def test_what_saves_nothing_is_no_sheet_of_parts() -> None:
    assert lay_out([(0, 0, WIDTH, HEIGHT)], (58, 60), 512 * 640) is None


@pytest.mark.parametrize(
    ("area", "scaling", "zoom"),
    [
        ((100, 100, 64, 64), Scaling.ENLARGE, 2),
        ((100, 100, 64, 64), Scaling.KEEP, 1),
        ((100, 100, 64, 160), Scaling.ENLARGE, 1),
        ((100, 100, 64, 160), Scaling.REDUCE, 0.5),
        ((100, 100, 64, 64), Scaling.REDUCE, 1),
    ],
)
def test_areas_are_searched_at_the_size_that_suits_what_is_in_them(
    area: tuple[int, int, int, int], scaling: Scaling, zoom: float
) -> None:
    sheet = lay_out([area], (58, 60), 512 * 640, scaling)
    assert sheet is not None
    assert [patch.zoom for patch in sheet.patches] == [zoom]


@pytest.mark.parametrize("scaling", list(Scaling))
def test_what_is_found_on_a_sheet_is_at_its_place_in_the_frame(scaling: Scaling) -> None:
    canvas = Canvas(2 * WIDTH, 2 * HEIGHT, WIDTH, KNOWN)
    areas = [(64, 32, 48, 48), (320, 100, 96, 200)]
    sheet = canvas.some(areas, scaling)
    assert sheet is not None
    frame = Frame.blank(2 * WIDTH, 2 * HEIGHT)
    drawn = canvas.draw(frame, canvas.grey(frame), sheet)
    boxes = []
    for patch in sheet.patches:
        middle = [patch.left + 20 * patch.zoom, patch.top + 16 * patch.zoom]
        boxes.append([*middle, 10 * patch.zoom, 12 * patch.zoom])
    boxes.append(drawn.known[0].tolist())
    gathered = canvas.gather(
        Found.of(np.array(boxes, np.float32), np.full(len(boxes), 0.9, np.float32)), drawn
    )
    places = sorted(gathered.boxes.tolist())
    assert places == [[84, 48, 10, 12], [340, 116, 10, 12]]


def test_a_patch_shows_its_part_of_the_frame() -> None:
    canvas = Canvas(2 * WIDTH, 2 * HEIGHT, WIDTH, KNOWN)
    frame = Frame.blank(2 * WIDTH, 2 * HEIGHT)
    frame.planes[0][200:220, 400:420] = 250
    frame.planes[1][100:110, 200:210] = 20
    for scaling, zoom in ((Scaling.ENLARGE, 2), (Scaling.KEEP, 1)):
        sheet = canvas.some([(190, 90, 40, 40)], scaling)
        assert sheet is not None
        drawn = canvas.draw(frame, canvas.grey(frame), sheet)
        patch = sheet.patches[0]
        bright = np.argwhere(drawn.picture[: sheet.rows] == 250)
        assert bright.min(axis=0).tolist() == [patch.top + 10 * zoom, patch.left + 10 * zoom]
        assert len(bright) == (10 * zoom) ** 2


def test_only_boxes_in_what_was_searched_can_have_been_missed() -> None:
    boxes = np.array([[10, 10, 20, 20], [100, 100, 20, 20]], np.float32)
    assert covers([(0, 0, 40, 40)], boxes).tolist() == [True, False]


@pytest.mark.parametrize(("kind", "left"), [(Kind.FACE, 1), (Kind.PERSON, 2)])
def test_people_who_walk_side_by_side_are_two(kind: Kind, left: int) -> None:
    beside = np.array([[100, 50, 60, 160], [127, 50, 60, 160]], np.float32)
    same = np.array([[100, 50, 60, 160], [104, 50, 60, 160]], np.float32)
    scores = np.array([0.9, 0.6], np.float32)
    assert len(once([Found.of(beside, scores, kind)])) == left
    assert len(once([Found.of(same, scores, kind)])) == 1
