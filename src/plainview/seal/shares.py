"""A custodian's share: canonical JSON in an age file to the custodian.

    {"v":1, "window", "k", "n", "i", "pk", "set", "share": base64 of y-bytes then x}

The log holds the hash of the JSON and of the age file, so a false share is found, and named, by
whoever gets it (design, section 6).
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pyrage
import rfc8785
from pydantic import Field

from plainview.base.ids import sha256_hex, unb64
from plainview.errors import BadFormat, BadSeal, BadShare
from plainview.seal.windows import Format, WindowRecord


class Share(Format):
    """The JSON inside a sealed share."""

    v: Literal[1] = 1
    window: str
    k: int
    n: int
    i: Annotated[int, Field(ge=1, le=255)]
    pk: str
    set: str
    share: str

    def to_bytes(self) -> bytes:
        """Canonical JSON: what the `plain` hash of the log is over."""
        return rfc8785.dumps(self.to_dict())

    @property
    def secret(self) -> bytes:
        return unb64(self.share)


def recipient(text: str) -> pyrage.x25519.Recipient:
    """An age X25519 recipient; raises `BadFormat`."""
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise BadFormat(f"{text[:80]!r} is not an age recipient (age1...).") from error


def identity(text: str) -> pyrage.x25519.Identity:
    """An age X25519 identity; raises `BadFormat` without showing the text."""
    try:
        return pyrage.x25519.Identity.from_str(text)
    except pyrage.IdentityError as error:
        raise BadFormat("That is not an age identity (AGE-SECRET-KEY-1...).") from error


def seal_to(data: bytes, to: str) -> bytes:
    """An age file with `data` for one recipient."""
    sealed: bytes = pyrage.encrypt(data, [recipient(to)])
    return sealed


def unseal(data: bytes, with_identity: str) -> bytes:
    """The inverse of `seal_to`; raises `BadSeal`."""
    try:
        opened: bytes = pyrage.decrypt(data, [identity(with_identity)])
    except pyrage.DecryptError as error:
        raise BadSeal(
            "The sealed bytes do not open with this key.", hint="They are not yours, or damaged."
        ) from error
    return opened


def read_share(plain: bytes, record: WindowRecord) -> Share:
    """A share as the log committed to it; raises `BadShare` naming its hash, or `BadFormat`."""
    found = sha256_hex(plain)
    if found not in {share.plain for share in record.shares}:
        raise BadShare(
            f"Share {found} is not one that the log holds for window {record.window}.",
            hint="Keep it as evidence and ask its custodian.",
        )
    try:
        value: Any = json.loads(plain)
    except ValueError as error:
        raise BadFormat("A share is not JSON.") from error
    share = Share.from_dict(value)
    claimed = (share.window, share.k, share.n, share.pk, share.set)
    logged = (record.window, record.k, record.n, record.pk, record.set)
    if claimed != logged or record.share(share.i).plain != found:
        raise BadShare(f"Share {found} speaks of another window than {record.window}.")
    return share


def open_share(with_identity: str, sealed: bytes, record: WindowRecord) -> Share:
    """A custodian's own share out of a pack's header, checked against the log.

    Raises `BadShare` if the log does not hold it, `BadSeal` if it is not for this identity.
    """
    found = sha256_hex(sealed)
    if found not in {share.sealed for share in record.shares}:
        raise BadShare(
            f"Sealed share {found} is not one that the log holds for window {record.window}.",
            hint="Release nothing: the server shows something else than was logged.",
        )
    share = read_share(unseal(sealed, with_identity), record)
    if record.share(share.i).sealed != found:
        raise BadShare(f"Sealed share {found} holds share {share.i}, but the log says otherwise.")
    return share


def reseal(share: Share, to: str) -> bytes:
    """The share as an age file to the requester; the same JSON, so its logged hash still holds."""
    return seal_to(share.to_bytes(), to)
