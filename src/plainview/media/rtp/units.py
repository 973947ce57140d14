"""RTP payloads into NAL units.

RFC 6184 for H.264 (single NAL unit, STAP-A, FU-A), RFC 7798 for H.265 (single NAL unit, AP, FU,
without decoding order numbers). Of a unit whose fragments are not all there, what came before the
hole is kept: a decoder reads a slice from its beginning as far as it goes. What comes after the
hole has no beginning and is dropped; nothing could be read from it.
"""

from __future__ import annotations

from plainview.media import nal
from plainview.media.packets import Codec

MAX_UNIT = 16 << 20
_STAP_A, _FU_A = 24, 28
_AP, _FU = 48, 49
_SLICES_H264 = (1, 2, 5)
_BEGINS_H264 = (nal.H264_SEI, nal.H264_SPS, nal.H264_PPS, 9, 14, 15, 16, 17, 18)
_BEGINS_HEVC = (nal.HEVC_VPS, nal.HEVC_SPS, nal.HEVC_PPS, 35, 39, 41, 42, 43, 44)


class Depacketiser:
    """Feed it payloads in order; `hole` where packets are missing.

    `faults` counts what made no sense; the picture that it stood in is damaged.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._open: bytearray | None = None
        """The unit whose fragments are coming in."""
        self.faults = 0

    def push(self, payload: bytes) -> list[bytes]:
        """Units that are now complete, or that cannot be completed any more."""
        if not payload:
            return []
        kind = nal.unit_type(payload, self._codec)
        h264 = self._codec == "h264"
        if kind == (_FU_A if h264 else _FU):
            return self._fragment(payload)
        units = self._broken()
        if kind == (_STAP_A if h264 else _AP):
            return units + self._split(payload, 1 if h264 else 2)
        if len(payload) < (1 if h264 else 3) or (h264 and not kind) or kind > (23 if h264 else 47):
            self.faults += 1
            return units
        return [*units, payload]

    def hole(self) -> list[bytes]:
        """Packets are missing here: the beginning of a unit in hand, if there is one."""
        unit, self._open = self._open, None
        return [bytes(unit)] if unit else []

    def _broken(self) -> list[bytes]:
        """The unit in hand, if something else comes before its end."""
        self.faults += self._open is not None
        return self.hole()

    def _fragment(self, payload: bytes) -> list[bytes]:
        """FU-A of H.264 (2 bytes before the data) or FU of H.265 (3 bytes)."""
        size = 2 if self._codec == "h264" else 3
        if len(payload) <= size:
            self.faults += 1
            return self.hole()
        flags = payload[size - 1]
        if size == 2:
            head = bytes([payload[0] & 0xE0 | flags & 31])
        else:
            head = bytes([payload[0] & 0x81 | (flags & 63) << 1, payload[1]])
        units: list[bytes] = []
        if flags & 0x80:
            units = self._broken()
            self._open = bytearray(head)
        elif self._open is None or self._open[: len(head)] != head:
            self.faults += 1  # a fragment without a beginning
            return self.hole()
        elif len(self._open) + len(payload) > MAX_UNIT:
            return self._broken()
        if self._open is not None:
            self._open += payload[size:]
        return units + self.hole() if flags & 0x40 else units

    def _split(self, payload: bytes, head: int) -> list[bytes]:
        """The units of an aggregation packet; `head` is also how short a unit may be."""
        units, at = [], head
        while at < len(payload):
            length = int.from_bytes(payload[at : at + 2], "big")
            unit = payload[at + 2 : at + 2 + length]
            if len(unit) < length or length < head:
                self.faults += 1
                break
            units.append(unit)
            at += 2 + length
        return units


def begins_picture(payload: bytes, codec: Codec) -> bool:
    """Whether a payload is certainly the beginning of a picture's coded data, or stands before it.

    A slice tells by its first macroblock (H.264 `first_mb_in_slice`, a 1 bit for 0) or its
    `first_slice_segment_in_pic_flag` (H.265).
    """
    unit = _first_unit(payload, codec)
    if not unit:
        return False
    kind, head = nal.unit_type(unit, codec), 1 if codec == "h264" else 2
    slice_begins = len(unit) > head and bool(unit[head] & 0x80)
    if codec == "h264":
        return kind in _BEGINS_H264 or (kind in _SLICES_H264 and slice_begins)
    return kind in _BEGINS_HEVC or (kind < 32 and slice_begins)


def _first_unit(payload: bytes, codec: Codec) -> bytes:
    """The first bytes of the first unit in a payload; nothing if it goes on with an earlier one."""
    if not payload:
        return b""
    kind = nal.unit_type(payload, codec)
    if kind == (_STAP_A if codec == "h264" else _AP):
        return payload[3:6] if codec == "h264" else payload[4:8]
    if codec == "h264" and kind == _FU_A:
        begins = len(payload) > 1 and payload[1] & 0x80
        return bytes([payload[1] & 31]) + payload[2:4] if begins else b""
    if codec == "hevc" and kind == _FU:
        begins = len(payload) > 2 and payload[2] & 0x80
        return bytes([(payload[2] & 63) << 1, 1]) + payload[3:5] if begins else b""
    return payload
