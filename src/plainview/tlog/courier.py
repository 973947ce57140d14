"""The courier: the process that asks witnesses, so that no key is where the network is.

The publisher forks it (`sending`, which describes what they say to each other) and hands it one
socket as its input. It reads the public log alone, and makes the consistency proofs out of its
tiles. Nobody believes it: every line is verified by the trust policy. It runs under the keeper's
user; where the system has Landlock it can open neither keys nor processes, and change no file.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

from plainview.base import landlock
from plainview.base.shutdown import die_with_parent
from plainview.errors import LogAway, PlainviewError, Refused
from plainview.tlog import proofs, tiles, trees
from plainview.tlog.witness_client import OtherSize, add_checkpoint

_LARGEST = 131_072
"""Bytes of a question: a note (64 KiB) and an address."""


class Courier:
    """What each witness saw last, by its address; a wrong memory costs one question more."""

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._sizes: dict[str, int] = {}

    def answer(self, url: str, note: bytes) -> dict[str, str]:
        """The witness's lines on `note`, or why there are none."""
        try:
            lines = self._ask(url, note)
        except Refused as error:
            return {"refused": error.message}
        except PlainviewError as error:
            return {"away": error.message}
        return {"lines": lines.decode(errors="replace")}

    def _ask(self, url: str, note: bytes) -> bytes:
        _origin, size_line, _rest = note.split(b"\n", 2)
        size = int(size_line)  # the keeper's own note, written the one way there is
        old = self._sizes.get(url, size)
        try:
            lines = add_checkpoint(url, old, self._proof(old, size), note)
        except OtherSize as other:
            if other.size > size or other.size == old:
                raise
            lines = add_checkpoint(url, other.size, self._proof(other.size, size), note)
        self._sizes[url] = size
        return lines

    def _proof(self, old: int, size: int) -> list[bytes]:
        tree = trees.of_tiles(
            lambda *tile: (self._log_dir / tiles.tile_path(*tile)).read_bytes(), size
        )
        try:
            return proofs.consistency_proof(tree, old, size)
        except OSError as error:
            raise LogAway(f"A tile of the log cannot be read: {error.strerror}.") from error


def needed() -> list[Path]:
    """What names and certificates are looked up in, and what Python may still load."""
    system = ["/etc", "/usr", "/lib", "/lib64", sys.prefix, sys.base_prefix]
    given = [value for name, value in os.environ.items() if name.startswith("SSL_CERT_")]
    resolver = Path("/etc/resolv.conf").resolve().parent  # where it is only linked from /etc
    return [*map(Path, [*system, *given]), resolver]


def main(log_dir: Path) -> None:
    """Answer until the publisher is gone: killed with it, or at the end of its questions."""
    die_with_parent()
    landlock.confine([log_dir, *needed()])
    courier = Courier(log_dir)
    with socket.socket(fileno=sys.stdin.fileno()) as link:
        while question := link.recv(_LARGEST):
            asked = json.loads(question)
            answer = courier.answer(asked["url"], asked["note"].encode())
            link.sendall(json.dumps(answer, ensure_ascii=False).encode())
