"""The projection: what it answers, that a restart and another process agree, that it is quick."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from plainview.base.clock import DAY_MS
from plainview.base.settings import Settings
from plainview.errors import GateClosed, LogAway, NotFound, StoreDamaged
from plainview.register import follow
from plainview.register.follow import FRESH_SECONDS, Follower
from plainview.register.private import Names
from plainview.register.projection import Register
from plainview.register.restore import restore
from plainview.testing.city import City, digest
from plainview.testing.town import CAMERA, SET, Town
from plainview.tlog import merkle
from plainview.tlog.entries import make, parse
from plainview.tlog.history import History
from plainview.tlog.reader import LogReader
from plainview.tlog.signing import sign


def replayed(town: Town) -> History:
    """The rule book after the whole log, from entry 0."""
    history = History()
    reader = LogReader.folder(town.settings.log_dir)
    for index, raw in reader.entries(0, town.writer.size):
        history.apply(index, parse(raw))
    return history


def test_no_log_yet(tmp_path: Path) -> None:
    town = Town(tmp_path / "other")
    settings = town.settings.model_copy(update={"data": tmp_path / "empty"})
    with Register(settings) as register:
        assert register.size == 0
        assert register.cameras() == []
        assert register.people() == []
        with pytest.raises(GateClosed):
            register.may_record(CAMERA, town.now)


def test_cameras_people_and_sets(tmp_path: Path) -> None:
    town = Town(tmp_path)
    with Register(town.settings) as register:
        (camera,) = register.cameras()
        assert (camera.id, camera.version, camera.status) == (CAMERA, 1, "active")
        assert camera.record["name"] == "Mill bridge"
        assert register.camera(CAMERA) == camera
        assert register.custodian_set(SET).k == 2
        key = town.keys["custodian-a"].signing.key_id
        assert register.person_by_key(key).person == "p-custodian-a"
        assert register.person("p-custodian-a").org == "Town hall"
        assert register.person("p-operator").name is None
        Names(town.settings.data).put("p-operator", "Mira", "00")
        assert register.person("p-operator").name == "Mira"
        for ask in (register.camera, register.person, register.window, register.request):
            with pytest.raises(NotFound):
                ask("nothing")


def test_a_suspension_closes_the_gate_at_once(tmp_path: Path) -> None:
    town = Town(tmp_path)
    with Register(town.settings) as register:
        assert register.may_record(CAMERA, town.now).version == 1
        town.now += 1000
        town.state_camera(status="suspended")
        register.sync()
        with pytest.raises(GateClosed, match="suspended"):
            register.may_record(CAMERA, town.now)
        assert [one.status for one in register.versions(CAMERA)] == ["active", "suspended"]


def test_a_log_whose_folder_is_gone_is_away_and_not_empty(tmp_path: Path) -> None:
    """Else a recorder would take an unmounted disk for a yes that never ends."""
    town = Town(tmp_path)
    log, elsewhere = town.settings.log_dir, tmp_path / "elsewhere"
    with Register(town.settings) as register:
        assert register.may_record(CAMERA, town.now).version == 1
        log.rename(elsewhere)
        time.sleep(FRESH_SECONDS)
        for _ in range(2):
            with pytest.raises(LogAway, match="is not in"):
                register.may_record(CAMERA, town.now)
        with Register(town.settings) as fresh, pytest.raises(LogAway):
            fresh.sync()
        elsewhere.rename(log)
        assert register.may_record(CAMERA, town.now).version == 1


def test_windows_holds_and_shreds(tmp_path: Path) -> None:
    town = Town(tmp_path)
    first, second = town.make_window(), town.make_window(minutes=1)
    names = [first.header.record.window, second.header.record.window]
    until = first.header.record.shred_ms + 5 * DAY_MS
    town.hold([names[1]], until)
    with Register(town.settings) as register:
        found = register.windows(CAMERA, 0, 2**50)
        assert [one.window for one in found] == names
        assert [one.held_ms for one in found] == [0, until]
        town.now = first.header.record.shred_ms
        assert [one.window for one in register.overdue(town.now)] == names[:1]
        town.shred([names[0]])
        register.sync()
        assert register.overdue(town.now) == []
        assert register.window(names[0]).shredded_by == register.size - 1
        assert register.shreds(5)[0].count == 1


def test_a_restart_equals_a_replay(tmp_path: Path) -> None:
    town = Town(tmp_path)
    sealed = [town.make_window(minutes=minute) for minute in range(3)]
    town.request([one.header.record.window for one in sealed[:2]])
    town.release_all()
    town.state_camera(purpose="Another purpose")
    town.hold([sealed[1].header.record.window], town.now + 90 * DAY_MS)
    town.now = sealed[0].header.record.shred_ms
    town.shred([sealed[0].header.record.window])
    with Register(town.settings) as register:
        assert register.sync() == town.writer.size
    follower = Follower(town.settings)
    with follower.rows() as connection:
        (found, noted), expected = restore(connection), replayed(town)
    assert len(noted) > len(expected.people)
    follower.close()
    for name in ("size", "clock", "rules", "people", "keys", "sets", "classes", "cameras"):
        assert getattr(found, name) == getattr(expected, name), name
    for name in ("windows", "requests", "statements"):
        assert getattr(found, name) == getattr(expected, name), name


def test_a_restart_equals_a_replay_of_what_two_people_publish(tmp_path: Path) -> None:
    city = City()
    city.register_story()
    city.camera("cam-02")
    city.keep("objection", camera="cam-02", version=1, commitment=digest("why"))
    body = {"kind": "unit", "id": "traffic", "version": 1, "status": "active", "record": {}}
    city.propose("p-dpo", "record", **body)
    city.publish(tmp_path / "log")
    settings = Settings(data=tmp_path)
    with Register(settings) as register:
        assert register.sync() == len(city.raws)
        assert register.rejected() == []
        (first, _) = register.cameras()
        assert register.stated(first.index).type == "camera"
        assert register.statements(["camera"], subject="cam-01", before=100) == [first.index]
        assert register.person("p-clerk").org == "city"
    follower = Follower(settings)
    with follower.rows() as connection:
        found, _ = restore(connection)
    follower.close()
    assert vars(found) == vars(city.history)


@pytest.mark.parametrize("forged", [False, True])
def test_a_start_verifies_signatures_right_after(tmp_path: Path, forged: bool) -> None:
    town = Town(tmp_path)
    with Register(town.settings) as register:
        register.sync()
        index = register.cameras()[0].index
    if forged:
        with sqlite3.connect(town.settings.own_dir / "register.db") as rows:
            (raw,) = rows.execute("SELECT raw FROM statements WHERE idx = ?", (index,)).fetchone()
            other = bytes(raw).replace(b"Road safety on the bridge", b"Whatever somebody wrote in")
            rows.execute("UPDATE statements SET raw = ? WHERE idx = ?", (other, index))
        rows.close()
    follower = Follower(town.settings)
    with contextlib.suppress(StoreDamaged):  # it may be found before the first answer
        follower.sync()
    assert follower._recheck is not None
    follower._recheck.wait(10)
    if forged:
        with pytest.raises(StoreDamaged, match="nobody signed"), follower.book():
            pass
    else:
        with follower.book() as book:
            assert book.cameras[CAMERA]
    follower.close()


def test_an_entry_that_another_process_learnt_first_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are shared: a page that lists an entry must not then say that there is none."""
    monkeypatch.setattr(follow, "FRESH_SECONDS", 60.0)
    town = Town(tmp_path)
    with Register(town.settings) as one, Register(town.settings) as other:
        one.sync()
        town.make_window()
        other.sync()
        (newest,) = one.recent(1)
        assert newest.index == town.writer.size - 1
        assert parse(one.raw(newest.index)).type == "windows"
        with pytest.raises(NotFound):
            one.raw(town.writer.size)


def test_two_processes_follow_one_log(tmp_path: Path) -> None:
    town = Town(tmp_path)
    with Register(town.settings) as one, Register(town.settings) as other:
        for minute in range(4):
            town.make_window(minutes=minute)
            (one if minute % 2 else other).sync()
        assert one.sync() + other.sync() == 1
        assert one.windows(CAMERA, 0, 2**50) == other.windows(CAMERA, 0, 2**50)
        assert len(one.windows(CAMERA, 0, 2**50)) == 4


def test_an_entry_that_breaks_the_rules_has_no_effect(tmp_path: Path) -> None:
    town = Town(tmp_path)
    body = {"camera": CAMERA, "version": 2, "status": "removed"}
    body["record"] = town.history.cameras[CAMERA][0].record
    operator = town.keys["operator"].signing
    town.force(sign(make("camera", body, time=town.now), [operator]).raw)
    town.make_window()
    with Register(town.settings) as register:
        ((index, reason),) = register.rejected()
        assert index == 4
        assert "dpo" in reason
        assert register.camera(CAMERA).status == "active"
        assert len(register.windows(CAMERA, 0, 2**50)) == 1


def test_entries_with_proofs(tmp_path: Path) -> None:
    town = Town(tmp_path)
    with Register(town.settings) as register:
        lines = register.recent(2)
        assert [line.index for line in lines] == [3, 2]
        assert [line.index for line in register.recent(9, before=2)] == [1, 0]
        assert [line.type for line in register.recent(9, type="enrol")] == ["enrol"]
        raw = register.raw(3)
        assert merkle.leaf_hash(raw).hex() == lines[0].leaf
        assert register.find(lines[0].leaf) == 3
        assert register.proof(3).startswith("c2sp.org/tlog-proof@v1\nindex 3\n")
        assert register.counts()["camera"] == 1
        with pytest.raises(NotFound):
            register.raw(99)


@pytest.mark.parametrize("more", [0, 3])
def test_another_log_under_the_same_register(tmp_path: Path, more: int) -> None:
    """A log that was rolled back or exchanged is noticed, not followed."""
    town, other = Town(tmp_path / "one"), Town(tmp_path / "other")
    town.make_window()
    for minute in range(more):
        other.make_window(minutes=minute)
    with Register(town.settings) as register:
        register.sync()
    shutil.rmtree(town.settings.log_dir)
    shutil.copytree(other.settings.log_dir, town.settings.log_dir)
    with (
        Register(town.settings) as register,
        pytest.raises(StoreDamaged, match="follows another log"),
    ):
        register.sync()


def test_many_entries_are_cheap(tmp_path: Path) -> None:
    """Questions with 20,000 entries behind them answer within milliseconds."""
    town = Town(tmp_path)
    body = {"actor": "a-1", "role": "operator", "act": "live", "detail_commitment": "ab" * 32}
    for _ in range(20):
        batch = [make("act", body, time=town.now).raw for _ in range(1000)]
        town.writer.append(batch)
    town.witness()
    with Register(town.settings) as register:
        assert register.sync() == town.writer.size
    begin = time.monotonic()
    with Register(town.settings) as register:
        assert register.camera(CAMERA).version == 1
        started = time.monotonic() - begin
        begin = time.monotonic()
        for _ in range(50):
            register.recent(50)
            register.windows(CAMERA, 0, 2**50)
            register.person("p-operator")
        each = (time.monotonic() - begin) / 150
    assert started < 3
    assert each < 0.03
