"""A minute's leaves, compared with the roots that were logged for them (tlog.leaves).

Leaves in plain ASCII are read by one pattern, which matches only what is canonical and has the
right fields; the two forms that are hashed are cut out of their bytes. What does not match is read
as JSON, and found wrong there if it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from plainview.errors import BadFormat, BadProof
from plainview.tlog import leaves, merkle
from plainview.tlog.entries import read_canonical
from plainview.verify.bulk import INT, TEXT

_LEAF = {"camera", "window", "segments", "cipher", "plain", "register", "minute"}
_PATTERN = re.compile(
    rf'(\{{"camera":{TEXT},)("cipher":{TEXT},)("minute":{TEXT},)("plain":{TEXT},)'
    rf'("register":{INT},"segments":[1-9][0-9]{{0,14}},"window":{TEXT}\}})'.encode()
)


class Leaf(NamedTuple):
    """What a leaf says of a window, without its hashes; `register` may be any JSON."""

    camera: str
    window: str
    register: object
    minute: str


def read_leaves(raw: bytes, body: Mapping[str, Any]) -> list[Leaf]:
    """The leaves that the roots entry `body` was logged for; raises `Invalid` kinds."""
    quick = _match_all(raw)
    if quick is None:
        listed = read_canonical(raw)
        check_leaves(listed, body)
        return [Leaf(*(leaf[name] for name in Leaf._fields)) for leaf in listed]
    found, ciphers, plains = quick
    if len(found) != body["leaves"]:
        raise BadFormat("not as many as the entry says.")
    if (_root(ciphers), _root(plains)) != _logged(body):
        raise BadProof("their roots are not those that were logged.")
    return found


def _match_all(raw: bytes) -> tuple[list[Leaf], list[bytes], list[bytes]] | None:
    """Leaves, and their bytes without `plain` and without `cipher`; None if one does not match."""
    found, ciphers, plains = [], [], []
    at = 0
    while at < len(raw) - 1:
        match = _PATTERN.match(raw, at + 1)
        if match is None or raw[at : at + 1] != (b"," if at else b"["):
            return None
        head, camera, cipher, _, minute, when, plain, _, tail, register, window = match.groups()
        found.append(Leaf(camera.decode(), window.decode(), int(register), when.decode()))
        ciphers.append(head + cipher + minute + tail)
        plains.append(head + minute + plain + tail)
        at = match.end()
    return (found, ciphers, plains) if raw[at:] == b"]" else None


def _root(texts: list[bytes]) -> str:
    """`merkle.root_over`, for the few leaves of one recorder: with fewer calls."""
    sha256 = hashlib.sha256
    row = [sha256(b"\x00" + text).digest() for text in texts]
    while len(row) > 1:
        # An odd last one goes up as it is, which is what RFC 6962 makes of unbalanced trees.
        paired = [
            sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row) - 1, 2)
        ]
        row = paired + row[len(paired) * 2 :]
    return row[0].hex() if row else merkle.EMPTY_ROOT.hex()


def check_leaves(listed: Any, body: Mapping[str, Any]) -> None:
    """`listed` is what the roots entry `body` was logged for; raises `Invalid` kinds."""
    if not isinstance(listed, list) or len(listed) != body["leaves"]:
        raise BadFormat("not as many as the entry says.")
    for leaf in listed:
        if not isinstance(leaf, dict) or leaf.keys() != _LEAF:
            raise BadFormat("a leaf has other fields than it should.")
        texts = (leaf[name] for name in ("camera", "window", "cipher", "plain", "minute"))
        if not all(isinstance(text, str) for text in texts):
            raise BadFormat("a leaf's names and hashes are text.")
        if type(leaf["segments"]) is not int or leaf["segments"] < 1:
            raise BadFormat("a leaf counts at least one segment.")
    if leaves.roots(listed) != _logged(body):
        raise BadProof("their roots are not those that were logged.")


def _logged(body: Mapping[str, Any]) -> tuple[str, str]:
    return body["cipher_root"], body["plain_root"]
