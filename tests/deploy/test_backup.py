"""The copy of a log that somebody takes while it grows can be continued and verified."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from plainview.store.disks import Disks
from plainview.testing.city import ORIGIN, key_of
from plainview.tlog.beginning import open_log
from plainview.tlog.notes import Signer
from plainview.tlog.shown import publish, published
from plainview.tlog.writer import LogWriter

ROOT = Path(__file__).resolve().parents[2]
BACKUP = ROOT / "deploy/plainview-backup"
GUIDE = (ROOT / "docs/guide/operations.md").read_text()
MADE_AGAIN = {"register.db", "looks.db"}
SIGNER = Signer(ORIGIN, key_of("log").private)
COPIES = 12


def test_a_log_is_copied_while_it_is_written(tmp_path: Path) -> None:
    log = open_log(tmp_path / "data/log", SIGNER)
    publish(log.folder, SIGNER.verifier, log.head, [])
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            log.append([f"entry {log.size + i}".encode() for i in range(7)])
            publish(log.folder, SIGNER.verifier, log.head, [])
            time.sleep(0.005)

    writing = threading.Thread(target=write)
    writing.start()
    environment = {
        **os.environ, "PLAINVIEW_DATA": str(tmp_path / "data"), "PLAINVIEW_PYTHON": sys.executable,
    }  # fmt: skip
    copy, sizes = tmp_path / "copy", [0]

    def backup() -> None:
        command = [str(BACKUP), "--log", str(copy)]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        copied = LogWriter(copy, SIGNER)  # reads all of it
        shown = published(copy, SIGNER.verifier)
        assert shown is not None
        assert shown.size <= copied.size, "a copy that is continued must not fork what was shown"
        sizes.append(copied.size)

    try:
        for _ in range(COPIES):
            backup()
        # The plug was pulled while it copied: the half that lies there is newer than the whole.
        (copy / "tile/entries/000").write_bytes(b"half")
        backup()
    finally:
        done.set()
        writing.join()
    assert sizes == sorted(sizes)
    assert sizes[-1] > 256
    assert not list(copy.rglob(".*"))


class Machine:
    """A data folder that can be backed up, without processes."""

    def __init__(self, folder: Path) -> None:
        self.data, self.copy, ctl = folder / "data", folder / "copy", folder / "ctl"
        open_log(self.data / "log", SIGNER).append([b"entry"])
        shutil.copy(self.data / "log/head", self.data / "log/checkpoint")
        for name in ("keys/ring.json", "keys/keeper.db", "keys/log.key"):
            (self.data / name).parent.mkdir(exist_ok=True)
            (self.data / name).touch()
        ctl.write_text("#!/bin/sh\n")
        ctl.chmod(0o755)
        self.environment = {
            **os.environ, "PLAINVIEW_DATA": str(self.data), "PLAINVIEW_CTL": str(ctl),
            "PLAINVIEW_PYTHON": sys.executable,
        }  # fmt: skip

    def backup(self, **more: str) -> str:
        """Run the nightly copy; what it warned of."""
        ran = subprocess.run(
            [str(BACKUP), str(self.copy)],
            env=self.environment | more, capture_output=True, text=True,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def packs_below(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.pack"))


def test_packs_of_a_disk_that_is_away_stay_in_the_copy(machine: Machine) -> None:
    packs, copied = machine.data / "originals/cam-01", machine.copy / "originals"
    packs.mkdir(parents=True)
    for number in range(5):
        (packs / f"{number}.pack").write_bytes(b"pack")
    assert machine.backup() == ""
    assert len(packs_below(copied)) == 5
    (packs / "0.pack").unlink()  # destroyed, as it was due
    assert machine.backup() == ""
    assert packs_below(copied) == ["1.pack", "2.pack", "3.pack", "4.pack"]
    for number in (1, 2, 3):
        (packs / f"{number}.pack").unlink()
    (packs / "5.pack").write_bytes(b"pack")
    assert "3 of 4 files" in machine.backup()
    assert len(packs_below(copied)) == 5
    machine.backup(PLAINVIEW_DELETE="yes")
    assert packs_below(copied) == ["4.pack", "5.pack"]


def test_the_citys_own_laws_are_copied_as_they_are_now(machine: Machine, tmp_path: Path) -> None:
    elsewhere, laws = tmp_path / "etc-laws", machine.data / "laws"
    elsewhere.mkdir()
    laws.symlink_to(elsewhere)
    for names in (["ours.toml", "theirs.toml"], ["ours.toml"], []):
        for old in elsewhere.iterdir():
            old.unlink()
        for name in names:
            (elsewhere / name).write_text(name)
        assert machine.backup() == ""
        copied = machine.copy / "laws"
        assert not copied.is_symlink()
        assert sorted(path.name for path in copied.iterdir()) == names
        assert not (machine.copy / "laws.new").exists()


def test_every_database_is_copied_or_made_again(machine: Machine) -> None:
    source = "".join(file.read_text() for file in (ROOT / "src/plainview").rglob("*.py"))
    databases = set(re.findall(r'own_dir / "([\w-]+\.db)"', source))
    assert {"cases.db", "letters.db", "drafts.db"} <= databases
    places = [machine.data, machine.data / "web"]
    for place in places:
        place.mkdir(exist_ok=True)
        for name in databases:
            with closing(sqlite3.connect(place / name)) as database:
                database.execute(f"CREATE TABLE of_{place.name} (name)")
    machine.backup()
    for place in places:
        copy = machine.copy / place.relative_to(machine.data)
        assert {file.name for file in copy.glob("*.db")} == databases - MADE_AGAIN
        for file in copy.glob("*.db"):
            with closing(sqlite3.connect(file)) as database:
                rows = database.execute("SELECT name FROM sqlite_master").fetchall()
            assert rows == [(f"of_{place.name}",)]
    said = GUIDE.partition("## Backup")[2].partition("## Upgrade")[0]
    assert all(f"`{name}`" in said for name in databases)


def test_packs_of_further_disks_are_copied_and_put_back(machine: Machine, tmp_path: Path) -> None:
    folders = [tmp_path / "disk a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    disks = Disks(machine.data, folders)
    ids = [disks.claim(folder).id for folder in folders]
    path = "originals/cam-01/2026-12-01/1.pack"
    for folder in folders:
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_bytes(folder.name.encode())
    assert machine.backup() == ""
    copies = [machine.copy / "disks" / id for id in ids]
    assert [(copy / path).read_bytes() for copy in copies] == [b"disk a", b"b"]

    shutil.rmtree(folders[0])
    folders[0].mkdir()  # its mount point, without the disk
    assert f"disk {ids[0]} is not in {folders[0]}" in machine.backup()
    assert (copies[0] / path).exists()

    subprocess.run(f"cp -a '{copies[0]}'/* '{folders[0]}'", shell=True, check=True)  # noqa: S602
    restored = Disks(machine.copy, folders)  # knows the disks by the copy of disks.json
    assert restored.away() == {}
    with restored.open(path, ids[0]) as pack:
        assert pack.read() in (b"disk a", b"b")
    assert machine.backup() == ""


def test_a_disk_whose_name_is_a_path_is_refused(machine: Machine, tmp_path: Path) -> None:
    (machine.data / "disks.json").write_text(json.dumps({"disks": {"../../x": str(tmp_path)}}))
    ran = subprocess.run(
        [str(BACKUP), str(machine.copy)], env=machine.environment, capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert "is no name of a disk" in ran.stderr
