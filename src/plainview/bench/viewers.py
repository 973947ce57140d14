"""Many viewers in one process, as lean as can be: they count frames and how late each one came.

A viewer is a bare WebSocket client on asyncio. It reads heads of frame messages and lets the rest
go by. One that `stalls` stops reading after its greeting, as a browser in a sleeping laptop does.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

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
    """What a viewer saw, from `Plan.from_s` on."""

    frames: int = 0
    bytes: int = 0
    lags_ms: list[int] = field(default_factory=list)
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """When (seconds of `time.time`) viewers count, and when they leave."""

    from_s: float
    to_s: float


class _Viewer(asyncio.Protocol):
    """Reads WebSocket frames of a server: unmasked, never fragmented, from any cut of the bytes."""

    def __init__(self, wanted: Wanted, plan: Plan) -> None:
        self.seen = Seen()
        self._wanted, self._plan = wanted, plan
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
                self._transport.pause_reading()
            at = body + length
        del buffer[:at]

    def _count(self, buffer: bytearray, body: int, length: int, now: float) -> None:
        if not self._plan.from_s <= now < self._plan.to_s:
            return
        wall = int.from_bytes(buffer[body + _HEAD_AT : body + _HEAD_AT + 8], "big")
        self.seen.frames += 1
        self.seen.bytes += length
        self.seen.lags_ms.append(round(now * 1000) - wall)


def watch(wanted: Sequence[Wanted], plan: Plan) -> list[Seen]:
    """Be all these viewers until the plan ends; what each saw. Runs in a process of its own."""
    return asyncio.run(_watch(wanted, plan))


async def _watch(wanted: Sequence[Wanted], plan: Plan) -> list[Seen]:
    loop = asyncio.get_running_loop()
    viewers: list[_Viewer] = []
    for one in wanted:
        viewer = _Viewer(one, plan)
        viewers.append(viewer)
        await loop.create_connection(lambda viewer=viewer: viewer, "127.0.0.1", one.port)  # type: ignore[misc]
        await asyncio.sleep(0.01)
    await asyncio.sleep(max(0.0, plan.to_s - time.time()))
    return [viewer.seen for viewer in viewers]
