"""A visitor asks who may do what: without scripts, light and dark, on a phone and a desk."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from plainview.policies.files import load
from plainview.testing.running import RunningDemo

SIZES = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_who_may_do_what(
    demo: RunningDemo, browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=False,
    )
    page = context.new_page()
    page.goto(f"{demo.url}/log")
    page.get_by_role("link", name="Who may do what").click()
    expect(page.locator("h1")).to_have_text("Who may do what?")
    expect(page.locator(".digest")).to_have_text(load().hash)
    rules = page.get_by_text("administrators-see-no-pictures")
    expect(rules).to_be_hidden()
    page.locator("summary").click()
    expect(rules).to_be_visible()
    page.screenshot(path=tmp_path / f"policies-{width}-{scheme}.png", full_page=True)
    context.close()


def test_the_page_is_no_wider_than_a_phone(demo: RunningDemo, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(f"{demo.url}/policies")
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
