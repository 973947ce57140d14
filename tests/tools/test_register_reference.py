"""The pages about records and legal profiles are what the models and the files say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_pages_of_the_register_are_up_to_date() -> None:
    script = ROOT / "tools" / "make_register_reference.py"
    made = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, (
        f"{made.stdout}Run: .venv/bin/python tools/make_register_reference.py"
    )
