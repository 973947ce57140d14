"""The outermost layer: which hosts are answered, how much is read, what every answer carries.

Headers follow the OWASP Secure Headers list and CSP Level 3. The guard wraps the whole
application, so that error pages carry the headers too.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plainview.base.settings import Settings
from plainview.web import basemap
from plainview.web.counts import Requests

LOG = structlog.get_logger(__name__)
LARGEST_BODY = 1 << 20
LARGEST_TARGET = 4096
"""Bytes of path and query; no address of ours is longer."""
LARGEST_HEAD = 16 << 10
"""Bytes of header fields, names and values: more than any browser sends us."""
BEARER_METHODS = "GET, POST"
BEARER_HEADERS = "Authorization, Content-Type"


EDITOR = "/app/register/draft/"
"""Where the register's editor lives: the one page that may fetch a map's tiles from elsewhere."""


def tiles_origin(settings: Settings) -> str:
    """`https://name` of tiles that the map is made of; "" where it stands on a file of ours."""
    ours = settings.map_pmtiles or basemap.pmtiles_file(settings) or basemap.plan_file(settings)
    return "" if ours else "/".join(settings.map_tiles.split("/", 3)[:3])


def content_policy(settings: Settings, *, tiles: str = "") -> str:
    """The Content-Security-Policy of every answer; `tiles` is one more origin to fetch from."""
    sockets = settings.web_url.replace("http", "ws", 1)
    frames = f"'self' {settings.tools_url}" if settings.demo else "'none'"
    # The demonstration's story shows our own pages in a frame of its own; nobody else may.
    ancestors = "'self'" if settings.demo else "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            "img-src 'self' data: blob:",
            f"connect-src 'self' {sockets} {settings.tools_url} {tiles}".rstrip(),
            "media-src blob:",
            f"frame-src {frames}",
            f"frame-ancestors {ancestors}",
            "base-uri 'none'",
            "form-action 'self'",
        )
    )


def standing_headers(settings: Settings) -> dict[str, str]:
    """What every answer carries."""
    headers = {
        "content-security-policy": content_policy(settings),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        "x-frame-options": "SAMEORIGIN" if settings.demo else "DENY",
    }
    if settings.web_url.startswith("https:"):
        headers["strict-transport-security"] = "max-age=31536000"
    return headers


def own_hosts(settings: Settings) -> frozenset[str]:
    """`Host` values that are answered; others may be a name that was rebound to this machine."""
    names = (settings.host, "localhost", "127.0.0.1", "[::1]")
    port = settings.port
    typed = urlsplit(settings.web_url).netloc
    return frozenset(f"{name}:{port}" for name in names) | {settings.host, typed}


class _Reading:
    """Counts what the application reads, and stops at the limit."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._seen = 0
        self.exceeded = False

    async def __call__(self) -> Message:
        if self.exceeded:
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > LARGEST_BODY:
            self.exceeded = True
            return {"type": "http.disconnect"}
        return message


class Guard:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, settings: Settings, requests: Requests) -> None:
        self._app, self._requests = app, requests
        self._headers = standing_headers(settings)
        self._settings = settings
        self._hosts = own_hosts(settings)
        self._tools_origin = settings.tools_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or refuse one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if scope["type"] == "websocket":
            if refusal is not None:
                await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
                return
            await self._app(scope, receive, send)
            return
        await self._answer(scope, headers, refusal, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            return _error(421, "wrong_host", "This server does not answer under that name.")
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > LARGEST_TARGET:
            return _error(414, "too_long", "The address is too long.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEAD:
            return _error(431, "too_large", "The header fields are too large.")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            return _too_large()
        if scope.get("method") == "OPTIONS" and headers.get("origin") == self._tools_origin:
            return Response(status_code=204)
        return None

    async def _answer(
        self, scope: Scope, headers: Headers, refusal: Response | None, receive: Receive, send: Send
    ) -> None:
        began, reading = time.monotonic(), _Reading(receive)
        from_tools = headers.get("origin") == self._tools_origin

        async def send_dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                if scope["path"].startswith(EDITOR):
                    tiles = tiles_origin(self._settings)  # a file may have come since we started
                    policy = content_policy(self._settings, tiles=tiles)
                    answer.setdefault("content-security-policy", policy)
                self._dress(answer, from_tools=from_tools)
                self._note(scope, message["status"], time.monotonic() - began)
            await send(message)

        async def send_unless_exceeded(message: Message) -> None:
            if not reading.exceeded:
                await send_dressed(message)

        await (refusal or self._app)(scope, reading, send_unless_exceeded)
        if reading.exceeded:
            await _too_large()(scope, receive, send_dressed)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        # The path's template, not the path: identifiers in addresses stay out of the journal.
        route = str(getattr(scope.get("route"), "path", "-"))
        self._requests.note(route, status, seconds)
        ms = round(seconds * 1000, 1)
        LOG.info("answered", method=scope["method"], route=route, status=status, ms=ms)

    def _dress(self, headers: MutableHeaders, *, from_tools: bool) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store")
        if from_tools:
            # Never with Allow-Credentials: another origin gets no use of the cookie.
            headers["access-control-allow-origin"] = self._tools_origin
            headers["access-control-allow-methods"] = BEARER_METHODS
            headers["access-control-allow-headers"] = BEARER_HEADERS
            headers["cross-origin-resource-policy"] = "cross-origin"
        headers.add_vary_header("origin")


def _error(status: int, code: str, message: str, hint: str = "") -> Response:
    return JSONResponse({"code": code, "message": message, "hint": hint}, status_code=status)


def _too_large() -> Response:
    hint = f"Send at most {LARGEST_BODY} bytes."
    refusal = _error(413, "too_large", "The message is too large.", hint)
    # Else the server would go on to read, and throw away, whatever still comes.
    refusal.headers["connection"] = "close"
    return refusal
