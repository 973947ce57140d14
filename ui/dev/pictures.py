"""Takes the README's two pictures from a running demonstration: docs/images/{story,open}.png.

    plainview demo            (in another terminal, on a machine that is otherwise idle)
    python ui/dev/pictures.py [http://localhost:8600]

The first picture is only taken while none of the four is withheld; on a busy machine it gives up.
"""

import sys
import time
from pathlib import Path

from playwright.sync_api import Frame, Page, sync_playwright

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SIZE = {"width": 1440, "height": 900}
PATIENCE_SECONDS = 120
LIVE = """() => {
    const count = (query) => document.querySelectorAll(query).length;
    return count('.tile[data-state=live] time') === 4 && count('.tile[data-withheld]') === 0;
}"""


def click(page: Page, step: int) -> None:
    page.click(f"#step-{step}")
    page.locator(f"#step-{step}[data-status=done]").wait_for(timeout=PATIENCE_SECONDS * 1000)


def wall(page: Page) -> Frame:
    page.frame_locator("#stage").get_by_test_id("wall").wait_for()
    return next(frame for frame in page.frames if "/app/" in frame.url)


def take(page: Page) -> None:
    click(page, 1)
    frame, end = wall(page), time.monotonic() + PATIENCE_SECONDS
    while not frame.evaluate(LIVE):
        if time.monotonic() > end:
            raise SystemExit("Pictures are withheld: this machine is too busy.")
        page.wait_for_timeout(300)
    page.screenshot(path=IMAGES / "story.png")
    for step in (2, 3, 4):
        click(page, step)
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / "open.png")


def main(address: str) -> None:
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(viewport=SIZE, color_scheme="light").new_page()
        page.goto(f"{address}/demo")
        take(page)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8600")
