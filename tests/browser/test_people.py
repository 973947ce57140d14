"""People join, are enrolled by two and sign in, in Chromium with virtual authenticators."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from plainview.base.clock import now_ms
from plainview.testing.hall import Citizen, TownHall
from plainview.testing.site import Site
from plainview.tlog.entries import make
from plainview.tlog.signing import sign

pytestmark = pytest.mark.timeout(300)
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Desk:
    """Somebody's own browser, with an authenticator that Chromium plays."""

    def __init__(self, browser: Browser, url: str, **look: Any) -> None:
        self.url = url
        self.context: BrowserContext = browser.new_context(
            viewport={"width": 1280, "height": 900}, **look
        )
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self._cdp = self.context.new_cdp_session(self.page)
        self._cdp.send("WebAuthn.enable")
        self.device = self.plug_in()

    def plug_in(self) -> str:
        """An authenticator."""
        made = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        return str(made["authenticatorId"])

    def unplug(self, device: str) -> None:
        """Take an authenticator away, with what it holds."""
        self._cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})

    def verifies(self, yes: bool) -> None:
        """Whether the person's finger is recognised from now on."""
        self._cdp.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self.device, "isUserVerified": yes}
        )

    def join(self, link: str, passkeys: int = 1) -> None:
        """Answer an invitation."""
        self.page.goto(link)
        for number in range(passkeys):
            if number:  # another one is plugged in, the first lies in the drawer from now on
                self.unplug(self.device)
                self.device = self.plug_in()
            self.page.get_by_label("What you call it").fill(f"Key {number + 1}")
            self.page.get_by_test_id("make-passkey").click()
            expect(self.page.locator(".keylist li")).to_have_count(number + 1)
        self.page.get_by_test_id("hand-in").click()
        expect(self.page.get_by_test_id("handed-in")).to_be_visible()

    def sign_in(self, to: str = "/app/people") -> None:
        """Sign in with the passkey."""
        self.page.goto(f"{self.url}{to}")
        self.page.get_by_test_id("sign-in").click()
        expect(self.page.get_by_test_id("app")).to_be_visible()

    def sign(self, button: str) -> None:
        """Propose or approve the only card that waits."""
        self.page.get_by_test_id(button).click()
        expect(self.page.get_by_test_id("summary")).to_contain_text("Jo Novak")
        self.page.get_by_test_id("sign").click()
        expect(self.page.get_by_test_id("sign-dialog")).to_have_count(0)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    town = TownHall(tmp_path)
    town.add_camera()
    made = Site(town)
    yield made
    made.close()
    town.close()


def give_passkeys(site: Site, desk: Desk, citizen: Citizen, others: list[Citizen]) -> None:
    """A founder with a key file gets passkeys; two others sign with their key files."""
    wish = {"name": citizen.name, "roles": list(citizen.roles), "org": citizen.person.org}
    with site.browser(site.town.dpo) as program:
        made = program.post("/api/invitations", json={**wish, "person": citizen.person.person})
        desk.join(made.json()["link"], 2 if "custodian" in citizen.roles else 1)
        (row,) = program.get("/api/invitations").json()
    signers = [one.signing for one in others]
    site.town.say(sign(make("enrol", row["card"], time=now_ms()), signers))
    site.web.register.sync()


def test_somebody_joins_is_enrolled_by_two_and_signs_in(site: Site, browser: Browser) -> None:
    town = site.town
    admin = Citizen("Vera Kos", "City IT", "administrator")
    town.enrol(admin)
    site.web.register.sync()
    dpo_desk, admin_desk, jo = (Desk(browser, site.url) for _ in range(3))
    give_passkeys(site, dpo_desk, town.dpo, [admin, town.court])
    give_passkeys(site, admin_desk, admin, [town.dpo, town.court])

    admin_desk.sign_in()
    page = admin_desk.page
    page.get_by_test_id("invite").click()
    dialog = page.get_by_test_id("invite-dialog")
    dialog.get_by_label("Name").fill("Jo Novak")
    dialog.get_by_label("Organisation").fill("City control room")
    dialog.get_by_label("Operator", exact=True).check()
    page.get_by_test_id("make-link").click()
    link = page.get_by_test_id("link").input_value()
    assert link.startswith(f"{site.url}/app/join/")
    page.get_by_test_id("link-done").click()
    expect(page.get_by_test_id("invitation-Jo Novak")).to_contain_text("Has not answered yet")

    jo.page.goto(link)
    expect(jo.page.get_by_role("heading", level=1)).to_have_text("Welcome, Jo Novak")
    jo.join(link)
    shown = jo.page.locator(".keylist code").inner_text()
    jo.page.get_by_role("link", name="To the sign-in page").click()
    jo.page.get_by_test_id("sign-in").click()
    expect(jo.page.get_by_test_id("problem")).to_contain_text("not enrolled")

    card = page.get_by_test_id("invitation-Jo Novak")
    expect(card).to_contain_text(shown, timeout=15_000)
    admin_desk.sign("propose")
    expect(card).to_contain_text("Proposed by")
    expect(page.get_by_test_id("approve")).to_have_count(0)
    dpo_desk.sign_in()
    expect(dpo_desk.page.get_by_test_id("invitation-Jo Novak")).to_contain_text("Vera Kos")
    dpo_desk.sign("approve")
    expect(dpo_desk.page.get_by_test_id("enrolled")).to_contain_text("Jo Novak")

    jo.verifies(False)
    jo.page.get_by_test_id("sign-in").click()
    expect(jo.page.get_by_test_id("problem")).to_contain_text("No passkey was used")
    jo.verifies(True)
    jo.page.get_by_test_id("sign-in").focus()
    jo.page.keyboard.press("Enter")
    expect(jo.page.get_by_test_id("who")).to_contain_text("Jo Novak")

    jo.page.goto(f"{site.url}/app/account")
    expect(jo.page.get_by_test_id("sessions")).to_contain_text("Chrome on Linux")
    expect(jo.page.get_by_test_id("passkeys")).to_contain_text(shown)
    admin_desk.page.goto(f"{site.url}/app/people")
    row = (
        admin_desk.page.get_by_test_id("enrolled")
        .get_by_role("listitem")
        .filter(has_text="Jo Novak")
    )
    row.get_by_role("button", name="End all sessions").click()
    expect(admin_desk.page.get_by_role("status")).to_have_text("1 session ended")
    jo.page.reload()
    expect(jo.page.get_by_test_id("signed-out")).to_be_visible()
    assert [*dpo_desk.problems, *admin_desk.problems, *jo.problems] == []


def test_the_same_device_is_not_two_authenticators(site: Site, browser: Browser) -> None:
    desk = Desk(browser, site.url)
    with site.browser(site.town.dpo) as program:
        wish = {"name": "Irena Berg", "roles": ["custodian"], "org": "Court", "outside": True}
        link = program.post("/api/invitations", json=wish).json()["link"]
    page = desk.page
    page.goto(link)
    page.get_by_test_id("make-passkey").click()
    expect(page.locator(".keylist li")).to_have_count(1)
    expect(page.get_by_test_id("hand-in")).to_have_count(0)
    page.get_by_test_id("make-passkey").click()
    expect(page.get_by_test_id("problem")).to_contain_text("different one")
    desk.unplug(desk.device)
    desk.plug_in()
    page.get_by_test_id("make-passkey").click()
    expect(page.locator(".keylist li")).to_have_count(2)
    expect(page.get_by_test_id("key-file")).to_have_attribute("required", "")
