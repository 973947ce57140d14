"""docs/ref/who-may.md says what routes and policies say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_who_may_call_what_is_up_to_date() -> None:
    script = ROOT / "tools" / "make_who_may.py"
    made = subprocess.run(
        [sys.executable, str(script), "--print"], capture_output=True, text=True, check=True
    )
    page = (ROOT / "docs" / "ref" / "who-may.md").read_text()
    assert page == made.stdout, "Run: .venv/bin/python tools/make_who_may.py"
    assert "GET /api/me" in page
