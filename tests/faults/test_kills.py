"""kill -9 at seeded moments of all that runs: nothing acknowledged is lost, nothing forks."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plainview.testing.chaos import Chaos

FULL = os.environ.get("PLAINVIEW_BARS") == "1"
KILLS = 300 if FULL else 4
VERIFY_EVERY = 25
LONGEST_S = 6.0 if FULL else 1.0
VICTIMS = ("recorder", "keeper", "web", "alpha.example")
SEED = 20261126


@pytest.fixture
def chaos(tmp_path: Path) -> Iterator[Chaos]:
    made = Chaos(tmp_path, SEED, parts=(*VICTIMS, "cameras"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.mark.bar("kills and power cuts")
@pytest.mark.timeout(7200)
def test_kill_9_loses_nothing_that_was_acknowledged(
    chaos: Chaos, record_property: Callable[[str, object], None]
) -> None:
    for number in range(1, KILLS + 1):
        time.sleep(chaos.chance.uniform(0, LONGEST_S))
        # Each in turn, so that all are killed also at few kills; the moments are random.
        chaos.kill(VICTIMS[number % len(VICTIMS)])
        if number % VERIFY_EVERY == 0:
            chaos.settled()
            chaos.verify()
    chaos.settled()
    chaos.hamlet.stop()
    chaos.run("check", "--repair", "--data", str(chaos.hamlet.settings.data))
    chaos.run("verify", str(chaos.hamlet.settings.data))
    held = chaos.verify(commands=False)
    killed = ", ".join(f"{name} {count}" for name, count in sorted(chaos.kills.items()))
    measured = f"{KILLS} kills ({killed}): 0 lost of {held}; no fork"
    record_property("bar", json.dumps({"measured": measured}))
    assert sum(chaos.kills.values()) == KILLS
    assert len(chaos.ledger.entries) > KILLS
    assert len(chaos.ledger.segments) > len(chaos.hamlet.cameras)
