"""The signed-in application and the tools as every role sees them: axe, dialogs, the keyboard."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, expect

from plainview.testing.looking import judged, shot
from plainview.testing.running import RunningDemo
from plainview.testing.staff import Staff

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "ui" / "src" / "app"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PAIRS = ((("light", WIDE), ("dark", NARROW)), (("dark", WIDE), ("light", NARROW)))
"""A page is judged in one pair of looks as one role sees it, in the other as the next does."""
CAMERA = "cam-04"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def staff(demo: RunningDemo) -> Iterator[Staff]:
    """People of every role, and something that waits for each of them."""
    demo.wait_for_recording()
    with closing(Staff(demo)) as made:
        made.card()
        made.objection()
        made.report()
        made.asked = made.request(CAMERA)
        yield made


def routes() -> set[str]:
    """Every page that the application's router knows."""
    return set(re.findall(r'\{ page: "(\w+)"', (APP / "router.ts").read_text()))


def dialogs() -> set[str]:
    """Every dialog that the application can show."""
    sources = "".join(file.read_text() for file in APP.rglob("*.tsx"))
    return set(re.findall(r'testid="([\w-]+-dialog)"', sources))


class Judge:
    """Walks one role's pages in one browser and remembers what is wrong and what it saw."""

    def __init__(self, context: BrowserContext, role: str, seen: Counter[str]) -> None:
        """`seen`: how often each page and dialog was judged, as whichever role."""
        self.page, self.role, self.seen = context.new_page(), role, seen
        self.wrong: list[str] = []
        self.pages: set[str] = set()
        self.dialogs: set[str] = set()
        self.count = 0
        self.page.on("pageerror", lambda error: self.wrong.append(f"{role}: {error}"))

    def look(self, name: str, *, times: int = len(PAIRS)) -> None:
        """axe in two looks, and nothing wider than the window; only the first `times` it is met."""
        if self.seen[name] >= times:
            return
        # What is judged once is judged in the one pair or in the other, turn about.
        turn = self.seen[name] if times > 1 else self.seen.total()
        looks = PAIRS[turn % len(PAIRS)]
        self.seen[name] += 1
        for scheme, size in looks:
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            self.count += 1
            found = judged(self.page)
            where = f"{self.role} {name} {scheme} {size['width']}"
            self.wrong += [f"{where}: {one}" for one in found]
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            if wide > size["width"]:
                self.wrong.append(f"{where}: {wide} pixels wide")
            shot(self.page, f"{name}-{self.role}-{scheme}-{size['width']}")
        self.page.set_viewport_size(WIDE)  # type: ignore[arg-type]

    def open_all(self, name: str) -> None:
        """Every dialog that the page offers, each kind once, whoever is offered it."""
        offers = self.page.locator("[aria-haspopup=dialog]:enabled")
        for number in range(offers.count()):
            offer = offers.nth(number)
            said = offer.inner_text() or str(offer.get_attribute("aria-label"))
            if self.seen[f"{name} offers {said}"] or not offer.is_visible():
                continue
            self.seen[f"{name} offers {said}"] += 1
            offer.focus()
            self.page.keyboard.press("Enter")
            self.dialog(name)
            self.leave(f"{name} {said}", offer)

    def dialog(self, name: str) -> Locator:
        """The dialog that has just opened."""
        shown = self.page.locator("dialog[open]")
        shown.wait_for()
        self.page.wait_for_timeout(150)  # what it fetches
        which = str(shown.get_attribute("data-testid"))
        if which not in self.dialogs:
            self.dialogs.add(which)
            self.look(which, times=1)
        return shown

    def leave(self, name: str, offer: Locator | None) -> None:
        """Tab stays inside; Escape closes; the focus is where it was."""
        for _ in range(2 + self.page.locator("dialog[open] :is(a, button, input, select)").count()):
            self.page.keyboard.press("Tab")
            if not self.page.evaluate(INSIDE):
                self.wrong.append(f"{self.role} {name}: Tab leaves the dialog")
                break
        self.page.keyboard.press("Escape")
        self.page.locator("dialog[open]").wait_for(state="detached")
        if offer is not None and not offer.evaluate("one => one === document.activeElement"):
            self.wrong.append(f"{self.role} {name}: the focus is lost")

    def walk(self, name: str) -> None:
        """Tab comes to everything on the page that can be used, and one sees where it is."""
        if self.seen[f"{name} by keyboard"]:
            return
        self.seen[f"{name} by keyboard"] += 1
        wanted = self.page.evaluate(WANTED)
        reached: set[int] = set()
        for _ in range(wanted + 5):
            self.page.keyboard.press("Tab")
            at, shown = self.page.evaluate(FOCUSED)
            reached.add(at)
            if at and not shown:
                self.wrong.append(f"{self.role} {name}: the focus is not seen on element {at}")
        if len(reached - {0}) < wanted:
            self.wrong.append(f"{self.role} {name}: Tab reaches {len(reached)} of {wanted}")

    def go(self, path: str, name: str) -> None:
        """Another page, once it has settled."""
        self.page.goto(path)
        self.page.locator("#root > *").first.wait_for()
        self.page.wait_for_timeout(400)
        self.pages.add(name)


USABLE = (
    "[...document.querySelectorAll('a[href], button:enabled, input:enabled, select, textarea, "
    'summary, [tabindex="0"]\')].filter(one => one.checkVisibility())'
)
WANTED = f"{USABLE}.filter(one => one.type !== 'radio' || one.checked).length"
FOCUSED = """() => {
    const one = document.activeElement, all = [...document.querySelectorAll("body *")];
    const rings = [one, one.closest("label") ?? one].map(each => getComputedStyle(each));
    const seen = rings.some(ring => ring.outlineStyle !== "none" || ring.boxShadow !== "none");
    return [all.indexOf(one) + 1, seen];
}"""
INSIDE = (
    "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
)


def visit_all(judge: Judge, staff: Staff) -> None:
    """Every page of the router, with what each needs in its address."""
    url = staff.demo.url
    judge.go(f"{url}/app/account", "account")
    bar = judge.page.locator("nav [data-testid^=nav-]")
    offered = {str(one.get_attribute("data-testid"))[4:] for one in bar.all()} | {"account"}
    for name in sorted(offered - {"wall"}):
        judge.go(f"{url}/app/{name}", name)
        judge.look(name)
        judge.walk(name)
        judge.open_all(name)
    may = staff.members[judge.role].http.get("/api/me").json()["may"]
    if "live" in may:
        judge.go(f"{url}/app/", "wall")
        watch(judge, staff)
    if "playback" in may:
        judge.go(f"{url}/app/playback/{CAMERA}", "playback")
        play_back(judge)
    if "register.draft" in may and not judge.seen["proposal"]:
        write(judge, staff)
    if "people.invite" in may:
        invite(judge, staff)


def watch(judge: Judge, staff: Staff) -> None:
    """The wall, from its question on."""
    page = judge.page
    judge.dialog("wall")
    judge.leave("wall", None)
    expect(page.get_by_test_id("accesses")).to_be_visible()
    judge.go(f"{staff.demo.url}/app/", "wall")
    page.get_by_test_id("purpose-submit").click()
    expect(page.get_by_test_id(f"time-{CAMERA}")).to_be_visible(timeout=30_000)
    judge.look("wall")
    judge.walk("wall")
    judge.open_all("wall")
    page.keyboard.press("t")
    judge.dialog("wall")
    judge.leave("wall goto", None)
    page.keyboard.press("k")
    page.keyboard.type("A lost suitcase")
    page.keyboard.press("Enter")
    page.get_by_test_id("kept-dialog").wait_for()
    judge.dialog("wall")
    judge.leave("kept", None)


def play_back(judge: Judge) -> None:
    """A recording."""
    page = judge.page
    judge.dialog("playback")
    page.get_by_test_id("purpose-submit").click()
    expect(page.get_by_test_id("playback-time")).to_be_visible(timeout=30_000)
    judge.look("playback")
    judge.walk("playback")
    page.get_by_test_id("timeline").focus()
    before = page.get_by_test_id("playback-time").get_attribute("data-ms")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("playback-time")).not_to_have_attribute("data-ms", before or "")
    judge.open_all("playback")
    if page.get_by_test_id("mark").is_visible():
        page.keyboard.press("m")
        if page.get_by_test_id("mark-ask").count():
            page.get_by_test_id("mark-ask").click()
            page.get_by_test_id("draft-dialog").wait_for()
            judge.dialog("playback")
        judge.leave("mark", None)


def write(judge: Judge, staff: Staff) -> None:
    """Every question of a draft, its review; and what another has proposed."""
    page, url = judge.page, staff.demo.url
    judge.go(f"{url}/app/register/draft/{staff.draft(judge.role)}", "register")
    for _ in range(40):
        heading = page.get_by_role("heading", level=1)
        judge.look(f"question-{heading.inner_text()[:30]}", times=1)
        if page.get_by_test_id("next").count() == 0:
            break
        before = heading.inner_text()
        page.keyboard.press("Alt+ArrowRight")
        expect(heading).not_to_have_text(before)
    judge.open_all("review")
    judge.go(f"{url}/app/register/proposal/{staff.proposal()}", "register")
    judge.look("proposal")
    judge.open_all("proposal")


def invite(judge: Judge, staff: Staff) -> None:
    """The link of an invitation, and what is behind it."""
    page = judge.page
    judge.go(f"{staff.demo.url}/app/people", "people")
    page.get_by_test_id("invite").click()
    dialog = page.get_by_test_id("invite-dialog")
    dialog.get_by_label("Name").fill("Rada Simic")
    dialog.get_by_label("Organisation").fill("City control room")
    dialog.get_by_label("Operator", exact=True).check()
    page.get_by_test_id("make-link").click()
    page.get_by_test_id("link").wait_for()
    judge.dialog("people")
    judge.leave("link", None)


def open_for(browser: Browser, cookies: list[Any], role: str, seen: Counter[str]) -> Judge:
    # The pages' own policy allows no script of others; the judge is one.
    # Colours that are on their way from one look to the other would be judged half-way.
    context = browser.new_context(
        viewport=WIDE,  # type: ignore[arg-type]
        bypass_csp=True,
        reduced_motion="reduce",
    )
    context.add_cookies(cookies)
    return Judge(context, role, seen)


@pytest.mark.bar("accessibility")
def test_axe_finds_nothing_in_the_application_as_any_role_sees_it(
    staff: Staff, browser: Browser, record_property: Any
) -> None:
    judges, seen = [], Counter[str]()
    for role in staff.members:
        judge = open_for(browser, staff.cookies(role), role, seen)
        visit_all(judge, staff)
        judge.page.context.close()
        judges.append(judge)
    outside = open_for(browser, [], "nobody", seen)
    tools = staff.demo.tools
    doors = {"wall": f"{staff.demo.url}/app/", "join": staff.invite(), "tools": tools}
    asked = {"server": staff.demo.url, "demo": "custodian-b", "request": staff.asked}
    doors |= {
        name: f"{tools}/{name}.html#{urlencode(asked | {'demo': role})}"
        for name, role in (("custodian", "custodian-b"), ("open", "investigator"))
    }
    doors |= {
        f"{name} without key": f"{tools}/{name}.html" for name in ("ask", "custodian", "open")
    }
    for name, address in doors.items():
        outside.go(address, name)
        outside.look(f"outside {name}", times=1)
    outside.page.evaluate("document.body.append(document.createElement('img'))")
    assert judged(outside.page), "the judge sees nothing"
    outside.page.context.close()
    judges.append(outside)
    wrong = [one for judge in judges for one in judge.wrong]
    looked = sum(judge.count for judge in judges)
    said = (
        f"{len(wrong)} violations in {looked} looks at the application in {len(judges) - 1} roles"
    )
    record_property("bar", json.dumps({"measured": said}))
    assert not wrong, "\n".join(wrong)
    assert set().union(*(judge.pages for judge in judges)) >= routes()
    assert set().union(*(judge.dialogs for judge in judges)) == dialogs()
