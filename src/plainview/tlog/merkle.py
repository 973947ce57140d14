"""The Merkle tree of RFC 6962: hashes, roots and the consistency proof that a log owes.

Trees are read through a `Subtree`, a function (level, index) -> hash of the complete subtree over
leaves [index * 2^level, (index + 1) * 2^level). `proofs` holds what readers need besides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import reduce

from plainview.errors import BadProof

Subtree = Callable[[int, int], bytes]

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


def span(subtree: Subtree, start: int, end: int) -> bytes:
    """Hash of leaves [start, end), where `start` is a multiple of the span's power of two."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append(subtree(level, start >> level))
        start += 1 << level
    return fold(found)


def consistency_proof(subtree: Subtree, old: int, new: int) -> list[bytes]:
    """Proof that the first `old` of `new` leaves are a log that it continues; may be empty."""
    if not 0 <= old <= new:
        raise BadProof(f"no proof leads from size {old} to {new}.")
    if old in (0, new):
        return []
    path = []
    start, end, complete = 0, new, True
    while old != end:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if old <= middle:
            path.append(span(subtree, middle, end))
            end = middle
        else:
            path.append(span(subtree, start, middle))
            start, complete = middle, False
    if not complete:
        path.append(span(subtree, start, end))
    return path[::-1]
