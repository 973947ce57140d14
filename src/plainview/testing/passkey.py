"""A passkey in software: what an authenticator and a browser make of a challenge.

W3C Web Authentication, sections 6.1 (authenticator data) and 5.8.1 (client data).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from plainview.base.ids import b64
from plainview.tlog.entries import key_id
from plainview.tlog.signing import passkey_signature, statement_challenge

PRESENT, VERIFIED = 0x01, 0x04


class Passkey:
    """A key pair on P-256 that always is the same for the same name, for one site."""

    def __init__(self, name: str, site: str = "city.example") -> None:
        secret = int.from_bytes(hashlib.sha256(name.encode()).digest(), "big") >> 8
        self.private = ec.derive_private_key(secret, ec.SECP256R1())
        self.site, self.count = site, 0
        point = self.private.public_key()
        self.public = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def public_b64(self) -> str:
        return b64(self.public)

    @property
    def key_id(self) -> str:
        return key_id(self.public)

    def answer(
        self, challenge: bytes, *, flags: int = PRESENT | VERIFIED, kind: str = "webauthn.get"
    ) -> tuple[bytes, bytes, bytes]:
        """Authenticator data, client data, and the signature (DER) over both."""
        self.count += 1
        data = hashlib.sha256(self.site.encode()).digest() + bytes([flags])
        data += self.count.to_bytes(4, "big")
        told = {
            "type": kind,
            "challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "origin": f"https://{self.site}",
            "crossOrigin": False,
        }
        client = json.dumps(told).encode()
        signed = data + hashlib.sha256(client).digest()
        return data, client, self.private.sign(signed, ec.ECDSA(SHA256()))

    def sign(self, document: Mapping[str, Any], **how: Any) -> bytes:
        """What stands on the log as this key's signature under a drafted statement."""
        return passkey_signature(*self.answer(statement_challenge(document), **how))
