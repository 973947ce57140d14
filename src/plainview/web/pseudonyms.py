"""Who acts, as the public log shows it: a name that changes every day.

`actor` = first 12 hex digits of HMAC-SHA256(secret, person | UTC day). The secret stays in
`data/web.secret` (0600); without it nobody can tell whether two days' actors are one person.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from plainview.base.clock import Ms
from plainview.base.days import day_of
from plainview.base.durable import write_file
from plainview.errors import UnsafeStart

SECRET_BYTES = 32


class Pseudonyms:
    """Turns people into actors."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def from_file(cls, file: Path) -> Pseudonyms:
        """Read the secret, or make it. Raises `UnsafeStart` if others can read the file."""
        if not file.exists():
            write_file(file, secrets.token_bytes(SECRET_BYTES), mode=0o600)
        if file.stat().st_mode & 0o077:
            raise UnsafeStart(
                f"Others than its owner can read {file}.", hint=f"Run: chmod 600 {file}"
            )
        secret = file.read_bytes()
        if len(secret) != SECRET_BYTES:
            raise UnsafeStart(
                f"{file} must hold {SECRET_BYTES} bytes.", hint="Delete it; a new one is made."
            )
        return cls(secret)

    def actor(self, person: str, at: Ms) -> str:
        """The actor that stands for `person` on the day of `at`: 12 hex digits."""
        message = f"{person}|{day_of(at)}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[:12]
