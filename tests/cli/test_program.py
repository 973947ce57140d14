"""The program itself: quick help, one line for an error, every listed command has its file."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from plainview.cli import COMMANDS, load


def run(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plainview.cli", *args]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)


def test_help_is_quick_and_lists_what_is_not_hidden() -> None:
    best = 99.0
    for _ in range(3):
        begin = time.monotonic()
        done = run("--help")
        best = min(best, time.monotonic() - begin)
    assert done.returncode == 0
    for name, listed in COMMANDS.items():
        assert (f" {name} " in done.stdout) is not listed.hidden
    assert best < 1.5  # 0.3 s on an idle machine


def test_help_imports_no_command() -> None:
    code = (
        "import sys; sys.argv = ['plainview', '--help']\n"
        "from plainview.cli import main\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith('plainview.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert json.loads(done.stdout.splitlines()[-1].replace("'", '"')) == [
        "plainview.errors",
        "plainview.cli",
    ]


def test_an_unknown_command_names_the_nearest() -> None:
    done = run("camra")
    assert done.returncode == 2
    assert "Did you mean 'camera'" in done.stderr


def test_an_error_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    done = run("case", "list", "--key", str(tmp_path / "none.json"))
    assert done.returncode == 1
    assert done.stderr == (
        f"plainview: The key file {tmp_path / 'none.json'} cannot be read: "
        "No such file or directory. Make one with: plainview person keygen.\n"
    )


@pytest.mark.parametrize(
    "name", ["camera", "person", "case", "custodian", "open", "evidence", "witness"]
)
def test_commands_load(name: str) -> None:
    assert load(name).name == name


def test_keys_are_made_and_never_overwritten(tmp_path: Path) -> None:
    args = (
        *("person", "keygen", "--name", "Ana", "--role", "custodian"),
        *("--org", "Court", "--outside", "--out", "ana.json"),
    )
    done = run(*args, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ana.json").stat().st_mode & 0o777 == 0o600
    card = json.loads((tmp_path / "ana.card.json").read_text())
    assert card["person"]["outside"] is True
    assert "Ana" not in json.dumps(card["person"])
    again = run(*args, cwd=tmp_path)
    assert again.returncode == 1
    assert "never overwritten" in again.stderr


def test_an_empty_register_says_what_to_do(tmp_path: Path) -> None:
    done = run("camera", "list", "--data", str(tmp_path / "data"))
    assert done.returncode == 0
    assert "plainview camera add" in done.stdout
