"""Runs the web process: two loopback sockets, uvicorn, no headers that say what runs here."""

from __future__ import annotations

from collections.abc import Sequence

import uvicorn
from fastapi import APIRouter, FastAPI

from plainview.base.ports import loopback_sockets
from plainview.base.settings import Settings
from plainview.web.app import create_app
from plainview.web.pictures import PictureProtocol

LARGEST_MESSAGE = 64 * 1024
"""Bytes that a browser may send in one WebSocket message; ours send none."""
LARGEST_UNREAD = 64 * 1024
"""Bytes of a request's head that are kept while it is not whole; the guard demands far less."""


def server(app: FastAPI) -> uvicorn.Server:
    """A server for sockets that the caller opened."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            # Not httptools, should somebody install it: it reads a head without an end.
            http="h11",
            h11_max_incomplete_event_size=LARGEST_UNREAD,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws=PictureProtocol,
            ws_max_size=LARGEST_MESSAGE,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=3,
            timeout_keep_alive=30,
            limit_concurrency=2000,
        )
    )


def run(settings: Settings, *, extra_routes: Sequence[APIRouter] = ()) -> None:
    """Serve until a signal. Raises `UnsafeStart` when the port is taken."""
    sockets = loopback_sockets(settings.port)
    try:
        server(create_app(settings, extra_routes=extra_routes)).run(sockets=sockets)
    finally:
        for opened in sockets:
            opened.close()
