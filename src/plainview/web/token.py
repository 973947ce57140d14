"""The monitoring system's token: a file that the operator makes, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from starlette.requests import HTTPConnection

from plainview.errors import UnsafeStart

SHORTEST = 32
OTHERS = 0o007


class MonitorToken:
    """Opens health and metrics, nothing else. Without a file it opens nothing."""

    def __init__(self, file: Path | None) -> None:
        """Raises `UnsafeStart` when everybody may read the file, or when it could be guessed."""
        self._hash = None if file is None else _hash(_read(file))

    def opens(self, connection: HTTPConnection) -> bool:
        """Whether the request carries the token."""
        scheme, _, given = connection.headers.get("authorization", "").partition(" ")
        if self._hash is None or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(_hash(given.strip()), self._hash)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _read(file: Path) -> str:
    try:
        text, mode = file.read_text().strip(), file.stat().st_mode
    except OSError as error:
        raise UnsafeStart(
            f"metrics_token_file {file} cannot be read: {error.strerror}.",
            hint="Make it: openssl rand -hex 32 > FILE; chmod 600 FILE",
        ) from error
    if mode & OTHERS:
        raise UnsafeStart(f"Everybody may read {file}.", hint=f"Run: chmod 600 {file}")
    if len(text) < SHORTEST:
        raise UnsafeStart(
            f"The token in {file} is shorter than {SHORTEST} characters.",
            hint="Make another: openssl rand -hex 32",
        )
    return text
