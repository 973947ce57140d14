"""An identity provider changes its keys: whoever signs in then is not sent away for an hour."""

from __future__ import annotations

import base64
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.encoders import jsonable_encoder
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.responses import JSONResponse

from plainview.base.clock import now_ms
from plainview.base.settings import Settings
from plainview.errors import NotAuthorised
from plainview.web.oidc import ANEW_S, Provider

CLIENT, SECRET, SUBJECT = "plainview", "only for tests", "mira-7"


class Rotating(ThreadingHTTPServer):
    """A provider that gives everybody a token for whom it asks nothing, by the key of the day.

    It publishes `published`, signs with `signing`, and counts what it is asked for.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.nonce, self.asked = "", Counter[str]()
        self.rotate()

    def rotate(self) -> None:
        """Sign with a new key and publish only that one."""
        kid = f"k{time.monotonic_ns()}"
        self.signing = ECKey.generate_key("P-256", {"kid": kid})
        self.published = KeySet([self.signing])

    def said(self, path: str) -> dict[str, Any]:
        """The answer to a path."""
        self.asked[path] += 1
        if path == "/keys":
            return dict(self.published.as_dict(private=False))
        if path == "/token":
            return {"id_token": self.token()}
        ends = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/keys"}
        places = {name: self.address + end for name, end in ends.items()}
        return {"issuer": self.address, **places}

    def token(self) -> str:
        """An ID token of now."""
        now = now_ms() // 1000
        claims = {"iss": self.address, "aud": CLIENT, "sub": SUBJECT, "nonce": self.nonce}
        header = {"alg": "ES256", "kid": self.signing.kid}
        return jwt.encode(header, {**claims, "iat": now, "exp": now + 300}, self.signing)


class _Answer(BaseHTTPRequestHandler):
    server: Rotating

    def do_GET(self) -> None:
        body = JSONResponse(jsonable_encoder(self.server.said(self.path))).body
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.rfile.read(length)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        assert self.headers["authorization"] == f"Basic {basic}"
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def theirs() -> Iterator[Rotating]:
    with Rotating() as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def ours(theirs: Rotating, tmp_path: Path) -> Provider:
    file = tmp_path / "client.secret"
    file.write_text(SECRET)
    file.chmod(0o600)
    there: dict[str, Any] = {"oidc_issuer": theirs.address, "oidc_client_id": CLIENT}
    return Provider(Settings(**there, oidc_client_secret_file=str(file)))


def sign_in(ours: Provider, theirs: Rotating) -> str:
    """There and back; who came."""
    asking = ours.new_asking()
    ours.address(asking, "s" * 64)
    theirs.nonce = asking.nonce
    return ours.subject(asking, "code")


def test_whoever_signs_in_after_a_rotation_is_known(ours: Provider, theirs: Rotating) -> None:
    assert sign_in(ours, theirs) == SUBJECT
    assert sign_in(ours, theirs) == SUBJECT
    assert theirs.asked["/keys"] == 1
    theirs.rotate()
    assert sign_in(ours, theirs) == SUBJECT
    assert sign_in(ours, theirs) == SUBJECT
    assert theirs.asked["/keys"] == 2


def test_unknown_keys_have_the_provider_asked_once_a_minute(
    ours: Provider, theirs: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sign_in(ours, theirs) == SUBJECT
    published = theirs.published
    theirs.rotate()
    theirs.published = published  # it signs with a key that it does not publish
    for _ in range(3):
        with pytest.raises(NotAuthorised):
            sign_in(ours, theirs)
    assert theirs.asked["/keys"] == 2
    theirs.published = KeySet([theirs.signing])
    with pytest.raises(NotAuthorised):
        sign_in(ours, theirs)
    later = time.monotonic() + ANEW_S
    monkeypatch.setattr("plainview.web.oidc.time.monotonic", lambda: later)
    assert sign_in(ours, theirs) == SUBJECT
    assert theirs.asked["/keys"] == 3


def test_a_known_key_id_with_another_key_is_nobodys(ours: Provider, theirs: Rotating) -> None:
    assert sign_in(ours, theirs) == SUBJECT
    forged = ECKey.generate_key("P-256", {"kid": str(theirs.signing.kid)})
    theirs.signing = forged
    with pytest.raises(NotAuthorised):
        sign_in(ours, theirs)
    assert theirs.asked["/keys"] == 1


def test_a_provider_that_is_away_at_a_rotation_is_known_again_after(
    ours: Provider, theirs: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of it is not thrown away for a fetch that failed."""
    assert sign_in(ours, theirs) == SUBJECT
    former = theirs.signing
    theirs.rotate()
    with monkeypatch.context() as patch:
        patch.setattr(Rotating, "said", lambda *_: {"id_token": theirs.token()})
        asking = ours.new_asking()
        theirs.nonce = asking.nonce
        with pytest.raises(Exception, match="another name"):
            ours.subject(asking, "code")
    theirs.signing = former
    assert sign_in(ours, theirs) == SUBJECT
    assert theirs.asked["/keys"] == 1
