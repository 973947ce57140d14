"""Entries of the log: canonical JSON (RFC 8785, no floats), at most 65,535 bytes.

The keeper's own entries are plain; a statement also names its authors' keys (`by`) and carries an
Ed25519 signature of each (`sigs`). Who may state what is the business of `history`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from plainview.base.clock import Ms, from_iso, to_iso
from plainview.base.ids import new_id, sha256_hex, unb64
from plainview.errors import BadFormat, BadSignature
from plainview.tlog.merkle import leaf_hash

MAX_ENTRY = 65_535
_CONTEXT = b"plainview/statement/v1\n"
_PLAIN = frozenset({"v", "id", "type", "time", "body"})
_SIGNED = _PLAIN | {"by", "sigs"}
_MAX_INT = 2**53 - 1
_HEX = frozenset("0123456789abcdef")


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of `value`; raises `BadFormat` for floats and what JSON cannot hold."""
    try:
        _no_floats(value)
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, ValueError, RecursionError) as error:
        raise BadFormat(f"cannot be written as canonical JSON: {error}.") from error


def _no_floats(value: Any) -> None:
    if isinstance(value, float):
        raise BadFormat("a float cannot be logged.", hint="Use an integer of a smaller unit.")
    if isinstance(value, Mapping):
        for item in value.values():
            _no_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _no_floats(item)


def read_canonical(raw: bytes) -> Any:
    """The value that `raw` is the one canonical form of; raises `BadFormat` otherwise."""
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
        # The quick encoder orders names beyond U+FFFF by another rule than RFC 8785.
        again = _ENCODER.encode(value).encode("utf-8") if raw.isascii() else canonical(value)
    except (ValueError, RecursionError) as error:
        raise BadFormat(f"not canonical JSON: {error}.") from error
    if again != raw:
        raise BadFormat("not canonical JSON (RFC 8785).")
    return value


def _integer(text: str) -> int:
    if len(text) > 17 or not -_MAX_INT <= (value := int(text)) <= _MAX_INT:
        raise ValueError("an integer beyond 2^53")
    return value


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"the number {text}")


_DECODER = json.JSONDecoder(
    parse_float=_refuse_number, parse_int=_integer, parse_constant=_refuse_number
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, without its index; `raw` is what is hashed, the rest is read from it."""

    raw: bytes
    id: str
    type: str
    time: Ms
    body: dict[str, Any]
    by: tuple[str, ...] = ()
    sigs: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """Leaf hash in hex; of a request entry, the request hash."""
        return leaf_hash(self.raw).hex()

    def check_signature(self, position: int, public: bytes) -> None:
        """`by[position]` is the key `public` and signed this entry; raises `BadSignature`."""
        if key_id(public) != self.by[position]:
            raise BadSignature(f"{self.by[position]} is not the id of the key given.")
        try:
            key = Ed25519PublicKey.from_public_bytes(public)
            key.verify(unb64(self.sigs[position]), signed_bytes(read_canonical(self.raw)))
        except (InvalidSignature, BadFormat, ValueError) as error:
            raise BadSignature(f"the signature of {self.by[position]} is wrong.") from error


def signed_bytes(document: Mapping[str, Any]) -> bytes:
    """What the signatures of the statement `document` are over."""
    return _CONTEXT + canonical({k: v for k, v in document.items() if k != "sigs"})


def key_id(public: bytes) -> str:
    """First 16 hex digits of SHA-256 of a raw Ed25519 public key."""
    return sha256_hex(public)[:16]


def parse(raw: bytes) -> Entry:
    """Read one entry; raises `BadFormat`. Signatures are not checked here."""
    if len(raw) > MAX_ENTRY:
        raise BadFormat(f"an entry of {len(raw)} bytes; at most {MAX_ENTRY} are allowed.")
    document = read_canonical(raw)
    if not isinstance(document, dict) or document.keys() not in (_PLAIN, _SIGNED):
        raise BadFormat("an entry has exactly v, id, type, time, body, and by with sigs.")
    ident, time, body = document["id"], document["time"], document["body"]
    if document["v"] != 1 or document["v"] is True or not isinstance(document["type"], str):
        raise BadFormat("an entry of an unknown version or without a type.")
    if not isinstance(ident, str) or len(ident) != 32 or not _HEX.issuperset(ident):
        raise BadFormat("an entry's id is 32 lower-case hex digits.")
    if not isinstance(time, str) or not isinstance(body, dict):
        raise BadFormat("an entry's time is text and its body an object.")
    moment = from_iso(time)
    if to_iso(moment) != time:
        raise BadFormat(f"{time} is not written like 2026-11-23T08:50:00.000Z.")
    by, sigs = _signers(document)
    return Entry(raw, ident, document["type"], moment, body, by, sigs)


def _signers(document: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    by, sigs = document.get("by"), document.get("sigs")
    if by is None and sigs is None:
        return (), ()
    if not isinstance(by, list) or not isinstance(sigs, dict) or not by:
        raise BadFormat("`by` is a list of key ids and `sigs` an object.")
    if not all(isinstance(text, str) for text in (*by, *sigs.values())):
        raise BadFormat("a key id or a signature is not text.")
    if len(set(by)) != len(by) or sigs.keys() != set(by):
        raise BadFormat("`by` and `sigs` do not name the same keys, each once.")
    return tuple(by), tuple(sigs[key] for key in by)


def make(type: str, body: Mapping[str, Any], *, time: Ms, id: str | None = None) -> Entry:
    """A new entry without signatures; a fresh submission id unless one is given."""
    document = {"v": 1, "id": id or new_id(), "type": type, "time": to_iso(time), "body": body}
    return parse(canonical(document))


def commit(detail: Mapping[str, Any], salt: bytes) -> str:
    """`detail_commitment`: hex SHA-256 of a 32-byte salt and the canonical JSON of the detail."""
    if len(salt) != 32:
        raise BadFormat("a salt is 32 bytes.")
    return sha256_hex(salt + canonical(detail))
