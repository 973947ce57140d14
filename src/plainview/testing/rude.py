"""A camera that misbehaves: it says what it is told to, whatever it is asked."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

Behaviour = Callable[[socket.socket], None]
"""Plays one connection; it may end it by returning."""
_HEAD_END = b"\r\n\r\n"


class RudeCamera:
    """Serves every connection in a thread of its own with the same behaviour."""

    def __init__(self, behaviour: Behaviour, *, scheme: str = "rtsp") -> None:
        self._behaviour = behaviour
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._stopped = False
        self.connections = 0
        self.url = f"{scheme}://viewer:sesame@127.0.0.1:{self._server.getsockname()[1]}/cam"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped = True
        # A thread that waits in accept is woken up by a connection, not by closing.
        with contextlib.suppress(OSError):
            socket.create_connection(self._server.getsockname()[:2], timeout=1).close()
        self._thread.join(5)
        self._server.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._server.accept()
            if self._stopped:
                connection.close()
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # The other side may hang up at any moment: it is being tested whether it does.
        with contextlib.suppress(OSError), connection:
            self._behaviour(connection)


def next_request(connection: socket.socket) -> tuple[str, str]:
    """(method, CSeq) of the next request. Raises `ConnectionError` at the end."""
    head = b""
    while _HEAD_END not in head:
        chunk = connection.recv(4096)
        if not chunk:
            raise ConnectionError
        head += chunk
    text = head.decode("latin-1")
    number = text.partition("CSeq:")[2].partition("\r\n")[0].strip()
    return text.partition(" ")[0], number


def reply(
    connection: socket.socket, number: str, *headers: str, status: str = "200 OK", body: str = ""
) -> None:
    """Send an answer."""
    lines = [f"RTSP/1.0 {status}", f"CSeq: {number}", *headers]
    lines += [f"Content-Length: {len(body.encode())}"] if body else []
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


def to_playing(connection: socket.socket, description: str) -> None:
    """Answer politely until PLAY is answered, over TCP."""
    method = ""
    while method != "PLAY":
        method, number = next_request(connection)
        if method == "DESCRIBE":
            reply(connection, number, "Content-Type: application/sdp", body=description)
        elif method == "SETUP":
            transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
            reply(connection, number, transport, "Session: 1")
        else:
            reply(connection, number, "Session: 1")
