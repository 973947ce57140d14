"""Headers, hosts, sizes, other origins, paths that lead out."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from plainview.base.settings import Settings
from plainview.web.guard import LARGEST_BODY, standing_headers


@pytest.mark.parametrize("path", ["/", "/log", "/nothing", "/api/me", "/assets/calm.css", "/app"])
def test_every_answer_carries_the_headers(calm: Any, path: str) -> None:
    with calm.client() as client:
        answer = client.get(path, headers={"accept": "text/html"})
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers


def test_only_in_the_demonstration_our_own_pages_may_frame_ours(tmp_path: Path) -> None:
    shown, plain = (standing_headers(Settings(data=tmp_path, demo=demo)) for demo in (True, False))
    assert "frame-ancestors 'self'" in shown["content-security-policy"]
    assert shown["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'none'" in plain["content-security-policy"]
    assert "frame-src 'none'" in plain["content-security-policy"]


def test_an_error_inside_carries_the_headers_too(calm: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(type(calm.web.portal), "view", lambda *_: 1 / 0)
    with calm.client() as client:
        answer = client.get("/api/public/cameras")
    assert answer.status_code == 500
    assert answer.json()["code"] == "error"
    assert "ZeroDivision" not in answer.text
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1"])
def test_a_foreign_host_name_is_not_answered(calm: Any, host: str) -> None:
    with calm.client() as client:
        answer = client.get("/", headers={"host": host})
    assert answer.status_code == 421


def test_both_loopback_addresses_answer(calm: Any) -> None:
    port = calm.town.settings.port
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as link:
            link.connect((address, port))
            name = f"[{address}]" if ":" in address else address
            head = f"GET /robots.txt HTTP/1.1\r\nhost: {name}:{port}\r\nconnection: close\r\n\r\n"
            link.sendall(head.encode())
            assert b" 200 " in link.recv(100)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(calm: Any) -> None:
    with calm.client() as client:
        declared = client.post("/api/session/key", content=b"x" * (LARGEST_BODY + 1))

        def pieces() -> Any:
            for _ in range(20):
                yield b"x" * (LARGEST_BODY // 10)

        streamed = client.post(
            "/api/session/key", content=pieces(), headers={"content-type": "application/json"}
        )
    assert declared.status_code == 413
    assert streamed.status_code == 413
    assert streamed.json()["code"] == "too_large"


def test_an_address_that_is_too_long_is_refused(calm: Any) -> None:
    with calm.client() as client:
        assert client.get("/" + "a" * 5000).status_code == 414


OUT = [
    "/log/files/../policy.txt",
    "/log/files/..%2fpolicy.txt",
    "/log/files/..%2f..%2fkeys%2flog.key",
    "/log/files/%2e%2e/keys/log.key",
    "/log/files//etc/passwd",
    "/log/files/head",
    "/log/files/tile/0/../../../keys/log.key",
    "/log/files/leaves/..%2f..%2fkeys%2flog.key",
    "/log/files/tile/0/000%00",
    "/assets/..%2fapp.py",
    "/assets/%2e%2e%2f..%2f..%2fpyproject.toml",
    "/static/..%2f..%2fapp.py",
    "/static/app/..%2f..%2fassets%2fcalm.css",
    "/static/%2fetc%2fpasswd",
    "/assets/calm.css%00.css",
]


@pytest.mark.parametrize("path", OUT)
def test_no_path_leads_out_of_a_folder(calm: Any, path: str) -> None:
    with socket.create_connection(("127.0.0.1", calm.town.settings.port)) as link:
        host = f"localhost:{calm.town.settings.port}"
        link.sendall(f"GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
        answer = b""
        while piece := link.recv(65536):
            answer += piece
    assert answer.split(b" ", 2)[1] in (b"404", b"400"), answer[:200]
    assert b"PRIVATE KEY" not in answer


def test_a_link_in_a_folder_does_not_lead_out(calm: Any) -> None:
    secret = calm.town.settings.data / "web.secret"
    (calm.town.settings.log_dir / "leaves").mkdir(exist_ok=True)
    (calm.town.settings.log_dir / "leaves" / "link.json").symlink_to(secret)
    with calm.client() as client:
        assert client.get("/log/files/leaves/link.json").status_code == 404


def test_the_log_is_served_as_it_is_on_disk(calm: Any) -> None:
    folder = calm.town.settings.log_dir
    with calm.client() as client:
        for file in [folder / "checkpoint", *folder.glob("tile/**/*")]:
            if file.is_file():
                answer = client.get(f"/log/files/{file.relative_to(folder)}")
                assert answer.content == file.read_bytes()
        assert client.get("/policy.txt").text == calm.town.settings.policy_file.read_text()
        assert client.get("/log/files/checkpoint").headers["cache-control"] == "no-store"


def test_only_the_tools_origin_is_answered_across_origins_and_never_with_the_cookie(
    calm: Any,
) -> None:
    tools = calm.town.settings.tools_url
    with calm.browser(calm.town.court) as browser:
        own = browser.options("/api/requests", headers={"origin": tools})
        other = browser.options("/api/requests", headers={"origin": "https://evil.example"})
        used = browser.get("/api/requests", headers={"origin": tools})
        nested = browser.get("/api/requests", headers={"sec-fetch-site": "same-site"})
    assert own.status_code == 204
    assert own.headers["access-control-allow-origin"] == tools
    assert "x-plainview" not in own.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in own.headers
    assert "access-control-allow-origin" not in other.headers
    assert used.status_code == 403
    assert nested.status_code == 403
    assert used.json()["code"] == nested.json()["code"] == "cross_site"


def test_there_is_no_telemetry_and_no_schema(calm: Any) -> None:
    with calm.client() as client:
        for path in ("/docs", "/redoc", "/openapi.json"):
            assert client.get(path).status_code == 404


def test_behind_a_proxy_with_tls_the_typed_address_is_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_town: Any
) -> None:
    typed = "https://video.city.example"
    monkeypatch.setenv("PLAINVIEW_ADDRESS", typed)
    with make_town(tmp_path) as (town, site):
        address = f"http://127.0.0.1:{town.settings.port}"
        cookie = {"__Host-plainview_session": site.cookie(town.operator)}
        headers = {"Host": "video.city.example", "X-Plainview": "1", "Origin": typed}
        with httpx.Client(base_url=address, cookies=cookie, headers=headers) as browser:
            answer = browser.post("/api/purpose", json={"purpose": "Early shift"})
            assert answer.status_code == 200, answer.text
            assert "max-age" in answer.headers["strict-transport-security"]
            assert "wss://video.city.example" in answer.headers["content-security-policy"]
            for foreign in ("http://video.city.example", "https://evil.example", address):
                changed = {**headers, "Origin": foreign}
                assert browser.get("/api/me", headers=changed).status_code == 403, foreign
            other = {**headers, "Host": "evil.example"}
            assert browser.get("/api/me", headers=other).status_code == 421
