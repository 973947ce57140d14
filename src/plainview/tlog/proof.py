"""Proofs that stand alone (c2sp.org/tlog-proof): index, audit path, cosigned checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plainview.base.clock import Ms
from plainview.base.ids import b64, unb64
from plainview.errors import BadFormat, BadProof
from plainview.tlog import merkle, proofs
from plainview.tlog.policy import Checked, Policy

_HEADER = b"c2sp.org/tlog-proof@v1"
_MAX_STEPS = 63


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof as read, not yet checked; `note` is the cosigned checkpoint."""

    index: int
    path: tuple[bytes, ...]
    note: bytes


def render(index: int, path: Sequence[bytes], note: bytes) -> bytes:
    """The text of a `.tlog-proof` file."""
    lines = [_HEADER.decode(), f"index {index}", *map(b64, path), "", ""]
    return "\n".join(lines).encode() + note


def parse(data: bytes) -> Proof:
    """Read a proof; raises `BadFormat`. Extra data is skipped, as nothing authenticates it."""
    head, empty, note = data.partition(b"\n\n")
    lines = head.split(b"\n")
    if not empty or lines.pop(0) != _HEADER:
        raise BadFormat("not a tlog-proof.")
    if lines and lines[0].startswith(b"extra "):
        lines.pop(0)
    word, _, number = lines.pop(0).partition(b" ") if lines else (b"", b"", b"")
    if word != b"index" or not number.isdigit() or str(int(number[:19])).encode() != number:
        raise BadFormat("a tlog-proof without its index.")
    path = tuple(unb64(line.decode("latin-1")) for line in lines)
    if len(path) > _MAX_STEPS or any(len(step) != 32 for step in path):
        raise BadFormat("a tlog-proof holds at most 63 hashes of 32 bytes.")
    return Proof(int(number), path, note)


def check(
    proof: Proof | bytes,
    raw_entry: bytes,
    policy: Policy,
    *,
    now: Ms | None = None,
    max_age_ms: Ms | None = None,
) -> Checked:
    """`raw_entry` is on the log that `policy` trusts, as its witness quorum saw.

    Raises `BadFormat`, `BadSignature`, `BadProof`.
    """
    found = parse(proof) if isinstance(proof, bytes) else proof
    checked = policy.check(found.note, now=now, max_age_ms=max_age_ms)
    size, root = checked.checkpoint.size, checked.checkpoint.root
    if found.index >= size:
        raise BadProof("the proof names an entry beyond its checkpoint.")
    proofs.check_inclusion(merkle.leaf_hash(raw_entry), found.index, size, found.path, root)
    return checked
