"""Sessions: short, revocable, hashed at rest; tools sign in with their keys; all on the log."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from plainview.base.clock import DAY_MS, now_ms, to_iso
from plainview.base.ids import b64
from plainview.errors import BadFormat, KeeperAway, NotAuthorised, UnsafeStart
from plainview.register import statements
from plainview.tlog.entries import make
from plainview.tlog.signing import SigningKey, sign
from plainview.web.limits import RateLimit, TooMany
from plainview.web.pseudonyms import Pseudonyms
from plainview.web.sessions import ABSOLUTE_MS, IDLE_MS, Sessions
from plainview.web.signin import CONTEXT, cookie_answer, sign_in


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def sessions(tmp_path: Path, time: Time) -> Any:
    made = Sessions(tmp_path / "sessions.db", clock=time)
    yield made
    made.close()


def test_a_session_ends_when_idle(sessions: Sessions, time: Time) -> None:
    secret = sessions.create("p-1", ["operator"], "Mira")
    time.now += IDLE_MS - 1
    assert sessions.find(secret, kind="cookie").person == "p-1"
    time.now += IDLE_MS - 1
    assert sessions.find(secret, kind="cookie").roles == ("operator",)
    time.now += IDLE_MS
    with pytest.raises(NotAuthorised):
        sessions.find(secret, kind="cookie")


def test_a_session_ends_after_a_shift_however_busy(sessions: Sessions, time: Time) -> None:
    secret, begun = sessions.create("p-1", ["operator"], "Mira"), time.now
    while time.now < begun + ABSOLUTE_MS - 60_000:
        sessions.find(secret, kind="cookie")
        time.now += 600_000
    time.now = begun + ABSOLUTE_MS
    with pytest.raises(NotAuthorised):
        sessions.find(secret, kind="cookie")


def test_sessions_are_revoked_one_and_all(sessions: Sessions) -> None:
    secrets = [sessions.create("p-1", ["operator"], "Mira") for _ in range(3)]
    other = sessions.create("p-2", ["operator"], "Jo")
    sessions.revoke(sessions.find(secrets[0], kind="cookie").key)
    with pytest.raises(NotAuthorised):
        sessions.find(secrets[0], kind="cookie")
    sessions.find(secrets[1], kind="cookie")
    sessions.revoke_person("p-1")
    with pytest.raises(NotAuthorised):
        sessions.find(secrets[2], kind="cookie")
    sessions.find(other, kind="cookie")


def test_the_table_opens_nothing(sessions: Sessions, tmp_path: Path) -> None:
    secret = sessions.create("p-1", ["operator"], "Mira")
    key = sessions.find(secret, kind="cookie").key
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("sessions.db*"))
    assert secret.encode() not in stored
    with pytest.raises(NotAuthorised):
        sessions.find(key, kind="cookie")
    assert (tmp_path / "sessions.db").stat().st_mode & 0o077 == 0


def test_a_cookie_is_no_bearer_token(sessions: Sessions) -> None:
    secret = sessions.create("p-1", ["operator"], "Mira")
    with pytest.raises(NotAuthorised):
        sessions.find(secret, kind="bearer")


def test_a_person_has_a_bounded_number_of_sessions(sessions: Sessions, time: Time) -> None:
    first = sessions.create("p-1", ["operator"], "Mira")
    for _ in range(20):
        time.now += 1
        last = sessions.create("p-1", ["operator"], "Mira")
    sessions.find(last, kind="cookie")
    with pytest.raises(NotAuthorised):
        sessions.find(first, kind="cookie")


def test_rate_limits_are_bounded_and_recover() -> None:
    now = [0.0]
    limit = RateLimit(burst=3, per_minute=60, now=lambda: now[0])
    for _ in range(3):
        limit.spend("a")
    with pytest.raises(TooMany):
        limit.spend("a")
    limit.spend("b")
    now[0] += 1
    limit.spend("a")
    for number in range(20_000):
        limit.spend(f"caller {number}")
    assert len(limit._buckets) <= 10_000


def test_pseudonyms_change_daily_and_need_the_secret(tmp_path: Path) -> None:
    names = Pseudonyms.from_file(tmp_path / "web.secret")
    today, later = names.actor("p-1", 0), names.actor("p-1", DAY_MS - 1)
    assert today == later
    assert len(today) == 12
    assert names.actor("p-1", DAY_MS) != today
    assert names.actor("p-2", 0) != today
    assert Pseudonyms.from_file(tmp_path / "web.secret").actor("p-1", 0) == today
    (tmp_path / "web.secret").chmod(0o644)
    with pytest.raises(UnsafeStart, match="Others than its owner"):
        Pseudonyms.from_file(tmp_path / "web.secret")


def signed(site: Any, citizen: Any, **change: Any) -> dict[str, str]:
    """The body that a tool sends."""
    time = change.get("time", to_iso(now_ms()))
    origin = change.get("origin", site.url)
    key: SigningKey = change.get("key", citizen.signing)
    sig = b64(key.sign(CONTEXT + origin.encode() + b"\n" + time.encode()))
    return {"key_id": citizen.signing.key_id, "time": time, "sig": sig}


def test_a_tool_signs_in_with_its_key(calm: Any) -> None:
    with calm.client() as client:
        answer = client.post("/api/session/key", json=signed(calm, calm.town.court))
        token = answer.json()["token"]
        me = client.get("/api/me", headers={"authorization": f"Bearer {token}"}).json()
    assert me["person"] == calm.town.court.person.person
    assert me["name"] == "Irena Berg"
    everybody = ["accesses", "cameras", "policy.read", "register.read", "self"]
    assert me["may"] == sorted([*everybody, "request.read", "request.release", "statement"])
    assert me["scope"] == {"units": [], "cameras": []}
    calm.web.register.sync()
    entries = calm.web.register.recent(5, type="act")
    assert calm.web.register.act(entries[0].index).act == "signin"


def test_a_signature_counts_once(calm: Any) -> None:
    body = signed(calm, calm.town.court)
    with calm.client() as client:
        assert client.post("/api/session/key", json=body).status_code == 200
        again = client.post("/api/session/key", json=body)
    assert again.status_code == 401
    assert "used before" in again.json()["message"]


@pytest.mark.parametrize(
    "change",
    [
        {"time": "2026-01-01T00:00:00.000Z"},
        {"time": "yesterday"},
        {"origin": "http://other.example:8600"},
        {"key": SigningKey.generate()},
    ],
)
def test_a_wrong_signature_opens_nothing(calm: Any, change: dict[str, Any]) -> None:
    calm.web.register.sync()
    before = calm.web.register.counts().get("act", 0)
    with calm.client() as client:
        answer = client.post("/api/session/key", json=signed(calm, calm.town.court, **change))
    assert answer.status_code == 401
    assert "token" not in answer.text
    calm.web.register.sync()
    assert calm.web.register.counts().get("act", 0) == before  # reveals come by themselves


def test_somebody_without_a_role_is_told_so(site: Any) -> None:
    town = site.town
    body = {**town.court.person.body(), "roles": []}
    town.say(sign(make("enrol", body, time=now_ms()), [town.dpo.signing, town.officer.signing]))
    with site.client() as client:
        answer = client.post("/api/session/key", json=signed(site, town.court))
    assert answer.status_code == 401
    assert "no role" in answer.json()["message"]


def test_guessing_is_slowed_down(site: Any) -> None:
    body = {"key_id": "0" * 16, "time": to_iso(now_ms()), "sig": "AAAA"}
    with site.client() as client:
        codes = [client.post("/api/session/key", json=body).status_code for _ in range(35)]
        assert client.get("/").status_code == 200
    assert codes[-1] == 429
    assert codes.count(401) <= 32


def test_without_the_keeper_nobody_signs_in(site: Any) -> None:
    site.town.stop_keeper()
    with pytest.raises(KeeperAway):
        site.cookie(site.town.operator)
    with site.client() as client:
        answer = client.post("/api/session/key", json=signed(site, site.town.court))
    assert answer.status_code == 503
    assert answer.json()["code"] == "keeper_away"


def test_what_changes_something_needs_the_header_and_our_own_page(calm: Any) -> None:
    secret = calm.cookie(calm.town.operator)
    with calm.client(cookies={"plainview_session": secret}) as client:
        forged = client.post("/api/purpose", json={"purpose": "evening shift"})
        foreign = client.post(
            "/api/purpose",
            json={"purpose": "evening shift"},
            headers={"X-Plainview": "1", "Origin": "http://evil.example"},
        )
        own = client.post(
            "/api/purpose", json={"purpose": "evening  shift"}, headers={"X-Plainview": "1"}
        )
        assert client.get("/api/me").json()["purpose"] == "evening shift"
    assert forged.status_code == foreign.status_code == 403
    assert own.json()["purpose"] == "evening shift"


def test_signing_out_ends_the_session_and_is_logged(site: Any) -> None:
    with site.browser(site.town.operator) as browser:
        assert browser.delete("/api/session").status_code == 200
        assert browser.get("/api/me").status_code == 401
    site.web.register.sync()
    newest = site.web.register.recent(1, type="act")[0]
    assert site.web.register.act(newest.index).act == "signout"


def test_a_sign_in_leads_to_pages_of_ours_only(calm: Any) -> None:
    person = calm.town.operator.person
    for to in ("https://evil.example/", "//evil.example", "/\\evil.example", "app"):
        with pytest.raises(BadFormat):
            asyncio.run(cookie_answer(calm.web, person.person, person.roles, "Mira", to))
    answer = asyncio.run(cookie_answer(calm.web, person.person, person.roles, "Mira", "/app/"))
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert answer.headers["location"] == "/app/"


def test_my_acts_are_mine(site: Any) -> None:
    with site.browser(site.town.operator) as mine, site.browser(site.town.officer) as other:
        acts = mine.get("/api/my/acts").json()
        assert [act["act"] for act in acts] == ["signin"]
        assert acts[0]["entry"] != other.get("/api/my/acts").json()[0]["entry"]


def test_a_taken_port_is_named_with_its_holder(calm: Any, tmp_path: Path) -> None:
    port = calm.town.settings.port
    run = subprocess.run(
        [sys.executable, "-m", "plainview.cli", "web", "--data", str(tmp_path)],
        env={**os.environ, "PLAINVIEW_PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert f"Port {port} is taken by" in run.stderr
    assert f"(process {os.getpid()})" in run.stderr
    assert "PLAINVIEW_PORT" in run.stderr


def test_a_new_session_is_not_the_secret_of_another(calm: Any) -> None:
    person = calm.town.operator.person
    secrets = {
        sign_in(calm.web, person.person, person.roles, "Mira", kind="cookie") for _ in range(3)
    }
    assert len(secrets) == 3
    assert all(len(secret) == 64 for secret in secrets)


def test_a_role_that_was_taken_away_is_gone_though_the_session_lasts(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plainview.web.standing.FRESH_S", 0.0)
    town, officer = site.town, site.town.officer
    with site.browser(officer) as browser:
        assert browser.get("/api/drafts").status_code == 200
        fewer = officer.person.model_copy(update={"roles": ["auditor", "operator"]})
        town.say(statements.enrol(fewer, [town.dpo.signing, town.court.signing]))
        site.web.register.sync()
        assert browser.get("/api/drafts").status_code == 403
        assert browser.get("/api/me").json()["roles"] == ["auditor", "operator"]
        nothing = {**officer.person.body(), "roles": []}
        town.say(
            sign(make("enrol", nothing, time=now_ms()), [town.dpo.signing, town.court.signing])
        )
        site.web.register.sync()
        gone = browser.get("/api/drafts")
        assert gone.status_code == 401
        assert gone.json()["message"] == "You have no role any more."


def test_who_becomes_an_administrator_sees_no_pictures_in_a_session_of_before(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plainview.web.standing.FRESH_S", 0.0)
    town, operator = site.town, site.town.operator
    now = now_ms()
    span = {
        "camera": "cam-01",
        "from": to_iso(now - 60_000),
        "to": to_iso(now),
        "purpose": "patrol",
    }
    with site.browser(operator) as browser:
        assert browser.post("/api/playback", json=span).status_code == 200
        more = operator.person.model_copy(update={"roles": ["administrator", "operator"]})
        town.say(statements.enrol(more, [town.dpo.signing, town.court.signing]))
        site.web.register.sync()
        refused = browser.post("/api/playback", json=span)
        assert refused.status_code == 403
        assert refused.json()["message"].startswith("An administrator sees no pictures")
        assert browser.get("/api/me").json()["roles"] == ["administrator", "operator"]


def test_a_session_has_no_role_that_the_log_does_not_give(calm: Any) -> None:
    person = calm.town.operator.person.person
    secret = calm.web.sessions.create(person, ["administrator", "dpo"], "Mira")
    with calm.client(cookies={"plainview_session": secret}) as browser:
        assert browser.get("/api/me").json()["roles"] == ["operator"]
        assert browser.get("/api/invitations").status_code == 403


def test_what_a_page_asks_by_itself_does_not_put_off_the_end(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"X-Plainview-Background": "1"}
    later = [0]
    with site.browser(site.town.operator) as browser:
        monkeypatch.setattr(site.web.sessions, "_clock", lambda: now_ms() + later[0])
        later[0] = IDLE_MS - 60_000
        assert browser.get("/api/me", headers=own).status_code == 200
        later[0] = IDLE_MS
        assert browser.get("/api/me", headers=own).status_code == 401
        assert browser.get("/api/me").status_code == 401
    later[0] = 0
    with site.browser(site.town.operator) as browser:
        later[0] = IDLE_MS - 60_000
        assert browser.get("/api/me").status_code == 200
        later[0] = IDLE_MS
        assert browser.get("/api/me", headers=own).status_code == 200


def test_nobody_floods_the_log(site: Any) -> None:
    site.web.deeds._burst, site.web.deeds._per_second = 3.0, 0.0
    with site.browser(site.town.operator) as browser:
        body = {"camera": "cam-01", "at": to_iso(now_ms())}
        codes = [browser.post("/api/bookmarks", json=body).status_code for _ in range(5)]
    assert codes[-1] == 429
