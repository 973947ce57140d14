"""The small parts: flow, tracker, motion, masks, fill."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plainview.media.frames import Frame
from plainview.redact import fill, flow, mask, motion
from plainview.redact.boxes import enlarged, none
from plainview.redact.canvas import Canvas, Known
from plainview.redact.detector import Found, Kind
from plainview.redact.survey import Survey
from plainview.redact.tracker import SURE, Tracker, reaching

NOTHING = np.full((180, 320), 90, np.uint8)
"""A picture in which flow sees nothing."""


def texture(seed: int, height: int = 180, width: int = 320) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(0, 255, (height // 6, width // 6), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def found(*boxes: tuple[float, float, float, float], score: float = 0.8) -> Found:
    table = np.array(boxes, np.float32).reshape(-1, 4)
    return Found.of(table, np.full(len(table), score, np.float32))


def test_flow_follows_a_shift() -> None:
    before = texture(1)
    after = np.roll(before, (3, 5), axis=(0, 1))
    moved, seen = flow.shifts(before, after, np.array([[100, 60, 30, 40]], np.float32))
    assert seen.all()
    assert np.allclose(moved, [[5, 3]], atol=0.3)


def test_flow_sees_nothing_where_the_box_is_outside() -> None:
    picture = texture(2)
    _, seen = flow.shifts(picture, picture, np.array([[-90, -90, 30, 40]], np.float32))
    assert not seen.any()


BOX = (100.0, 60.0, 30.0, 40.0)
AROUND, ELSEWHERE = (80, 40, 80, 80), (200, 40, 80, 80)
"""Areas that were searched."""
MOVES = np.full((90, 160), 255, np.uint8)
"""A change everywhere."""


def test_a_track_goes_some_time_after_a_search_has_missed_it() -> None:
    tracker = Tracker(keep=4)
    _, new = tracker.update(found(BOX))
    assert len(new) == 1
    for _ in range(20):
        tracker.age(None)
    assert len(tracker.boxes()) == 1, "nothing changed and nothing searched"
    tracker.update(found())
    for _ in range(4):
        tracker.age(None)
        assert len(tracker.boxes()) == 1
    tracker.age(None)
    assert tracker.boxes() == {}
    _, again = tracker.update(found(BOX))
    assert again != new, "a number is never given again"


def test_a_search_elsewhere_says_nothing_about_a_track() -> None:
    tracker = Tracker(keep=1)
    tracker.update(found(BOX))
    tracker.update(found(), [ELSEWHERE])
    for _ in range(9):
        tracker.age(MOVES)
    assert len(tracker.boxes()) == 1
    assert len(tracker.doubtful(None)) == 0
    tracker.update(found(), [AROUND])
    assert len(tracker.doubtful(None)) == 1, "it is looked at again"
    for _ in range(3):
        tracker.age(MOVES)
    assert tracker.boxes() == {}


def test_somebody_who_stops_stays_hidden_though_searches_miss_them() -> None:
    standing, moving, brief = (Tracker(keep=4) for _ in range(3))
    for tracker, hits in ((standing, SURE), (moving, SURE), (brief, 1)):
        for _ in range(hits):
            tracker.update(found(BOX))
        tracker.update(found())
    for _ in range(20):
        standing.age(None)
        moving.age(MOVES)
        brief.age(None)
    assert len(standing.boxes()) == 1
    assert moving.boxes() == {}, "gone, as something moved there"
    assert brief.boxes() == {}, "seen once: likely a mistake"


def test_a_box_follows_what_swings_back_to_where_it_was_searched() -> None:
    tracker = Tracker(keep=9)
    before = texture(6)
    after = np.roll(before, 12, axis=1)
    elsewhere = np.zeros_like(MOVES)
    elsewhere[80:, :20] = 255
    _, (number,) = tracker.update(found(BOX))
    tracker.step(before, after, MOVES)
    assert np.allclose(tracker.boxes()[number][:2], (112, 60), atol=5)
    assert len(tracker.doubtful(elsewhere)) == 1, "where it is now was not searched"
    tracker.step(after, before, elsewhere)
    assert np.allclose(tracker.boxes()[number][:2], BOX[:2], atol=5)
    tracker.update(found(BOX))
    assert not len(tracker.doubtful(elsewhere))


def test_boxes_of_different_kinds_are_not_the_same_thing() -> None:
    tracker = Tracker(keep=4)
    tracker.update(found(BOX))
    person = Found.of(np.array([BOX], np.float32), np.ones(1, np.float32), Kind.PERSON)
    corrections, new = tracker.update(person)
    assert not corrections
    assert [mark.kind for mark in new] == [Kind.PERSON]


def test_a_new_mask_that_flow_loses_is_wider_until_it_is_found_again() -> None:
    tracker = Tracker(keep=9)
    box = (100.0, 60.0, 20.0, 20.0)
    _, (number,) = tracker.update(found(box))
    tracker.step(NOTHING, NOTHING)
    left, _, width, _ = tracker.boxes()[number]
    assert left <= box[0] - 20
    assert left + width >= box[0] + 2 * box[2]
    tracker.update(found(box))
    assert np.allclose(tracker.boxes()[number], box, atol=3)


def test_a_mask_that_flow_follows_is_not_wider() -> None:
    tracker = Tracker(keep=9)
    picture = texture(4)
    _, (number,) = tracker.update(found((100, 60, 20, 20)))
    tracker.step(picture, picture)
    tracker.step(picture, NOTHING)
    assert tracker.boxes()[number][2] == 20


def test_a_large_face_that_flow_loses_has_not_gone_far() -> None:
    box, still = np.array([100, 60, 80, 90], np.float32), np.zeros(2, np.float32)
    assert reaching(box, still, lost=True).tolist() == [76, 36, 128, 138]
    assert reaching(box, still, lost=False).tolist() == box.tolist()


def test_a_fast_face_is_hidden_further_along_its_way() -> None:
    box, shift = np.array([100, 60, 20, 20], np.float32), np.array([-20, 0], np.float32)
    assert reaching(box, shift, lost=False).tolist() == [93, 60, 34, 20]


@pytest.mark.parametrize("size", [(1280, 720), (768, 576), (640, 640), (720, 1280), (640, 272)])
def test_a_search_costs_no_more_for_a_squarer_picture(size: tuple[int, int]) -> None:
    canvas = Canvas(*size, 640, Known(np.zeros((64, 64, 3), np.uint8), 48))
    assert canvas.width * canvas.height <= 640 * 360 * 1.01
    assert canvas.width / canvas.height == pytest.approx(size[0] / size[1], rel=0.02)


def test_a_weak_find_keeps_a_track_but_begins_none() -> None:
    tracker = Tracker(keep=1)
    weak = found((100, 60, 30, 40), score=0.16)
    assert tracker.update(weak) == ([], [])
    tracker.update(found((100, 60, 30, 40)))
    picture = texture(4)
    for _ in range(3):
        tracker.step(picture, picture)
        corrections, new = tracker.update(weak)
        assert len(corrections) == 1
        assert not new


def test_a_mask_grows_at_once_and_shrinks_slowly() -> None:
    tracker = Tracker(keep=5)
    tracker.update(found((100, 60, 30, 40)))
    tracker.update(found((95, 55, 40, 50)))
    (box,) = tracker.boxes().values()
    assert box.tolist() == pytest.approx([95, 55, 40, 50])
    tracker.update(found((100, 60, 30, 40)))
    (box,) = tracker.boxes().values()
    assert 36 < box[2] < 40


def test_a_lost_box_goes_on_with_its_speed_for_a_while() -> None:
    tracker = Tracker(keep=10)
    tracker.update(found((100, 60, 30, 40)))
    picture = texture(5)
    tracker.step(picture, np.roll(picture, 6, axis=1))
    flat = np.full_like(picture, 90)
    tracker.step(flat, flat)
    (box,) = tracker.boxes().values()
    assert box[0] > 106


def test_noise_and_compression_are_no_change() -> None:
    grey = texture(6, 360, 640)
    rng = np.random.default_rng(1)
    noisy = np.clip(grey + rng.normal(0, 8, grey.shape), 0, 255).astype(np.uint8)
    _, jpeg = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 40])
    packed = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.uint8)
    compare = motion.Unsearched()
    for other in (noisy, packed):
        assert compare.against(motion.small(other), motion.small(grey)) is None
        assert not motion.is_cut(motion.small(grey), motion.small(other))
    seen = Survey(25)
    seen.took(motion.small(grey), 0)
    assert seen.changed(motion.small(noisy)) is None


def test_content_that_moved_is_explained_and_new_content_is_not() -> None:
    grey = texture(7, 360, 640)
    person = texture(8, 80, 48)
    first, moved, dark = grey.copy(), grey.copy(), grey // 2
    first[100:180, 200:248] = person
    moved[102:182, 206:254] = person
    compare = motion.Unsearched()
    assert compare.against(motion.small(moved), motion.small(first)) is None
    bright = dark.copy()
    bright[100:180, 200:248] = 150 + person // 3
    area = compare.against(motion.small(bright), motion.small(dark))
    assert area is not None
    (box,) = motion.areas(area).tolist()
    assert box == pytest.approx([200, 100, 48, 80], abs=16)


def test_even_a_small_thing_that_appears_is_not_still() -> None:
    grey = texture(7, 360, 640)
    changed = grey.copy()
    changed[100:112, 200:210] = np.where(grey[100:112, 200:210] > 128, 60, 200)
    seen = Survey(25)
    seen.took(motion.small(grey), 0)
    assert seen.changed(motion.small(changed)) is not None


def test_another_scene_is_a_cut() -> None:
    assert motion.is_cut(motion.small(texture(9, 360, 640)), motion.small(texture(10, 360, 640)))


def test_content_in_neither_picture_is_what_both_lack() -> None:
    square = np.zeros((90, 160), np.uint8)
    square[20:40, 20:40] = 255
    other = np.roll(square, 10, axis=1)
    shared = motion.both(square, other)
    assert shared is not None
    assert motion.both(square, None) is None
    assert motion.both(square, np.roll(square, 60, axis=1)) is None
    assert cv2.countNonZero(shared) == 200


def test_masks_reach_around_the_face_and_over_the_hair() -> None:
    (hidden,) = mask.around(np.array([[100, 100, 50, 60]], np.float32)).tolist()
    assert hidden[0] < 92
    assert hidden[0] + hidden[2] > 158
    assert 100 - hidden[1] > hidden[1] + hidden[3] - 160
    assert mask.around(none()).shape == (0, 4)


side = st.floats(-300, 900)
length = st.floats(0.5, 500)


@given(side, side, length, length)
@settings(max_examples=80)
def test_fill_hides_all_of_the_box_within_the_picture(
    left: float, top: float, width: float, height: float
) -> None:
    frame = Frame.blank(320, 180)
    for plane in frame.planes:
        plane[:] = 20
    box = np.array([[left, top, width, height]], np.float32)
    fill.fill(frame, enlarged(box, 1.4))
    columns = slice(max(0, int(np.ceil(left))), max(0, int(left + width)))
    rows = slice(max(0, int(np.ceil(top))), max(0, int(top + height)))
    inner = frame.planes[0][rows, columns]
    assert (inner == fill.GREY[0]).mean() > 0.98 if inner.size else True


def test_fill_is_solid_rounded_and_leaves_the_rest_alone() -> None:
    rng = np.random.default_rng(3)
    frame = Frame.from_bgr(rng.integers(0, 255, (180, 320, 3), dtype=np.uint8))
    raw = frame.copy()
    fill.fill(frame, np.array([[100, 50, 60, 80]], np.float32))
    assert (frame.planes[0][70:110, 101:159] == fill.GREY[0]).all()
    assert (frame.planes[1][35:55, 51:79] == fill.GREY[1]).all()
    assert frame.planes[0][50, 100] == raw.planes[0][50, 100], "the corner is rounded"
    outside = np.ones((180, 320), bool)
    outside[48:134, 98:164] = False
    assert (frame.planes[0] == raw.planes[0])[outside].all()
