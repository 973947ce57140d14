"""Every route that is declared: who is refused, and what every answer carries.

The routes come from the application, so that a new one is tried as soon as it is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from plainview.base.clock import to_iso
from plainview.policies.permissions import Permission
from plainview.testing.belongings import Belongings
from plainview.testing.callers import SHARED, Route, by_role, lacking, routes
from plainview.testing.member import Member
from plainview.web.permissions import NeedsOrToken
from plainview.web.sessions import IDLE_MS

pytestmark = pytest.mark.bar("routes")
SAFE = ("GET", "WS")
NO_SESSION = {
    "POST /cameras/{camera}/objections": "a resident's form: there is no session to misuse",
    "POST /report": "a resident's form: there is no session to misuse",
    "POST /api/session/key": "a tool's: it signs the origin that it means",
}
"""Doors that change something and are open to other pages, and why that is no harm."""


@pytest.fixture(scope="module")
def every(busy: Belongings) -> list[Route]:
    found = routes(busy)
    assert len(found) > 100
    return found


@pytest.fixture
def locked(every: list[Route]) -> list[Route]:
    return [one for one in every if one.lock is not None]


def ask(busy: Belongings, route: Route, **headers: str) -> tuple[int, str]:
    """(status, code) of a request without anything else than these headers."""
    path = route.path(busy.known)
    if route.method == "WS":
        return knock(busy, path, headers), ""
    answer = busy.resident.request(route.method, path, headers=headers, json={})
    assert lacking(answer.headers) == []
    return answer.status_code, str(answer.json().get("code", ""))


def knock(busy: Belongings, path: str, headers: dict[str, str]) -> int:
    """The status with which a WebSocket is refused."""
    address, origin = busy.site.url.replace("http", "ws") + path, headers.pop("Origin", None)
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(address, origin=origin, additional_headers=headers),  # type: ignore[arg-type]
    ):
        pass
    return refused.value.response.status_code


# -- without, with wrong


def ended(busy: Belongings, kind: str, how: Callable[[str], None]) -> str:
    """The secret of a session that was good, and is over."""
    person = busy.site.town.operator.person
    secret = busy.site.web.sessions.create(person.person, person.roles, "Mira", kind=kind)
    how(key_of(secret))
    return secret


def key_of(secret: str) -> str:
    """What the table of sessions knows a secret by."""
    return hashlib.sha256(secret.encode()).hexdigest()


def wrong(busy: Belongings) -> dict[str, dict[str, str]]:
    """Name -> headers that open nothing."""
    sessions, cookie = busy.site.web.sessions, "plainview_session="
    own = {"X-Plainview": "1", "Origin": busy.site.url}
    past = {"seen": busy.site.web.now() - IDLE_MS - 1}
    good = busy.site.cookie(busy.site.town.operator)
    person = busy.site.town.operator.person
    token = sessions.create(person.person, person.roles, "Mira", kind="bearer")
    old = ended(busy, "cookie", lambda key: sessions._change(key, **past))
    late = ended(busy, "bearer", lambda key: sessions._change(key, **past))
    garbled = ["x", "0" * 64, good[:-1], good.upper() + "0", "' OR 1=1 --", "%00", "x" * 5000]
    return {
        "nothing": own,
        **{f"cookie {one[:9]}": {**own, "Cookie": cookie + one} for one in garbled},
        **{f"bearer {one[:9]}": {"Authorization": f"Bearer {one}"} for one in garbled},
        "revoked": {**own, "Cookie": cookie + ended(busy, "cookie", sessions.revoke)},
        "revoked token": {"Authorization": f"Bearer {ended(busy, 'bearer', sessions.revoke)}"},
        "expired": {**own, "Cookie": cookie + old},
        "expired token": {"Authorization": f"Bearer {late}"},
        "a cookie as token": {"Authorization": f"Bearer {good}"},
        "a token as cookie": {**own, "Cookie": cookie + token},
        "the key of the table": {
            **own,
            "Cookie": cookie + hashlib.sha256(good.encode()).hexdigest(),
        },
        "another scheme": {"Authorization": f"Basic {good}"},
    }


def test_without_a_session_or_with_a_wrong_one_every_locked_route_refuses(
    busy: Belongings, locked: list[Route]
) -> None:
    for how, headers in wrong(busy).items():
        for route in locked:
            status, code = ask(busy, route, **headers)
            assert status == 401, (how, route.label, status)
            assert route.method == "WS" or code == "not_authorised", (how, route.label)


# -- insufficient, somebody else's


def test_a_role_that_may_not_is_refused_by_every_route(
    busy: Belongings, locked: list[Route]
) -> None:
    engine, refused = busy.site.web.rights.engine, 0
    for role, citizen in by_role(busy).items():
        secret = busy.site.cookie(citizen)
        own = {
            "X-Plainview": "1",
            "Origin": busy.site.url,
            "Cookie": f"plainview_session={secret}",
        }
        for route in locked:
            assert route.lock is not None
            if role in engine.roles(route.lock.permission):
                continue
            status, code = ask(busy, route, **own)
            assert status == 403, (role, route.label, status)
            assert route.method == "WS" or code == "forbidden", (role, route.label, code)
            refused += 1
    assert refused > 100


BODIES: dict[str, Any] = {
    "clip": {"purpose": "Accident", "recipient": "City police"},
    "snapshot": {},
    "release": {"entry": "AAAA", "resealed": "AAAA"},
    "refuse": {"entry": "AAAA"},
    "opened": {"entry": "AAAA"},
}


def body_of(busy: Belongings, route: Route) -> Any:
    """A body of the right shape."""
    last = route.template.rpartition("/")[2]
    if last in ("clip", "snapshot"):
        return {**BODIES[last], **busy.span(), "at": to_iso(busy.start + 1000)}
    return BODIES.get(last, {"record": {}, "saves": 0})


def test_what_belongs_to_somebody_is_not_there_for_anybody_else(
    busy: Belongings, locked: list[Route]
) -> None:
    pairs, tried = busy.pairs(), 0
    custodians = {"release", "refuse"}
    for route in sorted(locked, key=lambda one: one.method == "DELETE"):
        assert set(route.names) <= set(pairs) | set(SHARED), f"whose is it? {route.label}"
        for name in set(route.names) & set(pairs):
            owner, other = pairs[name]
            if route.template.rpartition("/")[2] in custodians:
                owner, other = busy.custodian, busy.stranger
            path, more = route.path(busy.known), {"json": body_of(busy, route)}
            if route.template.endswith(("/opening", "/segment")):
                more["params"] = {"window": busy.known["window"], "seq": 0}
            if route.method in ("GET", "DELETE"):
                more.pop("json")
            theirs = other.request(route.method, path, **more)
            mine = owner.request(route.method, path, **more)
            assert theirs.status_code in (401, 403, 404), (route.label, theirs.text)
            if name != "window":  # the original's window is released to nobody in this town
                assert mine.status_code not in (401, 403, 404), (route.label, mine.text)
            assert other.get("/api/me").status_code == 200
            tried += 1
    assert tried > 15


# -- other pages


FOREIGN: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"X-Plainview": ""},
]


def test_another_page_uses_nobodys_session_at_any_route(
    busy: Belongings, every: list[Route]
) -> None:
    secret = busy.site.cookie(busy.site.town.operator)
    cookie = {"Cookie": f"plainview_session={secret}"}
    own = {"X-Plainview": "1", "Origin": busy.site.url, **cookie}
    for route in every:
        open_door = route.lock is None and (route.method == "GET" or route.label in NO_SESSION)
        if open_door:
            continue
        for change in FOREIGN:
            if "X-Plainview" in change and route.method in SAFE:
                continue
            headers = {**own, **change}
            if route.method == "WS":
                assert knock(busy, route.path(busy.known), dict(headers)) == 403, change
                continue
            body = {"token": "x" * 30, "ticket": "x", "credential": {}}
            path = route.path(busy.known)
            answer = busy.resident.request(route.method, path, json=body, headers=headers)
            assert answer.status_code == 403, (route.label, change, answer.text)
            assert answer.json()["code"] == "cross_site", (route.label, change)
            assert lacking(answer.headers) == []
    assert busy.site.web.sessions.find(secret, kind="cookie")  # nothing ended it


def test_a_cookie_that_was_planted_before_a_sign_in_is_worth_nothing_after_it(
    busy: Belongings,
) -> None:
    attackers = busy.site.cookie(busy.site.town.operator)
    member: Member = busy.staff.supervisor
    with httpx.Client(base_url=busy.site.url, timeout=20, headers=member.http.headers) as victim:
        for planted in ("f" * 64, attackers):
            victim.cookies.clear()
            victim.cookies.set("plainview_session", planted, domain="localhost.local")
            asked = victim.post("/api/session/passkey/options", json={}).json()
            made = member.devices[0].get(asked)
            answer = victim.post("/api/session/passkey", json={"credential": made})
            assert answer.status_code == 200, answer.text
            given = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
            assert given != planted
            stolen = {"Cookie": f"plainview_session={planted}"}
            with busy.site.client(headers=stolen) as attacker:
                assert attacker.get("/api/me").status_code == 401


def test_a_monitors_token_opens_two_routes_only(locked: list[Route]) -> None:
    opened = {one.label for one in locked if isinstance(one.lock, NeedsOrToken)}
    assert opened == {"GET /api/health", "GET /metrics"}
    assert {Permission.HEALTH, Permission.METRICS} == {
        one.lock.permission for one in locked if isinstance(one.lock, NeedsOrToken)
    }
