"""What the register said at a moment: equal to what was known then, also after an upgrade."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from plainview.base.database import open_engine
from plainview.errors import NotFound
from plainview.register.projection import Register
from plainview.testing.town import CAMERA, SET, Town

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


def test_a_register_from_before_is_filled(tmp_path: Path) -> None:
    """The table is new: what the first release had applied is in it after the upgrade."""
    town, moments = busy(tmp_path)
    with Register(town.settings) as register:
        expected = [register.at(moment) for moment in moments]
    engine = open_engine(town.settings.own_dir / "register.db")
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE versions"))
        connection.execute(text("UPDATE alembic_version SET version_num = 'register_1'"))
        connection.execute(text("PRAGMA user_version = 1"))
    engine.dispose()
    with Register(town.settings) as register:
        assert [register.at(moment) for moment in moments] == expected
