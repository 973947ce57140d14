"""The log: durable entries a second, the way to a checkpoint, and how fast a stranger verifies."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest

from plainview.bench import log, verify
from plainview.bench.catalogue import Options

FULL = bool(os.environ.get("PLAINVIEW_BARS"))
Note = Callable[[str, object], None]


@pytest.mark.bar("log speed")
@pytest.mark.timeout(3600)
def test_a_hundred_writers_are_answered_soon(record_property: Note) -> None:
    options = Options(runs=3) if FULL else Options(runs=1, scale=0.01, minutes=0.01)
    found = {one.metric: one.value for one in log.run(options, lambda text: None)}
    rate, p99 = found["log.entries_s.100_writers"], found["log.checkpoint_p99_s"]
    measured = f"{rate:g} entries/s with 100 writers, {p99:g} s to a checkpoint (p99)"
    record_property("bar", json.dumps({"measured": measured}))
    assert rate > 0
    assert found["log.keeper_cpu_us"] > 0
    if FULL:
        assert rate >= 5_000
        assert p99 <= 1


@pytest.mark.bar("log speed")
@pytest.mark.timeout(3600)
def test_half_an_hour_at_a_steady_rate(record_property: Note) -> None:
    found = {one.metric: one.value for one in log.steady(1_800 if FULL else 0.4)}
    p99 = found["log.answer_p99_s.at_500_s.last"]
    latency, memory = found["log.answer_growth.at_500_s"], found["log.memory_growth.at_500_s"]
    first, last = found["log.memory_mb.at_500_s.first"], found["log.memory_mb.at_500_s.last"]
    measured = (
        f"500/s: p99 {p99:g} s, latency x {latency:g}, {first:g} MB to {last:g} MB "
        f"({memory:g} bytes an entry)"
    )
    record_property("bar", json.dumps({"measured": measured}))
    assert p99 > 0
    assert last > 0
    if FULL:
        assert p99 <= 1
        assert latency <= 1.5
        assert memory <= 30  # 900,000 entries in 30 minutes: less than 27 MB


@pytest.mark.bar("verifier speed")
@pytest.mark.timeout(3600)
def test_a_month_of_a_city_is_verified(record_property: Note) -> None:
    options = Options(runs=1) if FULL else Options(runs=1, scale=0.003)
    found = {one.metric: one.value for one in verify.run(options, lambda text: None)}
    rate = found["verify.entries_s"]
    measured = (
        f"{rate:g} entries/s of one core, {found['verify.entries']:g} entries, "
        f"{found['verify.memory_mb']:g} MB"
    )
    record_property("bar", json.dumps({"measured": measured}))
    assert rate > 0
    if FULL:
        assert rate >= 100_000
