"""What lies under the editor's map, from this server: for those who may read the register here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from plainview.errors import NotFound
from plainview.web import basemap
from plainview.web.context import web_of
from plainview.web.declared import AnyFile, may
from plainview.web.permissions import Permission, needs
from plainview.web.sessions import SignedIn

router = APIRouter()
Reader = Annotated[SignedIn, needs(Permission.REGISTER_READ)]
AN_HOUR = "private, max-age=3600"


@router.get("/api/register/map")
def what(request: Request, session: Reader) -> dict[str, Any]:
    """Which base the map has: `pmtiles`, `plan`, `tiles` or `none`."""
    return basemap.base(web_of(request).settings)


@router.get("/api/register/map/base.pmtiles", response_class=AnyFile, responses=may(404))
def tiles(request: Request, session: Reader) -> Response:
    """The PMTiles file; the browser asks for ranges of it."""
    return _sent(basemap.pmtiles_file(web_of(request).settings), "application/vnd.pmtiles")


@router.get("/api/register/map/plan.geojson", response_class=AnyFile, responses=may(404))
def plan(request: Request, session: Reader) -> Response:
    """The plan of streets, water and buildings, as GeoJSON."""
    return _sent(basemap.plan_file(web_of(request).settings), "application/geo+json")


def _sent(file: Path | None, kind: str) -> Response:
    if file is None:
        raise NotFound("There is no such map here.")
    return FileResponse(file, media_type=kind, headers={"cache-control": AN_HOUR})
