"""Motion JPEG: the size of a picture, and the bytes that RTP carries.

ITU-T T.81 annex B (markers); RFC 2435: headers are not sent but made again by the receiver from a
few fields; the entropy-coded scan goes byte for byte.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator

from plainview.errors import BadFormat

SOF0, DHT, EOI, SOS, DQT, DRI = 0xC0, 0xC4, 0xD9, 0xDA, 0xDB, 0xDD
DESCRIPTOR = bytes([3, 21, 0, 1, 0, 4, 13, 0x6C, 0x11, *bytes(11), 6, 1, 2])
"""ES_Descriptor (ISO/IEC 14496-1 clause 7.2.6.5): object type 0x6C is JPEG, stream type visual."""
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})


def segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """(marker, content, place after it) up to and with the start of the scan. `BadFormat`."""
    if data[:2] != b"\xff\xd8":
        raise BadFormat("A picture does not begin as JPEG.")
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker in (0xFF, 0x01):
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(data):
            break
        yield marker, data[at + 4 : end], end
        if marker == SOS:
            return
        at = end
    raise BadFormat("The headers of a JPEG end too early.")


def picture_size(data: bytes) -> tuple[int, int]:
    """(width, height) in pixels. Raises `BadFormat`."""
    for marker, content, _ in segments(data):
        if marker in _FRAMES and len(content) >= 5:
            height, width = struct.unpack_from(">HH", content, 1)
            return width, height
    raise BadFormat("A JPEG does not tell its size.")


def scan(data: bytes) -> bytes:
    """The entropy-coded data, without the end marker. Raises `BadFormat`."""
    end = next(after for marker, _, after in segments(data) if marker == SOS)
    return data[end:].removesuffix(b"\xff\xd9")


def picture_hashes(data: bytes) -> list[str]:
    """SHA-256 (hex) of the picture's scan."""
    return [hashlib.sha256(scan(data)).hexdigest()]
