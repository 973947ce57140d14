"""The story, as a visitor plays it: six clicks in a real browser."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from plainview.testing.running import RunningDemo

STEPS = 6
LONGEST_SECONDS = 120
CHEATS = ("log", "keys", "detector", "basis")


@pytest.mark.bar("story")
@pytest.mark.timeout(400)
def test_six_clicks(
    demo: RunningDemo, page: Page, record_property: Callable[[str, object], None]
) -> None:
    demo.wait_for_recording()
    demo.wait_for_age(75)  # one whole window must have closed
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{demo.url}/demo")
    started = time.monotonic()
    for step in range(1, STEPS + 1):
        page.click(f"#step-{step}")
        expect(page.locator(f"#step-{step}")).to_have_attribute(
            "data-status", "done", timeout=LONGEST_SECONDS * 1000
        )
    seconds = time.monotonic() - started
    cards = page.frame_locator("#stage").locator("[data-cheat]")
    assert [card.get_attribute("data-cheat") for card in cards.all()] == list(CHEATS)
    for card in cards.all():
        expect(card).to_have_attribute("data-status", "stopped")
    measured = f"{STEPS} clicks, {seconds:.0f} s, {len(CHEATS)} of {len(CHEATS)} cheats fail"
    record_property("bar", json.dumps({"measured": measured}))
    assert seconds <= LONGEST_SECONDS
    assert not problems
