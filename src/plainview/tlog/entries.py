"""Entries of the log: canonical JSON (RFC 8785, no floats), at most 65,535 bytes.

The keeper's own entries are plain; a statement also names its authors' keys (`by`) and carries a
signature of each (`sigs`), Ed25519 or a passkey's. Who may state what is the business of `history`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson
import rfc8785

from plainview.base.clock import Ms, from_iso, to_iso
from plainview.base.ids import new_id, sha256_hex, unb64
from plainview.errors import BadFormat, BadSignature
from plainview.tlog import passkeys
from plainview.tlog.merkle import leaf_hash
from plainview.tlog.notes import ED25519, Verifier
from plainview.tlog.shapes import ENTRY, ID, STATEMENT, check_shape

MAX_ENTRY = 65_535
_CONTEXT = b"plainview/statement/v1\n"


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of `value`; raises `BadFormat` for floats and what JSON cannot hold."""
    try:
        raw = orjson.dumps(value, option=_OPTIONS)
        if b"null" in raw and orjson.loads(raw) != value:
            json.dumps(value, allow_nan=False)  # orjson writes a float that is no number as null
        # orjson orders names by their UTF-8, RFC 8785 by their UTF-16, and orjson writes floats.
        same = raw.isascii() and not _MAYBE_FLOAT.search(b"," + raw)
        return raw if same else rfc8785.dumps(_DECODER.decode(raw.decode()))
    except (rfc8785.CanonicalizationError, TypeError, ValueError, RecursionError) as error:
        raise BadFormat(f"cannot be written as canonical JSON: {error}.") from error


def read_canonical(raw: bytes) -> Any:
    """The value that `raw` is the one canonical form of; raises `BadFormat` otherwise."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadFormat(f"not canonical JSON: {error}.") from error
    if canonical(value) != raw:
        raise BadFormat("not canonical JSON (RFC 8785).")
    return value


def _float(text: str) -> NoReturn:
    raise ValueError(f"{text} is a float; use an integer of a smaller unit")


_DECODER = json.JSONDecoder(parse_float=_float, parse_constant=_float)
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_MAYBE_FLOAT = re.compile(rb"[:\[,](?<![0-9]:)-?[0-9]+[.eE]")  # or text that looks like one


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, without its index; `raw` is what is hashed, the rest is read from it."""

    raw: bytes
    id: str
    type: str
    time: Ms
    body: dict[str, Any]
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.raw) > MAX_ENTRY or not ID.fullmatch(self.id):
            raise BadFormat(f"an entry has at most {MAX_ENTRY} bytes, and an id of 32 hex digits.")

    @property
    def hash(self) -> str:
        """Leaf hash in hex; of a request entry, the request hash."""
        return leaf_hash(self.raw).hex()

    def check_signature(self, position: int, public: bytes) -> None:
        """`by[position]` is the key `public` and signed this entry; raises `Invalid`."""
        if key_id(public) != self.by[position]:
            raise BadSignature(f"{self.by[position]} is not the id of the key given.")
        author, document = Verifier(self.by[position], ED25519, public), read_canonical(self.raw)
        message, signature = signed_bytes(document), unb64(document["sigs"][author.name])
        if len(public) == passkeys.POINT:
            passkeys.check(public, message, signature)
        else:
            author.verify(message, signature)


def signed_bytes(document: Mapping[str, Any]) -> bytes:
    """What the signatures of the statement `document` are over."""
    return _CONTEXT + canonical({k: v for k, v in document.items() if k != "sigs"})


def key_id(public: bytes) -> str:
    """First 16 hex digits of SHA-256 of a raw public key (Ed25519, or a passkey's point)."""
    return sha256_hex(public)[:16]


def parse(raw: bytes) -> Entry:
    """Read one entry; raises `BadFormat`. Whether signatures verify is not checked here."""
    document = read_canonical(raw)
    signed = isinstance(document, dict) and "by" in document
    check_shape(document, STATEMENT if signed else ENTRY, "an entry")
    time = from_iso(document["time"])
    if to_iso(time) != document["time"]:
        raise BadFormat(f"{document['time']} is not written like 2026-11-23T08:50:00.000Z.")
    by, sigs = document.get("by", []), document.get("sigs", {})
    if (signed and not by) or len(set(by)) != len(by) or sigs.keys() != set(by):
        raise BadFormat("`by` and `sigs` do not name the same keys, each once.")
    check_shape(sigs, dict.fromkeys(sigs, str), "sigs")
    return Entry(raw, document["id"], document["type"], time, document["body"], tuple(by))


def make(type: str, body: Mapping[str, Any], *, time: Ms, id: str | None = None) -> Entry:
    """A new entry without signatures; a fresh submission id unless one is given."""
    ident = id or new_id()
    raw = canonical({"v": 1, "id": ident, "type": type, "time": to_iso(time), "body": body})
    return Entry(raw, ident, type, time, orjson.loads(raw)["body"])


def commit(detail: Mapping[str, Any], salt: bytes) -> str:
    """`detail_commitment`: hex SHA-256 of a 32-byte salt and the canonical JSON of the detail."""
    if len(salt) != 32:
        raise BadFormat("a salt is 32 bytes.")
    return sha256_hex(salt + canonical(detail))
