"""What this is, how to verify it, and whether it works."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from plainview.base.clock import to_iso
from plainview.errors import PlainviewError
from plainview.web.context import Web, web_of
from plainview.web.permissions import open_door

router = APIRouter()
ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://\S*[^\s.:,;]")
FOLDER = re.compile(r"(?<![\w/])/[\w.@-][\w./@-]*[\w@-]")


@router.get("/", dependencies=[open_door("what this is")])
async def home(request: Request) -> Response:
    """What is this?"""
    return web_of(request).pages.render("home.html", here="home")


@router.get("/verify", dependencies=[open_door("how to verify the log")])
async def verify(request: Request) -> Response:
    """How can you check this without trusting us?"""
    web = web_of(request)
    return web.pages.render("verify.html", here="verify", url=web.settings.web_url)


@router.get("/robots.txt", dependencies=[open_door("what search engines may read")])
async def robots() -> Response:
    """The staff application is not for search engines."""
    return PlainTextResponse("User-agent: *\nDisallow: /api/\nDisallow: /app\n")


@router.get("/health", dependencies=[open_door("is it working")])
async def health(request: Request) -> Response:
    """`{"ok", "red": [reasons], "warnings", "keeper", "recorder", "time"}`; 503 when red."""
    web = web_of(request)
    found = await _health(web)
    return JSONResponse(found, status_code=503 if found["red"] else 200)


def _public(reason: str) -> str:
    """Anybody may read this: where cameras and folders are stays out of it."""
    return FOLDER.sub("its folder", ADDRESS.sub("its address", reason))


async def _health(web: Web) -> dict[str, Any]:
    red: list[str] = []
    warnings: list[str] = []
    keeper: dict[str, Any] = {}
    try:
        keeper = await asyncio.to_thread(web.keeper.status)
        red += [f"keeper: {reason}" for reason in keeper.get("red", [])]
    except PlainviewError as error:
        red.append(f"keeper: {error.message}")
    recorder = await web.recorders.health()
    if recorder is None:
        red.append("recorder: cannot be reached.")
    else:
        red += [f"recorder: {_public(reason)}" for reason in recorder["red"]]
        warnings = [f"recorder: {_public(reason)}" for reason in recorder["warnings"]]
    return {
        "ok": not red,
        "red": red,
        "warnings": warnings,
        "keeper": {name: keeper[name] for name in ("size", "witnesses") if name in keeper},
        "recorder": {"cameras": len(recorder["cameras"])} if recorder is not None else None,
        "watched": web.live.watched,
        "time": to_iso(web.now()),
    }
