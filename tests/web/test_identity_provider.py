"""Signing in with an identity provider: a real one (npm oidc-provider), on loopback."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from plainview.base.clock import now_ms
from plainview.base.settings import Settings
from plainview.errors import NotAuthorised, UnsafeStart
from plainview.testing.member import Member
from plainview.tlog.entries import make
from plainview.tlog.signing import sign
from plainview.web.oidc import CALLBACK, Asking, Provider

FOLDER = Path(__file__).with_name("oidc")
CLIENT = "plainview"


@contextmanager
def provider(port: int, secret: str, redirect: str) -> Iterator[None]:
    own = FOLDER.parents[2] / ".cache" / "node" / "bin"  # where set-up puts it if there is none
    node = shutil.which("node", path=f"{os.environ['PATH']}:{own}")
    assert node, "Node is missing: run tools/setup.py test"
    assert (FOLDER / "node_modules").is_dir(), "Run: npm ci in tests/web/oidc (tools/setup.py test)"
    command = [node, "provider.js", str(port), CLIENT, secret, redirect]
    with subprocess.Popen(
        command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout is not None
        try:
            while "ready" not in (line := running.stdout.readline()):
                assert line, "the provider did not start"
            yield
        finally:
            running.terminate()
            running.stdout.read()


@pytest.fixture(scope="module")
def site(running: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A town with an identity provider."""
    folder, secret = tmp_path_factory.mktemp("provided"), secrets.token_hex(16)
    file = folder / "client.secret"
    file.write_text(secret)
    file.chmod(0o600)
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    values = {"ISSUER": f"http://localhost:{port}", "CLIENT_ID": CLIENT, "NAME": "City account"}
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**values, "CLIENT_SECRET_FILE": str(file)}.items():
                patch.setenv(f"PLAINVIEW_OIDC_{name}", value)
            _, made = stack.enter_context(running(folder))
        stack.enter_context(provider(port, secret, made.url + CALLBACK))
        yield made


@pytest.fixture(scope="module")
def mira(site: Any) -> Iterator[Member]:
    """The operator, with a passkey."""
    town = site.town
    operator = town.operator
    wish = {"name": operator.name, "roles": ["operator"], "org": operator.person.org}
    with site.browser(town.dpo) as browser, Member(site.url) as member:
        made = browser.post("/api/invitations", json={**wish, "person": operator.person.person})
        member.join(made.json()["link"])
        (row,) = browser.get("/api/invitations").json()
        signers = [town.dpo.signing, town.court.signing]
        town.say(sign(make("enrol", row["card"], time=now_ms()), signers))
        site.web.register.sync()
        member.sign_in()
        yield member


def at_provider(login: str, address: str, end: str) -> str:
    """Be at the provider with a browser: follow redirects, fill in its two forms; where it sends
    the browser back to."""
    with httpx.Client(timeout=20) as browser:
        for _ in range(15):
            if address.startswith(end):
                return address
            answer = browser.get(address)
            if not answer.is_redirect:
                answer = browser.post(
                    urljoin(address, form(answer, "action")),
                    data={
                        "prompt": form(answer, "prompt"),
                        "login": login,
                        "password": "x",
                    },
                )
                assert answer.is_redirect, answer.text
            address = urljoin(address, answer.headers["location"])
    raise AssertionError("the provider did not send the browser back")


def form(page: httpx.Response, name: str) -> str:
    """The form's address, or the value of its hidden field."""
    pattern = {"action": r'action="([^"]+)"', "prompt": r'name="prompt" value="(\w+)"'}[name]
    found = re.search(pattern, page.text)
    assert found, page.text
    return found[1]


def leave(browser: httpx.Client) -> str:
    """Begin to sign in; the provider's address."""
    answer = browser.get("/api/session/oidc")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def link(site: Any, member: Member, login: str) -> httpx.Response:
    address = member.post("/api/my/links")["address"]
    return member.http.get(at_provider(login, address, site.url))


def test_who_linked_the_provider_signs_in_with_it(site: Any, mira: Member) -> None:
    ways = mira.http.get("/api/session/ways").json()
    assert ways["oidc"] == {"name": "City account", "start": "/api/session/oidc"}
    assert link(site, mira, "mira-7").headers["location"] == "/app/account"
    assert mira.http.get("/api/my/links").json() == {"provider": "City account", "linked": True}
    with site.client() as browser:
        back = at_provider("mira-7", leave(browser), site.url)
        answer = browser.get(back)
        assert answer.headers["location"] == "/app/"
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        me = browser.get("/api/me").json()
        assert me["person"] == site.town.operator.person.person
        (current,) = [row for row in browser.get("/api/my/sessions").json() if row["current"]]
        assert current["how"] == "oidc"
        assert browser.get(back).status_code == 401  # a code and a state count once
    with site.client() as browser:  # the state is bound to the browser that left
        back = at_provider("mira-7", leave(browser), site.url)
        with site.client() as other:
            assert other.get(back).status_code == 401


def test_a_subject_that_nobody_linked_is_nobody(site: Any, mira: Member) -> None:
    """Not even where its name is that of somebody here."""
    with site.client() as browser:
        back = at_provider(site.town.operator.person.person, leave(browser), site.url)
        answer = browser.get(back, headers={"accept": "application/json"})
        assert answer.status_code == 401
        assert "Nobody here has linked" in answer.json()["message"]
        assert browser.get("/api/me").status_code == 401


def test_what_is_linked_to_one_is_not_linked_to_another(site: Any, mira: Member) -> None:
    site.web.people.links.add(site.web.people.provider.issuer, "theirs", "p-else")
    answer = link(site, mira, "theirs")
    assert answer.status_code == 403
    assert "somebody else" in answer.text


def test_only_a_passkey_session_makes_a_link(site: Any) -> None:
    with site.browser(site.town.officer) as browser:
        answer = browser.post("/api/my/links")
    assert answer.status_code == 401
    assert "passkey" in answer.json()["message"]


def test_a_link_is_made_only_while_its_session_holds(site: Any, mira: Member) -> None:
    address = mira.post("/api/my/links")["address"]
    mira.http.delete("/api/session")
    back = at_provider("too-late", address, site.url)
    assert mira.http.get(back).status_code == 401
    mira.sign_in()
    with site.client() as browser:
        returned = at_provider("too-late", leave(browser), site.url)
        assert browser.get(returned).status_code == 401


def test_a_session_of_the_provider_signs_nothing_alone(site: Any, mira: Member) -> None:
    found = site.web.sessions.create(site.town.dpo.person.person, ["dpo"], "Ana Novak", how="oidc")
    headers = {"X-Plainview": "1", "Origin": site.url}
    with site.client(cookies={"plainview_session": found}, headers=headers) as browser:
        wanted = {"type": "camera", "body": {"camera": "cam-01", "status": "suspended"}}
        answer = browser.post("/api/statements/draft", json=wanted)
    assert answer.status_code == 403
    assert "no key" in answer.json()["message"]


def test_a_link_that_was_ended_signs_nobody_in(site: Any, mira: Member) -> None:
    link(site, mira, "mira-8")
    assert mira.http.delete("/api/my/links").json() == {"unlinked": True}
    with site.client() as browser:
        back = at_provider("mira-8", leave(browser), site.url)
        assert browser.get(back).status_code == 401


def test_the_way_there_carries_what_the_standard_asks(site: Any) -> None:
    with site.client() as browser:
        asked = parse_qs(urlsplit(leave(browser)).query)
    assert asked["response_type"] == ["code"]
    assert asked["scope"] == ["openid"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [site.url + CALLBACK]
    assert len(asked["state"][0]) == 64
    assert len(asked["nonce"][0]) >= 43


def test_a_code_with_another_verifier_is_refused(site: Any) -> None:
    """PKCE: a code that was stolen on its way is worth nothing."""
    known = site.web.people.provider
    asking = known.new_asking()
    back = at_provider("mira-7", known.address(asking, "s" * 64), site.url)
    code = parse_qs(urlsplit(back).query)["code"][0]
    with pytest.raises(NotAuthorised):
        known.subject(Asking(asking.nonce, "w" * 64), code)


def test_an_id_token_of_another_attempt_is_refused(site: Any) -> None:
    known = site.web.people.provider
    asking = known.new_asking()
    back = at_provider("mira-7", known.address(asking, "s" * 64), site.url)
    code = parse_qs(urlsplit(back).query)["code"][0]
    with pytest.raises(NotAuthorised):
        known.subject(Asking("another nonce", asking.verifier), code)


FLAWS: dict[str, dict[str, Any]] = {
    "issuer": {"iss": "https://evil.example"},
    "audience": {"aud": "somebody-else"},
    "party": {"azp": "somebody-else"},
    "over": {"exp": 1},
    "nonce": {"nonce": "another"},
    "nobody": {"sub": None},
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_token_with_a_flaw_is_nobodys(site: Any, monkeypatch: Any, flaw: str) -> None:
    """Tokens by a key that we trust, each wrong in one claim; the sound one is accepted."""
    known, key = site.web.people.provider, RSAKey.generate_key(2048, {"kid": "1"})
    now = now_ms() // 1000
    sound: dict[str, Any] = {"iss": known.issuer, "aud": CLIENT, "sub": "jo", "nonce": "n"}
    sound |= {"iat": now, "exp": now + 300}
    monkeypatch.setattr(known, "_provider", lambda: ({}, key))
    token = jwt.encode({"alg": "RS256", "kid": "1"}, sound, key)
    assert known._checked(token, "n") == "jo"
    wrong = {name: value for name, value in {**sound, **FLAWS[flaw]}.items() if value is not None}
    with pytest.raises(NotAuthorised):
        known._checked(jwt.encode({"alg": "RS256", "kid": "1"}, wrong, key), "n")


def test_a_token_without_or_with_another_signature_is_nobodys(site: Any, monkeypatch: Any) -> None:
    known = site.web.people.provider
    key, other = (RSAKey.generate_key(2048, {"kid": "1"}) for _ in range(2))
    now = now_ms() // 1000
    sound = {"iss": known.issuer, "aud": CLIENT, "sub": "jo", "nonce": "n", "iat": now}
    sound |= {"exp": now + 300}
    monkeypatch.setattr(known, "_provider", lambda: ({}, key))
    head, body, _ = jwt.encode({"alg": "RS256", "kid": "1"}, sound, other).split(".")
    for token in (
        jwt.encode({"alg": "RS256", "kid": "1"}, sound, other),
        f"{head}.{body}.",
        f"eyJhbGciOiJub25lIn0.{body}.",
        "",
        "nonsense",
    ):
        with pytest.raises(NotAuthorised):
            known._checked(token, "n")


def test_a_provider_without_encryption_or_secret_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("secret")
    file.chmod(0o644)
    name = "oidc_client_secret_file"
    there = {"oidc_issuer": "https://id.city.example"}
    flaws: tuple[tuple[dict[str, Any], str], ...] = (
        ({"oidc_issuer": "http://id.city.example", name: str(file)}, "without encryption"),
        ({**there, name: str(file)}, "Everybody may read"),
        ({**there, name: str(tmp_path / "none")}, "cannot be read"),
    )
    for values, said in flaws:
        with pytest.raises(UnsafeStart, match=said):
            Provider(Settings(**values))


def test_without_a_provider_there_is_no_such_way(calm: Any) -> None:
    with calm.client() as browser:
        assert browser.get("/api/session/ways").json()["oidc"] is None
        assert browser.get("/api/session/oidc").status_code == 404
        assert browser.get(CALLBACK).status_code == 401
