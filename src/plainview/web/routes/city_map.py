"""The map of fixed cameras: drawn here, moved and zoomed by links."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from plainview.register.listing import Listed
from plainview.register.overview import View
from plainview.web import mapping
from plainview.web.context import Web, web_of
from plainview.web.declared import query
from plainview.web.permissions import open_door
from plainview.web.portal import NARROWED, Filter, matching
from plainview.web.states import Health, shown

router = APIRouter()
STEP = 0.4
"""How much of the drawing a step to the side moves."""
MOST = 24


@router.get(
    "/map",
    dependencies=[open_door("where fixed cameras stand")],
    response_class=HTMLResponse,
    openapi_extra=query(NARROWED, "narrows the list"),
)
async def city_map(
    request: Request,
    at: Annotated[str, Query(max_length=40)] = "",
    zoom: Annotated[int, Query(ge=0, le=mapping.DEEPEST)] = 0,
) -> Response:
    """Where do fixed cameras stand?"""
    web = web_of(request)
    health = await web.recorders.cameras()
    narrow = Filter.of(request.query_params)
    return await asyncio.to_thread(_page, web, narrow, _point(at), zoom, health)


def _point(text: str) -> mapping.Point | None:
    """`latitude,longitude` in millionths of a degree; None for anything else."""
    parts = text.split(",")
    if len(parts) != 2 or not all(part.removeprefix("-").isdecimal() for part in parts):
        return None
    latitude, longitude = map(int, parts)
    return (latitude, longitude) if abs(latitude) < 9 * 10**7 and abs(longitude) < 1.8e8 else None


def _page(
    web: Web, narrow: Filter, at: mapping.Point | None, zoom: int, health: Health | None
) -> Response:
    now = web.now()
    view = web.portal.view(now)
    lines: Sequence[Listed] = view.placed
    if narrow:
        found = matching(view, narrow, health, now)
        lines = [line for line in found if line.position is not None]
    points = [line.position for line in lines if line.position is not None]
    values: dict[str, Any] = {"here": "cameras", "narrow": narrow, "number": len(lines)}
    if not points:
        return web.pages.render("map.html", **values, shown=None)
    window = mapping.window(points, at, zoom)
    dots = mapping.dots(lines, window)
    inside = [line for dot in dots for line in dot.cameras]
    return web.pages.render(
        "map.html",
        **values,
        shown=window,
        dots=[(dot, _state(view, dot.cameras, health, now)) for dot in dots],
        outlines=_outlines(view, window),
        moves=_moves(narrow, window),
        nearer=min(window.zoom + 1, mapping.DEEPEST),
        inside=inside[:MOST] if len(inside) <= MOST else [],
        within=len(inside),
        width=mapping.WIDTH,
        height=mapping.HEIGHT,
    )


def _state(view: View, lines: tuple[Listed, ...], health: Health | None, now: int) -> str:
    """`on` if any of them records, `off` if none may, else `unsure`."""
    doubt = False
    for line in lines:
        found = shown(view, line, health, now)
        if found == "recording":
            return "on"
        doubt = doubt or found in ("unknown", "connecting", "failed")
    return "unsure" if doubt else "off"


def _outlines(view: View, window: mapping.Window) -> list[mapping.Outline]:
    found = []
    for name, versions in view.records.items():
        boundary = versions[-1].record.get("boundary")
        if name.startswith("area/") and boundary:
            outline = mapping.outline(str(versions[-1].record["name"]), boundary, window)
            found += [outline] if outline else []
    return found


def _moves(narrow: Filter, window: mapping.Window) -> list[tuple[str, str]]:
    """Links around the map: (name in the catalogue, address)."""

    def to(point: mapping.Point, zoom: int) -> str:
        return narrow.address("/map", at=f"{point[0]},{point[1]}", zoom=zoom)

    found = []
    if window.zoom < mapping.DEEPEST:
        found.append(("nearer", to(window.at, window.zoom + 1)))
    if window.zoom:
        ways = {"north": (0, -STEP), "south": (0, STEP), "west": (-STEP, 0), "east": (STEP, 0)}
        found.append(("further", to(window.at, window.zoom - 1)))
        found += [(name, to(window.moved(*way), window.zoom)) for name, way in ways.items()]
        found.append(("all", narrow.address("/map")))
    return found
