"""Does it work? A yes or no for everybody; what is wrong, where and since when for staff."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from plainview.base.clock import to_iso
from plainview.base.metrics import CONTENT_TYPE
from plainview.base.problems import Problem
from plainview.web.condition import Found
from plainview.web.context import Web, web_of
from plainview.web.gathering import gathered
from plainview.web.permissions import Permission, needs, needs_or_token, open_door

router = APIRouter()
RED: dict[int | str, dict[str, Any]] = {
    503: {"description": "something is red", "content": {"application/json": {}}}
}


@router.get("/health", dependencies=[open_door("is it working")], responses=RED)
async def health(request: Request) -> Response:
    """`{"ok", "time"}`; 503 when something is red. Strangers learn no more than that."""
    web = web_of(request)
    found = await web.condition.look()
    answer = {"ok": found.ok, "time": to_iso(web.now())}
    return JSONResponse(answer, status_code=200 if found.ok else 503)


@router.get("/api/health", dependencies=[needs_or_token(Permission.HEALTH)])
async def details(request: Request) -> dict[str, Any]:
    """`{"ok", "problems": [{"kind", "where", "what", "since", "red", "do"}], ...}`."""
    web = web_of(request)
    found = await web.condition.look()
    return {
        "ok": found.ok,
        "problems": [_told(web, problem) for problem in found.problems],
        "keeper": {name: found.keeper[name] for name in _SHOWN if name in found.keeper},
        "cameras": _states(found),
        "watched": web.live.watched,
        "time": to_iso(found.at),
    }


@router.get("/status", dependencies=[needs(Permission.HEALTH)], response_class=HTMLResponse)
async def status(request: Request) -> Response:
    """Is everything working? For people, without scripts."""
    web = web_of(request)
    found = await web.condition.look()
    red = [problem for problem in found.problems if problem.red]
    notes = [problem for problem in found.problems if not problem.red]
    states = _states(found)
    recording = sum(one["state"] == "recording" for one in states.values())
    return web.pages.render(
        "status.html",
        here="status",
        red=red,
        notes=notes,
        cameras=len(states),
        recording=recording,
        at=found.at,
    )


@router.get(
    "/metrics", dependencies=[needs_or_token(Permission.METRICS)], response_class=PlainTextResponse
)
async def metrics(request: Request) -> Response:
    """Everything of this machine, in the Prometheus text format."""
    return Response(await gathered(web_of(request)), media_type=CONTENT_TYPE)


_SHOWN = ("size", "witnessed_size", "witnesses")


def _told(web: Web, problem: Problem) -> dict[str, Any]:
    told = {**problem.to_dict(), "since": to_iso(problem.since)}
    return {**told, "do": web.t(f"health.do.{problem.kind}")}


def _states(found: Found) -> dict[str, dict[str, str]]:
    cameras = {} if found.recorder is None else found.recorder["cameras"]
    return {
        name: {"state": str(one.get("state", "")), "redaction": str(one.get("redaction", ""))}
        for name, one in cameras.items()
    }
