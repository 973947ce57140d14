"""The Merkle tree of RFC 6962: hashes and roots. `proofs` holds what readers need besides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import reduce

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data), 32 bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def pair_up(hashes: Sequence[bytes]) -> list[bytes]:
    """The next level above `hashes`; an odd last one is left out."""
    return list(map(node_hash, hashes[::2], hashes[1::2]))


def peaks(hashes: Sequence[bytes]) -> list[bytes]:
    """Roots of the complete subtrees that make up `hashes`, the largest (leftmost) first."""
    found: list[bytes] = []
    level = list(hashes)
    while level:
        if len(level) % 2:
            found.append(level[-1])
        level = pair_up(level)
    return found[::-1]


def fold(peaks_left_to_right: Sequence[bytes]) -> bytes:
    """Root of the tree whose complete subtrees are given, the largest first."""
    if not peaks_left_to_right:
        return EMPTY_ROOT
    return reduce(lambda right, left: node_hash(left, right), reversed(peaks_left_to_right))


def root(hashes: Sequence[bytes]) -> bytes:
    """MTH of leaves given by their leaf hashes."""
    return fold(peaks(hashes))


def root_over(leaves: Iterable[bytes]) -> str:
    """Hex root of the tree whose leaves hold these bytes."""
    return root([leaf_hash(leaf) for leaf in leaves]).hex()
