"""The Merkle tree of RFC 6962: hashes, proofs and their checks (RFC 9162, section 2.1).

Proofs are made by a `Subtree` source, a function (level, index) -> hash of the complete subtree
that spans leaves [index * 2^level, (index + 1) * 2^level); lists and tiles both provide one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

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
    sha256 = hashlib.sha256
    return [
        sha256(b"\x01" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes) - 1, 2)
    ]


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
    acc = peaks_left_to_right[-1]
    for left in reversed(peaks_left_to_right[:-1]):
        acc = node_hash(left, acc)
    return acc


def root(hashes: Sequence[bytes]) -> bytes:
    """MTH of leaves given by their leaf hashes."""
    return fold(peaks(hashes))


def source(hashes: Sequence[bytes]) -> Subtree:
    """Subtrees of a tree held in memory."""
    levels = [list(hashes)]
    while len(levels[-1]) > 1:
        levels.append(pair_up(levels[-1]))
    return lambda level, index: levels[level][index]


def _span(subtree: Subtree, start: int, end: int) -> bytes:
    """Hash of leaves [start, end), where `start` is a multiple of the span's power of two."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append(subtree(level, start >> level))
        start += 1 << level
    return fold(found)


def root_of(subtree: Subtree, size: int) -> bytes:
    """Root of the first `size` leaves."""
    return _span(subtree, 0, size)


def inclusion_proof(subtree: Subtree, index: int, size: int) -> list[bytes]:
    """Audit path of leaf `index` in the tree of `size`, the leaf's sibling first."""
    if not 0 <= index < size:
        raise BadProof(f"entry {index} is not in a log of {size}.")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if index < middle:
            path.append(_span(subtree, middle, end))
            end = middle
        else:
            path.append(_span(subtree, start, middle))
            start = middle
    return path[::-1]


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
            path.append(_span(subtree, middle, end))
            end = middle
        else:
            path.append(_span(subtree, start, middle))
            start, complete = middle, False
    if not complete:
        path.append(_span(subtree, start, end))
    return path[::-1]


def check_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Leaf hash `leaf` stands at `index` in the tree of `size`; raises `BadProof`."""
    if not 0 <= index < size:
        raise BadProof(f"entry {index} is not in a log of {size}.")
    fn, sn, acc = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            raise BadProof("the inclusion proof is too long.")
        if fn & 1 or fn == sn:
            acc = node_hash(step, acc)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            acc = node_hash(acc, step)
        fn, sn = fn >> 1, sn >> 1
    if sn or acc != root:
        raise BadProof(f"entry {index} is not what the checkpoint of size {size} covers.")


def check_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """The tree of `old` leaves is a prefix of that of `new`; raises `BadProof`."""
    if not 0 <= old <= new:
        raise BadProof(f"a log of {new} cannot continue one of {old}.")
    if old in (0, new):
        expected = EMPTY_ROOT if old == 0 else new_root
        if proof or old_root != expected:
            raise BadProof("two different trees of the same size.")
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise BadProof("the consistency proof is empty.")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for step in path[1:]:
        if sn == 0:
            raise BadProof("the consistency proof is too long.")
        if fn & 1 or fn == sn:
            first, second = node_hash(step, first), node_hash(step, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, step)
        fn, sn = fn >> 1, sn >> 1
    if sn or first != old_root or second != new_root:
        raise BadProof(f"the log of size {new} does not continue the one of size {old}.")
