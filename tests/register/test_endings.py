"""What ends soon is said in time, once for all cameras that rest on it, not of those stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plainview.base.clock import DAY_MS, to_iso
from plainview.base.settings import Settings
from plainview.register import endings
from plainview.register.projection import Register
from plainview.testing.city import START, City, camera_record

Ask = Callable[..., list[endings.Ending]]
FAR = to_iso(START + 365 * DAY_MS)


def basis(**dates: str) -> dict[str, Any]:
    return {**camera_record()["legal_basis"], **dates}


@pytest.fixture
def city() -> City:
    city = City()
    city.found()
    return city


@pytest.fixture
def ask(city: City, tmp_path: Path) -> Iterator[Ask]:
    """What ends soon, so many days after the city's time."""
    opened: list[Register] = []

    def soon(days: int = 0) -> list[endings.Ending]:
        if not opened:
            city.publish(tmp_path / "log")
            opened.append(Register(Settings(data=tmp_path)))
        return endings.soon(opened[0], city.now + days * DAY_MS)

    yield soon
    for register in opened:
        register.close()


def test_one_note_for_all_cameras_that_rest_on_a_record(city: City, ask: Ask) -> None:
    ends = to_iso(START + 100 * DAY_MS)
    city.register("contract", "lamps", valid_from="2026-11-01", valid_to=ends)
    for number in (1, 2, 3):
        city.camera(f"cam-{number}", rests_on=["contract/lamps"])
    city.camera("cam-3", "suspended", rests_on=["contract/lamps"])
    city.pass_time(60)
    assert ask(39) == []
    (one,) = ask(41)
    assert (one.kind, one.name, one.cameras, one.warning) == ("contract", "lamps", 2, 60)
    assert [ask(days)[0].warning for days in (69, 71, 92, 94)] == [60, 30, 30, 7]
    assert ask(100) == []  # they have stopped, and their pages say why


def test_what_stands_in_the_record_itself_ends_too(city: City, ask: Ask) -> None:
    ends = to_iso(START + 50 * DAY_MS)
    city.camera("cam-1", legal_basis=basis(valid_to=ends))
    dpia = {**camera_record()["dpia"], "review_due": to_iso(START + 20 * DAY_MS)[:10]}
    city.camera("cam-2", dpia=dpia)
    city.pass_time(60)
    first, second = ask()
    assert (first.kind, first.cameras, first.warning) == ("dpia", 1, 30)
    assert (second.kind, second.name) == ("legal-basis", "Road act, 12: 7/2026")


def test_a_renewed_record_ends_later(city: City, ask: Ask) -> None:
    soon = to_iso(START + 10 * DAY_MS)
    city.register("legal-basis", "act", valid_from="2026-11-01", valid_to=soon)
    city.camera("cam-1", rests_on=["legal-basis/act"])
    city.register("legal-basis", "act", valid_from="2026-11-01", valid_to=FAR)
    city.pass_time(60)
    assert ask() == []
