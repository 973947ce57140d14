"""docs/ref/http-api.md says what routes declare."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_every_route_is_up_to_date() -> None:
    script = ROOT / "tools" / "make_api_reference.py"
    made = subprocess.run(
        [sys.executable, str(script), "--print"], capture_output=True, text=True, check=True
    )
    page = (ROOT / "docs" / "ref" / "http-api.md").read_text()
    assert page == made.stdout, "Run: .venv/bin/python tools/make_api_reference.py"
    assert "### `POST /api/marks`" in page
