"""RTP payloads of AV1 and of MJPEG, as cameras send them.

RTP Payload Format For AV1 (version 1.0) clause 4; RFC 2435 clause 3. MJPEG's headers do not travel:
picture size in steps of 8 pixels, sampling, restart interval and quantisers do.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from plainview.errors import BadFormat
from plainview.media import av1, jpeg

_CONTINUES, _GOES_ON, _ONE, _NEW_SEQUENCE = 0x80, 0x40, 0x10, 0x08
_TABLES_FOLLOW = 255
_KINDS = {b"\x21\x11\x11": 0, b"\x22\x11\x11": 1}
"""Types of RFC 2435 by the sampling of luma and chroma: 4:2:2 and 4:2:0."""
MOST_PIXELS = 2040
"""Largest side that RFC 2435 can say."""


def av1_payloads(units: list[bytes], room: int) -> Iterator[bytes]:
    """Payloads of one temporal unit's OBUs: as many whole ones as fit, or one in fragments."""
    new = _NEW_SEQUENCE if any(av1.obu_type(u) == av1.SEQUENCE_HEADER for u in units) else 0
    body = b""
    for unit in map(av1.without_size, units):
        element = av1.leb128(len(unit)) + unit
        if body and len(body) + len(element) >= room:
            yield bytes([new]) + body
            body, new = b"", 0
        if len(element) < room:
            body += element
            continue
        for at in range(0, len(unit), room - 1):
            marks = (_CONTINUES if at else 0) | (_GOES_ON if at + room - 1 < len(unit) else 0)
            yield bytes([marks | _ONE | new]) + unit[at : at + room - 1]
            new = 0
    if body:
        yield bytes([new]) + body


def jpeg_payloads(data: bytes, room: int) -> Iterator[bytes]:
    """Payloads of one picture, 4:2:0 or 4:2:2 with the usual Huffman tables. `BadFormat`."""
    width, height = jpeg.picture_size(data)
    if max(width, height) > MOST_PIXELS:
        raise BadFormat("A picture is too large for RTP's form of JPEG.")
    kind, interval, tables = -1, 0, b""
    for marker, content, _ in jpeg.segments(data):
        if marker == jpeg.DQT:
            tables += b"".join(content[at + 1 : at + 65] for at in range(0, len(content), 65))
        elif marker == jpeg.DRI:
            (interval,) = struct.unpack(">H", content[:2])
        elif marker == jpeg.SOF0:
            kind = _KINDS.get(content[7::3], -1)
    if kind < 0:
        raise BadFormat("A picture's sampling is none that RTP's form of JPEG has.")
    kind |= 64 if interval else 0
    restart = struct.pack(">HH", interval, 0xFFFF) if interval else b""
    scan, at = jpeg.scan(data), 0
    while at < len(scan) or not at:
        head = struct.pack(">I", at) + bytes(
            [kind, _TABLES_FOLLOW, -(-width // 8), -(-height // 8)]
        )
        head += restart
        if not at:
            head += struct.pack(">HH", 0, len(tables)) + tables
        part = scan[at : at + room - len(head)]
        yield head + part
        at += max(1, len(part))
