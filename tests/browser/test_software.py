"""A visitor asks which software runs: the demo's own log and a stranger's count agree."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from plainview.base.software import installed
from plainview.testing.running import RunningDemo


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_demo_says_what_it_runs(demo: RunningDemo, page: Page, width: int, scheme: str) -> None:
    demo.wait_for_pages()
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"{demo.url}/log")
    page.get_by_role("link", name="Which software runs here").click()
    expect(page.locator("h1")).to_have_text("Which software runs here?")
    expect(page.locator(".digest")).to_have_text(installed().hash)
    expect(page.locator(".verdict")).to_have_text("The same number as above.")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Entry").click()
    expect(page.locator("pre")).to_contain_text(f"sha256:{installed().hash}")
