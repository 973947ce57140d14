"""`plainview disks` and what `plainview check` says of disks, as a person runs them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from plainview.base.settings import Settings
from plainview.store.store import Store


def plainview(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plainview.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_disks_are_listed_adopted_and_forgotten(tmp_path: Path) -> None:
    data, disk, file = tmp_path / "data", tmp_path / "a", tmp_path / "plainview.toml"
    data.mkdir()
    disk.mkdir()
    file.write_text(f'data = "{data}"\ndisks = ["{disk}"]\ndisk_reserve_mb = 1\n')
    assert "takes it into use when it starts" in plainview("disks", "--settings", str(file)).stdout
    with Store(Settings(data=data, disks=[disk], disk_reserve_mb=1)) as store, store.writer():
        pass
    listed = json.loads(plainview("disks", "--settings", str(file), "--json").stdout)
    assert [(one["folder"], one["writes"], one["trouble"]) for one in listed] == [
        (str(data), False, ""),
        (str(disk), True, ""),
    ]
    sound = plainview("check", "--settings", str(file))
    assert sound.returncode == 0
    assert f"{disk}: " in sound.stdout
    assert "GB free" in sound.stdout

    shutil.rmtree(disk)
    disk.mkdir()
    away = plainview("check", "--settings", str(file))
    assert away.returncode == 1
    assert "0 packs are out of reach" in away.stdout
    assert plainview("disks", "--settings", str(file), "--adopt", str(disk)).returncode == 0
    again = plainview("disks", "--settings", str(file), "--adopt", str(disk))
    assert again.returncode == 1
    assert "holds recordings already" in again.stderr
    old = str(listed[1]["id"])
    assert plainview("disks", "--settings", str(file), "--forget", old[:8]).returncode == 0
    assert plainview("check", "--settings", str(file)).returncode == 0
