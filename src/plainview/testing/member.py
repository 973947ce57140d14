"""A member of staff at a browser of a real server: answers an invitation, signs in, signs.

The browser is an HTTP client with a jar of cookies, the authenticator is in software. Everything
goes through the server's own doors.
"""

from __future__ import annotations

from typing import Any, Self

import httpx

from plainview.testing.authenticator import Authenticator, at


class Member:
    """Somebody with a browser at `url` and one or more authenticators."""

    def __init__(self, url: str, *, authenticators: int = 1) -> None:
        self.http = httpx.Client(
            base_url=url, timeout=20, headers={"X-Plainview": "1", "Origin": url}
        )
        self.devices: list[Authenticator] = [at(url) for _ in range(authenticators)]
        self.person = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """The answer. Raises `httpx.HTTPStatusError` for a refusal."""
        answer = self.http.post(path, json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def register(self, token: str, device: Authenticator, label: str = "Key") -> dict[str, Any]:
        """Make one passkey for an invitation; what the invitation still needs."""
        asked = self.post("/api/join/options", token=token)
        made = device.create(asked["options"])
        return self.post(
            "/api/join/passkey", token=token, ticket=asked["ticket"], label=label, credential=made
        )

    def join(self, link: str, key_file: str = "") -> dict[str, Any]:
        """Answer an invitation with every authenticator; what was handed in."""
        token = link.rsplit("/", 1)[1]
        for number, device in enumerate(self.devices, 1):
            self.register(token, device, f"Key {number}")
        card = self.post("/api/join/card", token=token, key_file=key_file)
        self.person = card["person"]
        return card

    def sign_in(self, device: int = 0) -> dict[str, Any]:
        """Sign in with a passkey; the cookie is in the jar then."""
        asked = self.post("/api/session/passkey/options")
        return self.post("/api/session/passkey", credential=self.devices[device].get(asked))

    def draft(self, type: str, /, **body: Any) -> dict[str, Any]:
        """A statement's draft."""
        return self.post("/api/statements/draft", type=type, body=body)

    def state(self, type: str, /, **body: Any) -> dict[str, Any]:
        """State something with one's passkey: `{index, hash}`."""
        drafted = self.draft(type, **body)
        return self.post(
            "/api/statements", draft=drafted["draft"], assertion=self.sign(drafted["options"])
        )

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """An assertion by the authenticator that holds the passkey asked for."""
        allowed = {one["id"] for one in options.get("allowCredentials", [])}
        held = (one for one in self.devices if allowed & {key.id for key in one.passkeys})
        return next(held, self.devices[0]).get(options)
