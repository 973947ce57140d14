"""From an invitation to a signature: passkeys, cards, enrolments by two, statements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pyrage
import pytest
from typer.testing import CliRunner

from plainview.base.clock import now_ms, to_iso
from plainview.base.ids import b64
from plainview.cli.person import app
from plainview.errors import BadFormat, Refused
from plainview.register.statements import camera_body, propose
from plainview.release import keyfile
from plainview.testing.authenticator import at
from plainview.testing.hall import Citizen, camera_values
from plainview.testing.member import Member
from plainview.tlog.entries import make, signed_bytes
from plainview.tlog.signing import sign
from plainview.web.enrolling import read_key_file
from plainview.web.invitations import LIFE_MS
from plainview.web.sessions import ABSOLUTE_MS, IDLE_MS
from plainview.web.signin import CONTEXT

WISH = {"name": "Jo Novak", "roles": ["operator"], "org": "City control room"}


class Office:
    """A data protection officer and an administrator who sign with passkeys."""

    def __init__(self, site: Any, stack: ExitStack) -> None:
        self.site, self.town = site, site.town
        self.admin = Citizen("Vera Kos", "City IT", "administrator")
        self.town.enrol(self.admin)
        site.web.register.sync()
        self._stack = stack
        self.dpo_member = self._founder(self.town.dpo, 2)
        self.admin_member = self._founder(self.admin, 1)

    def member(self, authenticators: int = 1) -> Member:
        return self._stack.enter_context(Member(self.site.url, authenticators=authenticators))

    def _founder(self, citizen: Citizen, authenticators: int) -> Member:
        """Somebody with a key file gets a passkey: two others sign with theirs."""
        wish = {"name": citizen.name, "roles": list(citizen.roles), "org": citizen.person.org}
        with self.site.browser(self.town.dpo) as browser:
            made = browser.post("/api/invitations", json={**wish, "person": citizen.person.person})
            made.raise_for_status()
            member = self.member(authenticators)
            member.join(made.json()["link"])
            (row,) = browser.get("/api/invitations").json()
        others = [one for one in (self.town.dpo, self.admin, self.town.court) if one != citizen]
        signers = [one.signing for one in others]
        self.town.say(sign(make("enrol", row["card"], time=now_ms()), signers))
        self.site.web.register.sync()
        member.sign_in()
        return member

    def invite(self, by: Member | None = None, **change: Any) -> str:
        """A link."""
        asked = (by or self.admin_member).post("/api/invitations", **{**WISH, **change})
        return str(asked["link"])

    def waiting(self, by: Member) -> list[dict[str, Any]]:
        answer = by.http.get("/api/invitations")
        answer.raise_for_status()
        rows: list[dict[str, Any]] = answer.json()
        return rows

    def enrol(self, card: dict[str, Any]) -> int:
        """The administrator proposes, the data protection officer approves."""
        made = self.admin_member.state("propose", type="enrol", body=card)
        approved = self.dpo_member.state("approve", proposal=made["hash"])
        return int(approved["index"])


@contextmanager
def an_office(site: Any) -> Iterator[Office]:
    with ExitStack() as stack:
        yield Office(site, stack)


@pytest.fixture
def office(site: Any) -> Iterator[Office]:
    with an_office(site) as made:
        yield made


@pytest.fixture(scope="module")
def staffed(running: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office that tests share, and leave as they found it."""
    with running(tmp_path_factory.mktemp("staffed")) as (_, site), an_office(site) as made:
        yield made


@pytest.fixture(autouse=True)
def _in_no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits have a test of their own."""
    monkeypatch.setattr("plainview.web.limits.RateLimit.spend", lambda *_: None)


def logged(office: Office, kind: str) -> int:
    """How many entries of a type are on the log."""
    office.site.web.register.sync()
    return int(office.site.web.register.counts().get(kind, 0))


def refused(call: Any, status: int, text: str = "") -> None:
    with pytest.raises(httpx.HTTPStatusError) as caught:
        call()
    answer = caught.value.response
    assert answer.status_code == status, answer.text
    assert text in answer.text


def test_an_invited_person_is_enrolled_by_two_and_signs_in(office: Office) -> None:
    jo = office.member()
    card = jo.join(office.invite())
    refused(jo.sign_in, 401, "not enrolled")
    (row,) = office.waiting(office.admin_member)
    assert row["state"] == "handed_in"
    assert [key["key_id"] for key in row["keys"]] == [jo.devices[0].passkeys[0].key_id]
    assert row["keys"][0]["key_id"] == card["keys"][0]["key_id"]
    assert row["may_propose"]
    proposed = office.admin_member.state("propose", type="enrol", body=row["card"])
    (row,) = office.waiting(office.admin_member)
    assert (row["may_propose"], row["may_approve"]) == (False, False)
    refused(jo.sign_in, 401, "not enrolled")
    (row,) = office.waiting(office.dpo_member)
    assert row["may_approve"]
    assert row["proposed_by"] == "Vera Kos"
    approved = office.dpo_member.state("approve", proposal=proposed["hash"])
    assert office.waiting(office.dpo_member) == []
    assert jo.sign_in() == {"person": card["person"], "roles": ["operator"]}
    me = jo.http.get("/api/me").json()
    assert (me["name"], me["roles"]) == ("Jo Novak", ["operator"])
    office.site.web.register.sync()
    assert office.site.web.register.person(card["person"]).index == approved["index"]
    entry = json.loads(office.site.web.register.raw(approved["index"]))
    assert "Jo Novak" not in json.dumps(entry)


def test_the_sign_in_is_on_the_log_before_the_session(office: Office) -> None:
    office.town.stop_keeper()
    asked = office.dpo_member.post("/api/session/passkey/options")
    sent = {"credential": office.dpo_member.devices[0].get(asked)}
    refused(lambda: office.dpo_member.post("/api/session/passkey", **sent), 503)
    office.town.start_keeper()
    office.dpo_member.sign_in()
    office.site.web.register.sync()
    newest = office.site.web.register.recent(1, type="act")[0]
    assert office.site.web.register.act(newest.index).act == "signin"


def test_nobody_appoints_alone(staffed: Office) -> None:
    jo = staffed.member()
    jo.join(staffed.invite())
    card = staffed.waiting(staffed.admin_member)[0]["card"]
    made = staffed.admin_member.state("propose", type="enrol", body=card)
    alone = staffed.admin_member
    refused(lambda: alone.state("approve", proposal=made["hash"]), 403, "their own proposal")
    refused(lambda: alone.state("enrol", **card), 400)
    refused(jo.sign_in, 401)


def test_nobody_signs_their_own_enrolment(staffed: Office) -> None:
    admin = staffed.admin_member
    again = staffed.member()
    person = staffed.admin.person.person
    again.join(staffed.invite(person=person, name="Vera Kos", roles=["administrator", "dpo"]))
    row = next(one for one in staffed.waiting(admin) if one.get("card", {}).get("person") == person)
    assert not row["may_propose"]
    refused(lambda: admin.state("propose", type="enrol", body=row["card"]), 403, "themselves")
    made = staffed.dpo_member.state("propose", type="enrol", body=row["card"])
    refused(lambda: admin.state("approve", proposal=made["hash"]), 403, "themselves")


def test_a_custodian_needs_two_authenticators_and_a_recipient(
    staffed: Office, tmp_path: Path
) -> None:
    link = staffed.invite(name="Irena Berg", roles=["custodian"], outside=True, org="Court")
    token = link.rsplit("/", 1)[1]
    irena = staffed.member(2)
    view = irena.post("/api/join", token=token)
    assert (view["passkeys_needed"], view["recipient_needed"]) == (2, True)
    irena.register(token, irena.devices[0])
    refused(lambda: irena.post("/api/join/card", token=token), 403, "different authenticator")
    asked = irena.post("/api/join/options", token=token)["options"]
    assert [one["id"] for one in asked["excludeCredentials"]] == [irena.devices[0].passkeys[0].id]
    with pytest.raises(Exception, match="holds a passkey"):
        irena.devices[0].create(asked)
    irena.register(token, irena.devices[1])
    refused(lambda: irena.post("/api/join/card", token=token), 400, "age recipient")
    refused(lambda: irena.post("/api/join/card", token=token, key_file="nonsense"), 400)
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    handed = irena.post("/api/join/card", token=token, key_file=recipient)
    assert handed["age"] == recipient
    assert len(handed["keys"]) == 2


def test_who_brings_a_key_file_keeps_its_id_and_its_key(office: Office, tmp_path: Path) -> None:
    key = keyfile.generate("Irena Berg")
    public = {"person": key.person, "key": key.signing.public_b64, "age": key.recipient}
    irena = office.member(2)
    link = office.invite(name="Irena Berg", roles=["custodian"], outside=True, org="Court")
    card = irena.join(link, json.dumps({"person": public}))
    assert card["person"] == key.person
    kinds = [one["kind"] for one in card["keys"]]
    assert kinds == ["passkey", "passkey", "file"]
    office.enrol(next(one for one in office.waiting(office.admin_member))["card"])
    assert office.site.web.register.person_by_key(key.signing.key_id).person == key.person
    time = to_iso(now_ms())
    proof = key.signing.sign(CONTEXT + office.site.url.encode() + b"\n" + time.encode())
    with office.site.client() as tool:
        body = {"key_id": key.signing.key_id, "time": time, "sig": b64(proof)}
        assert tool.post("/api/session/key", json=body).json()["person"] == key.person
    irena.sign_in(1)
    me = irena.http.get("/api/me").json()
    assert me["roles"] == ["custodian"]


def test_an_invitation_is_good_once_and_not_after_it_was_revoked(staffed: Office) -> None:
    first = staffed.invite()
    jo = staffed.member()
    jo.join(first)
    token = {"token": first.rsplit("/", 1)[1]}
    for path in ("/api/join", "/api/join/options", "/api/join/card"):
        refused(lambda path=path: jo.post(path, **token), 401, "over, or was used")
    second = staffed.admin_member.post("/api/invitations", **WISH)
    token = {"token": second["link"].rsplit("/", 1)[1]}
    jo.post("/api/join", **token)
    gone = staffed.dpo_member.http.delete(f"/api/invitations/{second['invitation']}")
    assert gone.json() == {"revoked": True}
    refused(lambda: jo.post("/api/join", **token), 401)
    refused(lambda: jo.post("/api/join", token="x" * 43), 401)


def test_an_invitation_ends_after_a_week(staffed: Office, monkeypatch: Any) -> None:
    link, now = staffed.invite(), now_ms()
    token = {"token": link.rsplit("/", 1)[1]}
    jo = staffed.member()
    invitations = staffed.site.web.people.invitations
    monkeypatch.setattr(invitations, "_clock", lambda: now + LIFE_MS - 60_000)
    jo.post("/api/join", **token)
    monkeypatch.setattr(invitations, "_clock", lambda: now + LIFE_MS + 60_000)
    refused(lambda: jo.post("/api/join", **token), 401)


def test_the_file_of_invitations_opens_nothing(staffed: Office) -> None:
    token = staffed.invite().rsplit("/", 1)[1]
    folder = staffed.town.settings.own_dir
    stored = b"".join(file.read_bytes() for file in folder.glob("people.db*"))
    assert b"Jo Novak" in stored
    assert token.encode() not in stored
    assert (folder / "people.db").stat().st_mode & 0o077 == 0


def test_who_may_not_enrol_neither_invites_nor_lists(staffed: Office) -> None:
    with staffed.site.browser(staffed.town.operator) as browser:
        for path in ("/api/people", "/api/invitations"):
            assert browser.get(path).status_code == 403
        assert browser.post("/api/invitations", json=WISH).status_code == 403
        assert browser.delete("/api/invitations/0000").status_code == 403
        assert browser.delete("/api/people/p-1/sessions").status_code == 403
        drafted = {"type": "propose", "body": {"type": "enrol", "body": {}}}
        assert browser.post("/api/statements/draft", json=drafted).status_code == 403


def test_a_page_elsewhere_cannot_use_the_doors(staffed: Office) -> None:
    token = staffed.invite().rsplit("/", 1)[1]
    foreign = {"Origin": "https://evil.example", "X-Plainview": "1"}
    bare = {"Origin": staffed.site.url}
    with staffed.site.client() as client:
        for headers in (foreign, bare):
            for path in ("/api/session/passkey/options", "/api/join", "/api/join/options"):
                answer = client.post(path, json={"token": token}, headers=headers)
                assert answer.status_code == 403, (path, headers)
                assert answer.json()["code"] == "cross_site"


# -- signing in


def test_a_challenge_counts_once_and_in_the_browser_that_asked(staffed: Office) -> None:
    dpo, device = staffed.dpo_member, staffed.dpo_member.devices[0]
    sent = {"credential": device.get(dpo.post("/api/session/passkey/options"))}
    with Member(staffed.site.url) as thief:
        thief.post("/api/session/passkey/options")
        refused(lambda: thief.post("/api/session/passkey", **sent), 401)
    dpo.post("/api/session/passkey", **sent)
    refused(lambda: dpo.post("/api/session/passkey", **sent), 401, "over or was used")


def test_a_challenge_is_over_after_two_minutes(staffed: Office, monkeypatch: Any) -> None:
    dpo = staffed.dpo_member
    sent = {"credential": dpo.devices[0].get(dpo.post("/api/session/passkey/options"))}
    monkeypatch.setattr(staffed.site.web.people.challenges, "_clock", lambda: now_ms() + 120_001)
    refused(lambda: dpo.post("/api/session/passkey", **sent), 401)


def change_no_uv(options: dict[str, Any], device: Any) -> dict[str, Any]:
    device.verifies = False
    try:
        return dict(device.get(options))
    finally:
        device.verifies = True


def change_origin(options: dict[str, Any], device: Any) -> dict[str, Any]:
    own, device.origin = device.origin, "https://evil.example"
    try:
        return dict(device.get(options))
    finally:
        device.origin = own


def change_challenge(options: dict[str, Any], device: Any) -> dict[str, Any]:
    return dict(device.get({**options, "challenge": "A" * 43}))


def change_handle(options: dict[str, Any], device: Any) -> dict[str, Any]:
    sent = device.get(options)
    return {**sent, "response": {**sent["response"], "userHandle": "AAAA"}}


def change_signature(options: dict[str, Any], device: Any) -> dict[str, Any]:
    sent = device.get(options)
    other = at(device.origin)
    other.create({"rp": {"id": "localhost"}, "user": {"id": "AAAA"}, "challenge": "AAAA"})
    forged = other.get({"challenge": options["challenge"], "rpId": "localhost"})
    signature = forged["response"]["signature"]
    return {**sent, "response": {**sent["response"], "signature": signature}}


def change_stranger(options: dict[str, Any], device: Any) -> dict[str, Any]:
    other = at(device.origin)
    other.create({"rp": {"id": "localhost"}, "user": {"id": "AAAA"}, "challenge": "AAAA"})
    return dict(other.get({**options, "allowCredentials": []}))


def change_nothing_there(options: dict[str, Any], device: Any) -> dict[str, Any]:
    return {"id": "x", "response": {"clientDataJSON": 7}}


CHANGES = (change_no_uv, change_origin, change_challenge, change_handle, change_signature,
           change_stranger, change_nothing_there)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_an_answer_with_a_flaw_opens_nothing(staffed: Office, change: Any) -> None:
    dpo = staffed.dpo_member
    before = logged(staffed, "act")
    sent = change(dpo.post("/api/session/passkey/options"), dpo.devices[0])
    refused(lambda: dpo.post("/api/session/passkey", credential=sent), 401)
    assert logged(staffed, "act") == before
    dpo.sign_in()


def test_a_copied_passkey_is_found_by_its_counter_and_stopped(
    office: Office, monkeypatch: Any
) -> None:
    monkeypatch.setattr("plainview.web.standing.FRESH_S", 0.0)
    jo = office.member()
    jo.join(office.invite())
    office.enrol(office.waiting(office.admin_member)[0]["card"])
    thief = office.member()
    thief.devices = [jo.devices[0].copied()]
    jo.sign_in()
    jo.sign_in()
    assert jo.http.get("/api/me").status_code == 200
    refused(thief.sign_in, 401, "copied")
    refused(jo.sign_in, 401, "copied")
    assert jo.http.get("/api/me").status_code == 401


def test_an_authenticator_without_a_counter_is_no_copy(office: Office) -> None:
    jo = office.member()
    jo.devices[0].counts = False
    jo.join(office.invite())
    office.enrol(office.waiting(office.admin_member)[0]["card"])
    jo.sign_in()
    jo.sign_in()


def test_a_forged_answer_does_not_stop_a_passkey(staffed: Office) -> None:
    """A wrong signature with a low counter must not be taken for a copy."""
    dpo, device = staffed.dpo_member, staffed.dpo_member.devices[0]
    held = device.passkeys[0].count
    device.passkeys[0].count = 0
    sent = change_signature(dpo.post("/api/session/passkey/options"), device)
    refused(lambda: dpo.post("/api/session/passkey", credential=sent), 401)
    device.passkeys[0].count = held + 1
    dpo.sign_in()


def test_a_passkey_whose_key_left_the_log_signs_in_no_more(office: Office) -> None:
    jo = office.member()
    jo.join(office.invite())
    card = office.waiting(office.admin_member)[0]["card"]
    office.enrol(card)
    jo.sign_in()
    new = office.member()
    link = office.invite(person=card["person"], replace=True)
    new.join(link)
    office.enrol(office.waiting(office.admin_member)[0]["card"])
    refused(jo.sign_in, 401, "not any more")
    new.sign_in()


def test_a_new_sign_in_is_a_new_secret_and_ends_the_former(staffed: Office) -> None:
    dpo = staffed.dpo_member
    before = dpo.http.cookies["plainview_session"]
    dpo.sign_in()
    assert dpo.http.cookies["plainview_session"] != before
    with staffed.site.client(cookies={"plainview_session": before}) as old:
        assert old.get("/api/me").status_code == 401


def test_a_planted_cookie_becomes_nobodys_session(staffed: Office) -> None:
    planted = "ab" * 32
    with Member(staffed.site.url) as member:
        member.devices = staffed.dpo_member.devices
        member.http.cookies.set("plainview_session", planted, domain="localhost.local", path="/")
        member.sign_in()
    with staffed.site.client(cookies={"plainview_session": planted}) as attacker:
        assert attacker.get("/api/me").status_code == 401


def test_asking_is_slowed_down(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(site.web.people.asked, "_now", lambda: 0.0)  # however slow the machine is
    with Member(site.url) as member:
        codes = [
            member.http.post("/api/join", json={"token": "x" * 43}).status_code for _ in range(70)
        ]
    assert codes[-1] == 429
    assert codes.count(401) <= 65


# -- one's own sessions


def test_sessions_are_listed_and_ended_one_by_one(staffed: Office) -> None:
    dpo = staffed.dpo_member
    dpo.sign_in()
    with Member(staffed.site.url) as phone:
        phone.devices = dpo.devices
        phone.http.headers["user-agent"] = "Mozilla/5.0 (iPhone; CPU) Version/18 Safari/605"
        phone.sign_in()
        listed = dpo.http.get("/api/my/sessions").json()
        rows = {row["device"]: row for row in listed}
        assert rows["Safari on iPhone"]["how"] == "passkey"
        assert [row["current"] for row in listed].count(True) == 1
        ident = rows["Safari on iPhone"]["session"]
        assert phone.http.get("/api/me").status_code == 200
        with staffed.site.browser(staffed.town.operator) as other:
            assert other.delete(f"/api/my/sessions/{ident}").status_code == 404
        assert dpo.http.delete(f"/api/my/sessions/{ident}").json() == {"ended": 1}
        assert phone.http.get("/api/me").status_code == 401
        phone.sign_in()
        assert dpo.http.delete("/api/my/sessions").json()["ended"] >= 2
        assert phone.http.get("/api/me").status_code == 401
    assert dpo.http.get("/api/me").status_code == 401
    dpo.sign_in()


def test_an_administrator_ends_all_sessions_of_somebody(staffed: Office) -> None:
    person = staffed.town.operator.person.person
    with staffed.site.browser(staffed.town.operator) as operator:
        assert operator.get("/api/me").status_code == 200
        ended = staffed.admin_member.http.delete(f"/api/people/{person}/sessions")
        assert ended.json()["ended"] >= 1
        assert operator.get("/api/me").status_code == 401
    assert staffed.admin_member.http.delete("/api/people/p-nobody/sessions").status_code == 404


def test_a_session_that_is_over_is_not_listed(staffed: Office, monkeypatch: Any) -> None:
    table, now = staffed.site.web.sessions, now_ms()
    person = staffed.town.officer.person
    table.create(person.person, person.roles, "Jonas")
    assert len(table.of_person(person.person)) == 1
    for later in (IDLE_MS, ABSOLUTE_MS):
        monkeypatch.setattr(table, "_clock", lambda later=later: now + later + 1000)
        assert table.of_person(person.person) == []


def test_a_lost_passkey_is_given_up(office: Office, monkeypatch: Any) -> None:
    monkeypatch.setattr("plainview.web.standing.FRESH_S", 0.0)
    jo = office.member(2)
    jo.join(office.invite())
    office.enrol(office.waiting(office.admin_member)[0]["card"])
    jo.sign_in(1)
    rows = jo.http.get("/api/my/passkeys").json()
    assert [row["state"] for row in rows] == ["enrolled", "enrolled"]
    lost = jo.devices[0].passkeys[0].id
    thief = office.member()
    thief.devices = [jo.devices[0]]
    thief.sign_in()
    assert thief.http.get("/api/my/passkeys").status_code == 200
    with office.site.browser(office.town.operator) as other:
        assert other.delete(f"/api/my/passkeys/{lost}").status_code == 404
    assert jo.http.delete(f"/api/my/passkeys/{lost}").json() == {"stopped": True}
    refused(jo.sign_in, 401)
    assert jo.http.get("/api/my/passkeys").json()[0]["state"] == "removed"
    assert thief.http.get("/api/my/passkeys").status_code == 401


def test_a_session_ends_with_the_key_that_opened_it(office: Office, monkeypatch: Any) -> None:
    monkeypatch.setattr("plainview.web.standing.FRESH_S", 0.0)
    jo = office.member(2)
    jo.join(office.invite())
    card = office.waiting(office.admin_member)[0]["card"]
    office.enrol(card)
    sessions = [office.member() for _ in jo.devices]
    for one, device in zip(sessions, jo.devices, strict=True):
        one.devices = [device]
        one.sign_in()
    with office.site.browser(office.town.operator) as other:
        (kept,) = card.pop("more_keys")
        office.enrol({**card, "key": kept})
        old, still = (one.http.get("/api/me") for one in sessions)
        assert (old.status_code, still.status_code) == (401, 200)
        assert "key that opened this session" in old.json()["message"]
        assert other.get("/api/me").status_code == 200


def test_who_signs_in_with_a_new_key_need_not_wait(office: Office) -> None:
    jo = office.member(2)
    jo.join(office.invite())
    card = office.waiting(office.admin_member)[0]["card"]
    (later,) = card.pop("more_keys")
    office.enrol(card)
    jo.sign_in()
    assert jo.http.get("/api/me").status_code == 200
    office.enrol({**card, "key": later})
    jo.sign_in(1)
    assert jo.http.get("/api/me").status_code == 200


# -- statements


def test_a_camera_is_suspended_with_a_passkey(office: Office) -> None:
    drafted = office.dpo_member.draft("camera", camera="cam-01", status="suspended")
    said = {line["label"]: line["value"] for line in drafted["summary"]["lines"]}
    assert said["Status"] == "suspended"
    assert "C-2026-118" in said.values()
    sent = office.dpo_member.sign(drafted["options"])
    done = office.dpo_member.post("/api/statements", draft=drafted["draft"], assertion=sent)
    camera = office.site.web.register.camera("cam-01")
    assert (camera.status, camera.index, camera.version) == ("suspended", done["index"], 2)


def test_a_draft_is_anothers_or_used_or_over(office: Office, monkeypatch: Any) -> None:
    dpo, admin = office.dpo_member, office.admin_member
    drafted = dpo.draft("camera", camera="cam-01", status="suspended")
    sent = {"draft": drafted["draft"], "assertion": dpo.sign(drafted["options"])}
    refused(lambda: admin.post("/api/statements", **sent), 401, "over or was used")
    with Member(office.site.url) as elsewhere:  # the same person, another session
        elsewhere.devices = dpo.devices
        elsewhere.sign_in()
        refused(lambda: elsewhere.post("/api/statements", **sent), 401)
    fresh = {**sent, "assertion": dpo.sign(drafted["options"])}
    dpo.post("/api/statements", **fresh)
    refused(lambda: dpo.post("/api/statements", **fresh), 401)
    drafted = dpo.draft("camera", camera="cam-01", status="removed")
    sent = {"draft": drafted["draft"], "assertion": dpo.sign(drafted["options"])}
    monkeypatch.setattr(office.site.web.people.drafts, "_clock", lambda: now_ms() + 240_001)
    refused(lambda: dpo.post("/api/statements", **sent), 401)


@pytest.mark.parametrize(
    "change", [one for one in CHANGES if one is not change_handle], ids=lambda one: one.__name__
)
def test_a_statement_with_a_flawed_answer_is_not_logged(staffed: Office, change: Any) -> None:
    dpo = staffed.dpo_member
    drafted = dpo.draft("camera", camera="cam-01", status="suspended")
    before = logged(staffed, "camera")
    sent = change(drafted["options"], dpo.devices[0])
    with pytest.raises(httpx.HTTPStatusError) as caught:
        dpo.post("/api/statements", draft=drafted["draft"], assertion=sent)
    assert caught.value.response.status_code in (400, 401)
    assert logged(staffed, "camera") == before


def test_another_passkey_than_the_one_named_does_not_sign(staffed: Office) -> None:
    dpo = staffed.dpo_member
    drafted = dpo.draft("camera", camera="cam-01", status="suspended")
    other = dpo.devices[1].get({**drafted["options"], "allowCredentials": []})
    refused(
        lambda: dpo.post("/api/statements", draft=drafted["draft"], assertion=other), 401, "another"
    )


def test_the_key_can_be_chosen(staffed: Office) -> None:
    dpo = staffed.dpo_member
    key = dpo.devices[1].passkeys[0].key_id
    wanted = {"camera": "cam-01", "status": "suspended"}
    drafted = dpo.post("/api/statements/draft", type="camera", body=wanted, key=key)
    assert drafted["document"]["by"] == [key]
    foreign = staffed.admin_member.devices[0].passkeys[0].key_id
    refused(lambda: dpo.post("/api/statements/draft", type="camera", body=wanted, key=foreign), 401)


def test_a_key_file_signs_a_draft_too(office: Office) -> None:
    dpo, key = office.dpo_member, office.town.dpo.signing
    wanted = {"camera": "cam-01", "status": "suspended"}
    drafted = dpo.post("/api/statements/draft", type="camera", body=wanted, key=key.key_id)
    assert drafted["options"] is None
    sent = {"draft": drafted["draft"], "sig": b64(key.sign(signed_bytes(drafted["document"])))}
    dpo.post("/api/statements", **sent)
    assert office.site.web.register.camera("cam-01").status == "suspended"


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("camera", {"camera": "cam-01", "status": "active"}, 400),
        ("camera", {"camera": "cam-77", "status": "suspended"}, 404),
        ("record", {"kind": "contract", "id": "c-1", "status": "active"}, 400),
        ("propose", {"type": "request", "body": {}}, 400),
        ("propose", {"type": "enrol"}, 400),
        ("approve", {"proposal": "ab" * 32}, 404),
        ("answer", {"objections": [1]}, 400),
        ("hold", {"windows": []}, 404),
        ("release", {"windows": []}, 400),
        ("founding", {}, 400),
    ],
)
def test_what_is_not_signed_here_is_said(
    staffed: Office, kind: str, body: dict[str, Any], status: int
) -> None:
    refused(lambda: staffed.dpo_member.draft(kind, **body), status)


def test_an_administrator_does_not_stop_a_camera(staffed: Office) -> None:
    wanted = {"camera": "cam-01", "status": "suspended"}
    refused(lambda: staffed.admin_member.draft("camera", **wanted), 403, "may not stop a camera")


def test_who_leaves_is_taken_off_by_two(office: Office) -> None:
    jo = office.member()
    jo.join(office.invite())
    office.enrol(office.waiting(office.admin_member)[0]["card"])
    jo.sign_in()
    row = next(one for one in office.admin_member.http.get("/api/people").json()
               if one["name"] == "Jo Novak")  # fmt: skip
    without = {**row["card"], "roles": []}
    made = office.admin_member.state("propose", type="enrol", body=without)
    (own,) = office.admin_member.http.get("/api/proposals").json()
    (seen,) = office.dpo_member.http.get("/api/proposals").json()
    assert (own["may_approve"], seen["may_approve"]) == (False, True)
    assert seen["proposal"] == made["hash"]
    said = {line["label"]: line["value"] for line in seen["summary"]["lines"]}
    assert said["Person"].startswith("Jo Novak")
    assert said["Roles"] == "None"
    office.dpo_member.state("approve", proposal=made["hash"])
    assert office.dpo_member.http.get("/api/proposals").json() == []
    refused(jo.sign_in, 401, "no role any more")


def test_a_program_with_a_key_file_drafts_and_signs(office: Office) -> None:
    key = office.town.dpo.signing
    time = to_iso(now_ms())
    proof = b64(key.sign(CONTEXT + office.site.url.encode() + b"\n" + time.encode()))
    with office.site.client() as program:
        body = {"key_id": key.key_id, "time": time, "sig": proof}
        token = program.post("/api/session/key", json=body).json()["token"]
        program.headers["authorization"] = f"Bearer {token}"
        wanted = {"type": "camera", "body": {"camera": "cam-01", "status": "removed"}}
        drafted = program.post("/api/statements/draft", json=wanted).json()
        assert drafted["document"]["by"] == [key.key_id]
        sent = {"draft": drafted["draft"], "sig": b64(key.sign(signed_bytes(drafted["document"])))}
        assert program.post("/api/statements", json=sent).status_code == 200
        (row,) = [one for one in program.get("/api/my/sessions").json() if one["current"]]
        assert row["kind"] == "bearer"
    assert office.site.web.register.camera("cam-01").status == "removed"


def test_a_key_file_approves_what_a_passkey_proposed(office: Office, tmp_path: Path) -> None:
    jo, town = office.member(), office.town
    jo.join(office.invite())
    card = office.waiting(office.admin_member)[0]["card"]
    made = office.admin_member.state("propose", type="enrol", body=card)
    file = tmp_path / "ana.json"
    fresh = keyfile.generate("Ana Novak", town.dpo.person.person)
    replace(fresh, signing=town.dpo.signing).write(file)
    folder = ["--data", str(town.settings.data)]
    told = CliRunner().invoke(app, ["approve", made["hash"], "--key", str(file), *folder])
    assert told.exit_code == 0, told.output
    assert card["person"] in told.output
    office.site.web.register.sync()
    jo.sign_in()


def test_key_files_propose_and_approve(office: Office, tmp_path: Path) -> None:
    town, folder = office.town, ["--data", str(office.town.settings.data)]
    files = {}
    for name, citizen in (("ana", town.dpo), ("vera", office.admin)):
        files[name] = tmp_path / f"{name}.json"
        fresh = keyfile.generate(citizen.name, citizen.person.person)
        replace(fresh, signing=citizen.signing).write(files[name])
    jo = tmp_path / "jo.json"
    wish = ["--name", "Jo Novak", "--role", "auditor", "--org", "City"]
    for command in (
        ["keygen", *wish, "--out", str(jo), "--id", "p-jo"],
        ["propose", str(tmp_path / "jo.card.json"), "--key", str(files["vera"]), *folder],
    ):
        told = CliRunner().invoke(app, command)
        assert told.exit_code == 0, told.output
    office.site.web.register.sync()
    (proposal,) = office.site.web.register.proposals()
    assert proposal in told.output.replace("\n", "")
    alone = ["approve", proposal, "--key", str(files["vera"]), *folder]
    assert CliRunner().invoke(app, alone).exit_code != 0
    told = CliRunner().invoke(app, ["approve", proposal, "--key", str(files["ana"]), *folder])
    assert told.exit_code == 0, told.output
    office.site.web.register.sync()
    found = office.site.web.register.person("p-jo")
    assert (found.roles, found.name) == (("auditor",), "Jo Novak")


def test_a_scope_from_an_invitation_limits_whoever_was_enrolled(office: Office) -> None:
    jo = office.member()
    jo.join(office.invite(units=["harbour"], cameras=["cam-77"]))
    (row,) = office.waiting(office.admin_member)
    assert row["card"]["scope"] == {"units": ["harbour"], "cameras": ["cam-77"]}
    office.enrol(row["card"])
    jo.sign_in()
    assert jo.http.get("/api/me").json()["scope"] == {"units": ["harbour"], "cameras": ["cam-77"]}
    assert jo.http.get("/api/cameras").json() == []


@pytest.mark.parametrize("wrong", [{"units": ["Traffic police"]}, {"cameras": ["cam 7"]}])
def test_a_scope_that_names_no_ids_is_refused_when_inviting(
    staffed: Office, wrong: dict[str, Any]
) -> None:
    """Not only when the invited person hands in."""
    refused(lambda: staffed.invite(**wrong), 400, "is no id")


def test_who_is_known_and_becomes_a_custodian_is_asked_for_a_recipient(office: Office) -> None:
    office.member().join(office.invite())
    card = office.waiting(office.admin_member)[0]["card"]
    office.enrol(card)
    for person, needed in ((card["person"], True), (office.town.operator.person.person, False)):
        link = office.invite(person=person, roles=["custodian"], outside=True)
        shown = office.member().post("/api/join", token=link.rpartition("/")[2])
        assert shown["recipient_needed"] == needed


def test_an_old_card_brings_no_lost_key_back(office: Office, tmp_path: Path) -> None:
    """Handed in before the person got new keys in place of those of before."""
    jo = office.member()
    jo.join(office.invite())
    first = office.waiting(office.admin_member)[0]["card"]
    office.enrol(first)
    further, anew = office.member(), office.member()
    further.join(office.invite(person=first["person"]))
    (row,) = office.waiting(office.admin_member)
    assert not row["overtaken"]
    waits = office.admin_member.state("propose", type="enrol", body=row["card"])["hash"]
    anew.join(office.invite(person=first["person"], replace=True))
    newest = next(
        one["card"] for one in office.waiting(office.admin_member) if one["card"] != row["card"]
    )
    office.enrol(newest)
    (old,) = office.waiting(office.admin_member)
    assert (old["overtaken"], old["may_propose"]) == (True, False)
    refused(
        lambda: office.admin_member.state("propose", type="enrol", body=row["card"]),
        403,
        "enrolled anew since they were invited",
    )
    refused(
        lambda: office.dpo_member.state("approve", proposal=waits), 403, "since this was proposed"
    )
    told = CliRunner().invoke(app, by_file(office, tmp_path, waits))
    assert isinstance(told.exception, Refused)
    refused(jo.sign_in, 401, "not enrolled")
    anew.sign_in()


def test_what_is_not_about_a_person_is_approved_elsewhere(office: Office, tmp_path: Path) -> None:
    body = camera_body("cam-31", 1, "active", camera_values())
    entry = propose("camera", body, office.admin.signing)
    office.town.say(entry)
    told = CliRunner().invoke(app, by_file(office, tmp_path, entry.hash))
    assert isinstance(told.exception, BadFormat)
    assert "register approve" in told.exception.hint


def by_file(office: Office, folder: Path, proposal: str) -> list[str]:
    """The words by which the officer approves with a key file."""
    key = folder / "ana.json"
    dpo = office.town.dpo
    replace(keyfile.generate(dpo.name, dpo.person.person), signing=dpo.signing).write(key)
    return ["approve", proposal, "--key", str(key), "--data", str(office.town.settings.data)]


def test_a_card_that_two_see_on_the_log_at_once_is_settled_once(office: Office) -> None:
    jo = office.member()
    jo.join(office.invite())
    (row,) = office.waiting(office.admin_member)
    office.enrol(row["card"])
    office.site.web.people.invitations.enrolled(row["invitation"])


def test_a_passkey_that_waits_is_not_chosen_to_sign(office: Office) -> None:
    """Somebody without a key of the session, as the identity provider signs in."""
    dpo = office.town.dpo.person
    more = office.member(2)
    wish = {"person": dpo.person, "org": dpo.org, "roles": list(dpo.roles)}
    more.join(office.invite(**wish, outside=dpo.outside))
    with office.site.browser(office.town.dpo) as provided:
        wanted = {"type": "camera", "body": {"camera": "cam-01", "status": "suspended"}}
        answer = provided.post("/api/statements/draft", json=wanted)
    assert answer.status_code == 200, answer.text
    held = {one.key_id for device in office.dpo_member.devices for one in device.passkeys}
    assert set(answer.json()["document"]["by"]) <= held


@pytest.mark.parametrize("text", ["[" * 10_000, '{"person": ' * 5_000])
def test_a_card_without_end_is_refused(text: str) -> None:
    with pytest.raises(BadFormat, match="neither a card"):
        read_key_file(text)


def judge(org: str = "District court", **change: Any) -> tuple[str, str]:
    """The card of a key file as `keygen` writes it, and its person."""
    key = keyfile.generate("Irena Berg")
    public = {"person": key.person, "key": key.signing.public_b64, "age": key.recipient}
    said = {**public, "org": org, "org_kind": "court", **change}
    return json.dumps({"person": said}), key.person


COURT: dict[str, Any] = {
    "name": "Irena Berg",
    "roles": ["custodian"],
    "outside": True,
    "org": "District court",
}


def handed_in(office: Office, link: str, card: str = "", passkeys: int = 2) -> dict[str, Any]:
    """The body of the enrolment that comes of a link."""
    person = office.member(passkeys).join(link, card)["person"]
    rows = [one["card"] for one in office.waiting(office.admin_member) if "card" in one]
    found: dict[str, Any] = next(one for one in rows if one["person"] == person)
    return found


def test_a_judge_is_enrolled_as_of_a_court(office: Office) -> None:
    text, _ = judge()
    card = handed_in(office, office.invite(**COURT), text)
    assert card["org_kind"] == "court"
    office.enrol(card)
    assert (
        handed_in(office, office.invite(**COURT, org_kind=""), judge()[0]).get("org_kind") is None
    )
    other = office.invite(**COURT, org_kind="court")
    assert handed_in(office, other, judge("Court of the district")[0])["org_kind"] == "court"


def test_a_card_of_another_organisation_says_nothing_of_this_one(staffed: Office) -> None:
    link = staffed.invite(**{**COURT, "org": "Police"})
    token, member = link.rsplit("/", 1)[1], staffed.member(2)
    for device in member.devices:
        member.register(token, device)
    refused(lambda: member.post("/api/join/card", token=token, key_file=judge()[0]), 400, "Police")
    refused(lambda: staffed.invite(**COURT, org_kind="casino"), 400)


def test_what_the_form_does_not_say_is_gone(office: Office) -> None:
    web, person = office.site.web, office.town.court.person.person
    wish: dict[str, Any] = {**COURT, "person": person}
    limits: dict[str, Any] = {"units": ["harbour"], "cameras": ["cam-77"]}
    first = handed_in(office, office.invite(**wish, **limits, org_kind="court"))
    assert (first["org_kind"], first["scope"]) == ("court", limits)
    office.enrol(first)
    web.register.sync()
    context = web.register.context({"custodian_set": "street-set"}, now_ms())
    assert context.organisations == ("court",)
    same = handed_in(office, office.invite(**wish))
    assert same["org_kind"] == "court"
    assert "scope" not in same
    gone = handed_in(office, office.invite(**{**wish, "org": "Police"}))
    assert "org_kind" not in gone
    office.enrol(gone)
    web.register.sync()
    context = web.register.context({"custodian_set": "street-set"}, now_ms())
    assert context.organisations == ()
