"""A day of simulated time: keys are destroyed every hour, no gap is silent, nothing grows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plainview.errors import PlainviewError
from plainview.testing import clock
from plainview.testing.ledger import Broken
from plainview.testing.usage import Growth, Sample

FULL = os.environ.get("PLAINVIEW_BARS") == "1"
SMALL = ["--cameras", "3", "--seen", "1", "--hours", "3", "--hour", "600"]


@pytest.mark.bar("a day")
@pytest.mark.timeout(5400)
def test_a_day_of_40_cameras(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    found = clock.run("plainview.testing.day", tmp_path, *([] if FULL else SMALL))
    measured = (
        f"{found['hours']} h, {found['cameras']} cameras, {found['real_s']} s of real time: "
        f"{found['pictures_sent']} pictures, {found['declared_gaps']} gaps, all declared; "
        f"{found['keys_shredded']} keys and {found['windows_shredded']} windows shredded, 0 early; "
        f"{'; '.join(found['growth'])}"
    )
    record_property("bar", json.dumps({"measured": measured}))
    assert found["keys_shredded"] >= found["hours"] - 1
    assert found["declared_gaps"] >= found["cuts"] > 0
    assert found["pictures_opened"] > 0
    assert found["bytes_watched"] > 0


def test_what_grows_is_told_from_what_only_varies() -> None:
    calm = [Sample(100 + hour % 3, 20 + hour % 2, 9) for hour in range(24)]
    Growth.of("calm", calm).check_flat(0.05, 6, 4)
    warm = [Sample(40 + min(hour, 8) * 8, 20, 9) for hour in range(24)]
    Growth.of("warm", warm).check_flat(0.05, 6, 4)
    for grows in (
        [Sample(100 + hour, 20, 9) for hour in range(24)],
        [Sample(100, 20 + hour, 9) for hour in range(24)],
        [Sample(100, 20, 9 + hour) for hour in range(24)],
    ):
        with pytest.raises(Broken, match="grow"):
            Growth.of("grows", grows).check_flat(0.05, 6, 4)


def test_a_driven_clock_is_the_same_everywhere_and_stands_still(tmp_path: Path) -> None:
    found = clock.run("plainview.testing.clock", tmp_path)
    assert found == {"before": ["2027-03-09T23:59:58.000Z"], "after": ["2027-03-10T00:00:02.000Z"]}


def test_a_story_that_breaks_is_told_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(PlainviewError, match="arguments"):
        clock.run("plainview.testing.day", tmp_path, "--nonsense")
