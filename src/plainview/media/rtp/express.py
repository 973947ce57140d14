"""The usual case in one loop: a whole picture that lies in the RTSP connection's buffer.

Of a camera's packets nearly all are alike: the next number, the same stream, a fragment of the
same unit. A packet that may be late, lost or odd rightly passes five objects on its way; for one
that is none of it that way costs more than all that follows. So a picture is looked for as a whole,
from its first packet to its marker. Whatever is not exactly the usual case is left where it stands,
for `plainview.media.rtp.receiver`; both work on the same state.

RFC 2326 clause 10.12 (`$`, channel, length), RFC 3550 clause 5.1, RFC 6184, RFC 7798. Jitter is
not measured here: TCP delivers packets together, whenever they were sent.
"""

from __future__ import annotations

import struct
from enum import Enum

from plainview.media.packets import Codec
from plainview.media.rtp.units import Depacketiser

_HEAD = struct.Struct(">HHHHQH")
"""Dollar and channel, length; version and payload type, number; time stamp and source; the
payload's first two bytes."""
_BEFORE = 16
"""Bytes before the payload, with dollar, channel and length."""
_MARKER = 0x80
_START, _END = 0x80, 0x40
MOST = 4 << 20
"""A picture that is larger than this is not waited for as a whole."""


class Found(Enum):
    """What stands in the buffer."""

    WHOLE = 1
    """A whole picture, taken."""
    MORE = 2
    """The beginning of one: the rest has yet to come."""
    ODD = 3
    """Something else."""


class Express:
    """Looks for whole pictures. After `WHOLE`, what was found stands in its attributes."""

    def __init__(self, codec: Codec, payload_type: int, channel: int) -> None:
        self._depacketiser = Depacketiser(codec)
        self._h264 = codec == "h264"
        self._lead = 0x2400 | channel
        self._kind = 0x8000 | payload_type
        self._skip = _BEFORE + (2 if self._h264 else 3)
        """Bytes before a fragment's data."""
        self._size, self._row = 0, _HEAD
        self.at = 0
        """Where the buffer goes on."""
        self.units: list[bytes] = []
        self.timestamp = 0
        self.count = 0
        """Packets that the picture came in."""

    def look(self, buffer: bytearray, at: int, ssrc: int, number: int) -> Found:
        """Look at what begins at `at`, where packet `number` of stream `ssrc` should stand."""
        with memoryview(buffer) as view:
            return self._look(view, at, ssrc, number)

    def _look(self, view: memoryview, at: int, ssrc: int, number: int) -> Found:
        unpack, end, began, first_number = _HEAD.unpack_from, len(view), at, number
        units, unit, mine, most = list[bytes](), list[bytes | memoryview](), -1, at + MOST
        while end - at >= 20:
            lead, length, kind, found, whose, first = unpack(view, at)
            stop = at + 4 + length
            if (
                lead != self._lead or kind & 0xFF7F != self._kind or found != number & 0xFFFF
                or whose & 0xFFFFFFFF != ssrc or (whose != mine and at != began) or length < 16
            ):  # fmt: skip
                return Found.ODD
            if stop > end:
                break
            mine = whose
            if not self._payload(view[at + _BEFORE : stop], first, units, unit):
                return Found.ODD
            before, at, number = at, stop, number + 1
            if kind & _MARKER:
                self.at, self.units, self.count = at, units, number - first_number
                self.timestamp = mine >> 32
                return Found.ODD if unit else Found.WHOLE
            if unit and end - at >= 4 + length:
                at = self._alike(view, before, length, unit)
                number += (at - stop) // (4 + length)
        self.timestamp = mine >> 32
        return Found.MORE if end < most else Found.ODD

    def _alike(self, view: memoryview, at: int, length: int, unit: list[bytes | memoryview]) -> int:
        """Take the fragments that follow the one at `at` and have its length: the middle of a
        unit, and so nearly all packets there are. Where the others begin."""
        size, skip = 4 + length, self._skip
        if size != self._size:
            self._size, self._row = size, struct.Struct(f">QQ{skip - 16}s{size - skip}x")
        usual, whose, head = self._row.unpack_from(view, at)
        middle = head[:-1] + bytes((head[-1] & ~_START,))
        at += size
        stop = at + (len(view) - at) // size * size
        begin = at
        for one, its, begins in self._row.iter_unpack(view[at:stop]):
            usual += 1  # the next number; at its wrap the other bytes differ, and that is enough
            if one != usual or its != whose or begins != middle:
                break
            at += size
        unit += [view[one + skip : one + size] for one in range(begin, at, size)]
        return at

    def _payload(
        self, payload: memoryview, first: int, units: list[bytes], unit: list[bytes | memoryview]
    ) -> bool:
        """Take a payload; whether it may stand there."""
        kind = first >> 8 & 31 if self._h264 else first >> 9 & 63
        if kind != (28 if self._h264 else 49):
            faults = self._depacketiser.faults
            units += self._depacketiser.push(bytes(payload))
            return not unit and self._depacketiser.faults == faults
        flags = payload[1] if self._h264 else payload[2]
        if self._h264:
            head = bytes((first >> 8 & 0xE0 | flags & 31,))
        else:
            head = bytes((first >> 8 & 0x81 | (flags & 63) << 1, first & 0xFF))
        if flags & _START:
            if unit or flags & _END:
                return False
            unit.append(head)
        elif not unit or unit[0] != head:
            return False
        unit.append(payload[1 + len(head) :])
        if flags & _END:
            units.append(b"".join(unit))
            unit.clear()
        return True
