"""How a simulated camera asks for a password: basic, digest by MD5 or SHA-256 (RFC 7616)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Literal

from plainview.testing.rtsp_message import Request

Scheme = Literal["basic", "md5", "sha256"]
_PAIRS = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')
REALM = "plainview"


@dataclass(slots=True)
class Guard:
    """What is demanded. Without a user, nothing is."""

    user: str | None = None
    password: str = ""
    schemes: tuple[Scheme, ...] = ("md5",)
    """Offered in this order, each in a header of its own."""
    qop: bool = False
    nonce_uses: int = 1_000_000
    """After so many requests a nonce is stale."""


@dataclass(slots=True)
class Door:
    """One connection's way through the guard."""

    guard: Guard
    _nonce: str = field(default_factory=lambda: secrets.token_hex(16))
    _used: int = 0
    _stale: bool = False

    def lets_in(self, request: Request) -> bool:
        """Whether the request carries the right answer."""
        self._stale = False
        if self.guard.user is None or request.method == "OPTIONS":
            return True
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic" and "basic" in self.guard.schemes:
            pair = f"{self.guard.user}:{self.guard.password}".encode()
            return secrets.compare_digest(rest.strip(), base64.b64encode(pair).decode())
        if scheme.lower() != "digest" or not self._digest_matches(request.method, rest):
            return False
        self._used += 1
        if self._used > self.guard.nonce_uses:
            self._nonce, self._used, self._stale = secrets.token_hex(16), 0, True
            return False
        return True

    def challenges(self) -> list[str]:
        """The values of `WWW-Authenticate`."""
        found = []
        for scheme in self.guard.schemes:
            if scheme == "basic":
                found.append(f'Basic realm="{REALM}"')
                continue
            text = f'Digest realm="{REALM}", nonce="{self._nonce}"'
            text += ', qop="auth"' if self.guard.qop else ""
            text += ", algorithm=SHA-256" if scheme == "sha256" else ""
            text += ", stale=true" if self._stale else ""
            found.append(text)
        return found

    def _digest_matches(self, method: str, rest: str) -> bool:
        given = {name: quoted or bare for name, quoted, bare in _PAIRS.findall(rest)}
        scheme = "sha256" if given.get("algorithm", "MD5").upper() == "SHA-256" else "md5"
        if scheme not in self.guard.schemes or given.get("nonce") != self._nonce:
            return False

        def hashed(*parts: str) -> str:
            data = ":".join(parts).encode()
            if scheme == "sha256":
                return hashlib.sha256(data).hexdigest()
            return hashlib.md5(data, usedforsecurity=False).hexdigest()

        secret = hashed(self.guard.user or "", REALM, self.guard.password)
        action = hashed(method, given.get("uri", ""))
        if self.guard.qop:
            middle = (given.get("nc", ""), given.get("cnonce", ""), given.get("qop", ""))
            expected = hashed(secret, self._nonce, *middle, action)
            if given.get("qop") != "auth" or int(given.get("nc") or "0", 16) != self._used + 1:
                return False
        else:
            expected = hashed(secret, self._nonce, action)
        return given.get("username") == self.guard.user and given.get("response") == expected
