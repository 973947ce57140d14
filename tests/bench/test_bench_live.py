"""Viewers of one web process: what they cost, and that slow ones disturb nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from plainview.bench import live
from plainview.bench.catalogue import Options
from plainview.bench.result import Result

FULL = bool(os.environ.get("PLAINVIEW_BARS"))


def measured_by_command(options: Options) -> list[Result]:
    """As somebody else's program reads it: standard output holds a JSON object a line."""
    words = ["--runs", str(options.runs), "--scale", str(options.scale), "--json"]
    command = [sys.executable, "-m", "plainview.cli", "bench", "live", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1700)
    assert done.returncode == 0, done.stderr[-2000:]
    return [Result(**json.loads(line)) for line in done.stdout.splitlines()]


@pytest.mark.bar("viewers")
@pytest.mark.timeout(1800)
def test_viewers_cost_little_and_slow_ones_disturb_nobody(
    record_property: Callable[[str, object], None],
) -> None:
    options = Options(runs=3) if FULL else Options(runs=1, scale=0.03)
    found = {one.metric: one for one in measured_by_command(options)}
    viewers = round(options.scaled(live.VIEWERS, 8))
    sending = found[f"live.sending_core_percent.{viewers}_viewers"]
    slowest = min(
        found["live.slowest_viewer_speed"].value,
        found["live.slowest_viewer_speed_beside_stalled"].value,
    )
    each = next(one for name, one in found.items() if "stalled_viewer" in name and "memory" in name)
    total: Result = found[f"live.core_percent.{viewers}_viewers"]
    record_property(
        "bar",
        json.dumps(
            {
                "measured": f"{viewers} viewers: {sending.value:g} % of a core for sending "
                f"({total.value:g} % for all; {total.ratio:g} x bare writes), slowest at "
                f"{slowest:.3g} x real time, {each.value:g} MB for each who stops reading"
            }
        ),
    )
    assert slowest > 0  # how fast is a matter of the machine: asserted at full counts
    assert each.value < 4
    if FULL:
        assert slowest > 0.95
        assert sending.value <= 10
