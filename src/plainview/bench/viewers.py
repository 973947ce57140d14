"""Many viewers in one process, as lean as can be: they count frames and how late each one came.

A viewer is a bare WebSocket client on asyncio. It reads heads of frame messages and lets the rest
go by. One that `stalls` stops reading after its greeting, as a browser in a sleeping laptop does.
"""

from __future__ import annotations

import asyncio
import base64
import multiprocessing
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Self

from plainview.errors import Unavailable

_HEAD_AT = 4  # a frame message's wall time, behind version, flags and two zeros
_BINARY = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """One viewer to be: the port of the web process, the path, a session's cookie."""

    port: int
    path: str
    cookie: str
    stalls: bool = False


@dataclass(slots=True)
class Seen:
    """What a viewer saw while it was counted."""

    frames: int = 0
    bytes: int = 0
    lags_ms: list[int] = field(default_factory=list)
    gone: bool = False


class _Viewer(asyncio.Protocol):
    """Reads WebSocket frames of a server: unmasked, never fragmented, from any cut of the bytes."""

    def __init__(self, wanted: Wanted) -> None:
        self.seen = Seen()
        self.watching = asyncio.Event()
        self.counted = False
        self._wanted = wanted
        self._buffer = bytearray()
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows the type
        self._transport = transport
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        host = f"127.0.0.1:{self._wanted.port}"
        lines = [
            f"GET {self._wanted.path} HTTP/1.1",
            f"Host: {host}",
            f"Origin: http://{host}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            f"Cookie: plainview_session={self._wanted.cookie}",
        ]
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._greeted:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            del self._buffer[: end + 4]
            self._greeted = True
        self._take()

    def connection_lost(self, exc: Exception | None) -> None:
        self.seen.gone = True

    def _take(self) -> None:
        buffer, at, now = self._buffer, 0, time.time()
        while len(buffer) - at >= 2:
            kind, length, body = buffer[at] & 15, buffer[at + 1] & 127, at + 2
            if length > 125:
                size = 2 if length == 126 else 8
                length = int.from_bytes(buffer[body : body + size], "big")
                body += size
            if len(buffer) < body + length or body > len(buffer):
                break
            if kind == _BINARY:
                self._count(buffer, body, length, now)
            elif self._wanted.stalls:
                self.watching.set()
                self._transport.pause_reading()
            at = body + length
        del buffer[:at]

    def _count(self, buffer: bytearray, body: int, length: int, now: float) -> None:
        self.watching.set()
        if not self.counted:
            return
        wall = int.from_bytes(buffer[body + _HEAD_AT : body + _HEAD_AT + 8], "big")
        self.seen.frames += 1
        self.seen.bytes += length
        self.seen.lags_ms.append(round(now * 1000) - wall)


class Crowd:
    """Viewers in a process of their own; use it as a context: they leave at its end."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        context = multiprocessing.get_context("spawn")
        self._link, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(list(wanted), theirs), daemon=True)
        self._patience_s = 30 + len(wanted) * 0.3

    def __enter__(self) -> Self:
        self._process.start()
        self._hear()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    def count(self, seconds: float) -> list[Seen]:
        """Count what everybody sees for so long."""
        self._link.send(seconds)
        found: list[Seen] = self._hear(seconds)
        return found

    def _hear(self, more_s: float = 0.0) -> Any:
        if not self._link.poll(self._patience_s + more_s):
            raise Unavailable("Not every viewer got a picture.")
        try:
            return self._link.recv()
        except EOFError:
            raise Unavailable("The viewers' process ended.") from None


def _run(wanted: list[Wanted], link: Connection) -> None:
    asyncio.run(_watch(wanted, link))


async def _watch(wanted: list[Wanted], link: Connection) -> None:
    """Join one after another, say when everybody sees a picture, then count when asked."""
    viewers = [await _join(one) for one in wanted]
    await asyncio.gather(*(viewer.watching.wait() for viewer in viewers))
    link.send(len(viewers))
    while True:
        seconds: float = await asyncio.to_thread(link.recv)
        for viewer in viewers:
            viewer.seen, viewer.counted = Seen(), True
        await asyncio.sleep(seconds)
        for viewer in viewers:
            viewer.counted = False
        link.send([viewer.seen for viewer in viewers])


async def _join(wanted: Wanted) -> _Viewer:
    viewer = _Viewer(wanted)
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: viewer, "127.0.0.1", wanted.port)
    await asyncio.sleep(0.01)
    return viewer
