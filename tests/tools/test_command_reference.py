"""docs/ref/commands.md says what the commands say of themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_commands_is_up_to_date() -> None:
    script = ROOT / "tools" / "make_command_reference.py"
    # A process of its own: Typer decides when it is imported how help looks.
    made = subprocess.run(
        [sys.executable, str(script), "--print"], capture_output=True, text=True, check=True
    )
    page = (ROOT / "docs" / "ref" / "commands.md").read_text()
    assert page == made.stdout, "Run: .venv/bin/python tools/make_command_reference.py"
