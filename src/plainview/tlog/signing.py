"""Private keys of people, witnesses and tests, and the statements that they sign.

The keeper only ever signs checkpoints, with `notes.Signer`; nothing here is in its process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from plainview.base.clock import Ms
from plainview.base.ids import b64
from plainview.tlog.entries import (
    Entry,
    canonical,
    key_id,
    make,
    parse,
    read_canonical,
    signed_bytes,
)
from plainview.tlog.notes import read_key


class SigningKey:
    """An Ed25519 key that can be made, read, written down, and named as an author.

    `public` is its raw public key, 32 bytes; `private` is the library's object.
    """

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self.private = private
        self.public: bytes = private.public_key().public_bytes_raw()

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Read a PKCS#8 PEM without a password; raises `BadFormat`."""
        return cls(read_key(pem))

    @classmethod
    def generate(cls) -> Self:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The key of a 32-byte secret (RFC 8032), for test vectors and stored raw keys."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def to_pem(self) -> bytes:
        return self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self.private.sign(message)

    @property
    def public_b64(self) -> str:
        return b64(self.public)

    @property
    def key_id(self) -> str:
        return key_id(self.public)


def sign(entry: Entry, keys: Sequence[SigningKey]) -> Entry:
    """`entry` as a statement by all of `keys` (any earlier signatures are replaced)."""
    document = read_canonical(entry.raw)
    document["by"] = [key.key_id for key in keys]
    message = signed_bytes(document)
    return finish_statement(document, {key.key_id: key.sign(message) for key in keys})


def draft_statement(
    type: str, body: Mapping[str, Any], by: Sequence[str], *, time: Ms
) -> dict[str, Any]:
    """A statement as JSON that the keys with the ids `by` have still to sign."""
    return {**read_canonical(make(type, body, time=time).raw), "by": list(by)}


def statement_challenge(document: Mapping[str, Any]) -> bytes:
    """The 32 bytes that a passkey is challenged with to sign `document`."""
    return hashlib.sha256(signed_bytes(document)).digest()


def passkey_signature(authenticator_data: bytes, client_data: bytes, signature: bytes) -> bytes:
    """What stands on the log as the signature: a passkey's answer to the challenge."""
    parts = {"a": authenticator_data, "c": client_data, "s": signature}
    return canonical({name: b64(part) for name, part in parts.items()})


def finish_statement(document: Mapping[str, Any], sigs: Mapping[str, bytes]) -> Entry:
    """The statement with its signatures, by key id. Raises `BadFormat`."""
    return parse(canonical({**document, "sigs": {key: b64(sig) for key, sig in sigs.items()}}))
