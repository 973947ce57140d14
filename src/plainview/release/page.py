"""Serves the custodians' and requesters' page: static files, from an origin of its own.

The page is the same set of files that a custodian can keep on a stick and open elsewhere. This
server adds nothing to it but strict headers: it has no session, no database and no key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from plainview.errors import UnsafeStart

STATIC = Path(__file__).parent / "static"


def create(server_url: str, *, framed: bool = False, key_files: Path | None = None) -> Starlette:
    """The page, allowed to talk to `server_url` only.

    `framed` lets that server show it in a frame and `key_files` serves a folder of key files: the
    demonstration needs both, nobody else may use either. Raises `UnsafeStart` when it is not built.
    """
    if not (STATIC / "index.html").exists():
        raise UnsafeStart("The custodians' page is not built.", hint="Run `make ui`.")
    routes = []
    if key_files is not None:
        routes.append(Mount("/demo-keys", StaticFiles(directory=key_files)))
    routes.append(Mount("/", StaticFiles(directory=STATIC, html=True)))
    app = Starlette(routes=routes)
    app.add_middleware(BaseHTTPMiddleware, dispatch=_headers(server_url, framed=framed))
    return app


def _headers(
    server_url: str, *, framed: bool
) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    ancestors = server_url if framed else "'none'"
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        f"media-src blob:; font-src 'self'; connect-src 'self' {server_url}; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    )

    async def add(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await go_on(request)
        answer.headers["Content-Security-Policy"] = policy
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    return add
