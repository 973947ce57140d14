"""What the register said at a moment: equal to what was known then, also after an upgrade."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from plainview.base.database import open_engine
from plainview.errors import BadFormat, BadProof, NotFound, StoreDamaged
from plainview.register import records, statements
from plainview.register.projection import Register
from plainview.register.proved import check_folder, write_folder
from plainview.testing.registry import record_values
from plainview.testing.town import CAMERA, SET, Town, camera_values
from plainview.tlog.policy import Policy

MINUTE = 60_000


def busy(folder: Path) -> tuple[Town, list[int]]:
    """A town whose camera changes each minute; the moments just after each change."""
    town = Town(folder)
    moments = [town.now]
    for change in ({"purpose": "Another"}, {"status": "suspended"}, {"purpose": "A third"}):
        town.now += MINUTE
        town.state_camera(**change)
        moments.append(town.now)
    return town, moments


def forget(engine: Engine) -> None:
    """Take the database back to before there were versions."""
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE versions"))
        connection.execute(text("UPDATE alembic_version SET version_num = 'register_1'"))
        connection.execute(text("PRAGMA user_version = 1"))
    engine.dispose()


def test_what_the_register_said(tmp_path: Path) -> None:
    town, moments = busy(tmp_path)
    with Register(town.settings) as register:
        for number, moment in enumerate(moments, 1):
            for at in (moment, moment + MINUTE - 1):
                (camera,) = register.at(at).cameras
                version = register.versions(CAMERA)[number - 1]
                assert camera.newest.body == version.record
                assert (camera.newest.version, camera.newest.index) == (number, version.index)
                assert (camera.recording == number) is (version.status == "active")
                assert bool(camera.reason) is (version.status == "suspended")
        before = register.at(moments[0] - 1)
        assert (before.cameras, before.sets, before.people) == ((), (), 0)
        now = register.at(moments[-1])
        assert [one.subject for one in now.sets] == [SET]
        assert now.people == len(register.people()) == 6
        assert {one.index for one in now.said()} <= set(range(register.size))


def test_one_camera(tmp_path: Path) -> None:
    town, moments = busy(tmp_path)
    town.state_camera("cam-02")
    with Register(town.settings) as register:
        found = register.at(town.now, CAMERA)
        assert [one.newest.subject for one in found.cameras] == [CAMERA]
        assert [one.subject for one in found.sets] == [SET]
        assert len(register.at(town.now).cameras) == 2
        with pytest.raises(NotFound, match="did not have cam-02 yet"):
            register.at(moments[0], "cam-02")


def test_later_statements_do_not_change_what_was_said(tmp_path: Path) -> None:
    town, moments = busy(tmp_path)
    with Register(town.settings) as register:
        before = [register.at(moment) for moment in moments]
        town.now += MINUTE
        town.state_camera(purpose="A fourth")
        town.state_camera("cam-02")
        register.sync()
        assert [register.at(moment) for moment in moments] == before


def state_record(town: Town, kind: str, name: str, status: str = "active", **changes: Any) -> int:
    versions = town.history.records.get(f"{kind}/{name}", [])
    body = {**record_values(town.now)[kind], **changes}
    keys = town.signers("custodian-a")
    entry = statements.record(kind, name, len(versions) + 1, status, body, keys, time=town.now)
    return town.append(entry.raw)


def test_records_and_their_versions(tmp_path: Path) -> None:
    town = Town(tmp_path)
    first = state_record(town, "dpia", "bridge")
    state_record(town, "site", "bridge")
    town.now += MINUTE
    second = state_record(town, "dpia", "bridge", version="3")
    town.now += MINUTE
    last = state_record(town, "dpia", "bridge", "revoked")
    with Register(town.settings) as register:
        found = register.record_versions("dpia", "bridge")
        assert [(one.index, one.version, one.status) for one in found] == [
            (first, 1, "active"), (second, 2, "active"), (last, 3, "revoked"),
        ]  # fmt: skip
        assert [one.body["version"] for one in found] == ["2", "3", "2"]
        assert register.record("dpia", "bridge") == found[-1]
        assert [one.subject for one in register.records()] == ["dpia/bridge", "site/bridge"]
        assert [one.subject for one in register.records("site")] == ["site/bridge"]
        for one, moment in zip(
            found, range(town.now - 2 * MINUTE, town.now + 1, MINUTE), strict=True
        ):
            assert register.at(moment).records[0] == one
            assert ("dpia/bridge" in register.records_in_force(moment)) is (one.status == "active")
        with pytest.raises(NotFound, match="No dpia/none"):
            register.record("dpia", "none")


def test_what_was_proposed_counts_from_its_approval(tmp_path: Path) -> None:
    town = Town(tmp_path)
    body = statements.record_body("site", "bridge", 1, "active", record_values(town.now)["site"])
    proposer, approver = town.signers("operator", "custodian-a")
    made = statements.propose("record", body, proposer, time=town.now)
    said = town.append(made.raw)
    with Register(town.settings) as register:
        assert register.records() == []
        town.now += MINUTE
        index = town.append(statements.approve(made.hash, approver, time=town.now).raw)
        register.sync()
        (one,) = register.records()
        assert (one.index, one.said, one.time_ms) == (index, said, town.now)
        assert one.body == body["record"]
        assert register.at(town.now - 1).records == ()
    with Register(town.settings) as again:
        assert again.records() == [one]
    engine = open_engine(town.settings.own_dir / "register.db")
    forget(engine)
    with Register(town.settings) as upgraded:
        assert upgraded.records() == [one]


def test_revoking_needs_no_sound_record(tmp_path: Path) -> None:
    body = statements.record_body("dpia", "bridge", 2, "revoked", {"title": "old"})
    assert body["record"] == {"title": "old"}
    with pytest.raises(BadFormat, match="not complete"):
        statements.record_body("dpia", "bridge", 2, "active", {"title": "old"})
    with pytest.raises(BadFormat, match="no status"):
        statements.record_body("dpia", "bridge", 2, "hidden", {})


def asked_again(register: Register) -> None:
    """For ten seconds."""
    for _ in range(100):
        register.sync()
        time.sleep(0.1)


def test_an_altered_row_is_found_by_its_proof(tmp_path: Path) -> None:
    """register.db is not believed: what it says is compared with the entries of the log."""
    town, moments = busy(tmp_path)
    policy = Policy.parse(town.policy)
    with Register(town.settings) as register:
        at = register.at(moments[0])
        write_folder(register, at, tmp_path / "good", town.policy)
        assert check_folder(tmp_path / "good", policy).statements == 2
        engine = open_engine(town.settings.own_dir / "register.db")
        with engine.begin() as connection:
            changed = "CAST(replace(CAST(raw AS TEXT), 'Road safety on', 'Nothing at') AS BLOB)"
            connection.execute(text(f"UPDATE statements SET raw = {changed}"))  # noqa: S608 - ours
        engine.dispose()
        altered = register.at(moments[0])
        assert altered.cameras[0].newest.body["purpose"] == "Nothing at the bridge"
        write_folder(register, altered, tmp_path / "bad", town.policy)
        with pytest.raises(BadProof, match="says something else"):
            check_folder(tmp_path / "bad", policy)
    with Register(town.settings) as fresh, pytest.raises(StoreDamaged):
        asked_again(fresh)  # a start verifies all signatures, within moments


def test_the_past_of_a_whole_city_is_quick(tmp_path: Path) -> None:
    """The register with 2,000 cameras at a moment takes no more than a page may."""
    town = Town(tmp_path)
    record = records.camera_record(camera_values(town.now))
    dpo = town.signers("custodian-a")
    made = [
        statements.camera(f"cam-{number}", 1, "active", record, dpo, time=town.now).raw
        for number in range(1_000, 3_000)
    ]
    town.writer.append(made)
    town.witness()
    with Register(town.settings) as register:
        register.sync()
        begin = time.process_time()
        assert len(register.at(town.now).cameras) == 2_001
        whole = time.process_time() - begin
        begin = time.process_time()
        for _ in range(20):
            assert len(register.at(town.now, "cam-2000").cameras) == 1
        one = (time.process_time() - begin) / 20
    assert whole < 2
    assert one < 0.05


def test_a_register_from_before_is_filled(tmp_path: Path) -> None:
    """The table is new: what the first release had applied is in it after the upgrade."""
    town, moments = busy(tmp_path)
    with Register(town.settings) as register:
        expected = [register.at(moment) for moment in moments]
    engine = open_engine(town.settings.own_dir / "register.db")
    forget(engine)
    with Register(town.settings) as register:
        assert [register.at(moment) for moment in moments] == expected


def test_a_judge_in_the_set_is_known_to_the_law(tmp_path: Path) -> None:
    town = Town(tmp_path)
    signers = town.signers("custodian-a", "administrator")
    judge = town.person("custodian-b").model_copy(update={"org_kind": "court"})
    town.append(statements.enrol(judge, signers, time=town.now).raw)
    with Register(town.settings) as register:
        context = register.context({"custodian_set": SET}, town.now)
        assert (context.k, context.n, context.organisations) == (2, 3, ("court",))


def test_what_a_record_is_judged_beside(tmp_path: Path) -> None:
    town = Town(tmp_path)
    state_record(town, "dpia", "bridge")
    with Register(town.settings) as register:
        context = register.context({"custodian_set": SET}, town.now)
        assert (context.k, context.n, context.notice_seconds) == (2, 3, 0)
        assert context.records.keys() == {"dpia/bridge"}
        unknown = register.context({"custodian_set": "nobody"}, town.now)
        assert (unknown.k, unknown.organisations) == (None, ())
        later = town.now + 300 * 86_400_000
        assert register.context({}, later).records == {}
