"""People act at random while keeper and log come and go: bytes served and entries reconcile."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from plainview.base import journal
from plainview.testing.reconciled import Mismatch, reconcile, town
from plainview.testing.shifts import work
from plainview.testing.station import Station

FULL = os.environ.get("PLAINVIEW_BARS") == "1"
TOWNS, SESSIONS, CALM_S = (20, 500, 30) if FULL else (1, 60, 4)
PROCESSES = 2


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """The journal as the real process keeps it, errors only."""
    journal.configure("web", level=logging.ERROR)


@pytest.mark.bar("sessions reconcile")
@pytest.mark.timeout(7200)
def test_bytes_and_entries_of_random_sessions_reconcile(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        towns = [
            pool.submit(town, tmp_path / str(number), SESSIONS, number, CALM_S)
            for number in range(TOWNS)
        ]
        found = [one.result() for one in towns]
    entries, lost = sum(one.entries for one in found), sum(one.lost for one in found)
    size, outages = sum(one.bytes for one in found), sum(one.outages for one in found)
    late = max(one.noticed_s for one in found)
    measured = (
        f"{TOWNS * SESSIONS} sessions, {outages} outages: {entries} entries and {size} bytes of "
        f"pictures agree; {lost} entries whose answer was lost; {sum(o.refused for o in found)} "
        f"refusals; the last byte after an outage began left after {late:.1f} s"
    )
    record_property("bar", json.dumps({"measured": measured}))
    assert entries > TOWNS * SESSIONS
    assert size > 0
    assert outages > 0


def test_a_lie_is_found(tmp_path: Path) -> None:
    station = Station(tmp_path)
    try:
        diary = work(station, 4, 1)
        honest = reconcile(station, diary)
        known = next(one for one in diary.attempts if one.done and one.act == "signin")
        known.done = False
        diary.attempts.remove(known)
        with pytest.raises(Mismatch, match="nobody tried"):
            reconcile(station, diary)
        diary.attempts.append(known)
        station.tally.note("somebody", 10)
        with pytest.raises(Mismatch, match="nobody asked for"):
            reconcile(station, diary)
        known.done = True
        known.detail = {"by": "stealth"}
        with pytest.raises(Mismatch, match="not on the log"):
            reconcile(station, diary)
    finally:
        station.close()
    assert honest.entries > 0
