"""A clerk at the register's editor, for tests in a real browser: answers one question at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

LAW = "demo"


class Clerk:
    """Somebody at the editor, who answers one question after the other."""

    def __init__(self, page: Page, shot: Callable[[str], None] = lambda name: None) -> None:
        """`shot` is told the name of each moment that is worth a picture."""
        self.page, self._shot = page, shot

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

    def write(self, document: Path, keys: str) -> None:
        """The whole record of a pole camera, whose keys the custodian set `keys` holds."""
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
        self.choose(keys)
        self.next("hiding")
        self.choose("people")
        for name in ("zones", "hours", "who"):
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
        self._shot("where")

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
        self._shot("view")
