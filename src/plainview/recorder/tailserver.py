"""The recorder's HTTP on a Unix socket: live tails and health.

    GET /tail/<camera>   the stream of docs/design/interfaces.md, "Recorder's tail over HTTP"
    GET /health          what this recorder does, as JSON
    GET /metrics         the same for machines (Prometheus text format, docs/ref/metrics.md)

What goes out is encrypted: who reads it without a view key from the keeper has noise.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from plainview.base.durable import make_folder
from plainview.base.metrics import CONTENT_TYPE
from plainview.errors import Unavailable
from plainview.store.tail import Tail, pack_item

START_S = 10.0
OWN, GROUP = 0o600, 0o660
"""The group's only where an operator gave it the socket's folder (mode 0770), as for the keeper."""


class TailServer:
    """Serves from a thread of its own until `close`."""

    def __init__(
        self,
        socket: Path,
        tails: Mapping[str, Tail],
        health: Callable[[], dict[str, Any]],
        metrics: Callable[[], bytes] = bytes,
    ) -> None:
        self._socket, self._tails, self._health, self._metrics = socket, tails, health, metrics
        app = Starlette(
            routes=[
                Route("/tail/{camera}", self._tail, methods=["GET"]),
                Route("/health", self._show_health, methods=["GET"]),
                Route("/metrics", self._show_metrics, methods=["GET"]),
            ]
        )
        config = uvicorn.Config(
            app, uds=str(socket), log_config=None, access_log=False, lifespan="off", ws="none",
            timeout_graceful_shutdown=2,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="tail-server", daemon=True)

    def start(self) -> None:
        """Return when the socket answers. Raises `Unavailable`."""
        make_folder(self._socket.parent, mode=0o700)
        self._socket.unlink(missing_ok=True)
        self._thread.start()
        deadline = time.monotonic() + START_S
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise Unavailable(f"The recorder cannot listen on {self._socket}.")
            time.sleep(0.01)
        given = self._socket.parent.stat().st_mode & 0o077 == 0o070
        self._socket.chmod(GROUP if given else OWN)

    @property
    def alive(self) -> bool:
        """Whether it still answers."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End every stream, then the server."""
        for tail in list(self._tails.values()):
            tail.end()
        self._server.should_exit = True
        self._thread.join(START_S)
        self._socket.unlink(missing_ok=True)

    async def _tail(self, request: Request) -> Response:
        tail = self._tails.get(request.path_params["camera"])
        if tail is None:
            answer = {"code": "not_found", "message": "This recorder does not run that camera."}
            return JSONResponse({**answer, "hint": ""}, status_code=404)
        return StreamingResponse(_stream(tail), media_type="application/octet-stream")

    async def _show_health(self, request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(self._health))

    async def _show_metrics(self, request: Request) -> Response:
        return Response(await asyncio.to_thread(self._metrics), media_type=CONTENT_TYPE)


async def _stream(tail: Tail) -> AsyncIterator[bytes]:
    loop, woken = asyncio.get_running_loop(), asyncio.Event()

    def notify() -> None:
        with suppress(RuntimeError):  # the server's loop has ended, and with it this reader
            loop.call_soon_threadsafe(woken.set)

    subscription = tail.subscribe(notify)
    try:
        while not subscription.ended:
            items = subscription.take()
            if items:
                yield b"".join(map(pack_item, items))
            await woken.wait()
            woken.clear()
    finally:
        subscription.close()
