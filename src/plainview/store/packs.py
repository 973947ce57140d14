"""The pack: a file of segments that can be indexed again from its own bytes.

    file     b"PLVPACK" | u8 version | u8 kind ('o' originals, 'v' views) | u8 x 3 zero
             | u32 length | u32 CRC-32 | window header (JSON, seal.windows.WindowHeader)
    segment  b"PLVSEGMT" | u32 length | u32 sequence | u64 start_ms | u64 arrival_ms
             | u32 duration_ms | u8 wall source (1 camera, 2 arrival) | u8 flags | u16 zero
             | SHA-256 of the bytes that follow | salted SHA-256 of the plaintext (views: zero)
             | u32 CRC-32 of this header | the bytes: an age file, or the records of one GOP

Big-endian. Behind the last segment a pack that is being written is filled with zeros up to the
next 16 MiB; a closed one ends there. Format: docs/design/storage.md.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import rfc8785

from plainview.base.clock import to_compact
from plainview.base.days import day_of
from plainview.errors import BadFormat, StoreDamaged
from plainview.seal.windows import WindowHeader
from plainview.store import records

VERSION = 1
STEP = 16 << 20
"""Packs grow in steps of this many bytes."""
AGE_MAGIC = b"age-encryption.org/v1\n"
PIXELATED = 1
CONTINUES = 2
"""A GOP longer than a segment may be: this one goes on with the GOP of the one before."""
GAP_BEFORE = 4
DAMAGED = 8
LARGEST_SEGMENT = 256 << 20
LARGEST_HEADER = 4 << 20

_FILE = struct.Struct(">7sBB3xII")
_FILE_MAGIC = b"PLVPACK"
_SEGMENT = struct.Struct(">8sIIQQIBBH32s32s")
_SEGMENT_MAGIC = b"PLVSEGMT"
_CRC = struct.Struct(">I")
SEGMENT_HEADER = _SEGMENT.size + _CRC.size
_SOURCES = {"rtcp": 1, "arrival": 2}
_SOURCE_NAMES = {number: name for name, number in _SOURCES.items()}
_NO_HASH = bytes(32)


class Kind(StrEnum):
    """What a pack holds; also the name of its folder."""

    ORIGINALS = "originals"
    VIEWS = "views"


_KIND_BYTE = {Kind.ORIGINALS: ord("o"), Kind.VIEWS: ord("v")}
_BYTE_KIND = {byte: kind for kind, byte in _KIND_BYTE.items()}


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """What stands before each segment. `plain` is empty for views. Hashes are hex."""

    length: int
    sequence: int
    start_ms: int
    arrival_ms: int
    duration_ms: int
    wall_source: str
    flags: int
    cipher: str
    plain: str

    def to_bytes(self) -> bytes:
        """The fixed-size header with its CRC."""
        body = _SEGMENT.pack(
            _SEGMENT_MAGIC, self.length, self.sequence, self.start_ms, self.arrival_ms,
            self.duration_ms, _SOURCES[self.wall_source], self.flags, 0,
            bytes.fromhex(self.cipher), bytes.fromhex(self.plain) if self.plain else _NO_HASH,
        )  # fmt: skip
        return body + _CRC.pack(zlib.crc32(body))


def parse_segment_header(data: bytes) -> SegmentHeader:
    """Read a header from exactly `SEGMENT_HEADER` bytes. Raises `BadFormat`."""
    body, crc = data[: _SEGMENT.size], data[_SEGMENT.size :]
    if len(data) != SEGMENT_HEADER or body[:8] != _SEGMENT_MAGIC:
        raise BadFormat("no segment begins here.")
    if _CRC.unpack(crc)[0] != zlib.crc32(body):
        raise BadFormat("a segment header does not match its CRC.")
    _, length, sequence, start, arrival, duration, source, flags, _, cipher, plain = (
        _SEGMENT.unpack(body)
    )
    if source not in _SOURCE_NAMES or length > LARGEST_SEGMENT:
        raise BadFormat("a segment header holds a value that is not in the format.")
    return SegmentHeader(
        length, sequence, start, arrival, duration, _SOURCE_NAMES[source], flags,
        cipher.hex(), "" if plain == _NO_HASH else plain.hex(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PackName:
    """Where a pack lies: `<kind>/<camera>/<day>/<start>-<epoch>-<counter>[-<part>].pack`."""

    kind: Kind
    camera: str
    start_ms: int
    epoch: int
    counter: int
    part: int = 0
    """A window goes on in a further part when the disk of the one before failed or is full."""

    @property
    def path(self) -> str:
        """Below its disk, with `/`."""
        part = f"-{self.part}" if self.part else ""
        name = f"{to_compact(self.start_ms)}-{self.epoch}-{self.counter}{part}.pack"
        return f"{self.kind}/{self.camera}/{self.day}/{name}"

    @property
    def day(self) -> str:
        """The UTC day of the window's start: a pack's rows stand in that day's index."""
        return day_of(self.start_ms)


def name_of(kind: Kind, header: WindowHeader, part: int = 0) -> PackName:
    """The name of the pack of a window. Raises `BadFormat`."""
    window = header.record.id
    return PackName(kind, window.camera, window.start, window.epoch, window.counter, part)


def part_of(path: str) -> int:
    """Which part of its window a pack's path names; 0 for the first."""
    pieces = path.rpartition("/")[2].removesuffix(".pack").split("-")
    return int(pieces[3]) if len(pieces) == 4 and pieces[3].isdecimal() else 0


def file_header(kind: Kind, header: WindowHeader) -> bytes:
    """The bytes that a pack begins with."""
    text = rfc8785.dumps(header.to_dict())
    if len(text) > LARGEST_HEADER:
        raise BadFormat("a window header is larger than a pack may begin with.")
    fixed = _FILE.pack(_FILE_MAGIC, VERSION, _KIND_BYTE[kind], len(text), zlib.crc32(text))
    return fixed + text


def check_content(kind: Kind, data: bytes) -> None:
    """Refuse a plaintext original, and a view that is not encrypted records. Raises `BadFormat`."""
    if kind is Kind.VIEWS:
        records.check_gop(data)
    elif not data.startswith(AGE_MAGIC):
        raise BadFormat(
            "an original that is not sealed was refused.",
            hint="Only age files made by plainview.seal are stored.",
        )


def read_file_header(file: BinaryIO) -> tuple[Kind, WindowHeader, int]:
    """Kind, window header and the offset of the first segment. Raises `StoreDamaged`."""
    fixed = file.read(_FILE.size)
    if len(fixed) < _FILE.size or not fixed.startswith(_FILE_MAGIC):
        raise StoreDamaged("a file in the store does not begin like a pack.")
    _, version, kind, length, crc = _FILE.unpack(fixed)
    if version != VERSION:
        raise StoreDamaged(
            f"a pack has version {version}, this program reads {VERSION}.",
            hint="Use the Plainview that wrote it.",
        )
    text = file.read(length) if length <= LARGEST_HEADER else b""
    if len(text) != length or zlib.crc32(text) != crc or kind not in _BYTE_KIND:
        raise StoreDamaged("the window header of a pack does not match its CRC.")
    try:
        header = WindowHeader.from_dict(json.loads(text))
    except (BadFormat, ValueError) as error:
        raise StoreDamaged("the window header of a pack cannot be read.") from error
    return _BYTE_KIND[kind], header, _FILE.size + length


@dataclass(frozen=True, slots=True)
class Found:
    """One stretch of a pack: a whole segment, or, where `header` is None, damaged bytes."""

    offset: int
    size: int
    header: SegmentHeader | None


def scan(path: Path) -> Iterator[Found]:
    """Every segment of the pack whose hash holds, and every damaged stretch between them.

    Zeros behind the last segment are not reported. Raises `StoreDamaged` when the file header
    itself is damaged.
    """
    with path.open("rb") as file:
        _, _, offset = read_file_header(file)
        end = path.stat().st_size
        while offset < end:
            header = _whole_at(file, offset)
            if header is not None:
                size = SEGMENT_HEADER + header.length
                yield Found(offset, size, header)
                offset += size
                continue
            following = _next_whole(file, offset + 1, end)
            if following < end or not _only_zeros(file, offset, end):
                yield Found(offset, following - offset, None)
            offset = following


def holds_segments(path: Path) -> bool:
    """Whether a whole segment stands anywhere in the file, however damaged the rest is."""
    end = path.stat().st_size
    with path.open("rb") as file:
        return _next_whole(file, 0, end) < end


def _whole_at(file: BinaryIO, offset: int) -> SegmentHeader | None:
    file.seek(offset)
    try:
        header = parse_segment_header(file.read(SEGMENT_HEADER))
    except BadFormat:
        return None
    data = file.read(header.length)
    whole = len(data) == header.length and sha256(data).hexdigest() == header.cipher
    return header if whole else None


def _next_whole(file: BinaryIO, offset: int, end: int) -> int:
    """Offset of the next whole segment at or behind `offset`, or `end`."""
    overlap = len(_SEGMENT_MAGIC) - 1
    while offset < end:
        file.seek(offset)
        block = file.read(STEP)
        place = block.find(_SEGMENT_MAGIC)
        while place >= 0:
            if _whole_at(file, offset + place) is not None:
                return offset + place
            place = block.find(_SEGMENT_MAGIC, place + 1)
        if len(block) <= overlap:
            return end
        offset += len(block) - overlap
    return end


def _only_zeros(file: BinaryIO, offset: int, end: int) -> bool:
    file.seek(offset)
    while offset < end:
        block = file.read(min(STEP, end - offset))
        if block.strip(b"\0"):
            return False
        if not block:
            break
        offset += len(block)
    return True
