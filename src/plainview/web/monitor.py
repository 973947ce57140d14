"""`/metrics` on a port of its own, loopback only, without token (setting `metrics_port`).

For a monitoring system on the same machine. Everybody who has an account on this machine can read
it, so it is off unless an operator turns it on.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from plainview.base.metrics import CONTENT_TYPE
from plainview.base.ports import loopback_sockets

NAMES = ("localhost", "127.0.0.1", "[::1]")
WAIT_S = 5.0


class Monitor:
    """Serves from a thread of its own; `gather` runs in the loop in which `Monitor` was made."""

    def __init__(self, port: int, gather: Callable[[], Awaitable[bytes]]) -> None:
        """Raises `UnsafeStart` when the port is taken."""
        self._loop, self._gather = asyncio.get_running_loop(), gather
        self._sockets = loopback_sockets(port, setting="PLAINVIEW_METRICS_PORT")
        self.port = self._sockets[0].getsockname()[1]
        self._hosts = {f"{name}:{self.port}" for name in NAMES}
        app = Starlette(routes=[Route("/metrics", self._answer, methods=["GET"])])
        self._server = uvicorn.Server(
            uvicorn.Config(
                app, log_config=None, access_log=False, lifespan="off", server_header=False,
                ws="none", timeout_graceful_shutdown=1, limit_concurrency=20,
            )
        )  # fmt: skip
        self._thread = threading.Thread(
            target=self._server.run, args=(self._sockets,), name="metrics", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._server.should_exit = True
        self._thread.join(WAIT_S)
        for opened in self._sockets:
            opened.close()

    async def _answer(self, request: Request) -> Response:
        # A page in somebody's browser may have had a name of its own pointed at this machine.
        if request.headers.get("host", "").lower() not in self._hosts:
            return PlainTextResponse("This server does not answer under that name.\n", 421)
        asked = asyncio.run_coroutine_threadsafe(_awaited(self._gather), self._loop)
        return Response(await asyncio.wrap_future(asked), media_type=CONTENT_TYPE)


async def _awaited(gather: Callable[[], Awaitable[bytes]]) -> bytes:
    return await gather()
