"""RTP packets (RFC 3550 clause 5.1): header, contributing sources, extension, padding."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from plainview.errors import BadFormat

_HEAD = struct.Struct(">BBHII")


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """A packet that is well formed; the payload may be empty."""

    sequence: int
    timestamp: int
    ssrc: int
    payload_type: int
    marker: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class Loss:
    """Packets that never came, where they should have come. `restart`: the sender began to count
    anew, so how many it were is not known."""

    count: int
    restart: bool = False


def parse(data: bytes) -> RtpPacket:
    """Read one datagram. Raises `BadFormat` if it is not RTP, or is cut."""
    if len(data) < _HEAD.size:
        raise BadFormat("An RTP packet is too short.")
    first, second, sequence, timestamp, ssrc = _HEAD.unpack_from(data)
    if first >> 6 != 2:
        raise BadFormat("An RTP packet has a wrong version.")
    start, end = _HEAD.size + 4 * (first & 15), len(data)
    if first & 0x10:
        if start + 4 > end:
            raise BadFormat("An RTP packet ends within its extension.")
        start += 4 + 4 * (data[start + 2] << 8 | data[start + 3])
    if first & 0x20:
        if data[-1] == 0:
            raise BadFormat("An RTP packet has padding of no length.")
        end -= data[-1]
    if start > end:
        raise BadFormat("An RTP packet ends within its header.")
    return RtpPacket(sequence, timestamp, ssrc, second & 0x7F, bool(second & 0x80), data[start:end])
