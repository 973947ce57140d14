"""Somebody's own browser for tests: Chromium with virtual authenticators that hold passkeys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from plainview.base.clock import now_ms
from plainview.testing.hall import Citizen
from plainview.testing.site import Site
from plainview.tlog.entries import make
from plainview.tlog.signing import sign

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

    def answers_by_itself(self, yes: bool) -> None:
        """Whether the authenticator is touched as soon as it asks."""
        self._cdp.send(
            "WebAuthn.setAutomaticPresenceSimulation",
            {"authenticatorId": self.device, "enabled": yes},
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


def give_passkeys(site: Site, desk: Desk, citizen: Citizen, others: Sequence[Citizen]) -> None:
    """A founder with a key file gets passkeys; two others sign with their key files."""
    wish = {"name": citizen.name, "roles": list(citizen.roles), "org": citizen.person.org}
    with site.browser(site.town.dpo) as program:
        made = program.post("/api/invitations", json={**wish, "person": citizen.person.person})
        desk.join(made.json()["link"], 2 if "custodian" in citizen.roles else 1)
        (row,) = program.get("/api/invitations").json()
    signers = [one.signing for one in others]
    site.town.say(sign(make("enrol", row["card"], time=now_ms()), signers))
    site.web.register.sync()
