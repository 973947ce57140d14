"""The detectors' process: every network in it, and no start with a file that was swapped."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import plainview
from plainview.errors import DetectorFault
from plainview.redact import models, textlines
from plainview.redact.boxes import overlap
from plainview.redact.detector import Found, Kind, Sought
from plainview.redact.engine import Engine
from plainview.redact.host import DetectorHost, RemoteDetector
from plainview.redact.local import LocalDetector

Picture = NDArray[np.uint8]

KINDS = {Sought.FACES: Kind.FACE, Sought.PEOPLE: Kind.PERSON, Sought.PLATES: Kind.TEXT}
START_SECONDS = 20


def known(sought: Sought) -> Picture:
    made = {Sought.FACES: models.known_face, Sought.PEOPLE: models.known_person}
    return made[sought]() if sought in made else textlines.known_text()


def canvas_with(sought: Sought, rows: int = 192, columns: int = 256) -> Picture:
    """The known thing on grey, I420."""
    picture = np.full((rows, columns, 3), 114, np.uint8)
    small = known(sought)
    if small.shape[0] > 80:
        size = (round(80 * small.shape[1] / small.shape[0] / 2) * 2, 80)
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.uint8)
    picture[40 : 40 + small.shape[0], 60 : 60 + small.shape[1]] = small
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)


def same(first: Found, second: Found) -> None:
    """As many boxes, at the same places, equally sure, of the same kinds."""
    assert len(first) == len(second) > 0
    assert np.allclose(first.boxes, second.boxes, atol=0.5)
    assert np.allclose(first.scores, second.scores, atol=0.01)
    assert np.array_equal(first.kinds, second.kinds)


@pytest.mark.parametrize("sought", Sought)
def test_each_search_finds_the_known_thing_of_its_kind(
    sought: Sought, detector: RemoteDetector
) -> None:
    found = detector.search(canvas_with(sought), sought)
    assert found.kinds[np.argmax(found.scores)] == KINDS[sought]
    assert found.scores.max() > 0.6


@pytest.mark.parametrize("sought", Sought)
def test_an_empty_picture_holds_nothing(sought: Sought, detector: RemoteDetector) -> None:
    found = detector.search(np.full((192 * 3 // 2, 256), 128, np.uint8), sought)
    assert len(found) == 0


@pytest.mark.parametrize("sought", Sought)
def test_both_back_ends_give_the_same_boxes(sought: Sought) -> None:
    first, second = (LocalDetector(engine=engine) for engine in Engine)
    for rows, columns in ((192, 256), (256, 416)):
        picture = canvas_with(sought, rows, columns)
        same(first.search(picture, sought), second.search(picture, sought))


def test_both_back_ends_find_the_same_faces_in_a_street(scene: Callable[..., Any]) -> None:
    street = scene(3, actors=4)
    bgr = np.full((384, 640, 3), 114, np.uint8)
    bgr[:360] = street.picture(40)
    picture = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420), np.uint8)
    first, second = (LocalDetector(engine=engine).search(picture) for engine in Engine)
    same(first, second)
    truth = np.array(street.boxes(40), np.float32)
    assert overlap(truth, first.boxes).max(axis=1).min() > 0.3


def test_the_process_runs_on_the_second_back_end_too() -> None:
    with DetectorHost(deadline_seconds=20, hang_seconds=40, engine=Engine.ONNXRUNTIME) as host:
        host.wait()
        found = host.open().search(canvas_with(Sought.FACES))
        same(found, LocalDetector().search(canvas_with(Sought.FACES)))


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package, linked into a folder of its own, which new processes take it from."""
    package = tmp_path / "plainview"
    shutil.copytree(Path(plainview.__file__).parent, package, copy_function=os.symlink)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return package / "redact" / "weights"


@pytest.mark.parametrize("name", models.ALLOWED)
@pytest.mark.bar("wrong weights")
def test_a_swapped_file_keeps_the_process_from_starting(
    name: str, copied: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = next(one for one in models.ALLOWED if one != name)
    (copied / name).unlink()
    shutil.copy(models.FOLDER / other, copied / name)
    with DetectorHost(restart_seconds=60) as host:
        detector = host.open()
        _until(lambda: host.pid is not None)
        _until(lambda: host.pid is None)
        with pytest.raises(DetectorFault, match="in time"):
            host.wait(0.5)
        with pytest.raises(DetectorFault, match="starting"):
            detector.search(canvas_with(Sought.FACES))
        assert not host.ready
    assert f"The model {name} is not the one that was checked." in capfd.readouterr().err


def _until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + START_SECONDS
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_unchanged_copy_starts(copied: Path) -> None:
    assert (copied / models.FACES).is_symlink()
    with DetectorHost(deadline_seconds=20, hang_seconds=40) as host:
        host.wait()
        assert len(host.open().search(canvas_with(Sought.FACES))) > 0
