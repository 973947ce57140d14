"""Sequence parameter sets: the picture size, before anything is decoded.

ITU-T H.264 clause 7.3.2.1.1 and ITU-T H.265 clause 7.3.2.2.1; only as far as the size stands.
"""

from __future__ import annotations

from plainview.errors import BadFormat
from plainview.media.bits import Bits
from plainview.media.packets import Codec

_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_WHAT = "A sequence parameter set"
MAX_SIDE = 65_535
"""Largest side that a file can name (ISO/IEC 14496-12); what may be decoded is far less."""


def without_emulation(unit: bytes) -> bytes:
    """The raw byte sequence payload: `00 00 03` becomes `00 00`."""
    out, zeros = bytearray(), 0
    for byte in unit:
        if zeros >= 2 and byte == 3:
            zeros = 0
            continue
        zeros = zeros + 1 if byte == 0 else 0
        out.append(byte)
    return bytes(out)


def picture_size(unit: bytes, codec: Codec) -> tuple[int, int]:
    """(width, height) in pixels after cropping. Raises `BadFormat`."""
    payload = without_emulation(unit)
    width, height = _h264_size(payload) if codec == "h264" else _hevc_size(payload)
    check_size(width, height)
    return width, height


def check_size(width: int, height: int) -> None:
    """Raises `BadFormat` for sides that no file can hold."""
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise BadFormat(f"A picture of {width}x{height} pixels is not believable.")


def _skip_scaling_lists(bits: Bits, count: int) -> None:
    for index in range(count):
        if not bits.read(1):
            continue
        last = following = 8
        for _ in range(16 if index < 6 else 64):
            if following:
                following = (last + bits.se()) % 256
            last = following or last


def _h264_size(payload: bytes) -> tuple[int, int]:
    bits = Bits(payload[1:], _WHAT)
    profile = bits.read(24) >> 16
    bits.ue()
    chroma, separate = 1, 0
    if profile in _HIGH_PROFILES:
        chroma = bits.ue()
        separate = bits.read(1) if chroma == 3 else 0
        bits.ue(), bits.ue(), bits.read(1)
        if bits.read(1):
            _skip_scaling_lists(bits, 12 if chroma == 3 else 8)
    bits.ue()
    _skip_order_count(bits)
    bits.ue(), bits.read(1)
    columns, rows = bits.ue() + 1, bits.ue() + 1
    frames_only = bits.read(1)
    if not frames_only:
        bits.read(1)
    bits.read(1)
    width, height = columns * 16, rows * 16 * (2 - frames_only)
    if not bits.read(1):
        return width, height
    left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
    subsampled_x = 2 if chroma in (1, 2) and not separate else 1
    subsampled_y = 2 if chroma == 1 and not separate else 1
    step_y = subsampled_y * (2 - frames_only)
    return width - subsampled_x * (left + right), height - step_y * (top + bottom)


def _skip_order_count(bits: Bits) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.read(1), bits.se(), bits.se()
        for _ in range(min(bits.ue(), 256)):
            bits.se()


def _hevc_size(payload: bytes) -> tuple[int, int]:
    bits = Bits(payload[2:], _WHAT)
    bits.read(4)
    layers = bits.read(3)
    bits.read(1), bits.read(96)
    present = [(bits.read(1), bits.read(1)) for _ in range(layers)]
    if layers:
        bits.read(2 * (8 - layers))
    for profile, level in present:
        bits.read(88 * profile + 8 * level)
    bits.ue()
    chroma = bits.ue()
    if chroma == 3:
        bits.read(1)
    width, height = bits.ue(), bits.ue()
    if bits.read(1):
        left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
        width -= (2 if chroma in (1, 2) else 1) * (left + right)
        height -= (2 if chroma == 1 else 1) * (top + bottom)
    return width, height
