"""The control plane is away for 70 minutes of simulated time: recording goes on, nobody watches."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plainview.testing import clock

FULL = os.environ.get("PLAINVIEW_BARS") == "1"
WORDS = ["--cameras", "4", "--before", "40"] if FULL else ["--cameras", "1"]


@pytest.mark.bar("control plane away")
@pytest.mark.timeout(1800)
def test_70_minutes_without_keeper_log_register_and_a_witness(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    found = clock.run("plainview.testing.away", tmp_path, *WORDS)
    measured = (
        f"{found['cameras']} cameras: {found['pictures_opened']} originals of pictures opened and "
        f"compared, {found['gaps']} gaps; {found['bytes_watched']} bytes in {found['tries']} tries "
        f"to watch, watching stopped after {found['watching_stopped_after_s']} s; "
        f"{found['keys_shredded']} keys fell due meanwhile, 0 shredded early; caught up within "
        f"{found['caught_up_after_min']} min of simulated time"
    )
    record_property("bar", json.dumps({"measured": measured}))
    assert found["bytes_watched"] == found["gaps"] == 0
    assert found["tries"] >= 3
    assert found["pictures_opened"] > 1_000 * found["cameras"]
    assert found["keys_that_fell_due"] >= 2
