"""The commands of custodians and requesters as processes of their own, without the data folder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plainview.base.clock import to_iso
from plainview.base.ids import unb64
from plainview.testing.desk import Desk, serving
from plainview.testing.errand import Errand
from plainview.testing.town import CAMERA, Town
from plainview.tlog.entries import parse

GUARD = """
import os, sys
forbidden = os.path.realpath(sys.argv.pop(1))
def guard(event, args):
    if event in ("open", "os.listdir", "os.scandir", "os.chmod", "sqlite3.connect"):
        name = args[0]
        if isinstance(name, (str, bytes)):
            path = os.path.realpath(os.fsdecode(name))
            if path == forbidden or path.startswith(forbidden + os.sep):
                os.write(2, b"the data folder was touched\\n")
                os._exit(99)
    if event == "socket.connect" and isinstance(args[1], str):
        os._exit(98)
sys.addaudithook(guard)
from plainview.cli import main
main()
"""


@pytest.fixture
def errand(tmp_path: Path) -> Iterator[Errand]:
    town = Town(tmp_path)
    sealed = town.make_window()
    town.record(sealed)
    town.catch_up()
    desk = Desk(town.settings, town, clock=lambda: town.now)
    with serving(desk) as address:
        yield Errand(town, desk, address, sealed)


def run(errand: Errand, tmp_path: Path, *args: str, code: int = 0) -> str:
    """Run `plainview` in an empty folder, dead if it touches the data folder or a Unix socket."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-c", GUARD, str(errand.town.settings.data), *args]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_whole_path_by_commands(errand: Errand, tmp_path: Path) -> None:
    keys = errand.town.write_keys(tmp_path / "keys")
    record = errand.sealed.header.record

    def as_(role: str, *args: str, code: int = 0) -> str:
        said = ("--key", str(keys[role]), "--server", errand.address)
        return run(errand, tmp_path, *args, *said, code=code)

    span = ("--from", to_iso(record.start_ms), "--to", to_iso(record.end_ms))
    why = ("--purpose", "offence", "--case", "K 17/26", "--out", "draft.json")
    as_("investigator", "case", "draft", CAMERA, *span, *why)
    said = as_("investigator", "case", "ask", "draft.json")
    hash = said.split()[1]
    assert len(hash) == 64
    assert "Enrolled" not in as_("custodian-a", "custodian", "inbox")
    shown = as_("custodian-a", "custodian", "show", hash)
    assert "K 17/26" in shown
    assert errand.window in shown
    said = as_("investigator", "open", hash, code=1)
    assert said == (
        f"plainview: 0 of 2 custodians have released window {errand.window}. "
        "Ask the custodians who have not answered yet.\n"
    )
    for role in ("custodian-a", "custodian-b"):
        assert "Released share" in as_(role, "custodian", "release", hash, "--yes")
    opened = json.loads(
        as_("investigator", "open", hash, "--out", "opened", "--raw", "--json").strip()
    )
    assert opened[0]["segments"] == 3
    assert opened[0]["logged"] is True
    first = tmp_path / "home" / "opened" / errand.window / "000000.mp4"
    assert first.read_bytes() == errand.sealed.plain[0]
    as_("investigator", "evidence", hash, "case.zip")
    policy = tmp_path / "policy.txt"
    policy.write_text(errand.town.policy)
    run(errand, tmp_path, "verify", "case.zip", "--policy", str(policy))


def test_video_that_no_log_entry_holds_is_not_believed(errand: Errand, tmp_path: Path) -> None:
    """Anybody can seal to a window's public key: the server leaves out what was logged of it."""
    keys = errand.town.write_keys(tmp_path / "keys")
    hash = errand.released()

    def no_roots(errand: Errand, said: Any) -> None:
        shown = {index: parse(unb64(item["entry"])) for index, item in said["entries"].items()}
        kept = [index for index, entry in shown.items() if entry.type != "roots"]
        said["entries"] = {index: said["entries"][index] for index in kept}

    errand.lie_at(f"/api/requests/{hash}/evidence", no_roots)
    common = ("--key", str(keys["investigator"]), "--server", errand.address, "--out", "opened")
    said = run(errand, tmp_path, "open", hash, *common, code=1)
    assert "3 segments" in said
    assert "not on the log" in said
    assert "as logged" not in said


def test_a_custodian_may_say_no(errand: Errand, tmp_path: Path) -> None:
    keys = errand.town.write_keys(tmp_path / "keys")
    hash = errand.ask()
    common = ("--key", str(keys["custodian-b"]), "--server", errand.address)
    run(errand, tmp_path, "custodian", "deny", hash, "--reason", "Too long", *common)
    inbox = json.loads(run(errand, tmp_path, "custodian", "inbox", "--json", *common))
    assert inbox[0]["answered"] is True


def test_a_key_file_that_others_can_read_is_refused(errand: Errand, tmp_path: Path) -> None:
    key = errand.town.write_keys(tmp_path / "keys")["custodian-a"]
    key.chmod(0o644)
    common = ("--key", str(key), "--server", errand.address)
    said = run(errand, tmp_path, "custodian", "inbox", *common, code=1)
    assert "can be read by others. Run: chmod 600" in said
