"""Which software runs here, as a page, for machines, and as a list of files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from plainview.base.clock import Ms, to_iso
from plainview.base.software import stated
from plainview.tlog.entries import parse
from plainview.web.context import Web, web_of
from plainview.web.permissions import open_door

router = APIRouter()


@dataclass(frozen=True)
class Logged:
    """What the key keeper said on the log when it last started; no hash if it named none."""

    entry: int
    time: Ms
    version: str
    sha256: str


@router.get(
    "/software", dependencies=[open_door("which software runs here")], response_class=HTMLResponse
)
def page(request: Request) -> Response:
    """Which software runs here?"""
    web = web_of(request)
    return web.pages.render(
        "software.html",
        here="software",
        software=web.software,
        logged=_logged(web),
        url=web.settings.web_url,
    )


@router.get(
    "/software/files.txt",
    dependencies=[open_door("which software runs here")],
    response_class=PlainTextResponse,
)
def files(request: Request) -> Response:
    """Every file of the package with its SHA-256: what the software hash is over."""
    return PlainTextResponse(web_of(request).software.listing())


@router.get("/api/public/software", dependencies=[open_door("which software runs here")])
def machines(request: Request) -> Response:
    """`{"name", "version", "sha256", "files", "models", "python", "packages", "logged"}`."""
    web = web_of(request)
    found, logged = web.software, _logged(web)
    answer: dict[str, Any] = {
        "name": "plainview",
        "version": found.version,
        "sha256": found.hash,
        "files": [asdict(file) for file in found.files],
        "models": [asdict(model) for model in found.models],
        "python": found.python,
        "packages": [{"name": name, "version": version} for name, version in found.packages],
        "logged": None if logged is None else {**asdict(logged), "time": to_iso(logged.time)},
    }
    return JSONResponse(answer)


def _logged(web: Web) -> Logged | None:
    """The newest `start` entry, or None while the log has none."""
    newest = web.register.recent(1, type="start")
    if not newest:
        return None
    entry = parse(web.register.raw(newest[0].index))
    version, hash = stated(str(entry.body["software"])) or ("", "")
    return Logged(newest[0].index, entry.time, version, hash)
