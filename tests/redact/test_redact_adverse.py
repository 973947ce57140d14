"""Pictures made to slip past the searches, with a detector that sees all there is on its sheet.

Faces are red, people are blue and textured: the detector goes by chroma, flow and the comparing of
pictures by luma, as ever.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.media.frames import Frame
from plainview.redact.canvas import Known, planes
from plainview.redact.detector import Found, Kind, Sought
from plainview.redact.layout import SIZES, Scaling
from plainview.redact.manners import PEOPLE_SHEET
from plainview.redact.pipeline import Redactor, ViewFrame
from plainview.redact.seeker import Manner

WIDTH, HEIGHT = 640, 360
RED, BLUE = (0, 0, 255), (255, 0, 0)
COLOURED = 200
KINDS = {Sought.FACES: Kind.FACE, Sought.PEOPLE: Kind.PERSON}
FACES = Manner(
    Sought.FACES, Known(np.full((48, 48, 3), RED, np.uint8), 48), {Kind.FACE: 0.2}
)  # fmt: skip
PEOPLE = Manner(
    Sought.PEOPLE, Known(np.full((80, 40, 3), BLUE, np.uint8), 80), {Kind.PERSON: 0.2},
    scaling=Scaling.REDUCE, fitted=PEOPLE_SHEET, trust=True,
)  # fmt: skip

Box = tuple[int, int, int, int]


class ByColour:
    """Finds every red or blue thing on its sheet; notes what was sought, and whether everywhere."""

    def __init__(self) -> None:
        self.asked: list[tuple[Sought, bool]] = []

    def search(self, picture: NDArray[np.uint8], sought: Sought = Sought.FACES) -> Found:
        rows = picture.shape[0] * 2 // 3
        self.asked.append((sought, (rows, picture.shape[1]) not in SIZES))
        _, blue, red = planes(picture, rows)
        plane = red if sought is Sought.FACES else blue
        _, _, stats, _ = cv2.connectedComponentsWithStats((plane > COLOURED).astype(np.uint8))
        boxes = stats[1:, :4].astype(np.float32) * 2
        return Found.of(boxes, np.full(len(boxes), 0.9, np.float32), KINDS[sought])


class Street:
    """Pictures with a textured ground, on which things are put for one picture."""

    def __init__(self, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self._ground = _texture(rng, HEIGHT, WIDTH, 60, 110)
        self._skin = _texture(rng, HEIGHT, WIDTH, 130, 220)

    def frame(self, number: int, things: Iterable[tuple[Kind, Box]]) -> Frame:
        """Picture `number`, 80 ms after the one before it."""
        frame = Frame.blank(WIDTH, HEIGHT, wall_ms=80 * number)
        luma, blue, red = frame.planes
        luma[:] = self._ground
        for kind, (left, top, width, height) in things:
            luma[top : top + height, left : left + width] = self._skin[:height, :width]
            chroma = red if kind is Kind.FACE else blue
            chroma[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] = 240
        return frame


def _texture(
    rng: np.random.Generator, height: int, width: int, low: int, high: int
) -> NDArray[np.uint8]:
    coarse = rng.integers(low, high, (height // 6, width // 6), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def redacted(frames: Iterable[Frame], detector: ByColour, *searches: Manner) -> list[ViewFrame]:
    made = Redactor(WIDTH, HEIGHT, 12.5, detector, searches=searches or (FACES,))
    made.warm_up()
    detector.asked.clear()
    views = [view for frame in frames for view in made.push(frame)]
    views += made.flush()
    assert not any(view.pixelated for view in views)
    return views


def faces_left(view: ViewFrame) -> int:
    """Pixels of faces that can be seen."""
    return int((view.frame.planes[2] > COLOURED).sum())


def test_people_are_searched_everywhere_each_second_though_faces_are_all_the_time() -> None:
    street, detector = Street(), ByColour()
    large = [(Kind.PERSON, (100 + 2 * i, 10, 300, 340)) for i in range(52)]
    redacted((street.frame(i, [one]) for i, one in enumerate(large)), detector, FACES, PEOPLE)
    faces, people = (
        [everywhere for of, everywhere in detector.asked if of is sought]
        for sought in (Sought.FACES, Sought.PEOPLE)
    )
    assert sum(faces) > 12, "so much changes that faces are searched everywhere"
    assert sum(people) >= 4


def test_a_face_that_swings_to_and_fro_stays_hidden_when_something_else_moves() -> None:
    street, detector = Street(), ByColour()
    frames = []
    for i in range(40):
        face = (Kind.FACE, (300 + 24 * (i in (10, 13, 17, 20, 26, 31)), 100, 40, 48))
        bird = (Kind.PERSON, (20 + 6 * i, 300, 30, 30))
        frames.append(street.frame(i, [face, bird]))
    views = redacted(frames, detector)
    assert [i for i, view in enumerate(views) if faces_left(view)] == []


def test_faces_that_flash_up_one_after_another_between_two_searches_are_all_hidden() -> None:
    for start in range(20, 26):
        street, detector = Street(), ByColour()
        frames = []
        for i in range(40):
            flashes = {start: (100, 60, 40, 48), start + 1: (420, 200, 40, 48)}
            flashes[start + 9] = (300, 20, 40, 48)
            frames.append(street.frame(i, [(Kind.FACE, flashes[i])] if i in flashes else []))
        views = redacted(frames, detector)
        assert [i for i, view in enumerate(views) if faces_left(view)] == []
