"""Cosignatures of witnesses (c2sp.org/tlog-cosignature, Ed25519, type 0x04).

A cosignature states: at this time (seconds), the largest consistent tree that I have seen for
this origin has this root.
"""

from __future__ import annotations

import struct

from plainview.base.clock import Ms
from plainview.errors import BadSignature
from plainview.tlog.notes import COSIGNATURE, PrivateKey, SignatureLine, Verifier

_LENGTH = 8 + 64


def _message(text: bytes, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n".encode() + text


def verifier(name: str, key: PrivateKey) -> Verifier:
    """The public side of a witness's key."""
    return Verifier(name, COSIGNATURE, key.public)


def cosign(text: bytes, name: str, key: PrivateKey, *, now: Ms) -> SignatureLine:
    """The line that witness `name` adds to a checkpoint text."""
    seconds = now // 1000
    signature = struct.pack(">Q", seconds) + key.sign(_message(text, seconds))
    return SignatureLine(name, verifier(name, key).key_hash, signature)


def check(text: bytes, line: SignatureLine, witness: Verifier) -> Ms:
    """The time stated by `witness` in `line`; raises `BadSignature`."""
    if witness.kind != COSIGNATURE or len(line.signature) != _LENGTH:
        raise BadSignature(f"{witness.name}: not a cosignature.")
    (seconds,) = struct.unpack(">Q", line.signature[:8])
    if seconds >= 1 << 43:
        raise BadSignature(f"{witness.name}: an impossible time.")
    witness.verify(_message(text, seconds), line.signature[8:])
    return int(seconds) * 1000
