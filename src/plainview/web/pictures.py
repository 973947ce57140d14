"""The way of pictures to browsers: WebSocket messages framed once, and written to every viewer.

A message costs the same few microseconds for the first viewer and then only a write for each other
one, since messages from a server are not masked and need no state of the connection (RFC 6455,
5.1; compression is off). So five hundred viewers do not cost five hundred encodings.
"""

from __future__ import annotations

import socket
from asyncio.transports import BaseTransport

from starlette.websockets import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from plainview.errors import Unavailable

SEND_BUFFER = 256 << 10
"""Bytes that the kernel may hold for one browser: more would hide how far behind it is."""
_EXTENSION = "plainview.pictures"


def framed(message: bytes) -> bytes:
    """The binary WebSocket message that holds `message`, for any connection."""
    return Frame(Opcode.BINARY, message).serialize(mask=False)


class PictureProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which lends itself to its application as a sink of framed bytes."""

    def connection_made(self, transport: BaseTransport) -> None:
        """A browser connected."""
        opened: socket.socket | None = transport.get_extra_info("socket")
        if opened is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        super().connection_made(transport)

    def handle_connect(self, event: Request) -> None:
        """The handshake; what follows finds this connection in its scope."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][_EXTENSION] = {"sink": self}

    @property
    def waiting(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return self.transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        """Send framed bytes, unless the connection is closing."""
        if self.handshake_complete and not self.close_sent and not self.transport.is_closing():
            self.transport.write(data)

    def abort(self) -> None:
        """Cut the connection."""
        self.transport.abort()


def sink_of(connection: WebSocket) -> PictureProtocol:
    """The sink behind a WebSocket. Raises `Unavailable` under another server than `web.server`."""
    sink = connection.scope.get("extensions", {}).get(_EXTENSION, {}).get("sink")
    if not isinstance(sink, PictureProtocol):
        raise Unavailable(
            "This server cannot send pictures.", hint="Start it with plainview serve."
        )
    return sink
