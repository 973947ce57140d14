"""One running demonstration and one real Chromium for all tests in this folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from plainview.testing.running import RunningDemo
from plainview.testing.scene_clip import numbered_scene

ROOT = Path(__file__).resolve().parents[2]
STORED_MS = 20_000
"""What tests of playback find recorded; the demonstration destroys its windows soon after."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def numbered() -> Path:
    """The generated street whose frames carry their number, rendered once."""
    return numbered_scene(ROOT / ".cache" / "tests")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, numbered: Path) -> Iterator[RunningDemo]:
    """The demo with its own clips where they are; the fourth street has numbered frames."""
    data = tmp_path_factory.mktemp("demo") / "data"
    own = ["--source", "", "--source", "", "--source", "", "--source", str(numbered)]
    with RunningDemo.start(data, arguments=own) as running:
        running.wait_for_pages()
        running.wait_for_stored(STORED_MS)  # so that each test may also run alone
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "Chromium is missing: run tools/setup.py test"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()
