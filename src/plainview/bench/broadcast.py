"""The baseline of `bench live`: asyncio writes of the same bytes, with nothing around them."""

from __future__ import annotations

import asyncio
import multiprocessing
import secrets
import time

from plainview.web.pictures import framed


class Broadcast:
    """A process that sends pictures of `cameras` to whoever connects and names one in its path."""

    def __init__(
        self, port: int, cameras: int, fps: int, gop: int, key_bytes: int, frame_bytes: int
    ) -> None:
        context = multiprocessing.get_context("spawn")
        sizes = (key_bytes, frame_bytes)
        self._process = context.Process(
            target=_serve, args=(port, cameras, fps, gop, sizes), daemon=True
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid or 0

    def start(self) -> None:
        """Begin to serve."""
        self._process.start()
        time.sleep(1.0)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.join()


class _Link(asyncio.Protocol):
    """Answers any request with a handshake that the lean viewers accept, then only writes."""

    def __init__(self, groups: list[set[asyncio.Transport]]) -> None:
        self._groups = groups

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows the type
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET /"):
            self._transport.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
            self._groups[int(data.split(b" ", 2)[1][1:])].add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        for group in self._groups:
            group.discard(self._transport)


def _serve(port: int, cameras: int, fps: int, gop: int, sizes: tuple[int, int]) -> None:
    asyncio.run(_broadcast(port, cameras, fps, gop, sizes))


async def _broadcast(port: int, cameras: int, fps: int, gop: int, sizes: tuple[int, int]) -> None:
    loop = asyncio.get_running_loop()
    groups: list[set[asyncio.Transport]] = [set() for _ in range(cameras)]
    await loop.create_server(lambda: _Link(groups), "127.0.0.1", port)
    payload, begun, number = secrets.token_bytes(max(sizes)), loop.time(), 0
    while True:
        await asyncio.sleep(max(0.0, begun + number / fps - loop.time()))
        for place, group in enumerate(groups):
            size = sizes[0] if (number + place * 3) % gop == 0 else sizes[1]
            head = bytes(4) + round(time.time() * 1000).to_bytes(8, "big") + bytes(8)
            data = framed(head + payload[:size])
            for transport in group:
                transport.write(data)
        number += 1
