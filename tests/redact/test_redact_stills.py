"""Photographs: hidden in full, the same format, nothing of what the camera wrote."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.errors import BadFormat, DetectorFault, Refused
from plainview.media.encode_file import FileStyle
from plainview.redact import models, stills
from plainview.redact.files import Choices
from plainview.redact.host import RemoteDetector
from plainview.redact.stills import levels, redact_still

Picture = NDArray[np.uint8]
PLACE = b"44.8125N 20.4612E"


def photograph(size: tuple[int, int], faces: list[tuple[int, int, int]]) -> Picture:
    """A textured wall with faces (left, top, height)."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(90, 150, (9, 16, 3), dtype=np.uint8)
    wall = np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    for left, top, height in faces:
        face = models.known_face()
        width = round(height * face.shape[1] / face.shape[0])
        small = cv2.resize(face, (width, height), interpolation=cv2.INTER_AREA)
        wall[top : top + height, left : left + width] = small
    return wall


def with_exif(jpeg: bytes, orientation: int) -> bytes:
    """The picture with an EXIF segment: an orientation, and a place in the description."""
    entries = struct.pack("<HHII", 0x0112, 3, 1, orientation)
    entries += struct.pack("<HHII", 0x010E, 2, len(PLACE), 38)
    tiff = b"II*\0" + struct.pack("<IH", 8, 2) + entries + struct.pack("<I", 0) + PLACE
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def is_hidden(picture: Picture, face: tuple[int, int, int]) -> bool:
    """Whether the middle of a face (left, top, height) is all of one colour."""
    left, top, height = face
    inner = picture[
        top + height // 4 : top + 3 * height // 4, left + height // 5 : left + height // 2
    ]
    return bool(inner.astype(int).std(axis=(0, 1)).max() < 3)


def of(path: Path) -> Picture:
    return np.asarray(cv2.imread(str(path)), np.uint8)


@pytest.mark.parametrize("ending", [".jpg", ".JPEG", ".png", ".webp"])
def test_the_same_format_without_a_face(
    tmp_path: Path, detector: RemoteDetector, ending: str
) -> None:
    faces = [(60, 60, 60), (400, 180, 40)]
    source, target = tmp_path / f"in{ending}", tmp_path / "new" / f"out{ending}"
    picture = photograph((641, 361), faces)
    source.write_bytes(cv2.imencode(ending.lower(), picture)[1].tobytes())
    done = redact_still(source, target, detector)
    assert (done.frames, done.withheld) == (1, 0)
    assert done.masks >= 2
    made = of(target)
    assert made.shape == (360, 640, 3)
    assert all(is_hidden(made, face) for face in faces)
    assert not any(is_hidden(picture, face) for face in faces)
    corner = np.s_[300:360, 0:60]
    assert np.abs(made[corner].astype(int) - picture[corner]).mean() < 4
    assert target.read_bytes()[:4] == source.read_bytes()[:4]


def test_what_the_camera_wrote_is_gone_and_the_picture_upright(
    tmp_path: Path, detector: RemoteDetector
) -> None:
    upright = photograph((360, 640), [(120, 200, 80)])
    stored = np.asarray(cv2.rotate(upright, cv2.ROTATE_90_COUNTERCLOCKWISE), np.uint8)
    data = with_exif(cv2.imencode(".jpg", stored)[1].tobytes(), 6)
    (tmp_path / "in.jpg").write_bytes(data)
    assert PLACE in data
    redact_still(tmp_path / "in.jpg", tmp_path / "out.jpg", detector)
    made = (tmp_path / "out.jpg").read_bytes()
    assert b"Exif" not in made
    assert PLACE not in made
    assert of(tmp_path / "out.jpg").shape == (640, 360, 3)
    assert is_hidden(of(tmp_path / "out.jpg"), (120, 200, 80))


def test_small_faces_in_a_large_picture(tmp_path: Path, detector: RemoteDetector) -> None:
    faces = [(700, 450, 26), (1300, 850, 30), (40, 800, 34), (1100, 100, 400)]
    cv2.imwrite(str(tmp_path / "in.png"), photograph((1600, 900), faces))
    redact_still(tmp_path / "in.png", tmp_path / "out.png", detector)
    assert [is_hidden(of(tmp_path / "out.png"), face) for face in faces] == [True] * 4


def test_a_smaller_result_is_searched_at_full_size(
    tmp_path: Path, detector: RemoteDetector
) -> None:
    cv2.imwrite(str(tmp_path / "in.png"), photograph((1280, 720), [(700, 300, 24)]))
    seen: list[Any] = []
    choices = Choices(max_height=360, style=FileStyle())
    redact_still(
        tmp_path / "in.png", tmp_path / "out.png", detector, choices,
        watch=lambda view, seconds: seen.append(view),
    )  # fmt: skip
    assert of(tmp_path / "out.png").shape == (360, 640, 3)
    (left, top, width, height), *_ = seen[0].masks.tolist()
    assert left <= 350 <= 356 <= left + width
    assert top <= 150 <= 162 <= top + height


@pytest.mark.parametrize("first", [0, 20])
def test_a_failed_search_writes_nothing(
    tmp_path: Path, detector: RemoteDetector, kit: Any, first: int
) -> None:
    cv2.imwrite(str(tmp_path / "in.png"), photograph((1280, 720), []))
    flawed = kit.flawed(detector, "empty", first, count=1)
    with pytest.raises(DetectorFault):
        redact_still(tmp_path / "in.png", tmp_path / "out.png", flawed)
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


def test_what_is_no_single_picture(tmp_path: Path, detector: RemoteDetector) -> None:
    picture = photograph((320, 240), [])
    moving = cv2.imencode(".png", picture)[1].tobytes().replace(b"IDAT", b"acTL....IDAT", 1)
    webp = b"RIFF....WEBPVP8X\x0a\0\0\0\x02\0\0\0"
    cases = {
        "text.jpg": (b"no picture", "not a picture"), "empty.png": (b"", "not a picture"),
        "moving.png": (moving, "animated"), "moving.webp": (webp, "animated"),
        "tiny.png": (cv2.imencode(".png", picture[:9, :9])[1].tobytes(), "not read"),
    }  # fmt: skip
    for name, (data, said) in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BadFormat, match=said):
            redact_still(tmp_path / name, tmp_path / f"out-{name}", detector)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(cases)


def test_nothing_is_overwritten(tmp_path: Path, detector: RemoteDetector) -> None:
    cv2.imwrite(str(tmp_path / "in.png"), photograph((320, 240), []))
    (tmp_path / "out.png").write_text("mine")
    with pytest.raises(Refused):
        redact_still(tmp_path / "in.png", tmp_path / "out.png", detector)
    assert (tmp_path / "out.png").read_text() == "mine"


@pytest.mark.parametrize("size", [(640, 360), (642, 360), (700, 2000), (4032, 3024), (9000, 600)])
def test_parts_cover_the_picture_and_overlap(size: tuple[int, int]) -> None:
    found = levels(*size)
    assert bool(found) is (size != stills.TILE)
    areas = [parts[0][2] * parts[0][3] for parts in found]
    assert areas == sorted(areas, reverse=True)
    for parts in found:
        covered = np.zeros(size[::-1], np.uint8)
        for left, top, width, height in parts:
            assert not (left | top | width | height) & 1
            assert left + width <= size[0]
            assert top + height <= size[1]
            covered[top : top + height, left : left + width] += 1
        assert covered.min() == 1
        for axis, length in enumerate(size):
            begins = sorted({part[axis] for part in parts})
            side = parts[0][2 + axis]
            assert begins[-1] + side == length
            steps = [after - before for before, after in itertools.pairwise(begins)]
            assert all(step <= side - side // stills.OVERLAP for step in steps)
