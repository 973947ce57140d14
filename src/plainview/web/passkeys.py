"""Passkeys (W3C Web Authentication): what a browser is asked for, and what its answer proves.

User verification is required, always: a fingerprint or PIN at the authenticator, not only a touch.
Only ES256 (P-256) is accepted, because a passkey also signs statements and the log knows that
curve. No attestation: we do not ask who made the authenticator. Parsing and checking is done by
`webauthn`; here stand our rules.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    decode_credential_public_key,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.decode_credential_public_key import DecodedEC2PublicKey
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from plainview.base.clock import Ms
from plainview.errors import BadSignature, Refused
from plainview.tlog.entries import key_id

CHALLENGE_MS: Ms = 120_000
CHALLENGE_BYTES = 32
ES256 = [COSEAlgorithmIdentifier.ECDSA_SHA_256]
VERIFIED = UserVerificationRequirement.REQUIRED
_UNREADABLE = (WebAuthnException, ValueError, LookupError, TypeError, AttributeError)
"""What the library raises for the answers that a stranger may invent."""


@dataclass(frozen=True)
class NewPasskey:
    """A credential as registered. `point` is its key as the log writes it: 65 bytes, P-256,
    uncompressed; `synced`: it may be copied between devices by its maker's cloud."""

    id: str
    cose: bytes
    point: bytes
    count: int
    synced: bool

    @property
    def key_id(self) -> str:
        return key_id(self.point)


@dataclass(frozen=True)
class Answer:
    """A browser's answer, read but not believed yet. Names are base64url as browsers send them."""

    credential: str
    handle: bytes
    data: bytes
    client: bytes
    signature: bytes
    parsed: AuthenticationCredential


class Passkeys:
    """The relying party: this address, and nothing else."""

    def __init__(self, address: str) -> None:
        """`address` is the origin that people type."""
        self.origin, self.rp = address, urlsplit(address).hostname or ""

    def new_challenge(self) -> bytes:
        """32 random bytes. Raises `Refused` where browsers cannot have passkeys."""
        try:
            ipaddress.ip_address(self.rp)
        except ValueError:
            return secrets.token_bytes(CHALLENGE_BYTES)
        raise Refused(
            "Passkeys need a name, and this server is reached by a number.",
            hint="Set address to the name that people type, such as https://video.city.example.",
        )

    def to_register(
        self, challenge: bytes, handle: bytes, name: str, has: list[str]
    ) -> dict[str, Any]:
        """What the browser makes a passkey from; authenticators that hold one of `has` refuse."""
        options = generate_registration_options(
            rp_id=self.rp,
            rp_name="Plainview",
            user_id=handle,
            user_name=name,
            user_display_name=name,
            challenge=challenge,
            timeout=CHALLENGE_MS,
            attestation=AttestationConveyancePreference.NONE,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=VERIFIED
            ),
            exclude_credentials=_descriptors(has),
            supported_pub_key_algs=ES256,
        )
        return options_to_json_dict(options)

    def check_new(self, answer: dict[str, Any], challenge: bytes) -> NewPasskey:
        """The passkey that was made for this challenge. Raises `BadSignature`."""
        try:
            found = verify_registration_response(
                credential=parse_registration_credential_json(answer),
                expected_challenge=challenge,
                expected_rp_id=self.rp,
                expected_origin=self.origin,
                require_user_verification=True,
                supported_pub_key_algs=ES256,
            )
            point = _point(found.credential_public_key)
        except _UNREADABLE as error:
            raise BadSignature(f"This is not a passkey for this server: {error}.") from error
        return NewPasskey(
            bytes_to_base64url(found.credential_id),
            found.credential_public_key,
            point,
            found.sign_count,
            found.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        )

    def to_sign(self, challenge: bytes, allowed: list[str]) -> dict[str, Any]:
        """What the browser signs; with none `allowed` the person chooses among what it holds."""
        options = generate_authentication_options(
            rp_id=self.rp,
            challenge=challenge,
            timeout=CHALLENGE_MS,
            allow_credentials=_descriptors(allowed),
            user_verification=VERIFIED,
        )
        return options_to_json_dict(options)

    def read(self, answer: dict[str, Any]) -> Answer:
        """Read what a browser sent. Raises `BadSignature`; nothing is verified yet."""
        try:
            parsed = parse_authentication_credential_json(answer)
        except _UNREADABLE as error:
            raise BadSignature(f"This is not an answer of a passkey: {error}.") from error
        sent = parsed.response
        return Answer(
            parsed.id,
            sent.user_handle or b"",
            sent.authenticator_data,
            sent.client_data_json,
            sent.signature,
            parsed,
        )

    def check(self, answer: Answer, challenge: bytes, cose: bytes) -> int:
        """The authenticator's count, once the signature is the key's over this challenge, for this
        origin, with the person verified. Raises `BadSignature`.

        Whether the count went up is for whoever remembers it: the library would say so before it
        has looked at the signature, and anybody could then report a clone.
        """
        try:
            found = verify_authentication_response(
                credential=answer.parsed,
                expected_challenge=challenge,
                expected_rp_id=self.rp,
                expected_origin=self.origin,
                credential_public_key=cose,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except _UNREADABLE as error:
            raise BadSignature(f"The passkey's answer does not hold: {error}.") from error
        return found.new_sign_count


def _descriptors(ids: list[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in ids]


def _point(cose: bytes) -> bytes:
    """The raw uncompressed point. Raises `ValueError` for another curve or no point of it."""
    key = decode_credential_public_key(cose)
    if not isinstance(key, DecodedEC2PublicKey):
        raise ValueError("not a key on P-256")
    point = b"\x04" + key.x + key.y
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    return point
