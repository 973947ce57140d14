"""Random and hashed names."""

from __future__ import annotations

import base64
import hashlib
import secrets

from plainview.errors import BadFormat


def new_id() -> str:
    """128 random bits as 32 hex digits: submission ids, sessions, requests."""
    return secrets.token_hex(16)


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def b64(data: bytes) -> str:
    """Standard base64 with padding, as all of our JSON uses."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """The inverse of `b64`; raises `BadFormat`."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, AttributeError) as error:
        raise BadFormat("not base64.") from error
