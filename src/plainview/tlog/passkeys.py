"""Signatures of passkeys under statements (W3C Web Authentication, section 7.2).

A passkey signs no message of ours but what the browser makes of a challenge; the challenge of a
statement is the SHA-256 of what an Ed25519 key would have signed. What stands as the signature is
JSON: `a` the authenticator's data, `c` the browser's client data, `s` the ECDSA signature over both
(each base64). The authenticator must have seen the person and have verified who it is.
"""

from __future__ import annotations

import base64
import hashlib

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from plainview.base.ids import unb64
from plainview.errors import BadFormat, BadSignature
from plainview.tlog.shapes import check_shape, shape

POINT = 65
"""Bytes of a public key: an uncompressed point on P-256 (SEC 1, 2.3.3)."""
_SIGNATURE = shape("a:text c:text s:text")
_CLIENT = shape("type:text challenge:text")
_FLAGS, _PRESENT_AND_VERIFIED = 32, 0x05
_SHORTEST = 37


def challenge(message: bytes) -> str:
    """What the browser is given, base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(message).digest()).rstrip(b"=").decode()


def check(public: bytes, message: bytes, signature: bytes) -> None:
    """`signature` is a passkey's over `message`; raises `BadSignature`."""
    try:
        given = orjson.loads(signature)
        check_shape(given, _SIGNATURE, "a passkey's signature")
        data, client = unb64(given["a"]), unb64(given["c"])
        told = orjson.loads(client)
        check_shape({name: told[name] for name in _CLIENT}, _CLIENT, "client data")
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public)
        key.verify(unb64(given["s"]), data + hashlib.sha256(client).digest(), ECDSA(SHA256()))
    except (InvalidSignature, BadFormat, ValueError, LookupError, TypeError) as error:
        raise BadSignature("the passkey's signature is wrong.") from error
    if (told["type"], told["challenge"]) != ("webauthn.get", challenge(message)):
        raise BadSignature("the passkey signed something else.")
    if len(data) < _SHORTEST or data[_FLAGS] & _PRESENT_AND_VERIFIED != _PRESENT_AND_VERIFIED:
        raise BadSignature("the passkey was used without verifying who uses it.")
