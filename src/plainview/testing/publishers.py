"""People who publish with passkeys at a town hall: the data protection officer, a supervisor."""

from __future__ import annotations

from plainview.base.clock import now_ms
from plainview.testing.hall import Citizen
from plainview.testing.member import Member
from plainview.testing.site import Site
from plainview.tlog.entries import make
from plainview.tlog.signing import sign


class Publishers:
    """`dpo` and `supervisor` at browsers of their own, signed in with passkeys; close them.

    `admin` has a key file.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.lead = Citizen("Vera Kos", "City control room", "supervisor")
        self.admin = Citizen("Ivo Hart", "City IT", "administrator")
        for citizen in (self.lead, self.admin):
            site.town.enrol(citizen)
        site.web.register.sync()
        self.dpo = self._member(site.town.dpo, 2)
        self.supervisor = self._member(self.lead, 1)

    def _member(self, citizen: Citizen, authenticators: int) -> Member:
        """Somebody with a key file gets a passkey: two others sign with theirs."""
        town = self.site.town
        wish = {"name": citizen.name, "roles": list(citizen.roles), "org": citizen.person.org}
        with self.site.browser(town.dpo) as browser:
            made = browser.post("/api/invitations", json={**wish, "person": citizen.person.person})
            made.raise_for_status()
            member = Member(self.site.url, authenticators=authenticators)
            member.join(made.json()["link"])
            (row,) = browser.get("/api/invitations").json()
        signers = [self.admin.signing, town.court.signing]
        town.say(sign(make("enrol", row["card"], time=now_ms()), signers))
        self.site.web.register.sync()
        member.sign_in()
        return member

    def close(self) -> None:
        """Close both browsers."""
        for member in (self.dpo, self.supervisor):
            member.http.close()
