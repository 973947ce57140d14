"""Sequence parameter sets: what pictures will be like, before anything is decoded.

ITU-T H.264 clause 7.3.2.1.1 and ITU-T H.265 clause 7.3.2.2.1; only as far as the size, the colours
and the number of kept pictures stand.
"""

from __future__ import annotations

from dataclasses import dataclass

from plainview.errors import BadFormat
from plainview.media.bits import Bits
from plainview.media.packets import Codec

_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_MOST_BYTES = 4096
"""What is read of a set: no camera's is as long, and reading goes by its length."""
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


@dataclass(frozen=True, slots=True)
class Sps:
    """What a sequence parameter set says of its pictures."""

    width: int
    height: int
    """In pixels, after cropping."""
    coded: tuple[int, int]
    """(width, height) that a decoder makes room for."""
    references: int
    """Pictures that a decoder keeps beside the one at work."""
    chroma: int
    """`chroma_format_idc`: 0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4."""
    luma_depth: int
    chroma_depth: int
    """Bits a sample."""


def read(unit: bytes, codec: Codec) -> Sps:
    """Raises `BadFormat` for a set that cannot be read or a size that no file can hold."""
    payload = without_emulation(unit[:_MOST_BYTES])
    found = _h264(payload) if codec == "h264" else _hevc(payload)
    check_size(found.width, found.height)
    return found


def picture_size(unit: bytes, codec: Codec) -> tuple[int, int]:
    """(width, height) in pixels after cropping. Raises `BadFormat`."""
    found = read(unit, codec)
    return found.width, found.height


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


def _h264(payload: bytes) -> Sps:
    bits = Bits(payload[1:], _WHAT)
    profile = bits.read(24) >> 16
    bits.ue()
    chroma, separate, depths = 1, 0, (8, 8)
    if profile in _HIGH_PROFILES:
        chroma = bits.ue()
        separate = bits.read(1) if chroma == 3 else 0
        depths = bits.ue() + 8, bits.ue() + 8
        bits.read(1)
        if bits.read(1):
            _skip_scaling_lists(bits, 12 if chroma == 3 else 8)
    bits.ue()
    _skip_order_count(bits)
    references = bits.ue()
    bits.read(1)
    columns, rows = bits.ue() + 1, bits.ue() + 1
    frames_only = bits.read(1)
    if not frames_only:
        bits.read(1)
    bits.read(1)
    coded = columns * 16, rows * 16 * (2 - frames_only)
    width, height = coded
    if bits.read(1):
        across = 2 if chroma in (1, 2) and not separate else 1
        down = (2 if chroma == 1 and not separate else 1) * (2 - frames_only)
        width -= across * (bits.ue() + bits.ue())
        height -= down * (bits.ue() + bits.ue())
    return Sps(width, height, coded, references, chroma, *depths)


def _skip_order_count(bits: Bits) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.read(1), bits.se(), bits.se()
        for _ in range(min(bits.ue(), 256)):
            bits.se()


def _hevc(payload: bytes) -> Sps:
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
    coded = bits.ue(), bits.ue()
    width, height = coded
    if bits.read(1):
        width -= (2 if chroma in (1, 2) else 1) * (bits.ue() + bits.ue())
        height -= (2 if chroma == 1 else 1) * (bits.ue() + bits.ue())
    depths = bits.ue() + 8, bits.ue() + 8
    bits.ue()
    references = 0
    for _ in range(layers + 1 if bits.read(1) else 1):
        references = max(references, bits.ue())
        bits.ue(), bits.ue()
    return Sps(width, height, coded, references, chroma, *depths)
