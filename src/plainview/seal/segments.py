"""Segments of originals: a complete fMP4 with a `uuid` box, sealed as one age file to the window.

The box (ISO/IEC 14496-12, type `uuid`) is the last one of the file; players skip it. It holds
canonical JSON {salt, window, seq, start, end}. As the salt is inside, the plain SHA-256 of the file
says nothing about a picture that somebody guesses.
"""

from __future__ import annotations

import json
import secrets
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import rfc8785

from plainview.base.ids import sha256_hex
from plainview.errors import BadFormat, BadSeal
from plainview.seal import agefile
from plainview.seal.shares import unseal

BOX = UUID("706c6169-6e76-6965-7700-000000000001").bytes
_HEAD = struct.Struct(">I4s16s")


@dataclass(frozen=True)
class SegmentMeta:
    """What a segment says of itself; times in milliseconds UTC, salt 16 random bytes in hex."""

    window: str
    seq: int
    start: int
    end: int
    salt: str = field(default_factory=lambda: secrets.token_hex(16))


def add_box(fmp4: bytes, meta: SegmentMeta) -> bytes:
    """`fmp4` with the box at its end: the plaintext of a segment."""
    return join_box([fmp4], meta)


def join_box(fmp4: Sequence[bytes | memoryview], meta: SegmentMeta) -> bytes:
    """The same, of an fMP4 in parts: all is copied once."""
    content = rfc8785.dumps(asdict(meta))
    return b"".join([*fmp4, _HEAD.pack(_HEAD.size + len(content), b"uuid", BOX), content])


def split_box(plain: bytes) -> tuple[bytes, SegmentMeta]:
    """The fMP4 as it was and what its box says; raises `BadFormat`."""
    at = plain.rfind(b"uuid" + BOX) - 4
    if at < 0 or int.from_bytes(plain[at : at + 4], "big") != len(plain) - at:
        raise BadFormat("The segment has no box of ours at its end.")
    try:
        value: dict[str, Any] = json.loads(plain[at + _HEAD.size :])
        return plain[:at], SegmentMeta(**value)
    except (ValueError, TypeError) as error:
        raise BadFormat("The box of the segment cannot be read.") from error


def plain_hash(plain: bytes) -> str:
    """SHA-256 (hex) over the fMP4 with its box; salted by the box."""
    return sha256_hex(plain)


def seal_boxed(pk: str, plain: bytes) -> bytes:
    """One age file to the window; `plain` comes from `add_box`."""
    return agefile.encrypt(plain, pk)


def seal_segment(pk: str, fmp4: bytes, meta: SegmentMeta) -> bytes:
    """`add_box`, then one age file to `pk`."""
    return seal_boxed(pk, add_box(fmp4, meta))


def open_segment(sk: str, data: bytes) -> tuple[bytes, SegmentMeta]:
    """The fMP4 as the camera's packets made it, and its meta; raises `BadSeal` or `BadFormat`."""
    return split_box(unseal(data, sk))


def check_plain(sk: str, data: bytes, expected: str) -> None:
    """Raises `BadSeal` unless the segment opens to the plaintext that was committed to."""
    if plain_hash(unseal(data, sk)) != expected:
        raise BadSeal("The segment opens to something else than the log committed to.")
