"""What people get to do where: scopes, purposes, refusals in plain words, the page of policies."""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from plainview.base.clock import now_ms, to_iso
from plainview.errors import Forbidden
from plainview.policies.files import load
from plainview.policies.invariants import INVARIANTS
from plainview.policies.permissions import Permission, Role
from plainview.testing.hall import TownHall
from plainview.testing.site import Site
from plainview.tlog.entries import make, parse
from plainview.tlog.signing import sign
from plainview.web.sessions import SignedIn
from plainview.web.standing import Stands

SPAN = {"camera": "cam-01", "from": "2026-11-23T08:50:00.000Z", "to": "2026-11-23T08:51:00.000Z"}
NOWHERE = Stands(frozenset({"operator", "investigator"}), units=("A unit without cameras",))


@contextlib.contextmanager
def standing(site: Any, citizen: Any, stands: Stands) -> Iterator[None]:
    """As if the log said this of a person, for a minute."""
    known, person = site.web.standing._known, citizen.person.person
    known[person] = (stands, time.monotonic() + 60)
    try:
        yield
    finally:
        del known[person]


def session(*roles: str, **given: Any) -> SignedIn:
    return SignedIn("key", "p-somebody", "Somebody", roles, "cookie", "", 0, **given)


# -- scopes


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/playback", {**SPAN, "purpose": "traffic"}),
        ("POST", "/api/bookmarks", {"camera": "cam-01", "at": SPAN["from"]}),
        ("POST", "/api/drafts", {**SPAN, "purpose": "accident"}),
    ],
)
def test_outside_ones_scope_a_camera_is_refused(
    calm: Any, method: str, path: str, body: dict[str, Any]
) -> None:
    officer = calm.town.officer
    with (
        calm.browser(officer) as browser,
        standing(calm, officer, Stands(frozenset({"investigator"}), units=NOWHERE.units)),
    ):
        answer = browser.request(method, path, json=body)
    assert answer.status_code == 403, answer.text
    said = answer.json()
    assert said["code"] == "forbidden"
    assert said["message"] == calm.web.t("rule.only-in-ones-units")


def test_a_person_with_a_scope_sees_and_is_told_what_lies_in_it(calm: Any) -> None:
    operator = calm.town.operator
    unit = calm.web.register.camera("cam-01").record["unit"]
    with calm.browser(operator) as browser:
        everything = browser.get("/api/cameras").json()
        assert browser.get("/api/me").json()["scope"] == {"units": [], "cameras": []}
        with standing(calm, operator, NOWHERE):
            assert browser.get("/api/cameras").json() == []
            scope = browser.get("/api/me").json()["scope"]
            assert scope == {"units": list(NOWHERE.units), "cameras": []}
        with standing(calm, operator, Stands(frozenset({"operator"}), units=(unit,))):
            assert browser.get("/api/cameras").json() == everything


def test_a_version_that_is_only_announced_moves_nobodys_scope(tmp_path: Path) -> None:
    town = TownHall(tmp_path)
    with closing(town), closing(Site(town)) as site:
        town.add_camera("cam-07", unit="Harbour unit")
        town.add_camera("cam-07", unit="Museum unit", valid_from=to_iso(now_ms() + 3_600_000))
        town.add_camera("cam-08", unit="Museum unit", valid_from=to_iso(now_ms() + 3_600_000))
        town.add_camera("cam-09", unit="Harbour unit")
        town.add_camera("cam-09", unit="Harbour unit", status="suspended")
        town.add_camera("cam-09", unit="Museum unit", valid_from=to_iso(now_ms() + 3_600_000))
        every = ["cam-07", "cam-08", "cam-09"]
        site.web.register.sync()
        harbour = session("operator", units=("Harbour unit",))
        museum = session("operator", units=("Museum unit",))
        assert site.web.rights.seen(harbour, every) == {"cam-07", "cam-09"}
        assert site.web.rights.seen(museum, every) == {"cam-08"}


def test_live_pictures_outside_ones_scope_never_begin(calm: Any) -> None:
    operator = calm.town.operator
    cookie = calm.cookie(operator)
    calm.web.sessions.set_purpose(hashlib.sha256(cookie.encode()).hexdigest(), "traffic")
    with standing(calm, operator, NOWHERE):
        size = calm.web.register.sync()
        with connect(
            calm.url.replace("http", "ws") + "/api/live/cam-01",
            origin=calm.url,
            additional_headers={"Cookie": f"plainview_session={cookie}"},
        ) as live:
            assert '"reason": "forbidden"' in str(live.recv(timeout=10))
        assert calm.web.register.sync() == 0, f"something was logged after {size} entries"


def test_a_scope_that_two_people_put_on_the_log_counts_at_once(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plainview.web.standing.FRESH_S", 0.0)
    town, operator = site.town, site.town.operator
    scope = {"units": [], "cameras": ["cam-elsewhere"]}
    body = {**operator.person.body(), "scope": scope}
    with site.browser(operator) as browser:
        assert [one["id"] for one in browser.get("/api/cameras").json()] == ["cam-01"]
        signers = [town.dpo.signing, town.officer.signing]
        town.say(sign(make("enrol", body, time=now_ms()), signers))
        site.web.register.sync()
        assert browser.get("/api/me").json()["scope"] == scope
        assert browser.get("/api/cameras").json() == []
        refused = browser.post("/api/playback", json={**SPAN, "purpose": "traffic"})
        assert refused.json()["message"] == site.web.t("rule.only-at-ones-cameras")


def test_acts_on_the_log_name_the_rules_that_allowed_them(calm: Any) -> None:
    now = now_ms()
    span = {"camera": "cam-01", "from": to_iso(now - 60_000), "to": to_iso(now)}
    with calm.browser(calm.town.operator) as browser:
        begun = browser.post("/api/playback", json={**span, "purpose": "traffic"})
        assert begun.status_code == 200, begun.text
        browser.delete("/api/session")
    calm.web.register.sync()
    newest = [
        parse(calm.web.register.raw(one.index)).body
        for one in calm.web.register.recent(3, type="act")
    ]
    assert {body["act"] for body in newest} == {"signin", "playback", "signout"}
    assert {body["policy"] for body in newest} == {load().hash}


# -- roles and refusals


def test_people_act_in_the_first_role_of_theirs_that_allows_it(calm: Any) -> None:
    rights = calm.web.rights
    both = session("dpo", "custodian", "operator")
    assert rights.role(both, Permission.SELF) == "dpo"
    assert rights.role(both, Permission.REQUEST_RELEASE) == "custodian"
    assert rights.at(both, Permission.LIVE, "cam-01", purpose="traffic") == "operator"


@pytest.mark.parametrize(
    ("who", "permission", "message", "hint"),
    [
        (
            session("custodian"),
            Permission.LIVE,
            "Your role (Custodian) may not watch redacted pictures live.",
            "This role may: Operator, Investigator, Supervisor.",
        ),
        (
            session("administrator"),
            Permission.SNAPSHOT,
            "Nobody sees pictures who runs the machines and has no role whose work is to watch.",
            "If you need it for your work, ask the data protection officer.",
        ),
        (
            session("administrator", "operator"),
            Permission.PLAYBACK,
            "An administrator sees no pictures, whatever other roles they hold.",
            "If you need it for your work, ask the data protection officer.",
        ),
    ],
)
def test_a_refusal_says_what_is_missing(
    calm: Any, who: SignedIn, permission: Permission, message: str, hint: str
) -> None:
    with pytest.raises(Forbidden) as refused:
        calm.web.rights.check(who, permission)
    assert (refused.value.message, refused.value.hint) == (message, hint)


def test_playing_back_needs_words_for_the_purpose(calm: Any) -> None:
    with calm.browser(calm.town.operator) as browser:
        answer = browser.post("/api/playback", json={**SPAN, "purpose": "     "})
    assert answer.status_code == 403
    assert answer.json()["code"] == "no_purpose"


# -- the page


def test_the_page_says_in_plain_words_who_may_and_shows_the_rules(calm: Any) -> None:
    t, files = calm.web.t, load()
    with calm.client() as client:
        page = client.get("/policies").text
        assert 'href="/policies"' in client.get("/").text
    for role in Role:
        assert f"<dt>{t(f'role.{role}')}</dt>" in page
    for text in (t("may.live"), t("rule.only-who-asked-opens"), t("policies.log_3")):
        assert text in page
    for name in INVARIANTS:
        assert t(f"invariant.{name}") in page
    assert files.hash in page.replace("<wbr>", "")
    assert page.index(t("policies.roles_title")) < page.index("permit (")
    assert "<script" not in page
    assert page.count("permit (") == files.policies.count("permit (")


def test_strangers_get_the_rules_whole_and_can_check_the_hash(calm: Any) -> None:
    with calm.client() as client:
        answer = client.get("/policies.json").json()
        listing = client.get("/policies/SHA256SUMS").text
        assert client.get("/policies/nobody.cedar").status_code == 404
        assert client.get("/policies/..%2Fengine.py").status_code == 404
        assert hashlib.sha256(listing.encode()).hexdigest() == answer["hash"] == load().hash
        for sha256, name in re.findall(r"^([0-9a-f]{64})  (.+)$", listing, re.MULTILINE):
            text = client.get(f"/policies/{name}").content
            assert hashlib.sha256(text).hexdigest() == sha256
    assert {file["name"]: file["text"] for file in answer["files"]} == {
        file.name: file.text for file in load().files
    }
    assert answer["permissions"] == [one.value for one in Permission]
    assert {one["effect"] for one in answer["policies"]} == {"permit", "forbid"}
