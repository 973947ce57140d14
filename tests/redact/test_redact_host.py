"""The detector's process: real kills, real hangs, restarts, limits."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from plainview.errors import DetectorFault
from plainview.redact import host as hosts
from plainview.redact.host import DetectorHost, RemoteDetector

PICTURE = np.full((96 * 3 // 2, 128), 128, np.uint8)


@pytest.fixture
def fragile() -> Iterator[DetectorHost]:
    with DetectorHost(deadline_seconds=1.0, hang_seconds=1.5, restart_seconds=0.2) as host:
        host.wait()
        yield host


def pid(host: DetectorHost) -> int:
    found = host.pid
    assert found is not None
    return found


def _search_for(detector: RemoteDetector, seconds: float) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        detector.search(PICTURE)


def test_a_killed_detector_is_a_fault_and_comes_back(fragile: DetectorHost) -> None:
    detector = fragile.open()
    detector.search(PICTURE)
    first = pid(fragile)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(DetectorFault):
        _search_for(detector, 5)
    fragile.wait()
    detector.search(PICTURE)
    assert pid(fragile) != first


def test_a_stopped_detector_is_a_fault_within_the_deadline(fragile: DetectorHost) -> None:
    detector = fragile.open()
    detector.search(PICTURE)
    first = pid(fragile)
    os.kill(first, signal.SIGSTOP)
    begun = time.monotonic()
    with pytest.raises(DetectorFault, match="in time"):
        detector.search(PICTURE)
    assert 0.9 < time.monotonic() - begun < 2.5
    begun = time.monotonic()
    with pytest.raises(DetectorFault):
        detector.search(PICTURE)
    assert time.monotonic() - begun < 0.5, "the second camera must not wait as well"
    while fragile.pid == first and time.monotonic() - begun < 10:
        time.sleep(0.05)
    fragile.wait()
    detector.search(PICTURE)


def test_waiting_behind_other_cameras_is_not_a_fault() -> None:
    with DetectorHost(deadline_seconds=3.0, hang_seconds=40) as host:
        host.wait()
        cameras = [host.open() for _ in range(45)]
        picture = np.full((1088 * 3 // 2, 960), 128, np.uint8)
        cameras[0].search(picture)
        begun = time.monotonic()
        with ThreadPoolExecutor(len(cameras)) as pool:
            list(pool.map(lambda camera: camera.search(picture), cameras))
        assert time.monotonic() - begun > 3.0, "they did wait for each other"


def test_a_detector_that_dies_during_a_search_is_noticed_at_once(fragile: DetectorHost) -> None:
    detector = fragile.open()
    detector.search(PICTURE)
    os.kill(pid(fragile), signal.SIGSTOP)
    victim = pid(fragile)
    timer = threading.Timer(0.2, os.kill, (victim, signal.SIGKILL))
    timer.start()
    begun = time.monotonic()
    with pytest.raises(DetectorFault, match="ended"):
        detector.search(PICTURE)
    assert time.monotonic() - begun < 0.9
    timer.join()


def test_nothing_is_left_when_the_host_closes() -> None:
    with DetectorHost() as host:
        host.wait()
        child = pid(host)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_the_child_leaves_no_core_dump(host: DetectorHost) -> None:
    limits = Path(f"/proc/{pid(host)}/limits").read_text().splitlines()
    core = next(line for line in limits if line.startswith("Max core file size"))
    assert core.split()[4] == "0", "its memory holds pictures of people"


def test_slots_are_limited_and_come_back(host: DetectorHost) -> None:
    taken: list[RemoteDetector] = []
    with pytest.raises(DetectorFault, match="as many cameras"):
        taken.extend(iter(host.open, None))
    assert 0 < len(taken) <= hosts.SLOTS
    for detector in taken:
        detector.close()
        detector.close()
    last = host.open()
    last.search(PICTURE)
    last.close()
    with pytest.raises(DetectorFault, match="closed"):
        last.search(PICTURE)


def test_a_picture_too_large_is_refused(host: DetectorHost) -> None:
    detector = host.open()
    with pytest.raises(DetectorFault, match="too large"):
        detector.search(np.zeros((3200 * 3 // 2, 3200), np.uint8))
    detector.close()
