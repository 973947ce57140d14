"""Lines of text: map to boxes, the self-test's text, and drawn plates on vehicles."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.errors import DetectorFault
from plainview.media.files import VideoFile
from plainview.redact import textlines
from plainview.redact.boxes import overlap
from plainview.redact.detector import Kind, Sought, check
from plainview.redact.host import RemoteDetector

Picture = NDArray[np.uint8]

CARS = Path(__file__).resolve().parents[3] / "shared" / "data" / "clips" / "car-detection.mp4"
CAR = (80, (222, 180, 260, 160))
"""A frame of the clip with a car, and the part of it (x, y, w, h) that a plate is drawn on."""


def likely(*boxes: tuple[int, int, int, int], score: float = 0.9) -> NDArray[np.float32]:
    made = np.zeros((1, 1, 64, 128), np.float32)
    for left, top, width, height in boxes:
        made[0, 0, top : top + height, left : left + width] = score
    return made


def test_nothing_in_the_map_is_no_box() -> None:
    assert len(textlines.decode([likely()], 64, 128)) == 0


def test_each_line_is_a_box_that_reaches_over_its_letters() -> None:
    found = textlines.decode([likely((20, 20, 40, 6), (80, 40, 20, 5))], 64, 128)
    assert found.kinds.tolist() == [Kind.TEXT] * 2
    assert found.scores.tolist() == pytest.approx([0.9, 0.9])
    order = np.argsort(found.boxes[:, 0])
    reach = textlines.GROWTH * 40 * 6 / (2 * 46)
    wide = [20 - reach, 20 - reach, 40 + 2 * reach, 6 + 2 * reach]
    assert found.boxes[order[0]].tolist() == pytest.approx(wide, abs=1e-3)


def test_a_box_ends_at_the_border_of_the_picture() -> None:
    found = textlines.decode([likely((0, 0, 128, 64))], 64, 128)
    assert found.boxes.tolist() == [[0, 0, 128, 64]]


@pytest.mark.parametrize("score", [0.1, 0.25])
def test_what_is_hardly_likely_is_no_text(score: float) -> None:
    assert len(textlines.decode([likely((20, 20, 40, 6), score=score)], 64, 128)) == 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_map_that_is_no_number_is_a_fault(value: float) -> None:
    with pytest.raises(DetectorFault, match="not a number"):
        textlines.decode([likely((3, 3, 3, 3), score=value)], 64, 128)


def test_a_map_of_another_shape_is_a_fault() -> None:
    with pytest.raises(DetectorFault, match="shape"):
        textlines.decode([likely()], 64, 96)
    with pytest.raises(DetectorFault, match="shape"):
        textlines.decode([likely()] * 2, 64, 128)


def test_never_more_boxes_than_an_answer_holds() -> None:
    dotted = np.zeros((1, 1, 512, 512), np.float32)
    for offset in range(3):
        dotted[0, 0, offset::5, :] = 0.9
    dotted[0, 0, :, 3::5] = dotted[0, 0, :, 4::5] = 0
    assert len(textlines.decode([dotted], 512, 512)) == 1000


def i420(picture: Picture) -> Picture:
    """With rows and columns filled up to multiples of 32."""
    rows, columns = (-(-side // 32) * 32 for side in picture.shape[:2])
    whole = np.full((rows, columns, 3), 114, np.uint8)
    whole[: picture.shape[0], : picture.shape[1]] = picture
    return np.asarray(cv2.cvtColor(whole, cv2.COLOR_BGR2YUV_I420), np.uint8)


@pytest.mark.parametrize("height", [16, 24, 32, 48])
def test_the_known_text_is_found_wherever_it_stands(height: int, detector: RemoteDetector) -> None:
    text = textlines.known_text(height)
    assert text.shape[0] == height
    assert text.shape[1] % 2 == 0
    rng = np.random.default_rng(height)
    for _ in range(6):
        picture = np.full((160, 320, 3), 114, np.uint8)
        top = 2 * int(rng.integers(0, (160 - height) // 2))
        left = 2 * int(rng.integers(0, (320 - text.shape[1]) // 2))
        picture[top : top + height, left : left + text.shape[1]] = text
        found = detector.search(i420(picture), Sought.PLATES)
        known = np.array([[left, top, text.shape[1], height]], np.float32)
        check(found, known)
        assert found.scores[np.argmax(overlap(found.boxes, known))] > 0.8


def plate(text: str, width: int) -> tuple[Picture, float]:
    """A drawn plate of European proportions, a little out of focus; the letters' share across."""
    large = np.full((110, 520, 3), 226, np.uint8)
    cv2.rectangle(large, (4, 4), (515, 105), (25, 25, 30), 3)
    font = cv2.FONT_HERSHEY_SIMPLEX
    (wide, tall), _ = cv2.getTextSize(text, font, 2.2, 9)
    place = ((520 - wide) // 2, (110 + tall) // 2)
    cv2.putText(large, text, place, font, 2.2, (25, 25, 30), 9, cv2.LINE_AA)
    size = (width, round(width * 110 / 520))
    small = cv2.resize(large, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 0.6), np.uint8), wide / 520


def vehicles() -> list[Picture]:
    """Where plates are: painted metal, and the real car of the clip where that is at hand."""
    rng = np.random.default_rng(9)
    rough = cv2.resize(rng.integers(40, 90, (6, 8, 3), np.uint8), (260, 160))
    made = [np.asarray(rough, np.uint8)]
    if CARS.exists():
        number, (left, top, width, height) = CAR
        with VideoFile(CARS) as video:
            frame = next(frame for index, frame in enumerate(video.frames()) if index == number)
        made.append(frame.to_bgr()[top : top + height, left : left + width])
    return made


@pytest.mark.parametrize(("width", "zoom"), [(50, 2), (60, 2), (75, 2), (90, 2), (50, 3), (60, 3)])
@pytest.mark.parametrize("text", ["NS 482-KL", "PV 123 AB", "7TRR812"])
def test_the_letters_of_a_drawn_plate_are_covered_when_it_is_enlarged(
    text: str, width: int, zoom: int, detector: RemoteDetector
) -> None:
    for vehicle in vehicles():
        picture, (drawn, share) = vehicle.copy(), plate(text, width)
        left, top = (picture.shape[1] - width) // 2, 90
        picture[top : top + drawn.shape[0], left : left + width] = drawn
        large = np.asarray(cv2.resize(picture, None, fx=zoom, fy=zoom), np.uint8)
        found = detector.search(i420(large), Sought.PLATES)
        covered = np.zeros(large.shape[:2], bool)
        for x, y, w, h in found.boxes.astype(int):
            covered[y : y + h + 1, x : x + w + 1] = True
        middle = (left + width / 2) * zoom, (top + drawn.shape[0] / 2) * zoom
        reach = width * share / 2 * zoom, drawn.shape[0] / 4 * zoom
        across, down = (
            slice(round(m - r), round(m + r)) for m, r in zip(middle, reach, strict=True)
        )
        assert covered[down, across].mean() > 0.8
