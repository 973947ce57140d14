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
            lines = text.decode().split("\n")
        except UnicodeDecodeError as error:
            raise BadFormat("not a checkpoint: not UTF-8.") from error
        if len(lines) != 4 or not lines[0] or lines[3]:
            raise BadFormat("a checkpoint has exactly three lines: origin, size, root.")
        if not (lines[1].isascii() and lines[1].isdecimal()) or len(lines[1]) > 18:
            raise BadFormat("the size of a checkpoint is a decimal number.")
        found = cls(lines[0], int(lines[1]), unb64(lines[2]))
        if len(found.root) != 32 or found.text() != text:
            raise BadFormat("a checkpoint that is not written in the one allowed way.")
        return found
