"""Signing in to a camera: digest (RFC 7616: SHA-256 or MD5, with or without qop) or basic.

Digest goes first, the stronger hash before the weaker, whatever order the camera offers them in.
Basic is used only where nothing else is offered: over rtsp:// it shows the password to the network.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_HASHES: dict[str, Callable[[bytes], str]] = {
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    # The cameras' choice, not ours; no promise of Plainview's rests on it.
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}
_SCHEME = re.compile(r"(?i)(?:^|,\s*)(digest|basic)\s+(?=[^=,\s]+\s*=)")
_PAIR = re.compile(r'([a-zA-Z0-9-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
MAX_CHALLENGE = 4096


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a camera demands."""

    scheme: str
    fields: dict[str, str]

    @property
    def algorithm(self) -> str:
        """The hash, MD5 if none is named."""
        return self.fields.get("algorithm", "MD5").upper()

    @property
    def strength(self) -> int:
        """0 if it cannot be met."""
        if self.scheme == "basic":
            return 1
        name = self.algorithm.removesuffix("-SESS")
        if name not in _HASHES or not self.fields.get("nonce"):
            return 0
        return {"MD5": 2, "SHA-256": 3}[name]

    @property
    def stale(self) -> bool:
        """Only the nonce was too old: the same password may be used again."""
        return self.fields.get("stale", "").lower() == "true"


def challenges(headers: list[str]) -> Iterator[Challenge]:
    """All challenges of the `WWW-Authenticate` headers, which may stand in one line or several."""
    for header in headers:
        text = header[:MAX_CHALLENGE]
        starts = list(_SCHEME.finditer(text))
        for at, start in enumerate(starts):
            end = starts[at + 1].start() if at + 1 < len(starts) else len(text)
            pairs = _PAIR.findall(text[start.end() : end])
            fields = {name.lower(): quoted or bare for name, quoted, bare in pairs}
            yield Challenge(start[1].lower(), fields)


@dataclass(slots=True)
class Login:
    """A user and a password, and how the camera wants to see them."""

    user: str = field(repr=False)
    password: str = field(repr=False)
    _chosen: Challenge | None = None
    _count: int = 0

    @property
    def given(self) -> bool:
        """Whether there is anything to sign in with."""
        return bool(self.user or self.password)

    def challenge(self, headers: list[str]) -> bool:
        """Take in the challenges of an answer 401; whether it is worth trying (again)."""
        offered = sorted(challenges(headers), key=lambda one: one.strength, reverse=True)
        if not self.given or not offered or not offered[0].strength:
            return False
        tried, self._chosen = self._chosen, offered[0]
        self._count = 0
        return tried is None or self._chosen.stale

    def header(self, method: str, uri: str) -> dict[str, str]:
        """The header that answers, if the camera has asked."""
        if self._chosen is None:
            return {}
        if self._chosen.scheme == "basic":
            pair = f"{self.user}:{self.password}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {"Authorization": self._digest(self._chosen, method, uri)}

    def _digest(self, chosen: Challenge, method: str, uri: str) -> str:
        digest = _HASHES[chosen.algorithm.removesuffix("-SESS")]
        realm, nonce = chosen.fields.get("realm", ""), chosen.fields["nonce"]
        self._count += 1
        count, own = f"{self._count:08x}", secrets.token_hex(16)

        def hashed(*parts: str) -> str:
            return digest(":".join(parts).encode())

        secret = hashed(self.user, realm, self.password)
        if chosen.algorithm.endswith("-SESS"):
            secret = hashed(secret, nonce, own)
        action = hashed(method, uri)
        offered = re.split(r"[,\s]+", chosen.fields.get("qop", ""))
        if "auth" in offered:
            proof = hashed(secret, nonce, count, own, "auth", action)
        else:
            proof = hashed(secret, nonce, action)
        user = self.user.replace("\\", "\\\\").replace('"', '\\"')
        text = f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}"'
        text += f', response="{proof}"'
        if "algorithm" in chosen.fields:
            text += f", algorithm={chosen.fields['algorithm']}"
        if "opaque" in chosen.fields:
            text += f', opaque="{chosen.fields["opaque"]}"'
        if "auth" in offered:
            text += f', qop=auth, nc={count}, cnonce="{own}"'
        elif chosen.algorithm.endswith("-SESS"):
            text += f', cnonce="{own}"'
        return text
