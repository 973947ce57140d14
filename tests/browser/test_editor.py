"""A new camera from a draft to its public page, by two people, in Chromium with passkeys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from plainview.testing.browsers import Desk, give_passkeys
from plainview.testing.clerk import Clerk
from plainview.testing.hall import Citizen, TownHall
from plainview.testing.looking import SHOTS, shot
from plainview.testing.site import Site

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    town = TownHall(tmp_path, publishers=2, notice_seconds=3600)
    made = Site(town)
    yield made
    made.close()
    town.close()


def looks(browser: Browser, site: Site, cookies: Any, path: str, name: str) -> None:
    """The page as others see it: narrow and wide, light and dark."""
    if not SHOTS:
        return
    for width, scheme in ((390, "light"), (390, "dark"), (1280, "dark")):
        context = browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        context.add_cookies(cookies)
        page = context.new_page()
        page.goto(f"{site.url}{path}")
        page.wait_for_timeout(1_500)
        shot(page, f"{name}-{width}-{scheme}")
        context.close()


def test_a_new_camera_from_draft_to_notice_by_two_people(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    town = site.town
    lead = Citizen("Vera Kos", "City control room", "supervisor")
    admin = Citizen("Ivo Hart", "City IT", "administrator")
    for citizen in (lead, admin):
        town.enrol(citizen)
    site.web.register.sync()
    writer, officer = Desk(browser, site.url), Desk(browser, site.url)
    give_passkeys(site, writer, lead, [admin, town.court])
    give_passkeys(site, officer, town.dpo, [admin, town.court])
    document = tmp_path / "assessment.pdf"
    document.write_bytes(b"abc")

    writer.sign_in("/app/register")
    page = writer.page
    page.get_by_test_id("new-camera").click()
    dialog = page.get_by_test_id("begin-dialog")
    dialog.get_by_label("Name").fill("Mill bridge 2")
    expect(dialog.get_by_label("Id")).to_have_value("mill-bridge-2")
    page.get_by_test_id("begin").click()
    Clerk(page, lambda name: shot(page, name)).write(document, "street-set")

    review = page.get_by_test_id("review")
    expect(review).to_have_attribute("data-blocked", "true")
    expect(page.get_by_test_id("propose")).to_be_disabled()
    shot(page, "review-blocked")
    cookies = writer.context.cookies()
    path = page.url.removeprefix(site.url)
    looks(browser, site, cookies, path, "review-blocked")
    view = path.replace("question=review", "question=view")
    looks(browser, site, cookies, view, "view")
    review.locator("li", has_text="Contract: ends on").get_by_role("button").click()
    expect(page.get_by_test_id("question-contract")).to_be_visible()
    page.get_by_test_id("field-contract.valid_to").fill("2090-01-01")
    page.get_by_test_id("field-contract.valid_to").press("Alt+ArrowLeft")
    expect(page.get_by_test_id("question-dpia")).to_be_visible()
    page.get_by_test_id("goto-review").click()
    expect(page.get_by_test_id("complete")).to_be_visible()
    expect(page.get_by_test_id("residents")).to_contain_text("fewer people are hurt")
    shot(page, "review")
    page.get_by_test_id("propose").click()
    expect(page.get_by_test_id("summary")).to_contain_text("mill-bridge-2")
    page.get_by_test_id("sign").click()
    expect(page.get_by_test_id("proposed")).to_contain_text("Another person approves it now")

    officer.sign_in("/app/register")
    reader = officer.page
    looks(browser, site, officer.context.cookies(), "/app/register", "register")
    expect(reader.get_by_test_id("proposal-mill-bridge-2")).to_contain_text("Vera Kos proposes")
    reader.get_by_test_id("read-proposal").click()
    expect(reader.get_by_test_id("residents")).to_contain_text("fewer people are hurt")
    shot(reader, "proposal")
    reader.get_by_test_id("approve").click()
    reader.get_by_test_id("sign").click()
    expect(reader.get_by_test_id("approved")).to_contain_text("It is published")

    resident = browser.new_context().new_page()
    resident.goto(f"{site.url}/cameras/mill-bridge-2")
    expect(resident.locator("body")).to_contain_text("So that fewer people are hurt")
    expect(resident.locator(".ticket-state")).to_contain_text("notice", ignore_case=True)
    shot(resident, "public")
    answer_and_suspend(site, resident, reader)
    supplier(site, reader)
    assert writer.problems + officer.problems == []


def answer_and_suspend(site: Site, resident: Page, reader: Page) -> None:
    """Somebody objects while the notice runs; the officer answers, and suspends the camera."""
    why = resident.get_by_label("Why do you object?")
    why.fill("It looks into my kitchen on the first floor.")
    resident.get_by_role("button", name="Send the objection").click()
    expect(resident.locator("body")).to_contain_text("Its number is")
    reader.goto(f"{site.url}/app/register")
    waits = reader.get_by_test_id("waits")
    expect(waits).to_contain_text("my kitchen on the first floor")
    shot(reader, "register")
    waits.get_by_role("button", name="Answer").click()
    dialog = reader.get_by_test_id("answer-dialog")
    dialog.get_by_label("Rejected").check()
    dialog.get_by_label("Your reasons").fill("Windows are hidden in every picture.")
    shot(reader, "answer")
    reader.get_by_test_id("answer").click()
    sign = reader.get_by_test_id("sign-dialog")
    sign.get_by_role("button", name="Cancel").click()
    expect(dialog.get_by_label("Your reasons")).to_have_value(
        "Windows are hidden in every picture."
    )
    reader.get_by_test_id("answer").click()
    reader.get_by_test_id("sign").click()
    expect(waits).to_contain_text("Nothing waits for you.")
    resident.reload()
    expect(resident.locator("body")).to_contain_text("Windows are hidden in every picture.")

    report_and_answer(site, resident, reader)
    row = reader.get_by_test_id("camera-mill-bridge-2")
    expect(row).to_have_attribute("data-state", "notice")
    reader.get_by_test_id("suspend-mill-bridge-2").click()
    reader.get_by_test_id("sign").click()
    expect(row).to_have_attribute("data-state", "suspended")


def report_and_answer(site: Site, resident: Page, reader: Page) -> None:
    """Somebody reports a camera that is not on the list, and reads what became of it."""
    resident.goto(f"{site.url}/report")
    resident.get_by_label("Where is it?").fill("Mill lane 3")
    resident.locator("textarea").fill("A white box above the door of the bakery.")
    resident.get_by_role("button", name="Send the report").click()
    page = resident.url
    reader.goto(f"{site.url}/app/register")
    card = reader.get_by_test_id("report-1")
    expect(card).to_contain_text("a camera at Mill lane 3")
    card.get_by_role("button", name="Say what became of it").click()
    dialog = reader.get_by_test_id("report-dialog")
    dialog.get_by_test_id("answer").click()
    expect(dialog.get_by_test_id("answer-fault")).to_have_text("Choose what became of it.")
    dialog.get_by_label("It is not ours").check()
    dialog.get_by_label("Your answer").fill("It belongs to the bakery.")
    shot(reader, "report")
    dialog.get_by_test_id("answer").click()
    expect(reader.get_by_role("status").first).to_contain_text("report 1 is published")
    expect(card).to_have_count(0)
    resident.goto(page)
    expect(resident.locator("body")).to_contain_text("It belongs to the bakery.")
    assert "white box" not in resident.locator("body").inner_text()


def supplier(site: Site, page: Page) -> None:
    """A record of another kind: its fields, one after the other, all by keyboard."""
    page.get_by_test_id("new-record").click()
    dialog = page.get_by_test_id("begin-dialog")
    dialog.get_by_label("What is it?").select_option("supplier")
    dialog.get_by_label("Name").fill("Lens & Sons")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("field-name")).to_have_value("Lens & Sons")
    page.get_by_test_id("field-name").press("Enter")
    page.get_by_test_id("field-country").fill("Serbia")
    page.get_by_test_id("field-country").press("Enter")
    expect(page.get_by_test_id("question-registration")).to_be_visible()
    page.get_by_test_id("field-registration").fill("12345678")
    for name in ("contact", "url", "valid_from", "valid_to"):
        page.keyboard.press("Alt+ArrowRight")
        expect(page.get_by_test_id(f"question-{name}")).to_be_visible()
    page.keyboard.press("Alt+ArrowRight")
    finding = page.get_by_test_id("review").locator("li", has_text="Country")
    expect(finding).to_be_visible()
    finding.get_by_role("button").click()
    page.get_by_test_id("field-country").fill("RS")
    page.get_by_text("All questions").click()
    page.get_by_test_id("goto-review").click()
    expect(page.get_by_test_id("complete")).to_be_visible()
    shot(page, "supplier")
