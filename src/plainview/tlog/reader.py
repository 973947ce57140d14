"""Reading a log as any outsider does: static files, from a folder or over HTTP.

What it returns is as trustworthy as its source; `proof.check`, `verify.log` and the policy decide.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self, TypeVar

import httpx

from plainview.errors import LogAway, NotFound, NotLogged
from plainview.tlog import notes, proof, proofs, tiles, trees
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.trees import Subtree

T = TypeVar("T")
MAX_FILE = 32 * 1024 * 1024
"""Bytes; a bundle of 256 entries is under 17 MB."""
_PART = 256 * 1024


class LogReader:
    """Files of a log by name, through `fetch`, which raises `NotFound` or `LogAway`."""

    def __init__(
        self, fetch: Callable[[str], bytes], close: Callable[[], None] = lambda: None
    ) -> None:
        self.fetch = fetch
        self.close = close

    @classmethod
    def folder(cls, folder: Path) -> LogReader:
        """A log on disk."""
        return cls(_FolderFetch(folder))

    @classmethod
    def http(cls, url: str) -> LogReader:
        """A log at `url` (the prefix before `/checkpoint`); a bare site means `/log/files`."""
        bare = not httpx.URL(url).path.strip("/")
        fetch = HttpFetch(url.rstrip("/") + ("/log/files/" if bare else "/"))
        return cls(fetch, fetch.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def checkpoint_note(self) -> bytes:
        """The published checkpoint with its signatures."""
        return self.fetch("checkpoint")

    def checkpoint(self) -> Checkpoint:
        """The same, read but not verified."""
        return Checkpoint.parse(notes.parse(self.checkpoint_note())[0])

    def bundle(self, index: int, width: int) -> list[bytes]:
        """The first `width` entries of a bundle."""
        return self._read(tiles.bundle_path, tiles.unpack_bundle, index, width)

    def tile(self, level: int, index: int, width: int) -> list[bytes]:
        """The first `width` hashes of a tile."""
        return self._read(
            lambda number, size: tiles.tile_path(level, number, size),
            trees.unpack_tile,
            index,
            width,
        )

    def _read(
        self,
        name: Callable[[int, int], str],
        unpack: Callable[[bytes, int], list[T]],
        index: int,
        width: int,
    ) -> list[T]:
        """A partial file may have given way to the full one (c2sp.org/tlog-tiles)."""
        try:
            return unpack(self.fetch(name(index, width)), width)
        except NotFound:
            if width == tiles.WIDTH:
                raise
        return unpack(self.fetch(name(index, tiles.WIDTH)), tiles.WIDTH)[:width]

    def entries(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Entries [start, end) with their indices, not yet authenticated."""
        for index in range(start // tiles.WIDTH, -(-end // tiles.WIDTH)):
            first = index * tiles.WIDTH
            for position, raw in enumerate(self._up_to(index, min(tiles.WIDTH, end - first))):
                if first + position >= start:
                    yield first + position, raw

    def _up_to(self, index: int, width: int) -> list[bytes]:
        """As `bundle`; only widths at which a batch ended are files, so a wider one may serve."""
        try:
            return self.bundle(index, width)
        except NotFound:
            published = min(tiles.WIDTH, self.checkpoint().size - index * tiles.WIDTH)
            if published <= width:
                raise
        return self.bundle(index, published)[:width]

    def subtree(self, size: int) -> Subtree:
        """The tree of a log of `size`."""
        return trees.of_tiles(
            lambda level, index, width: tiles.pack_tile(self.tile(level, index, width)), size
        )

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Audit path of entry `index` in the log of `size`."""
        return proofs.inclusion_proof(self.subtree(size), index, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Proof that the log of `new` continues that of `old`."""
        return proofs.consistency_proof(self.subtree(new), old, new)

    def proof(self, index: int) -> bytes:
        """tlog-proof of an entry under the published checkpoint; `NotLogged` if it is newer."""
        note = self.checkpoint_note()
        size = Checkpoint.parse(notes.parse(note)[0]).size
        if index >= size:
            raise NotLogged(
                f"entry {index} is not witnessed yet.", hint="Ask again in a few seconds."
            )
        return proof.render(index, self.inclusion(index, size), note)


class _FolderFetch:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str) -> bytes:
        try:
            return _read(f"{self._folder}/{name}")
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFound(f"the log has no file {name}.") from error
        except OSError as error:
            raise LogAway(f"{self._folder / name} cannot be read: {error.strerror}.") from error


def _read(path: str) -> bytes:
    """As `Path.read_bytes`, at a third of its cost: a month of a city is half a million files."""
    handle = os.open(path, os.O_RDONLY)
    try:
        data = os.read(handle, _PART)
        while part := os.read(handle, _PART):
            data += part
        return data
    finally:
        os.close(handle)


class HttpFetch:
    """Files below `base`, bounded; raises `NotFound`, `LogAway`."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._client = httpx.Client(timeout=30, follow_redirects=False)

    def __call__(self, name: str) -> bytes:
        try:
            with self._client.stream("GET", self._base + name) as response:
                if response.status_code == httpx.codes.NOT_FOUND:
                    raise NotFound(f"the log at {self._base} has no file {name}.")
                if response.status_code != httpx.codes.OK:
                    raise LogAway(f"{self._base}{name} answers with {response.status_code}.")
                return _bounded(response)
        except httpx.HTTPError as error:
            raise LogAway(f"{self._base}{name} cannot be reached: {error}.") from error

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def _bounded(response: httpx.Response) -> bytes:
    data = bytearray()
    for part in response.iter_bytes():
        data += part
        if len(data) > MAX_FILE:
            raise LogAway("the log answers with more than a log file can hold.")
    return bytes(data)
