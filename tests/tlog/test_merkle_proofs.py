"""Merkle tree: RFC 6962's definition, proofs of any place and size, and no other proof."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import BadProof
from plainview.tlog import merkle, proofs, trees

sizes = st.integers(1, 600)


def hashes_of(size: int) -> list[bytes]:
    return [merkle.leaf_hash(str(i).encode()) for i in range(size)]


def textbook(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return merkle.node_hash(textbook(hashes[:split]), textbook(hashes[split:]))


@given(st.integers(0, 600))
def test_root_is_that_of_rfc_6962(size: int) -> None:
    hashes = hashes_of(size)
    assert merkle.root(hashes) == textbook(hashes)
    assert trees.span(trees.source(hashes), 0, size) == textbook(hashes)


def test_vectors_of_certificate_transparency() -> None:
    """The eight leaves of the reference implementation's merkletree tests."""
    leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    hashes = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in leaves]
    assert merkle.root(hashes).hex() == (
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    )
    assert merkle.root(hashes[:3]).hex() == (
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    )


@given(st.data())
def test_every_inclusion_proof_holds_and_no_changed_one(data: st.DataObject) -> None:
    size = data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    hashes = hashes_of(size)
    root = merkle.root(hashes)
    proof = proofs.inclusion_proof(trees.source(hashes), index, size)
    proofs.check_inclusion(hashes[index], index, size, proof, root)
    for wrong in _changed(proof):
        with pytest.raises(BadProof):
            proofs.check_inclusion(hashes[index], index, size, wrong, root)
    with pytest.raises(BadProof):
        proofs.check_inclusion(bytes(32), index, size, proof, root)
    with pytest.raises(BadProof):
        proofs.check_inclusion(hashes[index], index, size, proof, bytes(32))
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        with pytest.raises(BadProof):
            proofs.check_inclusion(hashes[index], other, size, proof, root)


@given(st.data())
def test_every_consistency_proof_holds_and_no_changed_one(data: st.DataObject) -> None:
    new = data.draw(sizes)
    old = data.draw(st.integers(0, new))
    hashes = hashes_of(new)
    roots = merkle.root(hashes[:old]), merkle.root(hashes)
    proof = proofs.consistency_proof(trees.source(hashes), old, new)
    proofs.check_consistency(old, new, proof, *roots)
    for wrong in _changed(proof):
        with pytest.raises(BadProof):
            proofs.check_consistency(old, new, wrong, *roots)
    with pytest.raises(BadProof):
        proofs.check_consistency(old, new, proof, bytes(32), roots[1])
    if old:
        with pytest.raises(BadProof):
            proofs.check_consistency(old, new, proof, roots[0], bytes(32))


@given(st.integers(2, 200), st.data())
def test_a_fork_has_no_consistency_proof(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    hashes = hashes_of(size)
    forked = [*hashes[: old - 1], merkle.leaf_hash(b"other"), *hashes[old:]]
    proof = proofs.consistency_proof(trees.source(forked), old, size)
    with pytest.raises(BadProof):
        proofs.check_consistency(old, size, proof, merkle.root(hashes[:old]), merkle.root(forked))


def _changed(proof: list[bytes]) -> list[list[bytes]]:
    flipped = [[*proof[:i], bytes(32), *proof[i + 1 :]] for i in range(len(proof))]
    return [*flipped, [*proof, bytes(32)], *([proof[:-1]] if proof else [])]


def test_proofs_beyond_the_tree_are_refused() -> None:
    source = trees.source(hashes_of(4))
    for index in (-1, 4):
        with pytest.raises(BadProof):
            proofs.inclusion_proof(source, index, 4)
        with pytest.raises(BadProof):
            proofs.check_inclusion(bytes(32), index, 4, [], bytes(32))
    for old, new in ((5, 4), (-1, 4)):
        with pytest.raises(BadProof):
            proofs.consistency_proof(source, old, new)
        with pytest.raises(BadProof):
            proofs.check_consistency(old, new, [], bytes(32), bytes(32))
