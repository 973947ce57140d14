"""Every route that is declared: who is refused, what is refused, what every answer carries.

The routes come from the application, so that a new one is tried as soon as it is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import re
import resource
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from plainview.base.clock import to_iso
from plainview.policies.permissions import Permission
from plainview.testing.belongings import SCRIPT, Belongings
from plainview.testing.hall import Citizen
from plainview.testing.member import Member
from plainview.web.guard import LARGEST_BODY, LARGEST_HEAD
from plainview.web.permissions import Needs, NeedsOrToken, OpenDoor, doors
from plainview.web.sessions import IDLE_MS

pytestmark = pytest.mark.bar("routes")
SAFE = ("GET", "WS")
SHARED = {
    "camera": "cam-01", "name": "traffic-unit", "index": "0", "kind": "legal-basis", "law": "demo",
    "path": "checkpoint", "person": "", "mark": "", "number": "", "invitation": "", "proposal": "",
}  # fmt: skip
"""Parameters that name what is public, or what all who hold the permission work on together."""
NO_SESSION = {
    "POST /cameras/{camera}/objections": "a resident's form: there is no session to misuse",
    "POST /report": "a resident's form: there is no session to misuse",
    "POST /api/session/key": "a tool's: it signs the origin that it means",
}
"""Doors that change something and are open to other pages, and why that is no harm."""


@dataclass(frozen=True)
class Route:
    """A method at an address."""

    method: str
    template: str
    lock: Needs | None

    @property
    def label(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def names(self) -> list[str]:
        """Of its path's parameters."""
        return re.findall(r"{(\w+)", self.template)

    def path(self, known: dict[str, str]) -> str:
        """With values that exist, or those given."""

        def value(found: re.Match[str]) -> str:
            name = "report" if "report" in self.template and found[1] == "number" else found[1]
            return known.get(name) or SHARED[found[1]]

        return re.sub(r"{(\w+)(?::\w+)?}", value, self.template)


@pytest.fixture(scope="module")
def every(busy: Belongings) -> list[Route]:
    routes, found = busy.site.app.routes, []
    for context, (path, declared) in zip(iter_route_contexts(routes), doors(routes), strict=True):
        lock = next((one for one in declared if isinstance(one, Needs)), None)
        assert lock is not None or isinstance(declared[0], OpenDoor)
        for method in getattr(context.route, "methods", None) or {"WS"}:
            found.append(Route(method, path, lock))
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
    check_headers(answer.headers)
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


def check_headers(headers: Any) -> None:
    """What every answer of ours carries."""
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


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


def by_role(busy: Belongings) -> dict[str, Citizen]:
    town = busy.site.town
    return {
        "operator": town.operator,
        "investigator": town.officer,
        "supervisor": busy.staff.lead,
        "custodian": town.court,
        "auditor": busy.auditor,
        "administrator": busy.staff.admin,
    }


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
            check_headers(answer.headers)
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


# -- paths, headers, sizes


LEADING_OUT = [
    "..%2f..%2f..%2f..%2fetc%2fpasswd",
    "../../../../etc/passwd",
    "%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "..%5c..%5cetc%5cpasswd",
    "%2fetc%2fpasswd",
    "%00",
    "cam-01%00.json",
    "%ff%fe",
    "%ed%a0%80",
    "%0d%0aX-Injected:%20yes",
    "%E2%80%AE%F0%9F%8E%A5",
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "9" * 400,
    "-1",
    "a" * 3000,
]


def raw(busy: Belongings, method: str, target: str, headers: dict[str, str]) -> tuple[Any, bytes]:
    """An answer to a request whose target is sent as it is."""
    link = http.client.HTTPConnection("localhost", busy.site.town.settings.port, timeout=20)
    try:
        body = b"{}" if method == "POST" else None
        link.request(method, target, body, {**headers, "Content-Type": "application/json"})
        answer = link.getresponse()
        return answer, answer.read()
    finally:
        link.close()


def powers(busy: Belongings, route: Route) -> dict[str, str]:
    """Headers of somebody who may call the route."""
    if route.lock is None:
        return {"Accept": "text/html"}
    holders = busy.site.web.rights.engine.roles(route.lock.permission)
    citizen = next(
        (one for role, one in by_role(busy).items() if role in holders), busy.site.town.dpo
    )
    held = SECRETS.setdefault(citizen.name, busy.site.cookie(citizen))
    return {
        "X-Plainview": "1",
        "Origin": busy.site.url,
        "Cookie": f"plainview_session={held}",
        "Accept": "text/html",
    }


SECRETS: dict[str, str] = {}


def test_no_parameter_of_a_path_leads_out_breaks_or_becomes_a_header(
    busy: Belongings, every: list[Route]
) -> None:
    for route in every:
        if route.method == "WS":
            continue
        for name in route.names:
            for value in LEADING_OUT:
                target = route.path({**busy.known, "report": value, name: value})
                answer, body = raw(busy, route.method, target, powers(busy, route))
                assert answer.status < 500, (route.label, value, body[:300])
                assert answer.status >= 400 or route.template.startswith("/app/"), (
                    route.label, value, answer.status,
                )  # fmt: skip
                assert answer.headers["x-injected"] is None
                assert b"root:" not in body
                assert b"<script>alert" not in body
                check_headers(answer.headers)


def test_no_query_becomes_a_header_or_a_script(busy: Belongings, every: list[Route]) -> None:
    spec = busy.site.app.openapi()
    hostile = ["%0d%0aX-Injected:%20yes", "%3Cscript%3Ealert(1)%3C/script%3E", "%00", "%ed%a0%80"]
    tried = 0
    for route in every:
        if route.method == "WS":
            continue
        found = spec["paths"][re.sub(":path", "", route.template)][route.method.lower()]
        names = [one["name"] for one in found.get("parameters", []) if one["in"] == "query"]
        for name in [*names, "unknown"]:
            for value in hostile:
                target = f"{route.path(busy.known)}?{name}={value}"
                if route.method != "GET":
                    continue
                answer, body = raw(busy, "GET", target, powers(busy, route))
                assert answer.status < 500 or answer.status == 503, (route.label, name, body[:200])
                assert answer.headers["x-injected"] is None
                if answer.headers["content-type"].startswith("text/html"):
                    assert b"<script>alert" not in body, (route.label, name)
                check_headers(answer.headers)
                tried += 1
    assert tried > 300


def test_what_was_written_is_text_on_every_page(busy: Belongings, every: list[Route]) -> None:
    seen = 0
    more = {"camera": "cam-07"}
    for route in every:
        if route.method != "GET":
            continue
        for known in ({**busy.known}, {**busy.known, **more}):
            answer, body = raw(busy, "GET", route.path(known), powers(busy, route))
            if answer.headers["content-type"].startswith("text/html"):
                text = body.decode()
                assert SCRIPT not in text, route.label
                inline = re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|javascript:", text)
                assert not inline, (route.label, inline)
                seen += "&lt;script&gt;" in text
    assert seen >= 3


def test_what_is_too_large_is_refused_by_every_route_before_it_is_read(
    busy: Belongings, every: list[Route]
) -> None:
    for route in every:
        if route.method in SAFE:
            continue
        body = {"content": b"x" * (LARGEST_BODY + 1)}
        with busy.site.client() as client:
            answer = client.request(route.method, route.path(busy.known), **body)  # type: ignore[arg-type]
        assert answer.status_code == 413, route.label
        check_headers(answer.headers)
    for route in every:
        if route.method == "WS":
            continue
        large = {"X-Large": "x" * LARGEST_HEAD}
        answer, _ = raw(busy, route.method, route.path(busy.known), large)
        assert answer.status == 431, route.label
        check_headers(answer.headers)


def test_an_endless_body_or_head_costs_no_memory(busy: Belongings) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    port, piece = busy.site.town.settings.port, b"x" * 65_536
    heads = (
        b"POST /api/session/key HTTP/1.1\r\nhost: localhost:%d\r\ncontent-type: application/json"
        b"\r\ntransfer-encoding: chunked\r\n\r\n" % port,
        b"GET / HTTP/1.1\r\nhost: localhost:%d\r\nx-endless: " % port,
    )
    for head, frame in zip(heads, (b"10000\r\n%b\r\n", b"%b"), strict=True):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as link:
            link.sendall(head)
            sent = 0
            with contextlib.suppress(ConnectionError, TimeoutError):
                while sent < 256 << 20:
                    link.sendall(frame % piece)
                    sent += len(piece)
            assert sent < 256 << 20, "it reads on and on"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 32 << 10, f"{grown} KiB"


# -- bodies that no honest program sends


HOSTILE = [
    b"",
    b"null",
    b"[]",
    b"\xff\xfe",
    b'"\\ud800"',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"1e999",
    b"9" * 5000,
    b'{"camera": "cam-01", "camera": "cam-02"}',
]
VALUES: list[Any] = [
    "\ud800", "\x00", "x" * 100_000, float("nan"), float("inf"), -1, 2**63, 10**300, [], {}, None,
    True, {"\ud800": 1}, {"a": {"b": [float("inf"), 2**70, "\ud800"]}}, [[["\x00"]]],
]  # fmt: skip


def test_no_body_breaks_a_route(busy: Belongings, every: list[Route]) -> None:
    spec = busy.site.app.openapi()
    models = spec["components"]["schemas"]
    sound = {**busy.known, **busy.span(), "at": busy.span()["from"], "record": {}, "saves": 0}
    for route in every:
        if route.method != "POST":
            continue
        operation = spec["paths"][route.template][route.method.lower()]
        content = operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        fields = models.get(schema.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
        bodies = list(HOSTILE)
        for name in fields:
            rest = {one: sound.get(one, "AAAA") for one in fields}
            for value in VALUES:
                sent = {**rest, name: value}
                if name in ("detail", "body", "record", "credential", "assertion"):
                    bodies.append(
                        json.dumps({**rest, name: {"deep": value, "type": value}}).encode()
                    )
                bodies.append(json.dumps(sent).encode())
        _try(busy, route, bodies)


def _try(busy: Belongings, route: Route, bodies: list[bytes]) -> None:
    headers = {**powers(busy, route), "Content-Type": "application/json", "Accept": "*/*"}
    with busy.site.client(headers=headers) as client:
        for body in bodies:
            answer = client.post(route.path(busy.known), content=body)
            said = (route.label, body[:200], answer.text[:300])
            assert answer.status_code < 500 or answer.status_code == 503, said
            if answer.status_code >= 400:
                assert set(answer.json()) == {"code", "message", "hint"}, said
            check_headers(answer.headers)


def test_a_monitors_token_opens_two_routes_only(locked: list[Route]) -> None:
    opened = {one.label for one in locked if isinstance(one.lock, NeedsOrToken)}
    assert opened == {"GET /api/health", "GET /metrics"}
    assert {Permission.HEALTH, Permission.METRICS} == {
        one.lock.permission for one in locked if isinstance(one.lock, NeedsOrToken)
    }
