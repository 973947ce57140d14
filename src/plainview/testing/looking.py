"""What people see, for tests: axe judges it, and a picture is kept for a person to look at."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[3] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
SHOTS = os.environ.get("PLAINVIEW_SHOTS", "")
"""The folder for pictures, where somebody asked for them."""


def judged(page: Page) -> list[str]:
    """What axe finds wrong on the page at level AA: the rule, and the first place.

    A page whose policy allows no script takes a context with `bypass_csp`.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.add_script_tag(path=AXE)
    found = page.evaluate(
        "levels => axe.run(document, {runOnly: {type: 'tag', values: levels}})", LEVELS
    )
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]


def shot(page: Page, name: str, *, whole: bool = True) -> None:
    """A picture of the whole page, or of what the window shows of it."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=whole)
