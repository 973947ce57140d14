"""Power cuts at seeded moments: what was acknowledged is there when the power is back."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from plainview.keeper.process import Keeper
from plainview.testing import strace
from plainview.testing.hamlet import Hamlet
from plainview.testing.powercuts import run

FULL = os.environ.get("PLAINVIEW_BARS") == "1"
CUTS = {"store": 60 if FULL else 6, "keeper": 40 if FULL else 2, "ring": 60 if FULL else 20}
SEED = 20261126


@pytest.mark.bar("kills and power cuts")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("role", sorted(CUTS))
def test_a_power_cut_takes_back_nothing_that_was_acknowledged(
    role: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    held = list(run(role, tmp_path, count=CUTS[role], seed=SEED))
    promises = sum(one.promises for one in held)
    measured = f"{len(held)} power cuts of the {role}: 0 of {promises} acknowledged lost, no fork"
    record_property("bar", json.dumps({"measured": measured}))
    assert len(held) == CUTS[role]
    assert promises > CUTS[role]


def test_what_follows_the_log_does_not_outlive_it(tmp_path: Path) -> None:
    """register.db learns from `head` only what a power cut cannot take out of the log again."""
    hamlet = Hamlet(tmp_path, witnesses=0, cameras=1)
    Keeper(hamlet.settings.data).close()
    data = hamlet.settings.data
    script = (
        "from plainview.base.settings import Settings as S;"
        "from plainview.register.projection import Register as R;"
        f"from pathlib import Path as P; R(S(data=P({str(data)!r}))).sync()"
    )
    assert strace.record([sys.executable, "-c", script], tmp_path / "t", tmp_path / "out") == 0
    calls = [
        (call.name, first.path.removeprefix(f"{data}/"))
        for call in strace.read(tmp_path / "t")
        if isinstance(first := call.arguments[0], strace.Descriptor) and first.path is not None
    ]
    applied = max(at for at, call in enumerate(calls) if call == ("fdatasync", "register.db-wal"))
    assert ("fsync", "log") in calls[:applied]
