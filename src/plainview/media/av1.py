"""AV1: walking open bitstream units, the sequence header, the decoder configuration of files.

AV1 Bitstream and Decoding Process Specification clauses 5.3 to 5.5 (units, each with its length);
AV1 Codec ISO Media File Format Binding clauses 2.3 and 2.4 (`av1C`; samples hold no temporal
delimiters).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from plainview.errors import BadFormat
from plainview.media.bits import Bits

SEQUENCE_HEADER, TEMPORAL_DELIMITER, FRAME_HEADER, TILE_GROUP, FRAME = 1, 2, 3, 4, 6
TILE_LIST, PADDING = 8, 15
_PICTURE = frozenset({FRAME_HEADER, TILE_GROUP, FRAME, 7})


def leb128(value: int) -> bytes:
    """A length in the form of clause 4.10.5."""
    out = bytearray()
    while True:
        value, low = value >> 7, value & 127
        out.append(low | (128 if value else 0))
        if not value:
            return bytes(out)


def read_leb128(data: bytes, at: int) -> tuple[int, int]:
    """(value, place after it). Raises `BadFormat`."""
    value = 0
    for index in range(8):
        if at >= len(data):
            break
        byte = data[at]
        value |= (byte & 127) << 7 * index
        at += 1
        if not byte & 128:
            return value, at
    raise BadFormat("A length in an AV1 stream cannot be read.")


def obus(data: bytes) -> Iterator[bytes]:
    """The units of a low-overhead stream, whole, in order. Raises `BadFormat`."""
    at = 0
    while at < len(data):
        start, head = at, data[at]
        at += 2 if head & 4 else 1
        if head & 0x80:
            raise BadFormat("An AV1 unit has its forbidden bit set.")
        length, at = read_leb128(data, at) if head & 2 else (len(data) - at, at)
        at += length
        if at > len(data):
            raise BadFormat("An AV1 unit is longer than the packet that holds it.")
        yield data[start:at]


def obu_type(unit: bytes) -> int:
    """`obu_type` of a unit."""
    return unit[0] >> 3 & 15


def payload(unit: bytes) -> bytes:
    """A unit without its header."""
    at = 2 if unit[0] & 4 else 1
    if unit[0] & 2:
        _, at = read_leb128(unit, at)
    return unit[at:]


def without_size(unit: bytes) -> bytes:
    """The unit as RTP carries it: no length inside (RTP Payload Format For AV1 clause 4.5)."""
    head = unit[0] & ~2
    extension = unit[1:2] if unit[0] & 4 else b""
    return bytes([head]) + extension + payload(unit)


def sample(data: bytes) -> bytes:
    """A temporal unit as a file's sample: all units but temporal delimiters, unchanged.

    What cannot be walked (a damaged packet) is kept as it came.
    """
    try:
        return b"".join(unit for unit in obus(data) if obu_type(unit) != TEMPORAL_DELIMITER)
    except BadFormat:
        return data


def picture_hashes(data: bytes) -> list[str]:
    """SHA-256 (hex) of every unit that holds picture data, its header's length field aside."""
    units = [unit for unit in obus(data) if obu_type(unit) in _PICTURE]
    return [hashlib.sha256(without_size(unit)).hexdigest() for unit in units]


@dataclass(frozen=True, slots=True)
class Sequence:
    """What a sequence header says (clause 5.5.1), as far as files and decoders need it."""

    profile: int
    level: int
    tier: int
    width: int
    height: int
    high_bitdepth: int
    twelve_bit: int
    monochrome: int
    subsampling_x: int
    subsampling_y: int
    sample_position: int


def sequence_header(data: bytes) -> bytes | None:
    """The first sequence header unit of a stream, None if it has none or cannot be walked."""
    try:
        return next((unit for unit in obus(data) if obu_type(unit) == SEQUENCE_HEADER), None)
    except BadFormat:
        return None


def configuration(header: bytes) -> bytes:
    """AV1CodecConfigurationRecord, the content of `av1C`. Raises `BadFormat`."""
    found = read_sequence(header)
    depth = found.tier << 7 | found.high_bitdepth << 6 | found.twelve_bit << 5
    colour = found.monochrome << 4 | found.subsampling_x << 3 | found.subsampling_y << 2
    first = bytes([0x81, found.profile << 5 | found.level, depth | colour | found.sample_position])
    return first + b"\x00" + header


def read_sequence(header: bytes) -> Sequence:
    """Raises `BadFormat`."""
    bits = Bits(payload(header), "An AV1 sequence header")
    profile, _, reduced = bits.read(3), bits.read(1), bits.read(1)
    level = tier = 0
    if reduced:
        level = bits.read(5)
    else:
        level, tier = _operating_points(bits)
    wide, high = bits.read(4) + 1, bits.read(4) + 1
    width, height = bits.read(wide) + 1, bits.read(high) + 1
    _skip_tools(bits, reduced=bool(reduced))
    return Sequence(profile, level, tier, width, height, *_colour(bits, profile))


def _operating_points(bits: Bits) -> tuple[int, int]:
    """Level and tier of the first operating point."""
    decoder_model = delay_bits = 0
    if bits.read(1):  # timing_info
        bits.read(64)
        if bits.read(1):
            bits.ue()
        decoder_model = bits.read(1)
        if decoder_model:
            delay_bits = bits.read(5) + 1
            bits.read(42)
    display_delay = bits.read(1)
    points = []
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        level = bits.read(5)
        tier = bits.read(1) if level > 7 else 0
        if decoder_model and bits.read(1):
            bits.read(2 * delay_bits + 1)
        if display_delay and bits.read(1):
            bits.read(4)
        points.append((level, tier))
    return points[0]


def _skip_tools(bits: Bits, *, reduced: bool) -> None:
    """Coding tools between the picture's size and its colours."""
    if not reduced and bits.read(1):  # frame ids
        bits.read(7)
    bits.read(3)
    if not reduced:
        bits.read(4)
        order_hint = bits.read(1)
        if order_hint:
            bits.read(2)
        screen = 2 if bits.read(1) else bits.read(1)
        if screen and not bits.read(1):
            bits.read(1)
        if order_hint:
            bits.read(3)
    bits.read(3)


def _colour(bits: Bits, profile: int) -> tuple[int, int, int, int, int, int]:
    """(high bit depth, twelve bit, monochrome, subsampling x, y, sample position)."""
    high = bits.read(1)
    twelve = bits.read(1) if profile == 2 and high else 0
    mono = bits.read(1) if profile != 1 else 0
    primaries = transfer = matrix = 2
    if bits.read(1):
        primaries, transfer, matrix = bits.read(8), bits.read(8), bits.read(8)
    if mono:
        bits.read(1)
        return high, twelve, 1, 1, 1, 0
    if (primaries, transfer, matrix) == (1, 13, 0):  # sRGB
        return high, twelve, 0, 0, 0, 0
    bits.read(1)
    if profile == 2 and twelve:
        across = bits.read(1)
        down = bits.read(1) if across else 0
    else:
        across, down = {0: (1, 1), 1: (0, 0)}.get(profile, (1, 0))
    position = bits.read(2) if across and down else 0
    return high, twelve, 0, across, down, position
