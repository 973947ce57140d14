"""Roots over the segments of a leaf (`leaves`): recorders and readers need them.

The keeper does not; it logs what recorders counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from plainview.tlog import merkle


def segments_root(hashes: Sequence[str]) -> str:
    """Hex root over hex SHA-256 of segments: `cipher` or `plain` of a leaf."""
    return merkle.root_over(bytes.fromhex(text) for text in hashes)
