"""Records of a view: one encrypted frame each, as they stand in packs and in the live tail.

    u32 length | u64 number | u8 flags | u64 wall_ms | ciphertext        (big-endian)

`length` is that of the ciphertext alone. `number` is the record's nonce, never used twice in a
window. `flags` repeat those of the frame message inside (1 key frame, 2 pixelated whole, 4
discontinuity before), so that a reader without the key can skip to a key frame. Format:
docs/design/interfaces.md, "The view's frame message".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from plainview.errors import BadFormat

KEY = 1
PIXELATED = 2
DISCONTINUITY = 4

_HEAD = struct.Struct(">IQBQ")
_TAG = 16
"""An AES-256-GCM ciphertext is never shorter than its tag."""
_LARGEST = 16 << 20
_KNOWN = KEY | PIXELATED | DISCONTINUITY


@dataclass(frozen=True, slots=True)
class Record:
    """One encrypted frame."""

    number: int
    flags: int
    wall_ms: int
    ciphertext: bytes

    @property
    def key(self) -> bool:
        """Whether decoding may begin here."""
        return bool(self.flags & KEY)

    @property
    def pixelated(self) -> bool:
        """Whether the picture was pixelated whole."""
        return bool(self.flags & PIXELATED)

    def to_bytes(self) -> bytes:
        """The record as it stands in a pack and in the tail."""
        head = _HEAD.pack(len(self.ciphertext), self.number, self.flags, self.wall_ms)
        return head + self.ciphertext


def parse(data: bytes) -> Iterator[Record]:
    """The records of a view segment, in order. Raises `BadFormat`."""
    offset = 0
    while offset < len(data):
        if len(data) - offset < _HEAD.size:
            raise BadFormat("a view segment ends inside a record header.")
        length, number, flags, wall_ms = _HEAD.unpack_from(data, offset)
        offset += _HEAD.size
        if not _TAG <= length <= min(_LARGEST, len(data) - offset) or flags & ~_KNOWN:
            raise BadFormat("a view segment holds something that is not a record.")
        yield Record(number, flags, wall_ms, data[offset : offset + length])
        offset += length


def check_gop(data: bytes) -> None:
    """Raise `BadFormat` unless `data` is whole records, the first a key frame, numbers rising."""
    last = -1
    for record in parse(data):
        if last < 0 and not record.key:
            raise BadFormat("a view segment does not begin with a key frame.")
        if record.number <= last:
            raise BadFormat("record numbers of a view segment do not rise.")
        last = record.number
    if last < 0:
        raise BadFormat("a view segment holds no record.")
