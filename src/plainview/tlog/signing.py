"""Private keys of people, witnesses and tests, and the statements that they sign.

The keeper only ever signs checkpoints, with `notes.Signer`; nothing here is in its process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from plainview.base.ids import b64
from plainview.tlog.entries import Entry, canonical, key_id, parse, read_canonical, signed_bytes
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
    document["sigs"] = {key.key_id: b64(key.sign(message)) for key in keys}
    return parse(canonical(document))
