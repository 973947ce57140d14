"""A simulated camera: an RTSP server for many streams, in a thread of the calling process.

RFC 2326 over TCP (interleaved), TLS and UDP, H.264 and H.265, RTCP sender reports with the wall
clock, basic and digest authentication, pushes by ANNOUNCE and RECORD. Bounded in every direction.
`plainview simulate` runs it as a process.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from plainview.errors import NotFound, Unavailable
from plainview.testing import rtsp_message
from plainview.testing.clip import Clip
from plainview.testing.rtsp_connection import Connection, Shared
from plainview.testing.rtsp_login import Guard
from plainview.testing.rtsp_mounts import ClipMount

MAX_CONNECTIONS = 512
_TLS_S = 2.0
_CLOSING_S = 0.01


class RtspServer:
    """Serves mounts at `rtsp://host:port/<path>`; port 0 takes a free one."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        user: str | None = None,
        password: str = "",
        guard: Guard | None = None,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        """`guard` says how the password is asked for; with `tls` it is an `rtsps://` server;
        after `timeout_s` without a word a viewer over UDP is taken to have left."""
        self.host, self.port = host, port
        self._tls = tls
        self._shared = Shared(guard=guard or Guard(user, password), timeout_s=timeout_s)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="rtsp-server", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen. Raises `Unavailable` if the port is taken."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise Unavailable(
                f"Port {self.port} cannot be used: {self._failure.strerror}.",
                hint="Choose another with --port.",
            )

    def stop(self) -> None:
        """Cut all connections and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def add(self, path: str, mount: ClipMount) -> str:
        """Serve `mount` at `path`; returns the address."""
        self._shared.mounts[path.strip("/")] = mount
        return self.url(path)

    def add_file(self, path: str, file: Path) -> str:
        """Serve a file in a loop; returns the address."""
        return self.add(path, ClipMount(Clip.load(file)))

    def url(self, path: str) -> str:
        """The address of a stream, without credentials."""
        scheme = "rtsps" if self._tls else "rtsp"
        return f"{scheme}://{self.host}:{self.port}/{path.strip('/')}"

    def mount(self, path: str) -> ClipMount:
        """The mount at `path`, for tests that change its behaviour while it runs."""
        found = self._shared.mounts.get(path.strip("/"))
        if not isinstance(found, ClipMount):
            raise NotFound(f"No clip is served at {path}.")
        return found

    @property
    def paths(self) -> list[str]:
        """Everything that is served now, pushes included."""
        return sorted(self._shared.mounts)

    @property
    def requests(self) -> list[tuple[str, str]]:
        """(method, path with track) of the latest requests."""
        return list(self._shared.requests)

    @property
    def reports(self) -> list[bytes]:
        """RTCP packets that viewers have sent."""
        return list(self._shared.reports)

    def cut(self, path: str) -> None:
        """Break all connections to `path`, as a pulled cable would."""
        self._loop.call_soon_threadsafe(self._cut, path.strip("/"))

    def _cut(self, path: str) -> None:
        for connection in list(self._shared.connections):
            if connection.path == path:
                connection.cut()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        try:
            server = await asyncio.start_server(
                self._client, self.host, self.port, limit=rtsp_message.MAX_HEAD
            )
        except OSError as error:
            self._failure = error
            self._ready.set()
            return
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        await asyncio.sleep(_CLOSING_S)  # what was accepted just now has no task yet
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for connection in list(self._shared.connections):
                connection.cut()
            _, late = await asyncio.wait(tasks, timeout=5)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            await asyncio.sleep(_CLOSING_S)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._shared.connections) >= MAX_CONNECTIONS:
            writer.write(rtsp_message.response(503, "0", {}))
            writer.close()
            return
        plain = writer.transport
        try:
            await self._converse(reader, writer)
        finally:
            plain.abort()  # without waiting for the client's farewell

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._tls is not None:
            try:
                await writer.start_tls(self._tls, ssl_handshake_timeout=_TLS_S)
            except OSError:
                return  # the client does not speak TLS, or does not like the certificate
        connection = Connection(self._shared, reader, writer)
        self._shared.connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._shared.connections.discard(connection)
