"""Merkle trees as proofs read them: out of a log's tiles, or in memory.

A tree is a `Subtree`, a function (level, index) -> hash of the complete subtree over leaves
[index * 2^level, (index + 1) * 2^level). The log's writer needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from plainview.errors import BadProof
from plainview.tlog.merkle import fold, pair_up, root
from plainview.tlog.tiles import LEVEL_BITS, WIDTH, width_at

Subtree = Callable[[int, int], bytes]
HASH = 32


def source(hashes: Sequence[bytes]) -> Subtree:
    """Subtrees of a tree held in memory."""
    levels = [list(hashes)]
    while len(levels[-1]) > 1:
        levels.append(pair_up(levels[-1]))
    return lambda level, index: levels[level][index]


def unpack_tile(data: bytes, width: int) -> list[bytes]:
    """Its `width` hashes; raises `BadProof` for any other length."""
    if len(data) != width * HASH:
        raise BadProof("a tile has not the width that its name says.")
    return [data[at : at + HASH] for at in range(0, len(data), HASH)]


def of_tiles(read: Callable[[int, int, int], bytes], size: int) -> Subtree:
    """Complete subtrees of a log of `size`, out of tiles: `read(level, index, width)` -> bytes."""
    kept: dict[tuple[int, int], list[bytes]] = {}

    def get(level: int, index: int) -> bytes:
        tile_level, rest = divmod(level, LEVEL_BITS)
        tile, first = divmod(index << rest, WIDTH)
        if (tile_level, tile) not in kept:
            width = width_at(tile_level, tile, size)
            kept[tile_level, tile] = unpack_tile(read(tile_level, tile, width), width)
        return root(kept[tile_level, tile][first : first + (1 << rest)])

    return get


def span(subtree: Subtree, start: int, end: int) -> bytes:
    """Hash of leaves [start, end), where `start` is a multiple of the span's power of two."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append(subtree(level, start >> level))
        start += 1 << level
    return fold(found)
