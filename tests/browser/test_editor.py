"""A new camera from a draft to its public page, by two people, in Chromium with passkeys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from plainview.testing.browsers import Desk, give_passkeys
from plainview.testing.hall import Citizen, TownHall
from plainview.testing.site import Site

pytestmark = pytest.mark.timeout(300)
SHOTS = os.environ.get("PLAINVIEW_SHOTS", "")
LAW = "demo"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    town = TownHall(tmp_path, publishers=2, notice_seconds=3600)
    made = Site(town)
    yield made
    made.close()
    town.close()


def shot(page: Page, name: str) -> None:
    """A picture of the page for a person to look at, where somebody asked for them."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


class Writer:
    """Somebody at the editor, who answers one question after the other."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            self.page.get_by_test_id(f"field-{name.replace('__', '.')}").fill(value)

    def choose(self, *values: str) -> None:
        for value in values:
            self.page.get_by_test_id(f"choice-{value}").check()

    def next(self, question: str) -> None:
        """On to this question."""
        self.page.get_by_test_id("next").click()
        expect(self.page.get_by_test_id(f"question-{question}")).to_be_visible()

    def write(self, document: Path) -> None:
        """The whole record of a pole camera."""
        page = self.page
        expect(page.get_by_test_id("question-law")).to_be_visible()
        self.choose(LAW)
        expect(page.get_by_test_id("goto-law")).to_be_attached()
        self.next("kind")
        self.choose("pole")
        self.next("name")
        self.fill(place="Mill bridge, east end")
        self.next("purpose")
        self.fill(purpose="So that fewer people are hurt on the bridge.")
        self.choose("road-safety")
        self.next("where")
        self.place()
        self.next("view")
        self.look()
        self.next("sees")
        self.fill(sees="The bridge and both pavements.")
        expect(page.get_by_test_id("saved")).to_have_attribute("data-state", "saved")
        self.next("sensitive")
        self.choose("none")
        for name in ("necessity", "alternatives", "basis"):
            self.next(name)
        expect(page.get_by_test_id("rule")).to_contain_text("Name a law")
        days = {"legal_basis__valid_from": "2026-01-01", "legal_basis__valid_to": "2090-01-01"}
        law = {"legal_basis__law": "Road Safety Act", "legal_basis__article": "Article 12"}
        self.fill(**law, legal_basis__decision="41/2026", **days)
        self.next("dpia")
        page.get_by_test_id("file-dpia.hash").set_input_files(document)
        expect(page.get_by_test_id("field-dpia.hash")).to_have_value(
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        self.fill(dpia__date="2026-01-02", dpia__review_due="2090-01-01")
        self.next("contract")
        self.fill(contract__number="C-7", contract__supplier="Lens & Sons")
        self.fill(contract__value="1000 EUR")
        for name in ("rests", "retention"):
            self.next(name)
        self.fill(retention__class="street", retention__seconds="1")
        self.next("keys")
        self.choose("street-set")
        self.next("hiding")
        self.choose("people")
        for name in ("hours", "who"):
            self.next(name)
        self.fill(controller="City of Plainview", unit="Traffic unit", contact="dpo@city.example")
        page.get_by_text("All questions").click()
        page.get_by_test_id("goto-review").click()

    def place(self) -> None:
        """By coordinates, then a few metres by keys and by a click."""
        page = self.page
        page.get_by_test_id("position").fill("44.816, 20.46")
        plan = page.get_by_test_id("plan").locator("svg")
        plan.focus()
        for key in ("ArrowRight", "Shift+ArrowUp", "+"):
            page.keyboard.press(key)
        position = page.get_by_test_id("position")
        expect(position).not_to_have_value("44.816, 20.46")
        moved = position.input_value()
        plan.click(position={"x": 100, "y": 120})
        expect(position).not_to_have_value(moved)
        shot(page, "where")

    def look(self) -> None:
        """By numbers, then turned by keys; the density follows."""
        page = self.page
        self.fill(direction_degrees="90", angle_degrees="70", height_cm="4", width_pixels="1920")
        self.fill(density__nearest_cm="12")
        table = page.get_by_test_id("density")
        expect(table).to_contain_text("EN 62676-4:2014")
        expect(table).to_contain_text("pixels per metre")
        page.get_by_test_id("plan").locator("svg").focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_test_id("field-direction_degrees")).to_have_value("95")
        expect(page.locator(".field-of-view")).to_be_attached()
        expect(page.locator(".rings path").first).to_be_attached()
        shot(page, "view")


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
        page.screenshot(path=f"{SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
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
    Writer(page).write(document)

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
    resident.get_by_role("textbox").first.fill("It looks into my kitchen on the first floor.")
    resident.locator("form", has=resident.get_by_role("textbox")).get_by_role("button").click()
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
    reader.get_by_test_id("sign").click()
    expect(waits).to_contain_text("Nothing waits for you.")
    resident.reload()
    expect(resident.locator("body")).to_contain_text("Windows are hidden in every picture.")

    row = reader.get_by_test_id("camera-mill-bridge-2")
    expect(row).to_have_attribute("data-state", "notice")
    reader.get_by_test_id("suspend-mill-bridge-2").click()
    reader.get_by_test_id("sign").click()
    expect(row).to_have_attribute("data-state", "suspended")


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
