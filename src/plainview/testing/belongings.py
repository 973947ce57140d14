"""A town in which people have things of their own, so that tests can reach for those of others."""

from __future__ import annotations

from typing import Any

import httpx

from plainview.base.clock import Ms, now_ms, to_iso
from plainview.base.ids import b64
from plainview.errors import NotAuthorised
from plainview.testing.hall import Citizen
from plainview.testing.publishers import Publishers, begin, review
from plainview.testing.registry import record_values
from plainview.testing.site import Site
from plainview.tlog.entries import make
from plainview.tlog.signing import sign
from plainview.web.letters import OBJECTION

SCRIPT = "<script>alert('here')</script>"
"""What somebody may write anywhere; on a page it must be text."""
NOTICE_MS = 3_600_000


class Belongings:
    """One of everything that a route's path may name; close it.

    `known`: name of a path parameter -> a value that exists. `owner` and `other`: of what belongs
    to a person, a browser of that person and one of somebody with the same right to what is
    their own.
    """

    def __init__(self, site: Site, window: str, start: Ms) -> None:
        """`window` has pictures of cam-01 from `start` on."""
        self.site, self.start = site, start
        self._secrets: dict[str, str] = {}
        town = site.town
        self.staff = Publishers(site)
        self.second = Citizen("Rosa Lind", "City police", "investigator")
        self.auditor = Citizen("Olga Petri", "Court of audit", "auditor")
        self.elsewhere = Citizen("Tom Hale", "Other court", "custodian", outside=True)
        for citizen in (self.second, self.auditor, self.elsewhere):
            town.enrol(citizen)
        town.add_camera("cam-07", name=f"Mill {SCRIPT}", place=SCRIPT, purpose=SCRIPT)
        town.add_camera("cam-08", valid_from=to_iso(now_ms() + NOTICE_MS))
        site.web.register.sync()
        self.operator, self.officer = site.browser(town.operator), site.browser(town.officer)
        self.resident = site.client()
        self.rosa = site.browser(self.second)
        self.custodian, self.stranger = site.browser(town.court), site.browser(self.elsewhere)
        self.known = {"camera": "cam-01", "window": window, "person": town.court.person.person}
        self._make(window)

    def _make(self, window: str) -> None:
        lead, dpo = self.staff.supervisor.http, self.staff.dpo.http
        wish = {"name": "Jo", "roles": ["operator"], "org": "City control room"}
        own = got(self.operator.get("/api/my/sessions"))
        passkeys = got(dpo.get("/api/my/passkeys"))
        letter = {"place": SCRIPT, "text": f"It hangs over the door. {SCRIPT}"}
        said = {"text": letter["text"]}
        objection = self.resident.post("/cameras/cam-08/objections", data=said)
        number = objection.headers["location"].split("/")[2].split("?")[0]
        report = self.resident.post("/report", data=letter)
        self.known |= {
            "session_id": own[0]["session"],
            "passkey": passkeys[0]["passkey"],
            "playback": self._playback(),
            "mark": self._mark(),
            "found": self._request(),
            "entry": str(got(self.operator.get("/api/my/acts"))[0]["entry"]),
            "draft": begin(lead, "cam-12", {"name": SCRIPT})["draft"],
            "proposal": self._proposal(),
            "invitation": got(dpo.post("/api/invitations", json=wish))["invitation"],
            "number": number,
            "letter": self.site.web.letters.get(OBJECTION, int(number)).id,
            "report": report.headers["location"].split("/")[2].split("?")[0],
        }

    def pairs(self) -> dict[str, tuple[httpx.Client, httpx.Client]]:
        """Path parameter -> (browser of the owner, browser of somebody else who may as much)."""
        return {
            "session_id": (self.operator, self.officer),
            "passkey": (self.staff.dpo.http, self.staff.supervisor.http),
            "playback": (self.officer, self.rosa),
            "found": (self.officer, self.rosa),
            "entry": (self.operator, self.officer),
            "draft": (self.staff.supervisor.http, self.staff.dpo.http),
            "window": (self.officer, self.rosa),
        }

    def secret(self, citizen: Citizen) -> str:
        """Of a session of somebody's that holds; the same one each time, while it does."""
        held = self._secrets.get(citizen.name, "")
        try:
            self.site.web.sessions.find(held, kind="cookie")
        except NotAuthorised:
            held = self._secrets[citizen.name] = self.site.cookie(citizen)
        return held

    def span(self) -> dict[str, str]:
        """The time of the pictures."""
        return {"from": to_iso(self.start - 1000), "to": to_iso(self.start + 5000)}

    def _proposal(self) -> str:
        lead = self.staff.supervisor
        written = record_values(self.start)["dpia"]
        said = review(lead.http, begin(lead.http, "bridge", written, "dpia"))["statement"]
        return str(lead.state(said["type"], **said["body"])["hash"])

    def _playback(self) -> str:
        asked = {"camera": "cam-01", **self.span(), "purpose": "Accident at noon"}
        return str(got(self.officer.post("/api/playback", json=asked))["playback"])

    def _mark(self) -> str:
        asked = {"camera": "cam-01", "at": to_iso(self.start), "note": SCRIPT}
        return str(got(self.operator.post("/api/marks", json=asked))["mark"])

    def _request(self) -> str:
        asked = {"camera": "cam-01", **self.span(), "purpose": "offence", "note": SCRIPT}
        draft = got(self.officer.post("/api/drafts", json=asked))
        entry = sign(
            make("request", draft["body"], time=now_ms()), [self.site.town.officer.signing]
        )
        sent = {"entry": b64(entry.raw), "detail": draft["detail"], "salt": draft["salt"]}
        return str(got(self.officer.post("/api/requests", json=sent))["request"])

    def close(self) -> None:
        """Close all browsers."""
        self.staff.close()
        for browser in (
            self.operator, self.officer, self.resident, self.rosa, self.custodian,
            self.stranger,
        ):  # fmt: skip
            browser.close()


def got(answer: httpx.Response) -> Any:
    """What was answered. Raises `httpx.HTTPStatusError` for a refusal."""
    answer.raise_for_status()
    return answer.json()
