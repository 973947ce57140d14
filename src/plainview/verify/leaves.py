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

import orjson

from plainview.errors import BadFormat, BadProof
from plainview.tlog import leaves, merkle
from plainview.tlog.entries import read_canonical
from plainview.verify.bulk import INT, TEXT, uncaptured

_LEAF = {"camera", "window", "segments", "cipher", "plain", "register", "minute"}
_TEXT, _INT = uncaptured(TEXT), uncaptured(INT)
_PATTERN = re.compile(
    (
        rf'((\{{"camera":{_TEXT},)("cipher":{_TEXT},)("minute":{_TEXT},)("plain":{_TEXT},)'
        rf'("register":{_INT},"segments":[1-9][0-9]{{0,14}},"window":{_TEXT}\}}))'
    ).encode()
)
"""A leaf; its groups are the whole, then all of it, piece by piece."""


class Leaf(NamedTuple):
    """What a leaf says of a window, whatever its minute; `register` may be any JSON."""

    camera: str
    window: str
    register: object


class LeafReader:
    """Reads the leaves of minutes; it remembers how windows are written, as each comes often."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bytes], Leaf] = {}

    def read(self, raw: bytes, body: Mapping[str, Any]) -> list[tuple[Leaf, str]]:
        """Leaves and their minutes that `body` was logged for; raises `Invalid` kinds."""
        found = _PATTERN.findall(raw)
        if b"[" + b",".join([leaf[0] for leaf in found]) + b"]" != raw:
            return _read_plainly(raw, body)
        if len(found) != body["leaves"]:
            raise BadFormat("not as many as the entry says.")
        sha256 = hashlib.sha256
        ciphers, plains, said = [], [], []
        for _, head, cipher, minute, plain, tail in found:
            ciphers.append(sha256(b"\x00" + head + cipher + minute + tail).digest())
            plains.append(sha256(b"\x00" + head + minute + plain + tail).digest())
            leaf = self._known.get((head, tail)) or self._leaf(head, tail)
            said.append((leaf, minute[_BEFORE_MINUTE:-2].decode()))
        if (_root(ciphers), _root(plains)) != _logged(body):
            raise BadProof("their roots are not those that were logged.")
        return said

    def _leaf(self, head: bytes, tail: bytes) -> Leaf:
        written = orjson.loads(head + tail)
        if len(self._known) == _MOST_KNOWN:
            self._known.clear()
        leaf = self._known[head, tail] = Leaf(*(written[name] for name in Leaf._fields))
        return leaf


_BEFORE_MINUTE = len('"minute":"')
_MOST_KNOWN = 10_000


def _read_plainly(raw: bytes, body: Mapping[str, Any]) -> list[tuple[Leaf, str]]:
    """The same, for any JSON."""
    listed = read_canonical(raw)
    check_leaves(listed, body)
    return [(Leaf(*(one[name] for name in Leaf._fields)), one["minute"]) for one in listed]


def _root(row: list[bytes]) -> str:
    """`merkle.root` in hex, for the few leaves of one recorder: with fewer calls."""
    sha256 = hashlib.sha256
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
