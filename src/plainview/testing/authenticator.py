"""A passkey authenticator in software (W3C Web Authentication, level 3): real keys, real answers.

It does what a browser and a security key do together: it makes a discoverable P-256 credential for
an origin, and signs challenges with it. Knobs make it lie, so that a server can be tested against
authenticators that skip the fingerprint, sit at another address or were copied.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from webauthn.helpers import encode_cbor

from plainview.errors import NotFound, Refused
from plainview.tlog.entries import key_id
from plainview.tlog.signing import passkey_signature

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
SYNCABLE, SYNCED = 0x08, 0x10
_NO_MODEL = bytes(16)


@dataclass
class Passkey:
    """One credential in an authenticator."""

    id: str
    rp: str
    handle: str
    private: ec.EllipticCurvePrivateKey
    count: int = 0

    @property
    def point(self) -> bytes:
        """The public key as the log writes it."""
        public = self.private.public_key()
        return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def key_id(self) -> str:
        return key_id(self.point)


@dataclass
class Authenticator:
    """At a page of `origin`. `verifies`: it asks for a finger; `counts`: it has a counter."""

    origin: str
    verifies: bool = True
    counts: bool = True
    synced: bool = False
    passkeys: list[Passkey] = field(default_factory=list)

    def copied(self) -> Authenticator:
        """What a thief has who copied it: the same keys and counters."""
        return replace(self, passkeys=[replace(one) for one in self.passkeys])

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make a passkey: the JSON that `PublicKeyCredential.toJSON()` gives.

        Raises `Refused` if it holds one that the server excludes, as a real one does.
        """
        excluded = {one["id"] for one in options.get("excludeCredentials", [])}
        if excluded & {one.id for one in self.passkeys}:
            raise Refused("This authenticator holds a passkey of this person already.")
        private = ec.generate_private_key(ec.SECP256R1())
        rp = options["rp"]["id"]
        made = Passkey(_url(secrets.token_bytes(32)), rp, options["user"]["id"], private)
        self.passkeys.append(made)
        raw_id, cose = _raw(made.id), _cose(made.point)
        attested = _NO_MODEL + len(raw_id).to_bytes(2, "big") + raw_id + cose
        data = self._data(made, ATTESTED) + attested
        statement = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        answer = {"clientDataJSON": _url(client), "attestationObject": _url(statement)}
        return _credential(made, answer)

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """Sign a challenge: the JSON that `PublicKeyCredential.toJSON()` gives."""
        allowed = {one["id"] for one in options.get("allowCredentials", [])}
        used = self.find(options.get("rpId", ""), allowed)
        used.count += int(self.counts)
        data = self._data(used, 0)
        client = self._client("webauthn.get", options["challenge"])
        message = data + hashlib.sha256(client).digest()
        answer = {
            "clientDataJSON": _url(client),
            "authenticatorData": _url(data),
            "signature": _url(used.private.sign(message, ec.ECDSA(SHA256()))),
            "userHandle": used.handle,
        }
        return _credential(used, answer)

    def sign(self, message: bytes, key: str) -> bytes:
        """A statement's signature as the log holds it, by the passkey with this key id."""
        used = next(one for one in self.passkeys if one.key_id == key)
        challenge = _url(hashlib.sha256(message).digest())
        options = {"challenge": challenge, "rpId": used.rp, "allowCredentials": [{"id": used.id}]}
        sent = self.get(options)["response"]
        names = ("authenticatorData", "clientDataJSON", "signature")
        return passkey_signature(*(_raw(sent[name]) for name in names))

    def find(self, rp: str, allowed: set[str]) -> Passkey:
        """The newest passkey for this address among those allowed. Raises `NotFound`."""
        for one in reversed(self.passkeys):
            if one.rp == rp and (not allowed or one.id in allowed):
                return one
        raise NotFound("This authenticator has no passkey for this page.")

    def _data(self, passkey: Passkey, more: int) -> bytes:
        flags = PRESENT | more | (VERIFIED if self.verifies else 0)
        flags |= SYNCABLE | SYNCED if self.synced else 0
        scope = hashlib.sha256(passkey.rp.encode()).digest()
        return scope + bytes((flags,)) + passkey.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()


def at(address: str, **knobs: Any) -> Authenticator:
    """An authenticator at the page with this address."""
    parts = urlsplit(address)
    return Authenticator(f"{parts.scheme}://{parts.netloc}", **knobs)


def _credential(passkey: Passkey, response: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": passkey.id,
        "rawId": passkey.id,
        "type": "public-key",
        "response": response,
        "clientExtensionResults": {},
    }


def _cose(point: bytes) -> bytes:
    """EC2, ES256, P-256 (RFC 9052)."""
    return encode_cbor({1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})


def _url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
