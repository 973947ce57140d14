"""The first release's data: upgraded without loss, refused when newer, recorded into and opened.

How the data was made: tests/data/first-release/README.md.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pyrage
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData

from plainview.base.clock import now_ms
from plainview.base.database import open_engine
from plainview.base.settings import Settings
from plainview.base.upgrading import upgrade_to_newest
from plainview.cases import tables as cases
from plainview.errors import StoreDamaged
from plainview.node import one_machine
from plainview.register import tables as register
from plainview.store import rooted
from plainview.store.check import check
from plainview.store.packs import Kind
from plainview.store.store import Store
from plainview.web import peopledb, sessions

FIRST = Path(__file__).parents[1] / "data" / "first-release"
UPGRADED: dict[str, tuple[Path, MetaData]] = {
    "register.db": (register.UPGRADES, register.METADATA),
    "cases.db": (cases.UPGRADES, cases.METADATA),
    "sessions.db": (sessions.UPGRADES, sessions.METADATA),
    "roots.db": (rooted.UPGRADES, rooted.METADATA),
}

LATER: dict[str, tuple[Path, MetaData]] = {"people.db": (peopledb.UPGRADES, peopledb.METADATA)}
"""Databases that the first release did not have."""


def without_new_columns(
    after: dict[str, list[tuple[object, ...]]], before: dict[str, list[tuple[object, ...]]]
) -> dict[str, list[tuple[object, ...]]]:
    """The same rows as wide as they were: upgrades add columns behind those that there were."""
    width = {name: len(rows[0]) if rows else 0 for name, rows in before.items()}
    return {name: [row[: width[name]] for row in after[name]] for name in before}


def load_dump(name: str, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as database:
        database.executescript((FIRST / f"{name}.sql").read_text())
    file.chmod(0o600)


def content(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table but Alembic's own."""
    with closing(sqlite3.connect(file)) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: sorted(database.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)  # noqa: S608
            for (name,) in names
            if name != "alembic_version"
        }


@contextmanager
def opened(file: Path) -> Iterator[MigrationContext]:
    engine = open_engine(file)
    try:
        with engine.connect() as connection:
            yield MigrationContext.configure(connection)
    finally:
        engine.dispose()


def upgraded(file: Path, folder: Path) -> None:
    engine = open_engine(file)
    try:
        upgrade_to_newest(engine, folder)
    finally:
        engine.dispose()


@pytest.mark.parametrize("name", UPGRADED)
def test_a_database_of_the_first_release_is_taken_over_without_loss(
    name: str, tmp_path: Path
) -> None:
    folder, metadata = UPGRADED[name]
    load_dump(name, tmp_path / name)
    before = content(tmp_path / name)
    assert any(before.values())
    upgraded(tmp_path / name, folder)
    after = without_new_columns(content(tmp_path / name), before)
    assert {table: rows for table, rows in after.items() if table in before} == before
    with opened(tmp_path / name) as context:
        assert context.get_current_revision() is not None
        assert not compare_metadata(context, metadata)
    after = content(tmp_path / name)
    upgraded(tmp_path / name, folder)
    assert content(tmp_path / name) == after


@pytest.mark.parametrize("name", [*UPGRADED, *LATER])
def test_a_new_database_has_the_tables_that_the_code_works_with(name: str, tmp_path: Path) -> None:
    folder, metadata = {**UPGRADED, **LATER}[name]
    upgraded(tmp_path / name, folder)
    with opened(tmp_path / name) as context:
        assert not compare_metadata(context, metadata)


@pytest.mark.parametrize(
    "change",
    ["PRAGMA user_version = 99", "UPDATE alembic_version SET version_num = 'cases_99'"],
    ids=["number", "revision"],
)
def test_a_newer_database_is_refused_and_stays_as_it_was(change: str, tmp_path: Path) -> None:
    file = tmp_path / "cases.db"
    upgraded(file, cases.UPGRADES)
    with closing(sqlite3.connect(file)) as database:
        database.execute(change)
        database.commit()
        before = list(database.iterdump())
    with pytest.raises(StoreDamaged, match="newer version"):
        upgraded(file, cases.UPGRADES)
    with closing(sqlite3.connect(file)) as database:
        assert list(database.iterdump()) == before


UPGRADE = '''"""A later upgrade."""

from plainview.base.upgrading import Operations

revision = "cases_{number}"
down_revision = "cases_{before}"


def upgrade(op: Operations) -> None:
    op.execute("{statement}")
'''


def later(folder: Path, *statements: str) -> Path:
    """The upgrades of cases.db and some more, in a folder of their own."""
    folder.mkdir()
    (folder / "first.py").write_bytes((cases.UPGRADES / "first.py").read_bytes())
    for number, statement in enumerate(statements, 2):
        text = UPGRADE.format(number=number, before=number - 1, statement=statement)
        (folder / f"later{number}.py").write_text(text)
    return folder


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "cases.db"
    load_dump("cases.db", file)
    before = content(file)
    add = "ALTER TABLE bookmarks ADD COLUMN colour VARCHAR"
    broken = later(tmp_path / "broken", add, "INSERT INTO nowhere VALUES (1)")
    with pytest.raises(Exception, match="nowhere"):
        upgraded(file, broken)
    assert content(file) == before
    upgraded(file, later(tmp_path / "mended", add))
    assert [row[:-1] for row in content(file)["bookmarks"]] == before["bookmarks"]
    with closing(sqlite3.connect(file)) as database:  # what the first release refuses by
        assert database.execute("PRAGMA user_version").fetchone() == (2,)


def test_of_several_that_start_at_once_one_upgrades(tmp_path: Path) -> None:
    file = tmp_path / "cases.db"
    load_dump("cases.db", file)
    folder = later(tmp_path / "later", "INSERT INTO bookmarks VALUES ('x','p','c',1,'n',1)")
    wrong: list[BaseException] = []

    def start() -> None:
        try:
            upgraded(file, folder)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            wrong.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len([row for row in content(file)["bookmarks"] if row[0] == "x"]) == 1


@pytest.fixture
def first(tmp_path: Path) -> Settings:
    """The whole folder, as if its machine had been switched on again."""
    data = tmp_path / "data"
    with tarfile.open(FIRST / "folder.tar.xz") as archive:
        archive.extractall(data, filter="data")
    (data / "keys").chmod(0o700)
    for dump in FIRST.glob("*.sql"):
        name = dump.name.removesuffix(".sql")
        load_dump(name, data / name.replace("--", "/"))
    return Settings(data=data, disk_reserve_mb=1, gate_seconds=1, horizon_seconds=60)


def test_an_index_of_the_first_release_is_upgraded_and_sound(first: Settings) -> None:
    with Store(first) as store:
        assert check(store).findings == []
        (day,) = store.days.all()
        index = store.days.make(day)
        assert all(pack.closed for pack in index.packs())


@contextmanager
def running(settings: Settings, word: str, ready: Callable[[], bool]) -> Iterator[None]:
    with (settings.data / f"{word}.out").open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "plainview.cli", word],
            env={**os.environ, **one_machine.environment(settings)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        until(ready, f"{word} to start")
        yield
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(30)


def until(holds: Callable[[], bool], what: str, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.1)


def test_the_system_starts_from_the_first_release_s_folder(first: Settings) -> None:
    """Keeper and recorder start; what was recorded stays, is shown, and what was released opens."""
    with Store(first) as store:
        before = store.segments(Kind.ORIGINALS, "cam-01", 0, now_ms())
    assert before
    keeper = one_machine.answers_on(first.keeper_socket)
    recorder = one_machine.answers_on(first.recorder_socket)
    with running(first, "keeper", keeper), running(first, "recorder", recorder):
        time.sleep(3)  # a round of the keeper's chores and of the recorder's clerk
    with Store(first) as store:
        assert store.segments(Kind.ORIGINALS, "cam-01", 0, now_ms()) == before
        assert check(store).findings == []
        for window, identity in json.loads((FIRST / "identity.json").read_text()).items():
            opener = pyrage.x25519.Identity.from_str(identity)
            rows = store.of_window(Kind.ORIGINALS, window)
            assert all(b"ftyp" in pyrage.decrypt(store.read(row), [opener])[:16] for row in rows)
            assert rows
