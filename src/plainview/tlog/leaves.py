"""A minute's leaves of one node: what was written, and the two roots that are logged for it.

A leaf is `{camera, window, segments, cipher, plain, register, minute}`: how many segments of a
window were committed since the node counted last, until that minute, and the Merkle roots over the
SHA-256 of their ciphertexts and of their plaintexts, in the order of their sequence numbers. The
`roots` entry holds one root over all leaves without `plain`, and one without `cipher`: each binds
everything else in the leaf too.

The leaves are published as `leaves/<id of the roots entry>.json`, a canonical JSON array.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plainview.tlog import merkle
from plainview.tlog.entries import canonical


def path(entry_id: str) -> str:
    """Name of the file below the log's folder."""
    return f"leaves/{entry_id}.json"


def roots(leaves: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """`cipher_root` and `plain_root` of the entry, hex."""
    return _root(leaves, without="plain"), _root(leaves, without="cipher")


def _root(leaves: Sequence[Mapping[str, Any]], *, without: str) -> str:
    kept = ({k: v for k, v in leaf.items() if k != without} for leaf in leaves)
    return merkle.root_over(canonical(leaf) for leaf in kept)
