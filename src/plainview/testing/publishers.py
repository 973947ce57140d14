"""People who publish with passkeys at a town hall: the data protection officer, a supervisor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from plainview.base.clock import now_ms
from plainview.register.legal_profile import DEMO
from plainview.testing.hall import Citizen, TownHall, camera_values
from plainview.testing.member import Member
from plainview.testing.site import Site
from plainview.tlog.entries import make
from plainview.tlog.signing import sign

VALUES = {
    **{name: value for name, value in camera_values().items() if name != "area"},
    "valid_from": "2026-01-01",
    "legal_profile": DEMO,
    "retention_reason": "Accidents are told in two weeks.",
}
"""A sound record of a camera as a draft holds it."""


@contextmanager
def town_of_two(folder: Path) -> Iterator[Site]:
    """A town that films nobody, and whose log demands two publishers."""
    town = TownHall(folder, publishers=2, notice_seconds=1)
    with closing(town), closing(Site(town)) as site:
        yield site


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
        own = citizen.person
        wish: dict[str, Any] = {"name": citizen.name, "roles": list(citizen.roles), "org": own.org}
        wish |= {"person": own.person, "outside": own.outside}
        with self.site.browser(town.dpo) as browser:
            made = browser.post("/api/invitations", json=wish)
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


def begin(browser: httpx.Client, subject: str, record: Any = None, kind: str = "camera") -> Any:
    """A new draft."""
    asked = {"kind": kind, "subject": subject, "record": {} if record is None else record}
    answer = browser.post("/api/register/drafts", json=asked)
    answer.raise_for_status()
    return answer.json()


def review(browser: httpx.Client, draft: dict[str, Any]) -> Any:
    """What its review says."""
    answer = browser.get(f"/api/register/drafts/{draft['draft']}/review")
    answer.raise_for_status()
    return answer.json()


def publish(people: Publishers, subject: str, record: Any, kind: str = "camera") -> str:
    """Proposed by the supervisor, approved by the officer; the proposal's hash."""
    draft = begin(people.supervisor.http, subject, record, kind)
    statement = review(people.supervisor.http, draft)["statement"]
    hash = people.supervisor.state(statement["type"], **statement["body"])["hash"]
    people.dpo.state("approve", proposal=hash)
    return str(hash)


def publish_once(site: Site, people: Publishers) -> None:
    """A camera whose retention class others must not stretch."""
    if not any(one.id == "cam-19" for one in site.web.register.cameras()):
        publish(people, "cam-19", VALUES)
