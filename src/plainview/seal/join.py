"""Many segments, one file: the fMP4 segments of a window as one playable fMP4, copied.

ISO/IEC 14496-12. The first segment's `ftyp` and `moov` begin the file; every segment's `moof` and
`mdat` follow, with the sequence number (mfhd) and decode time (tfdt) rewritten in place. Nothing is
decoded and no sample byte changes. Segments whose decoder configuration differs start a new file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from plainview.base.clock import Ms
from plainview.errors import BadFormat


class Sink(Protocol):
    """A file, or whatever takes the bytes of one."""

    def write(self, data: bytes | memoryview, /) -> object: ...


@dataclass(frozen=True)
class _Parts:
    head: bytes  # ftyp and moov
    moof: bytearray
    mdat: memoryview
    shift: int  # where presentation begins on the segment's own time line
    timescale: int  # ticks a second of that line


def boxes(data: bytes | bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, begin of content, end) of each box in `data[start:end]`. Raises `BadFormat`."""
    at = start
    while at < end:
        if end - at < 8:
            raise BadFormat("A segment ends inside a box.")
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > end:
            raise BadFormat(f"A segment's {kind!r} box has a wrong length.")
        yield bytes(kind), at + 8, at + size
        at += size


def _child(data: bytes | bytearray, start: int, end: int, *path: bytes) -> tuple[int, int] | None:
    for name in path:
        found = next(((a, b) for kind, a, b in boxes(data, start, end) if kind == name), None)
        if found is None:
            return None
        start, end = found
    return start, end


def _must(found: tuple[int, int] | None, what: str) -> tuple[int, int]:
    if found is None:
        raise BadFormat(f"A segment has no {what} box.")
    return found


def _shift(moov: bytes) -> int:
    edit = _child(moov, 0, len(moov), b"moov", b"trak", b"edts", b"elst")
    if edit is None:
        return 0
    return int(struct.unpack_from(">i", moov, edit[0] + 12)[0])


def _timescale(moov: bytes) -> int:
    path = (b"moov", b"trak", b"mdia", b"mdhd")
    begin, end = _must(_child(moov, 0, len(moov), *path), "mdhd")
    if end - begin < 16 or moov[begin] != 0:
        raise BadFormat("A segment has a media header of an unknown version.")
    return int(struct.unpack_from(">I", moov, begin + 12)[0])


def _parts(segment: bytes) -> _Parts:
    view, found = memoryview(segment), dict[bytes, memoryview]()
    for kind, begin, end in boxes(segment, 0, len(segment)):
        if kind in (b"ftyp", b"moov") or kind not in found:
            found[kind] = view[begin - 8 : end]
    if not found.keys() >= {b"ftyp", b"moov", b"moof", b"mdat"}:
        raise BadFormat("A segment is not a complete fragmented MP4.")
    moov = bytes(found[b"moov"])
    moof = bytearray(found[b"moof"])
    return _Parts(
        bytes(found[b"ftyp"]) + moov, moof, found[b"mdat"], _shift(moov), _timescale(moov)
    )


def _configuration(head: bytes) -> bytes:
    """What the decoder needs; heads that differ in the edit list alone fit together."""
    path = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    begin, end = _must(_child(head, 0, len(head), *path), "stsd")
    return head[begin:end]


class Joiner:
    """Writes segments one after the other; memory holds one at a time."""

    def __init__(self, out: Sink) -> None:
        self._out = out
        self._first: tuple[Ms, int, bytes] | None = None
        self._number = 0

    def fits(self, segment: bytes) -> bool:
        """Whether the segment can go into this file: the same decoder configuration."""
        return self._first is None or _configuration(_parts(segment).head) == self._first[2]

    def add(self, segment: bytes, start: Ms) -> None:
        """Append a segment that begins at wall time `start`. Raises `BadFormat`."""
        parts = _parts(segment)
        if self._first is None:
            self._first = (start, parts.shift, _configuration(parts.head))
            self._out.write(parts.head)
        began, shift, _ = self._first
        self._number += 1
        ticks = (start - began) * parts.timescale // 1000 + shift - parts.shift
        _patch(parts.moof, self._number, max(ticks, 0))
        self._out.write(bytes(parts.moof))
        self._out.write(parts.mdat)


def _patch(moof: bytearray, number: int, ticks: int) -> None:
    begin, _ = _must(_child(moof, 0, len(moof), b"moof", b"mfhd"), "mfhd")
    struct.pack_into(">I", moof, begin + 4, number)
    begin, _ = _must(_child(moof, 0, len(moof), b"moof", b"traf", b"tfdt"), "tfdt")
    if moof[begin] != 1:
        raise BadFormat("A segment has a decode time of 32 bits.")
    struct.pack_into(">Q", moof, begin + 4, ticks)
