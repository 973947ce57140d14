"""RTP: packets of pictures, and RTCP sender reports.

RFC 3550 (RTP, RTCP), RFC 6184 (H.264: single NAL unit, STAP-A, FU-A), RFC 7798 (H.265: single
NAL unit, AP, FU); AV1 and MJPEG in `rtp_payloads`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from plainview.base.clock import Ms
from plainview.media import nal
from plainview.media.packets import Codec
from plainview.testing.rtp_payloads import av1_payloads, jpeg_payloads

CLOCK_RATE = 90_000
PAYLOAD_TYPE = 96
MAX_PAYLOAD = 1400
_NTP_EPOCH = 2_208_988_800
_STAP_A, _FU_A, _HEVC_AP, _HEVC_FU = 24, 28, 48, 49


class Packetiser:
    """The RTP packets of one stream: sequence numbers, marker bits, time stamps."""

    def __init__(self, codec: Codec, *, ssrc: int, sequence: int, first_timestamp: int) -> None:
        self.codec = codec
        self.ssrc = ssrc
        self.sequence = sequence & 0xFFFF
        self.first_timestamp = first_timestamp & 0xFFFFFFFF
        self.packets = 0
        self.octets = 0

    def timestamp(self, ticks: int) -> int:
        """The RTP time stamp of a time in 1/90000 s since the start."""
        return (self.first_timestamp + ticks) & 0xFFFFFFFF

    def access_unit(self, units: list[bytes], ticks: int) -> Iterator[bytes]:
        """The RTP packets of one picture; the last carries the marker."""
        payloads = list(payloads_of(units, self.codec))
        for number, payload in enumerate(payloads):
            marker = 0x80 if number == len(payloads) - 1 else 0
            head = struct.pack(
                ">BBHII",
                0x80,
                marker | PAYLOAD_TYPE,
                self.sequence,
                self.timestamp(ticks),
                self.ssrc,
            )
            self.sequence = (self.sequence + 1) & 0xFFFF
            self.packets += 1
            self.octets += len(payload)
            yield head + payload

    def sender_report(self, wall_ms: Ms, ticks: int) -> bytes:
        """RTCP: at `wall_ms` the stream's time was `ticks`. With the SDES that RTCP demands."""
        seconds, rest = divmod(wall_ms, 1000)
        report = struct.pack(
            ">BBHIIIIII", 0x80, 200, 6, self.ssrc, seconds + _NTP_EPOCH, (rest << 32) // 1000,
            self.timestamp(ticks), self.packets & 0xFFFFFFFF, self.octets & 0xFFFFFFFF,
        )  # fmt: skip
        item = b"\x01\x06camera\x00\x00\x00\x00"
        return report + struct.pack(">BBHI", 0x81, 202, 1 + len(item) // 4, self.ssrc) + item

    def goodbye(self) -> bytes:
        """RTCP BYE."""
        return struct.pack(">BBHI", 0x81, 203, 1, self.ssrc)


def payloads_of(units: list[bytes], codec: Codec) -> Iterator[bytes]:
    """RTP payloads of one access unit's units, in order."""
    if codec == "av1":
        yield from av1_payloads(units, MAX_PAYLOAD)
        return
    if codec == "mjpeg":
        yield from jpeg_payloads(units[0], MAX_PAYLOAD)
        return
    small: list[bytes] = []
    for unit in units:
        if len(unit) < MAX_PAYLOAD // 4:
            if sum(len(u) + 2 for u in small) + len(unit) + 4 > MAX_PAYLOAD:
                yield _aggregate(small, codec)
                small = []
            small.append(unit)
            continue
        if small:
            yield _aggregate(small, codec)
            small = []
        yield from _fragments(unit, codec)
    if small:
        yield _aggregate(small, codec)


def _aggregate(units: list[bytes], codec: Codec) -> bytes:
    """A STAP-A (H.264) or AP (H.265), or the unit itself if it is alone."""
    if len(units) == 1:
        return units[0]
    body = b"".join(struct.pack(">H", len(unit)) + unit for unit in units)
    if codec == "hevc":
        return bytes([_HEVC_AP << 1, min(unit[1] for unit in units)]) + body
    importance = max(unit[0] & 0x60 for unit in units)
    return bytes([importance | _STAP_A]) + body


def _fragments(unit: bytes, codec: Codec) -> Iterator[bytes]:
    """The unit, cut into FU-A (H.264) or FU (H.265) payloads if it is too long."""
    if len(unit) <= MAX_PAYLOAD:
        yield unit
        return
    if codec == "h264":
        lead, kind, skip = bytes([unit[0] & 0xE0 | _FU_A]), unit[0] & 31, 1
    else:
        lead = bytes([unit[0] & 0x81 | _HEVC_FU << 1, unit[1]])
        kind, skip = unit[0] >> 1 & 63, 2
    step = MAX_PAYLOAD - 3
    for at in range(skip, len(unit), step):
        first = 0x80 if at == skip else 0
        last = 0x40 if at + step >= len(unit) else 0
        yield lead + bytes([first | last | kind]) + unit[at : at + step]


def starts_key(payload: bytes, codec: Codec) -> bool:
    """Whether an RTP payload begins a picture that decoding can start from."""
    if len(payload) < 4 or codec == "mjpeg":
        return codec == "mjpeg" and payload[1:4] == bytes(3)
    if codec == "av1":
        return bool(payload[0] & 0x08)
    if codec == "hevc":
        kind = payload[0] >> 1 & 63
        if kind == _HEVC_AP and len(payload) > 4:
            kind = payload[4] >> 1 & 63
        return kind in (nal.HEVC_VPS, nal.HEVC_SPS) or 16 <= kind <= 23
    kind = payload[0] & 31
    if kind == _STAP_A:
        kind = payload[3] & 31
    elif kind == _FU_A:
        kind = payload[1] & 31 if payload[1] & 0x80 else 0
    return kind in (nal.H264_SPS, nal.H264_IDR)
