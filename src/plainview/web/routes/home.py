"""What this is, and how to verify it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from plainview.web.context import web_of
from plainview.web.permissions import open_door

router = APIRouter()


@router.get("/", dependencies=[open_door("what this is")], response_class=HTMLResponse)
async def home(request: Request) -> Response:
    """What is this?"""
    return web_of(request).pages.render("home.html", here="home")


@router.get(
    "/verify", dependencies=[open_door("how to verify the log")], response_class=HTMLResponse
)
async def verify(request: Request) -> Response:
    """How can you check this without trusting us?"""
    web = web_of(request)
    return web.pages.render("verify.html", here="verify", url=web.settings.web_url)


@router.get(
    "/robots.txt",
    dependencies=[open_door("what search engines may read")],
    response_class=PlainTextResponse,
)
async def robots() -> Response:
    """The staff application is not for search engines."""
    return PlainTextResponse("User-agent: *\nDisallow: /api/\nDisallow: /app\n")
