"""Staff of every role at a running demonstration, each signed in by a passkey of their own.

Who is in the story gets a passkey beside the key file; the others join by invitation. Two of the
story's people sign every enrolment with the key files that the demonstration leaves in its folder.
"""

from __future__ import annotations

import time
from tempfile import TemporaryDirectory
from typing import Any

from plainview.base.clock import DAY_MS, now_ms, to_iso
from plainview.base.ids import b64
from plainview.base.settings import Settings
from plainview.errors import NotFound
from plainview.keys.client import KeeperClient
from plainview.register import records, statements
from plainview.register.projection import Register
from plainview.release import keyfile
from plainview.release.asking import read_draft
from plainview.release.client import Server
from plainview.testing.member import Member
from plainview.testing.running import RunningDemo
from plainview.testing.site import until
from plainview.tlog.entries import make
from plainview.tlog.history import ROLES
from plainview.tlog.signing import sign

OBJECTED = "cam-03"
STORED_S = 30.0
DPO = "custodian-a"
_STORY = ("operator", "investigator", DPO, "custodian-b", "administrator")
"""Whose key files lie in the demonstration's folder."""
_KNOWN = {role: role for role in _STORY if role != DPO} | {"custodian": "custodian-b"}
"""Roles that somebody in the story has and nothing else."""
_NEWCOMERS = {
    "dpo": "Nadia Rehn",
    "supervisor": "Vera Kos",
    "auditor": "Paul Okoye",
}


class Staff:
    """`members[role]` is signed in; close it."""

    def __init__(self, demo: RunningDemo) -> None:
        self.demo = demo
        self.settings = Settings(data=demo.data)
        folder = demo.data / "people"
        self.keys = {role: keyfile.read(folder / f"{role}.json") for role in _STORY}
        self.members: dict[str, Member] = {}
        self.asked = ""
        with Member(demo.url) as inviter:
            inviter.http.get(f"/demo/signin/{DPO}?to=/app/people")
            for role in sorted(ROLES):
                self.members[role] = self._member(inviter, role)

    def _member(self, inviter: Member, role: str) -> Member:
        wish: dict[str, Any] = {"roles": [role], "org": "City of Plainview"}
        if role in _NEWCOMERS:
            wish["name"] = _NEWCOMERS[role]
        else:
            who = self.keys[_KNOWN[role]].person
            known = next(
                one for one in inviter.http.get("/api/people").json() if one["person"] == who
            )
            wish |= {name: known[name] for name in ("person", "name", "org", "outside")}
        made = inviter.post("/api/invitations", **wish)
        member = Member(self.demo.url, authenticators=2 if role == "custodian" else 1)
        member.join(made["link"])
        rows = inviter.http.get("/api/invitations").json()
        card = next(one["card"] for one in rows if one["invitation"] == made["invitation"])
        second = "administrator" if role == "investigator" else "investigator"
        signers = [self.keys[DPO].signing, self.keys[second].signing]
        self._say(sign(make("enrol", card, time=now_ms()), signers).raw)
        until(lambda: made["invitation"] not in self._waiting(inviter))
        member.sign_in()
        return member

    def _register(self, own: str) -> Register:
        return Register(self.settings.model_copy(update={"own": own}))

    def _waiting(self, inviter: Member) -> list[str]:
        rows = inviter.http.get("/api/invitations").json()
        return [one["invitation"] for one in rows]

    def _say(self, entry: bytes) -> None:
        client = KeeperClient(self.settings.keeper_socket)
        client.append(entry)
        client.close()

    def cookies(self, role: str) -> list[Any]:
        """What makes a browser that of this member, for Playwright."""
        jar = self.members[role].http.cookies
        return [{"name": one, "value": jar[one], "url": self.demo.url} for one in jar]

    def close(self) -> None:
        """Close all browsers."""
        for member in self.members.values():
            member.http.close()

    # -- what waits for somebody

    def invite(self) -> str:
        """The link of an invitation that nobody has answered; a custodian's, which asks most."""
        wish = {"name": "Ivo Hart", "roles": ["custodian"], "org": "Bar", "outside": True}
        return str(self.members["dpo"].post("/api/invitations", **wish)["link"])

    def card(self) -> None:
        """A card that waits for two."""
        wish = {"name": "Jo Novak", "roles": ["operator"], "org": "City control room"}
        link = self.members["dpo"].post("/api/invitations", **wish)["link"]
        with Member(self.demo.url) as member:
            member.join(link)

    def proposal(self) -> str:
        """A record that the supervisor proposed; the proposal's hash."""
        lead = self.members["supervisor"]
        record = {"name": "Lens & Sons", "country": "RS", "registration": "12345678"}
        draft = lead.post(
            "/api/register/drafts", kind="supplier", subject="lens-sons", record=record
        )
        said = lead.http.get(f"/api/register/drafts/{draft['draft']}/review").json()["statement"]
        return str(lead.state(said["type"], **said["body"])["hash"])

    def draft(self, role: str) -> str:
        """A camera that this member has begun to write about; the draft's id."""
        began = {"kind": "camera", "subject": "mill-bridge", "record": {"name": "Mill bridge"}}
        return str(self.members[role].post("/api/register/drafts", **began)["draft"])

    def objection(self) -> None:
        """Somebody objects to a camera's next version, which takes effect in a day."""
        later = to_iso(now_ms() + DAY_MS)
        with TemporaryDirectory() as own, self._register(own) as register:
            register.sync()
            before = register.camera(OBJECTED).record
        record = records.camera_record(dict(before) | {"valid_from": later})
        signer = [self.keys[DPO].signing]
        self._say(statements.camera(OBJECTED, 2, "active", record, signer).raw)
        with Member(self.demo.url) as resident:
            text = {"text": "It follows people to their own front doors."}
            page = f"/cameras/{OBJECTED}"
            until(lambda: "Why do you object?" in resident.http.get(page).text)
            address = f"{page}/objections"
            resident.http.post(address, data=text, follow_redirects=True).raise_for_status()

    def report(self) -> None:
        """Somebody saw a camera that is not on the list."""
        said = {"place": "Mill lane 3", "text": "A white box above the door of the bakery."}
        with Member(self.demo.url) as resident:
            answer = resident.http.post("/report", data=said, follow_redirects=True)
            answer.raise_for_status()

    def request(self, camera: str) -> str:
        """The story's investigator asks for the last seconds of a camera; the request's hash."""
        key = self.keys["investigator"]
        with Server(self.demo.url, key) as server:
            draft = read_draft(_drafted(server, camera))
            entry = sign(make("request", draft["body"], time=now_ms()), [key.signing])
            sent = {"entry": b64(entry.raw), "detail": draft["detail"], "salt": draft["salt"]}
            return str(server.post("/api/requests", sent)["request"])


def _drafted(server: Server, camera: str) -> Any:
    """A draft for its last seconds. One that has just begun to record has stored none yet."""
    end = time.monotonic() + STORED_S
    while True:
        now = now_ms()
        span = {"from": to_iso(now - 20_000), "to": to_iso(now)}
        asked = {"camera": camera, **span, "purpose": "accident", "case": "2026-1"}
        try:
            return server.post("/api/drafts", asked)
        except NotFound:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
