"""Which cameras film here: lists for residents, for machines, for staff."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from plainview.base.clock import Ms, to_iso
from plainview.register.listing import ORDER, Listed
from plainview.register.overview import View
from plainview.web import hiding
from plainview.web.context import Web, web_of
from plainview.web.declared import query
from plainview.web.fates import PENDING, Objected, fate, objected
from plainview.web.permissions import Permission, needs, open_door
from plainview.web.portal import NARROWED, Filter
from plainview.web.sessions import SignedIn
from plainview.web.states import RECORDING, SHOWN, Health, State, state

router = APIRouter()
LARGEST_PAGE = 10_000
SLICE = 100
"""Cameras in one piece of the answer for machines."""


@dataclass(frozen=True)
class Shown:
    """A camera with its state."""

    line: Listed
    state: State


@router.get(
    "/cameras",
    dependencies=[open_door("which cameras film here")],
    response_class=HTMLResponse,
    openapi_extra=query(NARROWED, "narrows the list"),
)
async def cameras(
    request: Request, page: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 1
) -> Response:
    """Which cameras film here, and why?"""
    web = web_of(request)
    health = await web.recorders.cameras()
    return await asyncio.to_thread(_list, web, Filter.of(request.query_params), page, health)


@router.get("/api/public/cameras", dependencies=[open_door("which cameras film here")])
async def public(request: Request) -> Response:
    """Cameras by the version in force, else the newest, as on the log; states; what comes later."""
    web = web_of(request)
    health = await web.recorders.cameras()
    now = web.now()
    view = await asyncio.to_thread(web.portal.view, now)
    return StreamingResponse(_machines(web, view, health, now), media_type="application/json")


@router.get("/api/cameras")
async def staff(request: Request, session: Annotated[SignedIn, needs(Permission.CAMERAS)]) -> Any:
    """What the wall shows: the cameras within the person's scope."""
    web = web_of(request)
    health = await web.recorders.cameras()
    return await asyncio.to_thread(_wall, web, session, health)


def _list(web: Web, narrow: Filter, page: int, health: Health | None) -> Response:
    now = web.now()
    view = web.portal.view(now)
    found = web.portal.found(view, narrow, page, health, now)
    shown = [Shown(line, state(web.t, view, line, health, now)) for line in found.lines]
    return web.pages.render(
        "cameras.html",
        here="cameras",
        found=found,
        cameras=shown,
        narrow=narrow,
        view=view,
        kinds=tuple(ORDER),
        statuses=SHOWN,
        hidden={name: value for name, value in narrow.values.items() if name not in FORM},
    )


FORM = ("q", "kind", "status", "unit")
"""What the form asks for; the rest of a filter comes from links and stays."""
assert set(FORM) < set(NARROWED)  # noqa: S101 - both are constants


def _machines(web: Web, view: View, health: Health | None, now: Ms) -> Iterator[bytes]:
    """A list in JSON, piece by piece: a city's records are some 20 MB together."""
    lines = sorted(view.cameras, key=lambda line: line.id)
    to = objected(web.portal.objections.all())
    yield b"["
    for first in range(0, len(lines), SLICE):
        part = [_told(web, view, line, health, now, to) for line in lines[first : first + SLICE]]
        yield (b"," if first else b"") + orjson.dumps(part)[1:-1]
    yield b"]"


def _told(
    web: Web, view: View, line: Listed, health: Health | None, now: Ms, to: Objected
) -> dict[str, Any]:
    found = state(web.t, view, line, health, now)
    return {
        "camera": line.id,
        "version": line.version,
        "status": line.status,
        "entry": line.index,
        "effective": to_iso(line.effective_ms),
        "state": found.name,
        "reason": found.reason,
        "record": view.record(line.id),
        "later": _later(view, line, now, to),
    }


def _later(view: View, line: Listed, now: Ms, to: Objected) -> list[dict[str, Any]]:
    """Newer versions, which are not in force."""
    found = []
    for one in view.later(line.id):
        became = fate(one.status, one.effect, to.get((line.id, one.version), ()), now)
        if became in PENDING:
            effective = to_iso(one.effect)
            found.append(
                {"version": one.version, "entry": one.index, "effective": effective, "is": became}
            )
    return found


def _wall(web: Web, session: SignedIn, health: Health | None) -> list[dict[str, Any]]:
    now = web.now()
    view = web.portal.view(now)
    found = []
    mine = web.rights.seen(session, [line.id for line in view.cameras])
    for line in sorted(view.cameras, key=lambda line: line.id):
        if line.id not in mine:
            continue
        one = state(web.t, view, line, health, now)
        found.append(
            {
                "id": line.id,
                "name": line.name,
                "kind": line.kind,
                "place": line.place,
                # Blocks are live pictures too: the frames themselves say that they are.
                "state": "recording" if one.name in RECORDING else one.name,
                "reason": one.reason or None,
                "hidden": hiding.hidden(web.t, view.record(line.id)),
            }
        )
    return found
