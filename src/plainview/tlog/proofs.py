"""Inclusion and consistency proofs, and the checks of both (RFC 9162, section 2.1).

The log's writer needs none of them. A check returns nothing and raises `BadProof`.
"""

from __future__ import annotations

from collections.abc import Sequence

from plainview.errors import BadProof
from plainview.tlog.merkle import EMPTY_ROOT, node_hash
from plainview.tlog.trees import Subtree, span


def inclusion_proof(subtree: Subtree, index: int, size: int) -> list[bytes]:
    """Audit path of leaf `index` in the tree of `size`, the leaf's sibling first."""
    if not 0 <= index < size:
        raise BadProof(f"entry {index} is not in a log of {size}.")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if index < middle:
            path.append(span(subtree, middle, end))
            end = middle
        else:
            path.append(span(subtree, start, middle))
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
            path.append(span(subtree, middle, end))
            end = middle
        else:
            path.append(span(subtree, start, middle))
            start, complete = middle, False
    if not complete:
        path.append(span(subtree, start, end))
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
