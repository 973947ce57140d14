"""Tiles and entry bundles (c2sp.org/tlog-tiles): their names, widths and contents."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from plainview.errors import BadProof

WIDTH = 256
LEVELS = 8
"""More than any log has: enough for 2^64 entries."""
LEVEL_BITS = 8


def _path(index: int, width: int) -> str:
    parts = [f"{index % 1000:03d}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03d}")
    return "/".join(reversed(parts)) + (f".p/{width}" if width < WIDTH else "")


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """`tile/<L>/<N>[.p/<W>]`."""
    return f"tile/{level}/{_path(index, width)}"


def bundle_path(index: int, width: int = WIDTH) -> str:
    """`tile/entries/<N>[.p/<W>]`."""
    return f"tile/entries/{_path(index, width)}"


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes tile `index` of `level` has in a log of `size` (0 to 256)."""
    return max(0, min(WIDTH, (size >> (LEVEL_BITS * level)) - index * WIDTH))


def cut(items: list[bytes]) -> list[list[bytes]]:
    """`items` in full tiles, and last the rest, which may be empty."""
    return [items[at : at + WIDTH] for at in range(0, len(items) + 1, WIDTH)]


def pack_bundle(entries: Iterable[bytes]) -> bytes:
    """uint16 length and bytes of each entry."""
    return b"".join(struct.pack(">H", len(raw)) + raw for raw in entries)


def unpack_bundle(data: bytes, width: int) -> list[bytes]:
    """Its `width` entries; raises `BadProof` if there are fewer or more."""
    found, at, end = [], 0, len(data)
    while at < end:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if start > end or at > end:
            raise BadProof("an entry bundle is cut short.")
        found.append(data[start:at])
    if len(found) != width:
        raise BadProof("an entry bundle has not the width that its name says.")
    return found


def pack_tile(hashes: Sequence[bytes]) -> bytes:
    return b"".join(hashes)
