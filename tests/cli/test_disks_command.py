"""`plainview disks` and what `plainview check` says of disks, as a person runs them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from plainview.cli import check, disks
from plainview.cli.options import load_settings
from plainview.errors import Refused, StoreDamaged
from plainview.store.store import Store


def test_disks_are_listed_adopted_and_forgotten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, disk, file = tmp_path / "data", tmp_path / "a", tmp_path / "plainview.toml"
    data.mkdir()
    disk.mkdir()
    file.write_text(f'data = "{data}"\ndisks = ["{disk}"]\ndisk_reserve_mb = 1\n')
    chosen = load_settings(file, None)

    disks.command(file)
    assert "takes it into use when it starts" in capsys.readouterr().out
    with Store(chosen) as store, store.writer():
        pass
    disks.command(file, json_=True)
    listed = json.loads(capsys.readouterr().out)
    assert [(one["folder"], one["writes"], one["trouble"]) for one in listed] == [
        (str(data), False, ""),
        (str(disk), True, ""),
    ]
    check.command(file)
    told = capsys.readouterr().out.replace("\n", "")
    assert str(disk) in told
    assert "GB free" in told

    shutil.rmtree(disk)
    disk.mkdir()
    with pytest.raises(StoreDamaged):
        check.command(file)
    assert "0 packs are out of reach" in capsys.readouterr().out
    disks.command(file, adopt=disk)
    with pytest.raises(Refused, match="recordings already"):
        disks.command(file, adopt=disk)
    disks.command(file, forget=str(listed[1]["id"])[:8])
    assert "is forgotten" in capsys.readouterr().out
    check.command(file)
