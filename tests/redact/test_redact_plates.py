"""Text on vehicles: searched for when a vehicle is there, hidden beside its lower part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.errors import DetectorFault
from plainview.media.files import VideoFile
from plainview.media.frames import Frame
from plainview.redact import manners, motion
from plainview.redact.boxes import share_within
from plainview.redact.canvas import Canvas
from plainview.redact.detector import Detector, Found, Kind, Sought
from plainview.redact.host import RemoteDetector
from plainview.redact.load import STEPS
from plainview.redact.mask import LEAST_VEHICLE, PLATE_TOP
from plainview.redact.pipeline import Redactor, ViewFrame
from plainview.redact.plates import AGAIN_MS, LEAST_WIDTH, MOST_SHEETS, Plates
from plainview.redact.seeker import MOST_OF_IT, Picture, Seeker
from plainview.redact.tracker import Mark
from plainview.testing.one_camera import KnownThingsOnly

Luma = NDArray[np.uint8]
Box = tuple[int, int, int, int]

WIDTH, HEIGHT, FPS = 640, 360, 25.0
STEP_MS = 40
KEEP = 10
METAL, WRITING = (180, 220), 255
CAR, HIGH_TEXT = (200, 120, 160, 120), (250, 130, 60, 12)
"""A vehicle, and text in its upper part (left, top, width, height)."""
CARS = Path(__file__).resolve().parents[3] / "shared" / "data" / "clips" / "car-detection.mp4"
CLIP_FRAME = 217


class Painted(KnownThingsOnly):
    """Finds the known things, plain grey blocks as vehicles, and white in them as text."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Sought] = []
        self.blind = False

    def search(self, picture: Luma, sought: Sought = Sought.FACES) -> Found:
        self.asked.append(sought)
        if self.blind and sought is Sought.PLATES:
            return Found.nothing()
        known = super().search(picture, sought)
        if sought is Sought.FACES:
            return known
        luma = picture[: picture.shape[0] * 2 // 3]
        if sought is Sought.PEOPLE:
            boxes, kind = blocks(luma, METAL[0] - 5, 1000), Kind.VEHICLE
        else:
            boxes, kind = blocks(luma, WRITING - 5, 200), Kind.TEXT
        more = Found.of(boxes, np.full(len(boxes), 0.9, np.float32), kind)
        return Found(
            np.concatenate([known.boxes, more.boxes]),
            np.concatenate([known.scores, more.scores]),
            np.concatenate([known.kinds, more.kinds]),
        )

    @property
    def texts(self) -> int:
        """Searches for text so far."""
        return self.asked.count(Sought.PLATES)


def blocks(luma: Luma, least: int, area: int) -> NDArray[np.float32]:
    """Full rectangles (n x 4) at least so bright and large, not white as a whole if dark ones are
    sought."""
    bright = (luma >= least).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(bright)
    whites = np.bincount(labels.ravel(), luma.ravel() >= WRITING - 5, len(stats))
    pixels, sides = stats[1:, cv2.CC_STAT_AREA], stats[1:, 2] * stats[1:, 3]
    wanted = (pixels >= 0.9 * sides) & (pixels >= area)
    if least < METAL[1]:
        wanted &= whites[1:] < 0.5 * pixels
    return stats[1:][wanted, :4].astype(np.float32)


def painted(vehicles: list[Box], text: list[Box]) -> Luma:
    """A dim street with these on it."""
    fine = np.random.default_rng(1).integers(60, 110, (HEIGHT // 4, WIDTH // 4), dtype=np.uint8)
    luma = np.asarray(cv2.resize(fine, (WIDTH, HEIGHT)), np.uint8)
    pattern = np.random.default_rng(2).choice(METAL, (HEIGHT // 8, WIDTH // 8)).astype(np.uint8)
    metal = np.kron(pattern, np.ones((8, 8), np.uint8))
    for left, top, width, height in vehicles:
        luma[top : top + height, left : left + width] = metal[:height, :width]
    for left, top, width, height in text:
        luma[top : top + height, left : left + width] = WRITING
    return luma


def frame(luma: Luma, index: int) -> Frame:
    made = Frame.blank(WIDTH, HEIGHT, wall_ms=1_000_000 + STEP_MS * index)
    made.planes[0][:] = luma
    return made


def moved(box: Box, by: int) -> Box:
    return box[0] + by, *box[1:]


def run(detector: Detector, pictures: list[Luma]) -> list[ViewFrame]:
    made = Redactor(WIDTH, HEIGHT, FPS, detector)
    made.warm_up()
    done = [view for i, luma in enumerate(pictures) for view in made.push(frame(luma, i))]
    return done + made.flush()


def covered(view: ViewFrame, box: Box) -> float:
    return float(share_within(np.array([box], np.float32), view.masks).max(initial=0))


def driving(count: int, first: int = 0, car: Box = CAR, text: Box = HIGH_TEXT) -> list[Luma]:
    """A vehicle with text high up that is there from frame `first` on and moves evenly."""
    return [
        painted([moved(car, 2 * i)], [moved(text, 2 * i)]) if i >= first else painted([], [])
        for i in range(count)
    ]


def test_text_high_on_a_vehicle_is_hidden_from_its_first_frame_beside_the_lower_part() -> None:
    views = run(Painted(), driving(30, first=10))
    assert not any(view.pixelated for view in views)
    for index, view in enumerate(views[10:], start=10):
        left, top, width, height = moved(CAR, 2 * index)
        assert covered(view, moved(HIGH_TEXT, 2 * index)) > 0.95, index
        assert covered(view, (left + 10, top + height // 2, width - 20, height // 2 - 4)) > 0.95
        assert covered(view, (left + 5, top + 2, 30, 20)) < 0.1, "the rest is to be seen"
    assert not len(views[0].masks)


def test_without_a_vehicle_no_text_is_searched_for() -> None:
    detector = Painted()
    made = Redactor(WIDTH, HEIGHT, FPS, detector)
    made.warm_up()
    before = detector.texts
    for i in range(60):
        sign = (100 + 3 * i, 60, 50, 12)
        views = made.push(frame(painted([], [sign]), i))
        assert all(covered(view, moved(sign, -9)) == 0 for view in views), "a sign is no plate"
    assert detector.asked.count(Sought.PEOPLE) > 10
    assert detector.texts == before


@pytest.mark.parametrize("width", [int(LEAST_VEHICLE), int(LEAST_WIDTH) - 8])
def test_a_vehicle_too_small_for_a_plate_to_be_found_is_not_searched(width: int) -> None:
    detector = Painted()
    run(detector, driving(10, car=(*CAR[:2], width, 40), text=(0, 0, 0, 0)))
    assert detector.texts == 1, "warming up"


def test_a_vehicle_is_searched_again_when_it_has_changed_and_not_too_often() -> None:
    seconds = 2
    count = seconds * 1000 // STEP_MS
    standing, moving = Painted(), Painted()
    run(standing, driving(1) * count)
    assert standing.texts == 1 + 1, "warming up, and the vehicle when it was found"
    run(moving, driving(count))
    assert seconds + 2 <= moving.texts <= 2 + seconds * 1000 // AGAIN_MS


@pytest.mark.parametrize("fails", ["at the first vehicle", "at the start"])
def test_a_search_that_does_not_find_the_known_text_withholds(fails: str) -> None:
    detector = Painted()
    made = Redactor(WIDTH, HEIGHT, FPS, detector)
    if fails == "at the start":
        detector.blind = True
        with pytest.raises(DetectorFault):
            made.warm_up()
        return
    made.warm_up()
    views = []
    for i, luma in enumerate(driving(30, first=10)):
        detector.blind = i >= 10
        views += made.push(frame(luma, i))
    assert not views[0].pixelated
    assert all(view.pixelated for view in views[10:])
    assert made.state.faults > 0


def plates(detector: Detector) -> Plates:
    return Plates(manners.usual()[-1], WIDTH, HEIGHT, WIDTH, detector, KEEP)


def picture(luma: Luma, index: int = 0) -> Picture:
    return Picture(frame(luma, index), luma, motion.small(luma))


def marked(*vehicles: Box) -> dict[Mark, NDArray[np.float32]]:
    return {Mark(Kind.VEHICLE, n): np.array(box, np.float32) for n, box in enumerate(vehicles)}


EVERYWHERE = np.full((HEIGHT // motion.SHRINK, WIDTH // motion.SHRINK), 255, np.uint8)


@pytest.fixture
def street() -> tuple[list[Box], list[Box]]:
    """Eight vehicles, each with text high up."""
    cars = [(150 * (n % 4) + 10, 60 + 150 * (n // 4), 120, 100) for n in range(8)]
    return cars, [(left + 30, top + 10, 60, 14) for left, top, _, _ in cars]


def test_many_new_vehicles_have_their_turn_one_search_after_another(
    street: tuple[list[Box], list[Box]],
) -> None:
    cars, text = street
    detector, luma = Painted(), painted(*street)
    made = plates(detector)
    for index in range(len(cars)):
        before = detector.texts
        made.search(picture(luma, index), marked(*cars), None)
        assert detector.texts - before <= MOST_SHEETS
    found = np.stack(list(made.tracker.boxes().values()))
    assert share_within(np.array(text, np.float32), found).max(axis=1).min() > 0.9
    before = detector.texts
    made.search(picture(luma, index), marked(*cars), None)
    assert detector.texts == before, "all of them have been searched"


def test_a_busy_node_searches_new_vehicles_only() -> None:
    detector, luma = Painted(), painted([CAR], [HIGH_TEXT])
    made = plates(detector)
    busy = next(step for step in STEPS if step.trust)
    made.search(picture(luma), marked(CAR), None, effort=busy)
    assert detector.texts == 1
    later = picture(luma, 2 * AGAIN_MS // STEP_MS)
    made.search(later, marked(CAR), EVERYWHERE, effort=busy)
    assert detector.texts == 1
    made.search(later, marked(CAR), None)
    assert detector.texts == 2, "the change has been remembered"


@pytest.mark.parametrize("others", [{}, marked((400, 100, 120, 100))])
def test_text_goes_some_time_after_its_vehicle(others: dict[Mark, NDArray[np.float32]]) -> None:
    made, luma = plates(Painted()), painted([CAR], [HIGH_TEXT])
    _, new = made.search(picture(luma), marked(CAR), None)
    assert len(new) == 1
    made.search(picture(luma), others, None)
    for _ in range(KEEP):
        assert len(made.tracker.boxes()) == 1
        made.tracker.age(EVERYWHERE)
    made.tracker.age(EVERYWHERE)
    assert not made.tracker.boxes()


def test_a_vehicle_that_reaches_out_of_the_picture_is_searched_and_one_outside_is_not() -> None:
    detector, luma = Painted(), painted([(0, 0, 90, 90)], [(20, 12, 40, 10)])
    made = plates(detector)
    made.search(picture(luma), marked((-60, -20, 150, 110)), None)
    assert len(made.tracker.boxes()) == 1
    before = detector.texts
    made.search(picture(luma), marked((WIDTH - 4, 40, 90, 90), (40, -95, 90, 90)), None)
    assert detector.texts == before


class Whole:
    """Finds the known person, and a vehicle of a share of the frame, so surely."""

    def __init__(self, share: float, score: float) -> None:
        self._known = KnownThingsOnly()
        self._share, self._score = share, score

    def search(self, picture: Luma, sought: Sought = Sought.FACES) -> Found:
        known = self._known.search(picture, sought)
        manner = manners.usual()[1]
        canvas = Canvas(WIDTH, HEIGHT, WIDTH, manner.known, fitted=manner.fitted, looks=False)
        zoom = canvas.fitted(*manners.PEOPLE_SHEET).patches[0].zoom
        size = np.array([WIDTH, HEIGHT * self._share]) * zoom
        boxes = np.concatenate([known.boxes, [[0, 0, *size]]]).astype(np.float32)
        scores = np.append(known.scores, self._score).astype(np.float32)
        return Found(boxes, scores, np.array([Kind.PERSON, Kind.VEHICLE], np.uint8))


@pytest.mark.parametrize(
    ("share", "score", "grows"),
    [
        (MOST_OF_IT + 0.1, 0.2, False),
        (MOST_OF_IT - 0.1, 0.2, True),
        (MOST_OF_IT + 0.1, 0.5, True),
    ],
)
def test_an_unsure_vehicle_as_large_as_the_picture_moves_no_box(
    share: float, score: float, grows: bool
) -> None:
    manner = manners.usual()[1]
    seeker = Seeker(manner, WIDTH, HEIGHT, WIDTH, Whole(share, score), keep=KEEP, fps=25)
    near = np.array([[100, 40, 400, 120]], np.float32)
    seeker.tracker.update(Found.of(near, np.array([0.9], np.float32), Kind.VEHICLE))
    seeker.search(picture(painted([], [])), None, rounds=1)
    height = max(float(box[3]) for box in seeker.tracker.boxes().values())
    assert (height > 121) is grows


def plate(text: str, width: int) -> NDArray[np.uint8]:
    """A drawn plate, BGR, of European proportions."""
    large = np.full((110, 520, 3), 226, np.uint8)
    font, ink = cv2.FONT_HERSHEY_SIMPLEX, (25, 25, 30)
    cv2.rectangle(large, (4, 4), (515, 105), ink, 3)
    cv2.putText(large, text, (30, 80), font, 2.2, ink, 9, cv2.LINE_AA)
    size = (width, round(width * 110 / 520))
    return np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_AREA), np.uint8)


def test_the_network_finds_a_plate_high_on_a_vehicle(detector: RemoteDetector) -> None:
    left, top, width, height = CAR
    bgr = cv2.cvtColor(painted([], []), cv2.COLOR_GRAY2BGR)
    rough = np.random.default_rng(9).integers(40, 90, (6, 8, 3), dtype=np.uint8)
    bgr[top : top + height, left : left + width] = cv2.resize(rough, (width, height))
    drawn = plate("PV 123 AB", 50)
    at = (left + 50, top + 14)
    bgr[at[1] : at[1] + drawn.shape[0], at[0] : at[0] + 50] = drawn
    whole = Frame.from_bgr(np.asarray(bgr, np.uint8), wall_ms=0)
    made = plates(detector)
    grey = whole.planes[0].copy()
    made.search(Picture(whole, grey, motion.small(grey)), marked(CAR), None)
    letters = np.array([[at[0] + 4, at[1] + 2, 42, 7]], np.float32)
    assert share_within(letters, np.stack(list(made.tracker.boxes().values()))).max() > 0.8


@pytest.fixture(scope="module")
def car() -> Iterator[Frame]:
    """A frame with a car."""
    with VideoFile(CARS) as video:
        yield next(one for index, one in enumerate(video.frames()) if index == CLIP_FRAME)


@pytest.mark.skipif(not CARS.exists(), reason="the clip is not at hand")
def test_a_plate_high_on_a_real_car_is_hidden(car: Frame, detector: RemoteDetector) -> None:
    seeker = Seeker(manners.usual()[1], car.width, car.height, WIDTH, detector, keep=KEEP, fps=25)
    grey = seeker.canvas.grey(car)
    seeker.search(Picture(car, grey, motion.small(grey)), None, rounds=1)
    box = max(seeker.tracker.boxes().values(), key=lambda one: float(one[2]))
    left, top, width, height = (float(side) * car.width / seeker.canvas.width for side in box)
    drawn = plate("PV 123 AB", round(width * 0.3))
    x, y = round(left + width / 3), round(top + height * 0.1)
    assert y + drawn.shape[0] < top + PLATE_TOP * height
    bgr = car.to_bgr().copy()
    bgr[y : y + drawn.shape[0], x : x + drawn.shape[1]] = drawn
    made = Redactor(car.width, car.height, FPS, detector)
    made.warm_up()
    views = [
        view for i in range(8)
        for view in made.push(Frame.from_bgr(bgr, wall_ms=STEP_MS * i))
    ]  # fmt: skip
    letters = (x + drawn.shape[1] // 12, y + drawn.shape[0] // 4,
               drawn.shape[1] * 5 // 6, drawn.shape[0] // 2)  # fmt: skip
    assert views
    assert all(covered(view, letters) > 0.8 for view in views)
