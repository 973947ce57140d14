"""Readers of public pages in a process of their own: bare HTTP/1.1, one connection each.

A reader asks for a page, reads it whole, looks at it for a moment, and asks for the next one. What
is measured is the time from the question to the last byte, over loopback.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from plainview.errors import Unavailable

PATIENCE_S = 120.0


@dataclass(frozen=True)
class Asked:
    """What readers do: `pause_s` between two pages on average (0: none), for so many seconds."""

    port: int
    paths: tuple[tuple[str, ...], ...]
    readers: int
    seconds: float
    pause_s: float


@dataclass(frozen=True)
class Answered:
    """One page: which kind (its place in `paths`), how long it took, and its bytes."""

    kind: int
    ms: float
    size: int


def read(asked: Asked) -> list[Answered]:
    """Let them read. Raises `Unavailable` if a page is not 200."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        try:
            return pool.apply_async(_all, (asked,)).get(asked.seconds + PATIENCE_S)
        except multiprocessing.TimeoutError as error:
            raise Unavailable("The pages were not answered in time.") from error


def _all(asked: Asked) -> list[Answered]:
    return asyncio.run(_crowd(asked))


async def _crowd(asked: Asked) -> list[Answered]:
    readers = [_reader(asked, number) for number in range(asked.readers)]
    return [one for found in await asyncio.gather(*readers) for one in found]


async def _reader(asked: Asked, number: int) -> list[Answered]:
    chance = random.Random(number)  # noqa: S311 - the same readers each time, no secret
    await asyncio.sleep(chance.random() * asked.pause_s)
    incoming, outgoing = await asyncio.open_connection("127.0.0.1", asked.port, limit=1 << 20)
    found, end = [], time.monotonic() + asked.seconds
    try:
        while time.monotonic() < end:
            kind = chance.randrange(len(asked.paths))
            path = chance.choice(asked.paths[kind])
            begun = time.perf_counter()
            size = await _page(incoming, outgoing, asked.port, path)
            found.append(Answered(kind, (time.perf_counter() - begun) * 1000, size))
            if asked.pause_s:
                await asyncio.sleep(chance.uniform(0.5, 1.5) * asked.pause_s)
    finally:
        outgoing.close()
    return found


async def _page(
    incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter, port: int, path: str
) -> int:
    outgoing.write(
        f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: text/html\r\n\r\n".encode()
    )
    head = await incoming.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    if lines[0].split(b" ")[1] != b"200":
        raise Unavailable(f"{path} was answered with {lines[0].decode()}.")
    length = next((line for line in lines if line.startswith(b"content-length:")), b":0")
    size = int(length.partition(b":")[2])
    await incoming.readexactly(size)
    return size


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
