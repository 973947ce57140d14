"""A visitor asks how people are hidden: without scripts, light and dark, on a phone and a desk."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from plainview.redact.record import hashes
from plainview.testing.running import RunningDemo

SIZES = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


def visit(page: Page, demo: RunningDemo, path: str, shot: Path) -> None:
    """Open a page, see that nothing is wider than the window, and keep a picture of it."""
    page.goto(f"{demo.url}{path}")
    assert page.viewport_size
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.screenshot(path=shot, full_page=True)


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_how_people_are_hidden(
    demo: RunningDemo, browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=False,
    )
    page = context.new_page()
    page.goto(f"{demo.url}/cameras/cam-04")
    expect(page.get_by_text("Faces, heads and number plates are hidden, and 2")).to_be_visible()
    expect(page.locator(".zones polygon")).to_have_count(2)
    page.screenshot(path=tmp_path / f"camera-{width}-{scheme}.png", full_page=True)
    page.get_by_role("link", name="How people are hidden, and how well").click()
    expect(page.locator("h1")).to_have_text("How are people hidden, and how well?")
    page.get_by_role("link", name="CenterFace").click()
    expect(page.locator("h1")).to_have_text("CenterFace")
    expect(page.locator("main")).to_contain_text("research only")
    context.close()


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_the_recorder_said_what_it_runs(
    demo: RunningDemo, page: Page, tmp_path: Path, width: int, scheme: str
) -> None:
    """The word of the running recorder is on the log, and it is that of the allow-list."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    visit(page, demo, "/algorithms", tmp_path / f"algorithms-{width}-{scheme}.png")
    for sha256 in hashes().values():
        expect(page.locator("main")).to_contain_text(sha256)
    expect(page.locator("main")).to_contain_text("The same weights and settings since")
    visit(page, demo, "/algorithms/centerface", tmp_path / f"centerface-{width}-{scheme}.png")
    expect(page.locator(".verdict", has_text="has said so since")).to_be_visible()
    page.get_by_role("link", name="Entry").first.click()
    expect(page.locator("h1")).to_contain_text("What does entry")
    expect(page.locator("pre")).to_contain_text('"redaction"')
