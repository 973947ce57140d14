"""Public pages over a generated city in a real Chromium: axe, the keyboard, no scripts."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from plainview.base.ports import loopback_sockets
from plainview.base.settings import Settings
from plainview.testing.looking import judged
from plainview.testing.metropolis.place import PlayedRecorder, city
from plainview.testing.metropolis.year import END
from plainview.web.app import create_app
from plainview.web.server import server

SCALE = 0.02
PAGES = (
    "/", "/cameras", "/cameras?q=street&kind=pole&status=recording", "/cameras?status=ended",
    "/cameras?q=nowhere", "/cameras/pole-0001", "/cameras/pole-0001?version=1",
    "/cameras/pole-0001?on=2026-11-01T12:00", "/cameras/body-0001", "/map",
    "/map?at=44816000,20460000&zoom=2", "/units", "/units/municipal-police-old-town", "/areas",
    "/areas/old-town", "/contracts", "/contracts/c-2025-001", "/suppliers",
    "/suppliers/streetworks",
    "/legal-bases", "/legal-bases/road-safety-act-pole", "/custodian-sets",
    "/custodian-sets/set-police", "/log", "/log/entries", "/log/entry/0", "/verify", "/software",
    "/algorithms", "/algorithms/centerface", "/nowhere",
)  # fmt: skip
LOOKS = [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The pages of a small generated city; the address."""
    data = city(tmp_path_factory.mktemp("city"), SCALE, say=lambda _: None)
    sockets = loopback_sockets(0)
    settings = Settings(data=data, port=sockets[0].getsockname()[1])
    running = server(create_app(settings, clock=lambda: END, generated=True))
    with PlayedRecorder(settings, END):
        thread = threading.Thread(target=running.run, args=(sockets,))
        thread.start()
        while not running.started:
            time.sleep(0.01)
        yield settings.web_url
        running.should_exit = True
        thread.join()
    for opened in sockets:
        opened.close()


@pytest.mark.bar("accessibility")
@pytest.mark.timeout(600)
def test_axe_finds_nothing_at_level_aa(
    site: str, browser: Browser, record_property: object
) -> None:
    wrong: list[str] = []
    for scheme, width in LOOKS:
        # The pages' own policy allows no script at all; the judge is one.
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            bypass_csp=True,
        )
        page = context.new_page()
        for path in PAGES:
            page.goto(site + path)
            wrong += [f"{scheme} {width} {path}: {one}" for one in judged(page)]
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        page.evaluate("document.body.append(document.createElement('img'))")
        assert judged(page), "the judge sees nothing"
        context.close()
    assert callable(record_property)
    said = f"{len(wrong)} violations on {len(PAGES)} pages, light and dark, wide and narrow"
    record_property("bar", json.dumps({"measured": said}))
    assert wrong == []


def test_everything_is_reached_by_the_keyboard(site: str, page: Page) -> None:
    for path in ("/cameras", "/map", "/cameras/pole-0001", "/contracts"):
        page.goto(site + path)
        wanted = page.evaluate(
            "document.querySelectorAll("
            "'a[href], button, input:not([type=hidden]), select, summary').length"
        )
        reached = set()
        for _ in range(wanted + 10):
            page.keyboard.press("Tab")
            reached.add(
                page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)")
            )
        assert len(reached) >= wanted, path


def test_a_resident_finds_a_camera_without_scripts(site: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/cameras")
    page.get_by_label("Kind").select_option("bodycam")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".rows > li").first).to_contain_text("Body camera")
    page.locator(".rows a").first.click()
    expect(page.locator("h1")).to_have_text("Why is this camera here?")
    page.locator("a[href^='/units/']").first.click()
    expect(page.locator(".eyebrow")).to_have_text("Unit")
    page.goto(f"{site}/map")
    page.locator(".map svg a").last.click()
    expect(page.locator("h1")).to_be_visible()
    context.close()
