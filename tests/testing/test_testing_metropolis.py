"""The generated city: a log that verifies, the same each time, with everything that pages show."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from plainview.base.settings import Settings
from plainview.errors import GateClosed
from plainview.register.projection import Register
from plainview.testing.metropolis.ground import spots
from plainview.testing.metropolis.place import PlayedRecorder, city
from plainview.testing.metropolis.sources import COUNTS
from plainview.testing.metropolis.year import END, Year
from plainview.tlog.policy import Policy
from plainview.tlog.reader import LogReader
from plainview.verify.log import verify_log
from plainview.web.looks import Looks
from plainview.web.recorders import Recorders

SCALE = 0.01


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small city on disk."""
    return city(tmp_path_factory.mktemp("cities"), SCALE, say=lambda _: None)


@pytest.fixture
def register(data: Path) -> Iterator[Register]:
    with Register(Settings(data=data)) as opened:
        opened.sync()
        yield opened


def test_the_whole_log_verifies(data: Path) -> None:
    policy = Policy.parse((data / "policy.txt").read_text())
    report = verify_log(LogReader.folder(data / "log"), policy)
    assert report.ok, report.lines()


def test_it_has_everything_that_a_year_brings(register: Register) -> None:
    counts = register.counts()
    assert register.rejected() == []
    for kind in ("camera", "record", "propose", "approve", "objection", "answer", "act", "reveal"):
        assert counts[kind] > 0, kind
    for kind in ("gate", "windows", "shred", "request", "release", "opening", "opened"):
        assert counts[kind] > 0, kind
    kinds = Counter(one.record["kind"] for one in register.cameras())
    assert kinds == {kind: max(2, round(full * SCALE)) for kind, full in COUNTS.items()}
    statuses = {one.status for one in register.cameras()}
    assert "active" in statuses
    assert all("rests_on" in one.record for one in register.cameras())


def test_most_cameras_may_record_and_some_may_not(register: Register) -> None:
    allowed = 0
    cameras = register.cameras()
    for one in cameras:
        try:
            register.may_record(one.id, END)
            allowed += 1
        except GateClosed:
            continue
    assert 0.8 * len(cameras) < allowed < len(cameras)


def test_looks_are_counted(data: Path, register: Register, tmp_path: Path) -> None:
    looks = Looks(register, tmp_path / "looks.db")
    while looks.follow():
        pass
    cameras = [one.id for one in register.cameras()]
    assert sum(map(looks.total, cameras)) == register.counts()["reveal"]
    one = max(cameras, key=looks.total)
    assert sum(look.count for look in looks.at(one)) <= looks.total(one)
    looks.close()


def test_a_played_recorder_says_what_records(data: Path) -> None:
    settings = Settings(data=data)
    with PlayedRecorder(settings, END):
        said = asyncio.run(Recorders(settings.recorder_socket).cameras())
    assert said is not None
    assert {one["state"] for one in said.values()} >= {"recording"}


def test_it_is_the_same_city_each_time() -> None:
    one, other = Year(SCALE), Year(SCALE)
    one.found()
    other.found()
    assert one.raws == other.raws
    assert [source.own for source in one.sources] == [source.own for source in other.sources]


def test_poles_stand_in_their_districts_and_nowhere_twice() -> None:
    found = spots(400, Year(SCALE)._chance)
    assert len({spot.position for spot in found}) == len(found)
    for spot in found:
        latitudes, longitudes = zip(*spot.district.boundary, strict=True)
        assert min(latitudes) - 200 <= spot.position[0] <= max(latitudes) + 200
        assert min(longitudes) <= spot.position[1] <= max(longitudes)
