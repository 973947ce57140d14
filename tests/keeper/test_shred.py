"""Destruction on time: witnesses confirm the clock, holds survive, a crash leaves no lie."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plainview.base import durable
from plainview.base.clock import to_iso
from plainview.errors import LogAway, NotFound, NotLogged, PlainviewError, Refused
from plainview.keeper.desk import Desk
from plainview.keeper.ring import KeyRing, unwrap

DUE_S = 1300
"""The demo's rules: a period of 600 s and a retention of 600 s are over after this many."""


@pytest.fixture(autouse=True)
def no_background(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests do the chores themselves, at the moments that they mean."""
    monkeypatch.setattr("plainview.keeper.process.ROUND_SECONDS", 3600)


class Crash(BaseException):
    """Stands for kill -9: nothing may catch it."""


def shreds(city: Any) -> list[dict[str, Any]]:
    return [e.body for e in city.entries() if e.type == "shred"]


def hold(city: Any, *windows: str, seconds: int) -> None:
    body = {"windows": list(windows), "until": to_iso(city.clock() + seconds * 1000)}
    city.say("hold", {**body, "detail_commitment": "0" * 64}, city.dpo)


def test_due_keys_are_destroyed_and_logged_with_their_windows(city: Any) -> None:
    city.keeper.chores.round()
    windows = sorted(header.record.window for header in city.windows(5))
    keys_before = {path.name for path in city.settings.keys_dir.glob("root-*.key")}
    city.clock.forward(DUE_S)
    city.keeper.chores.shred()
    (body,) = shreds(city)
    assert body["windows"] == windows
    assert (body["period"], body["class"]) == ("short.20261123T090000Z", "short")
    assert body["due"] == "2026-11-23T09:20:00.000Z"
    keys = {path.name for path in city.settings.keys_dir.glob("root-*.key")}
    assert len(keys) == 1
    assert not keys & keys_before
    assert city.keeper.desk.box.window(windows[0]) is None
    assert "shred" not in city.keeper.chores.red


def test_nothing_opens_after_it_is_due(city: Any) -> None:
    header = city.windows(1)[0]
    window = header.record.window
    request = city.ask_for(window)
    session = city.client.watch("a", "operator", "live", "cam-01", 0, None, "x").id
    for number in (0, 1):
        city.release(number, request, header)
    city.client.view_key(session, window)
    city.clock.forward(DUE_S)
    for _time in range(2):
        with pytest.raises((Refused, NotLogged)):
            city.client.view_key(session, window)
        with pytest.raises((Refused, NotLogged)):
            city.client.opening(request, window)
        city.keeper.chores.shred()


def test_a_restored_backup_of_the_wrapped_keys_opens_nothing(city: Any) -> None:
    header = city.windows(1)[0]
    ring = (city.settings.keys_dir / "ring.json").read_bytes()
    backup = json.loads(ring)["keys"][header.record.period]["wrapped"]
    city.clock.forward(DUE_S)
    city.keeper.chores.shred()
    for path in city.settings.keys_dir.glob("root-*.key"):
        with pytest.raises(PlainviewError):
            unwrap(path.read_bytes(), [header.record.period], backup)


def test_survivors_are_still_there_after_a_shred_and_a_restart(city: Any) -> None:
    city.windows(1)
    city.clock.forward(900)
    header = city.windows(1)[0]
    city.clock.forward(400)
    city.keeper.chores.shred()
    assert len(shreds(city)) == 1
    city.stop()
    city.start()
    session = city.client.watch(
        "a", "operator", "playback", "cam-01", header.record.start_ms, city.clock(), "x"
    )
    assert len(city.client.view_key(session.id, header.record.window)) == 32


@pytest.mark.parametrize("drift_s", [-301, 301])
def test_a_wrong_clock_destroys_nothing(city: Any, drift_s: int) -> None:
    window = city.windows(1)[0].record.window
    city.witness_clock.drift_ms = drift_s * 1000
    city.clock.forward(DUE_S)
    with pytest.raises(LogAway, match="0 of 2 witnesses"):
        city.keeper.chores.shred()
    assert city.keeper.desk.box.window(window) is not None
    assert shreds(city) == []


def test_without_the_quorum_it_waits_and_is_red(city: Any) -> None:
    city.windows(1)
    city.clock.forward(DUE_S)
    city.witnesses[0].stop()
    city.keeper.chores.round()
    assert any("0 of 2 witnesses" in reason for reason in city.client.status()["red"])
    city.clock.forward(3700)
    city.keeper.chores.round()
    assert any("overdue" in reason for reason in city.client.status()["red"])
    city.witnesses[0].start()
    city.keeper.chores.round()
    assert not {"shred", "check_overdue"} & city.keeper.chores.red.keys()
    assert len(shreds(city)) == 1


def test_a_held_window_outlives_its_period_and_ends_with_its_hold(city: Any) -> None:
    headers = city.windows(3)
    names = sorted(header.record.window for header in headers)
    hold(city, names[1], seconds=DUE_S + 600)
    city.clock.forward(DUE_S)
    city.keeper.chores.shred()
    (body,) = shreds(city)
    assert body["windows"] == [names[0], names[2]]
    held = next(header for header in headers if header.record.window == names[1])
    request = city.ask_for(names[1], expires_s=60)
    for number in (0, 1):
        city.release(number, request, held)
    assert city.client.opening(request, names[1])
    city.clock.forward(601)
    city.keeper.chores.shred()
    assert shreds(city)[1]["windows"] == [names[1]]
    assert not any(name.startswith("hold.") for name in city.keeper.desk.ring.due)


def test_a_hold_that_is_renewed_moves_on(city: Any) -> None:
    names = sorted(header.record.window for header in city.windows(2))
    hold(city, *names, seconds=DUE_S + 60)
    city.clock.forward(DUE_S)
    city.keeper.chores.shred()
    hold(city, names[0], seconds=300)
    city.clock.forward(61)
    city.keeper.chores.shred()
    assert [body["windows"] for body in shreds(city)] == [[names[1]]]
    city.clock.forward(300)
    city.keeper.chores.shred()
    assert shreds(city)[-1]["windows"] == [names[0]]


def test_what_is_due_is_not_held_any_more(city: Any) -> None:
    """Else a hold that comes late would make readable what was promised to be gone."""
    name = city.windows(1)[0].record.window
    city.clock.forward(DUE_S)
    with pytest.raises(Refused, match="due"):
        hold(city, name, seconds=3600)
    city.keeper.chores.shred()
    assert [body["windows"] for body in shreds(city)] == [[name]]


def test_a_hold_just_before_the_end_is_kept(city: Any, monkeypatch: Any) -> None:
    """It is logged before the key goes, or refused: never logged for a window that is lost."""
    names = sorted(header.record.window for header in city.windows(2))
    city.clock.forward(DUE_S)
    chores = city.keeper.chores
    real = chores._ring.destroy
    late: list[threading.Thread] = []

    def destroy(due: set[str]) -> None:
        city.clock.forward(-DUE_S)  # the custodian's statement was on its way since then
        late.append(threading.Thread(target=try_to_hold, args=(city, names[0])))
        late[0].start()
        late[0].join(0.5)
        city.clock.forward(DUE_S)
        real(due)

    monkeypatch.setattr(chores._ring, "destroy", destroy)
    chores.shred()
    late[0].join()
    assert [body["windows"] for body in shreds(city)] == [names]
    assert not any(entry.type == "hold" for entry in city.entries())


def try_to_hold(city: Any, window: str) -> None:
    with suppress(PlainviewError):
        hold(city, window, seconds=DUE_S + 3600)


def test_many_windows_make_several_entries(city: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("plainview.keeper.chores.SHRED_ENTRY", 3)
    windows = {header.record.window for header in city.windows(7)}
    city.clock.forward(DUE_S)
    city.keeper.chores.shred()
    bodies = shreds(city)
    assert sorted(len(body["windows"]) for body in bodies) == [1, 3, 3]
    assert {name for body in bodies for name in body["windows"]} == windows


@pytest.mark.parametrize("point", ["write_file:1", "write_file:2", "unlink:1", "log:1"])
def test_a_crash_at_any_step_leaves_no_lie(city: Any, monkeypatch: Any, point: str) -> None:
    windows = sorted(header.record.window for header in city.windows(2))
    period = "short.20261123T090000Z"
    city.clock.forward(DUE_S)
    name, times = point.split(":")
    real: Any = {"write_file": durable.write_file, "unlink": Path.unlink, "log": Desk.log}[name]
    calls = []

    def crash(*args: Any, **given: Any) -> Any:
        calls.append(args)
        if len(calls) == int(times):
            raise Crash
        return real(*args, **given)

    disk = SimpleNamespace(write_file=crash, sync_folder=durable.sync_folder)
    with monkeypatch.context() as patch:
        if name == "write_file":
            patch.setattr("plainview.keeper.ring.durable", disk)
        else:
            patch.setattr({"unlink": Path, "log": Desk}[name], name, crash)
        with pytest.raises(Crash):
            city.keeper.chores.shred()
    logged = shreds(city)
    if logged:
        assert period not in KeyRing(city.settings.keys_dir).due
    city.stop()
    city.start()
    ring = city.keeper.desk.ring
    assert len(list(city.settings.keys_dir.glob("root-*.key"))) == 1
    city.keeper.chores.shred()
    assert [body["windows"] for body in shreds(city)] == [windows]
    assert period not in ring.due
    with pytest.raises(NotFound):
        ring.key(period)
