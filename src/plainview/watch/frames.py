"""The view's frame message, as it comes out of decryption and goes to browsers.

    u8 version=1 | u8 flags | u16 0 | u64 wall_ms | u32 duration_ms | u32 sequence | access unit

Big-endian; flags: 1 key frame, 2 pixelated whole, 4 discontinuity before. The access unit is
H.264 Annex B. Format: docs/design/interfaces.md.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from plainview.base.clock import Ms
from plainview.errors import BadFormat

KEY, PIXELATED, DISCONTINUITY = 1, 2, 4
_HEAD = struct.Struct(">BBHQII")
_VERSION = 1


@dataclass(frozen=True, slots=True)
class FrameHead:
    """What stands before the access unit."""

    flags: int
    wall_ms: Ms
    duration_ms: int
    sequence: int


def head(message: bytes) -> FrameHead:
    """Read the head of a message. Raises `BadFormat`."""
    if len(message) <= _HEAD.size:
        raise BadFormat("A frame message is too short.")
    version, flags, _, wall_ms, duration_ms, sequence = _HEAD.unpack_from(message)
    if version != _VERSION:
        raise BadFormat(f"A frame message of version {version}; this program reads {_VERSION}.")
    return FrameHead(flags, wall_ms, duration_ms, sequence)


def access_unit(message: bytes) -> bytes:
    """The Annex B bytes of a message whose head was read."""
    return message[_HEAD.size :]


def is_key(message: bytes) -> bool:
    """Whether decoding may begin with this message."""
    return bool(message[1] & KEY)


def marked_discontinuous(message: bytes) -> bytes:
    """The same message, saying that frames before it are missing."""
    return message[:1] + bytes((message[1] | DISCONTINUITY,)) + message[2:]
