"""Files as they are: the public log, the trust policy, the application, the style sheet."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from plainview.errors import NotFound
from plainview.web.context import web_of
from plainview.web.declared import AnyFile, Svg, may
from plainview.web.permissions import open_door

router = APIRouter()
WEB = Path(__file__).parent.parent
STATIC, ASSETS = WEB / "static", WEB / "assets"
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
LOG_FILE = re.compile(
    r"checkpoint"
    r"|tile/(?:entries|[0-9]|[1-5][0-9]|6[0-3])/(?:x\d{3}/)*\d{3}(?:\.p/[1-9]\d{0,2})?"
    r"|leaves/[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}",
    re.ASCII,
)
"""Names that the log has (c2sp.org/tlog-tiles, and leaves of `roots` entries)."""
NO_STORE, BRIEF, FOREVER = "no-store", "max-age=60", "public, max-age=31536000, immutable"


@router.get(
    "/log/files/{path:path}", dependencies=[open_door("the public log")], response_class=AnyFile
)
def log_file(request: Request, path: str) -> Response:
    """A file of the log."""
    if LOG_FILE.fullmatch(path) is None:
        raise NotFound("The log has no such file.", hint="Begin with /log/files/checkpoint.")
    kind = "text/plain; charset=utf-8" if path == "checkpoint" else "application/octet-stream"
    whole = path.startswith("tile/") and ".p/" not in path
    return _file(web_of(request).settings.log_dir, path, kind, FOREVER if whole else NO_STORE)


@router.get(
    "/policy.txt",
    dependencies=[open_door("the trust policy")],
    response_class=PlainTextResponse,
    responses=may(404),
)
def policy(request: Request) -> Response:
    """Whose signatures count."""
    file = web_of(request).settings.policy_file
    return _file(file.parent, file.name, "text/plain; charset=utf-8", NO_STORE)


@router.get(
    "/assets/{path:path}", dependencies=[open_door("the style sheet")], response_class=AnyFile
)
def asset(path: str) -> Response:
    """Style sheet and icon of the public pages."""
    return _file(ASSETS, path, _type(path), BRIEF)


@router.get("/favicon.ico", dependencies=[open_door("the icon")], response_class=Svg)
def icon() -> Response:
    """The icon."""
    return _file(ASSETS, "icon.svg", TYPES[".svg"], BRIEF)


@router.get(
    "/static/{path:path}",
    dependencies=[open_door("the application's files")],
    response_class=AnyFile,
)
def static(path: str) -> Response:
    """The application's files; names under `app/assets/` carry a hash of their content."""
    inner = path.removeprefix("app/")
    return _file(STATIC, inner, _type(path), FOREVER if inner.startswith("assets/") else BRIEF)


@router.get(
    "/app", dependencies=[open_door("the application's files")], response_class=HTMLResponse
)
def application(request: Request) -> Response:
    """The application's one page."""
    if not (STATIC / "index.html").is_file():
        page = web_of(request).pages.render("app_missing.html", here="staff")
        page.status_code = 503
        return page
    return _file(STATIC, "index.html", TYPES[".html"], NO_STORE)


@router.get(
    "/app/{path:path}",
    dependencies=[open_door("the application's files")],
    response_class=HTMLResponse,
)
def inside_application(request: Request, path: str) -> Response:
    """The same page, whatever the address inside it: the application reads that itself."""
    return application(request)


def _type(path: str) -> str:
    kind = TYPES.get(Path(path).suffix)
    if kind is None:
        raise NotFound("There is no such file.")
    return kind


def _file(folder: Path, path: str, kind: str, keep: str) -> Response:
    """A file below `folder`. Raises `NotFound`, also for whatever leads out of it."""
    root = folder.resolve()
    try:
        file = (root / path).resolve()
    except (OSError, ValueError) as error:
        raise NotFound("There is no such file.") from error
    if not file.is_relative_to(root) or not file.is_file():
        raise NotFound("There is no such file.")
    headers = {"cache-control": keep}
    if file.stat().st_size == 0:
        return PlainTextResponse("", headers=headers)
    return FileResponse(file, media_type=kind, headers=headers)
