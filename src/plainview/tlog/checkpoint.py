"""Checkpoints (c2sp.org/tlog-checkpoint): origin, size, root. No extension lines."""

from __future__ import annotations

from dataclasses import dataclass

from plainview.base.ids import b64, unb64
from plainview.errors import BadFormat


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: its name, number of entries and RFC 6962 root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """The note text, three lines."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n".encode()

    @classmethod
    def parse(cls, text: bytes) -> Checkpoint:
        """Read a note text; raises `BadFormat`."""
        try:
            origin, size, root, _end = text.decode().split("\n")
            found = cls(origin, int(size), unb64(root))
        except ValueError as error:
            raise BadFormat("a checkpoint has exactly three lines: origin, size, root.") from error
        usable = origin and 0 <= found.size < 10**18 and len(found.root) == 32
        if not usable or found.text() != text:
            raise BadFormat("a checkpoint that is not written in the one allowed way.")
        return found
