"""Cosignatures as witnesses make them (c2sp.org/tlog-cosignature, Ed25519, type 0x04).

A cosignature states: at this time (seconds), the largest consistent tree that I have seen for
this origin has this root. `notes.Verifier.cosigned_at` checks one.
"""

from __future__ import annotations

import struct

from plainview.base.clock import Ms
from plainview.tlog.notes import COSIGNATURE, SignatureLine, Verifier, cosigned
from plainview.tlog.signing import SigningKey


def verifier(name: str, key: SigningKey) -> Verifier:
    """The public side of a witness's key."""
    return Verifier(name, COSIGNATURE, key.public)


def cosign(text: bytes, name: str, key: SigningKey, *, now: Ms) -> SignatureLine:
    """The line that witness `name` adds to a checkpoint text."""
    seconds = now // 1000
    signature = struct.pack(">Q", seconds) + key.sign(cosigned(text, seconds))
    return SignatureLine(name, verifier(name, key).key_hash, signature)


def check(text: bytes, line: SignatureLine, witness: Verifier) -> Ms:
    """The time stated by `witness` in `line`; raises `BadSignature`."""
    return witness.cosigned_at(text, line)
