"""Which rules of the public record count when; and that another rule needs no other stretch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.base.clock import Ms
from plainview.base.settings import Settings
from plainview.errors import BadFormat, DetectorFault, LogAway
from plainview.media import convert
from plainview.media.frames import Frame
from plainview.recorder.redaction import HELD_MS, RedactionThread
from plainview.recorder.ruling import MOST, Ruling, rules_of
from plainview.redact.detector import Found, Sought
from plainview.redact.rules import (
    EVERYWHERE,
    MOST_ZONES,
    FillStyle,
    Profile,
    Rules,
    Zone,
    strictest,
)
from plainview.redact.view import ViewItem
from plainview.tlog.history import Version

LEFT: Zone = ((0, 0), (5000, 0), (5000, 10_000), (0, 10_000))
RIGHT: Zone = ((5000, 0), (10_000, 0), (10_000, 10_000), (5000, 10_000))
FACES, HEADS, PEOPLE = (Rules(profile) for profile in list(Profile)[:3])


class Register:
    """Versions of one camera, or nobody there."""

    def __init__(self) -> None:
        self.versions: list[Version] = []
        self.away = False

    def add(self, effect: Ms, **record: Any) -> None:
        number = len(self.versions) + 1
        self.versions.append(Version(100 + number, number, "active", record, effect, 10**9, 10**9))

    def published(self, camera: str) -> list[Version]:
        if self.away:
            raise LogAway("The log is away.")
        return self.versions


@pytest.fixture
def register() -> Register:
    return Register()


@pytest.fixture
def ruling(register: Register) -> Ruling:
    return Ruling("cam-01", register)


def test_a_record_of_before_hides_faces_solid_and_has_no_zones() -> None:
    assert rules_of({"profile": "faces"}) == Rules(Profile.FACES, (), FillStyle.SOLID)
    chosen = {"profile": "motion", "zones": [[list(p) for p in LEFT]], "fill": "mosaic"}
    assert rules_of(chosen) == Rules(Profile.MOTION, (LEFT,), FillStyle.MOSAIC)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"profile": "nothing"},
        {"profile": "heads", "fill": "blur"},
        {"profile": "heads", "zones": 7},
        {"profile": "heads", "zones": [[[0, 0], [1, 1]]]},
        {"profile": "heads", "zones": [[[0, 0], [1, 1], [2]]]},
        {"profile": "heads", "zones": [[[0, 0], [1, 1], ["2", 1]]]},
    ],
)
def test_a_record_that_is_not_understood_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(BadFormat):
        rules_of(record)


def test_the_strictest_hides_what_any_hides() -> None:
    several = [Rules(Profile.PEOPLE, (LEFT,), FillStyle.MOSAIC), Rules(Profile.FACES, (RIGHT,))]
    assert strictest(several) == Rules(Profile.PEOPLE, (LEFT, RIGHT), FillStyle.SOLID)
    many = [Rules(zones=(((n, 0), (n, 1), (n + 1, 1)),)) for n in range(MOST_ZONES)]
    assert len(strictest([*many, *many]).zones) == MOST_ZONES
    assert strictest([*many, Rules(zones=(LEFT,))]).zones == (EVERYWHERE,)


def test_more_is_hidden_at_once_and_less_when_its_time_has_come(
    register: Register, ruling: Ruling
) -> None:
    register.add(0, profile="heads")
    ruling.refresh()
    assert ruling.at(10) == HEADS
    register.add(1000, profile="people", zones=[[list(p) for p in LEFT]])
    ruling.refresh()
    assert ruling.at(10) == Rules(Profile.PEOPLE, (LEFT,))
    register.add(2000, profile="faces", fill="mosaic")
    ruling.refresh()
    assert ruling.at(10) == ruling.at(1999) == Rules(Profile.PEOPLE, (LEFT,))
    assert ruling.at(2000) == Rules(Profile.FACES, (), FillStyle.MOSAIC)


def test_most_is_hidden_while_the_record_is_not_known_or_not_understood(
    register: Register, ruling: Ruling
) -> None:
    assert ruling.at(0) == MOST == Rules(Profile.MOTION)
    ruling.refresh()
    assert ruling.at(0) == MOST
    register.add(0, profile="heads", zones=[[list(p) for p in LEFT]])
    register.add(500, profile="holograms")
    ruling.refresh()
    assert ruling.at(0) == ruling.at(600) == Rules(Profile.MOTION, (LEFT,))
    register.add(1000, profile="heads")
    ruling.refresh()
    assert ruling.at(1000) == HEADS


def test_what_was_known_stays_while_the_register_is_away(
    register: Register, ruling: Ruling
) -> None:
    register.add(0, profile="people")
    ruling.refresh()
    register.away = True
    ruling.refresh()
    assert ruling.at(0) == PEOPLE


class Absent:
    """No detector: every picture is withheld, and goes through all the same."""

    def search(self, picture: NDArray[np.uint8], sought: Sought = Sought.FACES) -> Found:
        raise DetectorFault("There is none.")


class Kept:
    """In the place of `Views`."""

    def __init__(self) -> None:
        self.items: list[ViewItem] = []
        self.gaps, self.last_ms, self.trouble, self.wall_source = 0, 0, "", "arrival"

    def push(self, item: ViewItem) -> None:
        self.items.append(item)

    def gap(self) -> None:
        self.gaps += 1

    def close(self) -> None:
        """Nothing is open."""


def test_other_rules_count_from_the_next_picture_without_an_interruption(tmp_path: Path) -> None:
    """In the middle of a GOP: the decoder goes on, and the view goes on with a key frame."""
    frames = (Frame.blank(320, 192, wall_ms=40 * n) for n in range(60))
    parameters, packets = convert.encode_clip(frames, 25.0)
    assert sum(packet.is_key for packet in packets) < 3
    change, kept, asked = 40 * 30, Kept(), []

    def rules(moment: Ms) -> Rules:
        asked.append(moment)
        return PEOPLE if moment < change else FACES

    made = RedactionThread(
        "cam-01", Settings(data=tmp_path), Absent(), kept, rules, clock=lambda: 0  # type: ignore[arg-type]
    )  # fmt: skip
    made.start()
    for number, packet in enumerate(packets):
        made.offer(replace(packet, arrival_ms=40 * number), parameters)
    made.stop(20)
    assert asked[-1] == 40 * 59 - HELD_MS
    assert [item.wall_ms for item in kept.items] == [40 * n for n in range(60)]
    keys = [number for number, item in enumerate(kept.items) if item.key]
    assert 30 + HELD_MS // 40 in keys
    assert kept.gaps == 1  # the end
