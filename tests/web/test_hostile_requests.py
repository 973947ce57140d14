"""Hostile requests at every route that is declared: paths, headers, queries, sizes, bodies."""

from __future__ import annotations

import contextlib
import json
import re
import resource
import socket
from typing import Any

import pytest

from plainview.testing.belongings import SCRIPT, Belongings
from plainview.testing.callers import Route, lacking, powers, raw, routes
from plainview.web.guard import LARGEST_BODY, LARGEST_HEAD

pytestmark = pytest.mark.bar("routes")
SAFE = ("GET", "WS")


@pytest.fixture(scope="module")
def every(busy: Belongings) -> list[Route]:
    return routes(busy)


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
                assert lacking(answer.headers) == []


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
                if (answer.headers["content-type"] or "").startswith("text/html"):
                    assert b"<script>alert" not in body, (route.label, name)
                assert lacking(answer.headers) == []
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
            if (answer.headers["content-type"] or "").startswith("text/html"):
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
        assert lacking(answer.headers) == []
    for route in every:
        if route.method == "WS":
            continue
        large = {"X-Large": "x" * LARGEST_HEAD}
        answer, _ = raw(busy, route.method, route.path(busy.known), large)
        assert answer.status == 431, route.label
        assert lacking(answer.headers) == []


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
            assert lacking(answer.headers) == []
