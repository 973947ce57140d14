"""Signing in with the city's identity provider: OpenID Connect, authorization code with PKCE.

The provider says who somebody is to it: an issuer and a subject. To whom that belongs here was
said by the person, signed in with a passkey; no name and no address is ever compared. A session
that begins this way signs nothing: statements still need an enrolled key.

Parameters and client authentication are Authlib's (RFC 6749, 7636), tokens are checked by joserfc
(RFC 7519; OpenID Connect Core 3.1.3.7).
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import ClaimsOption

from plainview.base.settings import Settings
from plainview.errors import NotAuthorised, NotFound, Unavailable, UnsafeStart

CALLBACK = "/api/session/oidc/callback"
ALGORITHMS = ("RS256", "PS256", "ES256")
TIMEOUT_S, LEEWAY_S, KEEP_S = 10.0, 60, 3600.0
ANEW_S = 60.0
"""At most so often a token by an unknown key has the keys fetched anew."""
LARGEST = 1 << 18
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NOT_SAID = "The identity provider did not say who you are."


class ProviderAway(Unavailable):
    """The identity provider."""

    code = "provider_away"


@dataclass(frozen=True)
class Asking:
    """What a browser was sent to the provider with. `person`: for whom a link is made, if any;
    `session`: that person's session, by its table's key."""

    nonce: str
    verifier: str
    person: str = ""
    session: str = ""


class Provider:
    """The provider of the settings. Its addresses and keys are fetched when first needed."""

    def __init__(self, settings: Settings) -> None:
        """Raises `UnsafeStart` when it could not be spoken to safely."""
        self.issuer = settings.oidc_issuer.rstrip("/")
        self.name = settings.oidc_name or urlsplit(self.issuer).hostname or ""
        self._client, self._back = settings.oidc_client_id, settings.web_url + CALLBACK
        self._secret = ""
        self._known: tuple[float, dict[str, Any], KeySet] | None = None
        self._anew = -ANEW_S
        self._lock = threading.Lock()
        if self.issuer:
            _check_address(self.issuer)
            self._secret = _read_secret(settings.oidc_client_secret_file)

    def check_set_up(self) -> None:
        """Raises `NotFound` where no provider is set up."""
        if not self.issuer:
            raise NotFound("No identity provider is set up here.")

    def new_asking(self, person: str = "", session: str = "") -> Asking:
        """Fresh secrets for one way there and back."""
        return Asking(secrets.token_urlsafe(32), secrets.token_urlsafe(48), person, session)

    def address(self, asking: Asking, state: str) -> str:
        """Where the browser goes. Raises `ProviderAway` if the provider cannot be reached."""
        found, _ = self._provider()
        address: str = prepare_grant_uri(
            found["authorization_endpoint"],
            client_id=self._client,
            response_type="code",
            redirect_uri=self._back,
            scope="openid",
            state=state,
            nonce=asking.nonce,
            code_challenge=create_s256_code_challenge(asking.verifier),
            code_challenge_method="S256",
        )
        return address

    def subject(self, asking: Asking, code: str) -> str:
        """Who came back with this code, to the provider. Raises `NotAuthorised`, `ProviderAway`."""
        found, _ = self._provider()
        body = prepare_token_request(
            "authorization_code",
            code=code,
            redirect_uri=self._back,
            code_verifier=asking.verifier,
        )
        headers = {"content-type": "application/x-www-form-urlencoded"}
        auth = ClientAuth(self._client, self._secret, "client_secret_basic")
        where, headers, body = auth.prepare("POST", found["token_endpoint"], headers, body)
        answer = _call("POST", where, headers=headers, content=body)
        if answer.status_code != httpx.codes.OK:
            raise NotAuthorised(_NOT_SAID, hint="Sign in again.")
        return self._checked(str(_object(answer).get("id_token", "")), asking.nonce)

    def _checked(self, token: str, nonce: str) -> str:
        """The subject of an ID token that is for us, of now, and of this attempt."""
        said: ClaimsOption = {"essential": True}
        claims = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._client},
            nonce={"essential": True, "value": nonce},
            exp=said,
            iat=said,
            sub=said,
        )
        try:
            decoded = self._decoded(token)
            claims.validate(decoded.claims)
        except (JoseError, ValueError) as error:
            raise NotAuthorised(_NOT_SAID, hint="Sign in again.") from error
        if decoded.claims.get("azp", self._client) != self._client:
            raise NotAuthorised(_NOT_SAID)
        return str(decoded.claims["sub"])

    def _decoded(self, token: str) -> jwt.Token:
        """The token by a key of the provider's; an unknown one may be newer than those we know.

        Raises `JoseError`, `ValueError`, `ProviderAway`.
        """
        keys = self._provider()[1]
        try:
            return jwt.decode(token, keys, algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            return jwt.decode(token, self._newer_than(keys), algorithms=ALGORITHMS)

    def _provider(self) -> tuple[dict[str, Any], KeySet]:
        """Its discovery document and its keys, at most an hour old."""
        self.check_set_up()
        with self._lock:
            known = self._known
            if known is None or time.monotonic() - known[0] > KEEP_S:
                known = self._known = self._fetched()
            return known[1], known[2]

    def _newer_than(self, keys: KeySet) -> KeySet:
        """Keys fetched after these; these again if that was tried within the last minute."""
        with self._lock:
            known, now = self._known, time.monotonic()
            if known is not None and known[2] is not keys:
                return known[2]
            if now - self._anew < ANEW_S:
                return keys
            self._anew = now
            self._known = self._fetched()
            return self._known[2]

    def _fetched(self) -> tuple[float, dict[str, Any], KeySet]:
        found = _fetch(f"{self.issuer}/.well-known/openid-configuration")
        if found.get("issuer", "").rstrip("/") != self.issuer:
            raise ProviderAway("The identity provider calls itself by another name.")
        keys = KeySet.import_key_set(_fetch(found["jwks_uri"]))  # type: ignore[arg-type]
        return time.monotonic(), found, keys


def _fetch(address: str) -> dict[str, Any]:
    answer = _call("GET", address)
    if answer.status_code != httpx.codes.OK:
        raise ProviderAway(f"The identity provider answered with {answer.status_code}.")
    return _object(answer)


def _call(method: str, address: str, **given: Any) -> httpx.Response:
    _check_address(address)
    try:
        return httpx.request(method, address, timeout=TIMEOUT_S, follow_redirects=False, **given)
    except httpx.HTTPError as error:
        raise ProviderAway(
            "The identity provider cannot be reached.", hint="Sign in with a passkey."
        ) from error


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = json.loads(answer.content) if len(answer.content) <= LARGEST else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ProviderAway("The identity provider's answer is not understood.")
    return found


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise UnsafeStart(
            f"{address} would be spoken to without encryption.", hint="Write https://..."
        )


def _read_secret(name: str) -> str:
    file = Path(name)
    try:
        if file.stat().st_mode & 0o007:
            raise UnsafeStart(f"Everybody may read {file}.", hint=f"Run: chmod 600 {file}")
        return file.read_text().strip()
    except OSError as error:
        raise UnsafeStart(
            f"oidc_client_secret_file {name or '(empty)'} cannot be read: {error.strerror}.",
            hint="Write the secret that the provider gave you into a file; chmod 600 FILE",
        ) from error
