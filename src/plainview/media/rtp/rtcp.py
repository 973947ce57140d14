"""RTCP (RFC 3550 clause 6): sender reports tell the wall clock, receiver reports answer them."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from plainview.errors import BadFormat

NTP_EPOCH_S = 2_208_988_800
_SENDER, _RECEIVER, _SOURCES, _BYE = 200, 201, 202, 203
_UNSET = 1_000_000
"""Cameras that do not know the time send 0, or seconds since they were started."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    """At `wall_us` (microseconds since 1970, camera's clock) the stream stood at `timestamp`."""

    ssrc: int
    wall_us: int | None
    """None if the camera does not know the time."""
    timestamp: int
    packets: int
    short_ntp: int
    """The middle 32 bits of its NTP time, by which a receiver report names it."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """Streams that end."""

    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reception:
    """What a receiver report says (clause 6.4.1)."""

    ssrc: int
    fraction: int
    """Lost since the last report, of 256."""
    lost: int
    highest: int
    jitter: int
    last_report: int
    """`short_ntp` of the last sender report, 0 if there was none."""
    delay: int
    """Since it came, in 1/65536 s."""


def parse(data: bytes) -> list[SenderReport | Goodbye]:
    """Sender reports and goodbyes of a compound packet. Raises `BadFormat`."""
    found: list[SenderReport | Goodbye] = []
    at = 0
    if not data:
        raise BadFormat("An RTCP packet is empty.")
    while at < len(data):
        if at + 4 > len(data) or data[at] >> 6 != 2:
            raise BadFormat("Not an RTCP packet.")
        kind, words = data[at + 1], data[at + 2] << 8 | data[at + 3]
        body = data[at + 4 : at + 4 + 4 * words]
        if len(body) < 4 * words:
            raise BadFormat("An RTCP packet is cut.")
        if kind == _SENDER:
            found.append(_sender(body))
        elif kind == _BYE:
            count = data[at] & 31
            if len(body) < 4 * count:
                raise BadFormat("An RTCP goodbye is cut.")
            found.append(Goodbye(struct.unpack_from(f">{count}I", body)))
        at += 4 + 4 * words
    return found


def _sender(body: bytes) -> SenderReport:
    if len(body) < 24:
        raise BadFormat("An RTCP sender report is cut.")
    ssrc, seconds, fraction, timestamp, packets = struct.unpack_from(">IIIII", body)
    # The NTP era that began in 2036 (RFC 4330 clause 3).
    since_1900 = seconds if seconds >> 31 or seconds < _UNSET else seconds + (1 << 32)
    wall = (since_1900 - NTP_EPOCH_S) * 1_000_000 + (fraction * 1_000_000 >> 32)
    short = (seconds & 0xFFFF) << 16 | fraction >> 16
    return SenderReport(ssrc, None if seconds < _UNSET else wall, timestamp, packets, short)


def receiver_report(own: int, block: Reception | None) -> bytes:
    """A compound packet: receiver report and the description that RTCP demands (clause 6.1)."""
    blocks = b""
    if block is not None:
        lost = max(-0x800000, min(block.lost, 0x7FFFFF)) & 0xFFFFFF
        blocks = struct.pack(
            ">IIIIII", block.ssrc, block.fraction << 24 | lost, block.highest & 0xFFFFFFFF,
            block.jitter & 0xFFFFFFFF, block.last_report, block.delay & 0xFFFFFFFF,
        )  # fmt: skip
    count = 1 if blocks else 0
    report = struct.pack(">BBHI", 0x80 | count, _RECEIVER, 1 + len(blocks) // 4, own) + blocks
    item = b"\x01\x09plainview\x00"
    return report + struct.pack(">BBHI", 0x81, _SOURCES, 1 + len(item) // 4, own) + item
