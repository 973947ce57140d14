"""The story's pages: routes that the demonstration adds to the web process, and nobody else has.

Signing in by a link, without a key, is the one door that only a demonstration may have; the routes
refuse to be mounted when `settings.demo` is off.
"""

from __future__ import annotations

import asyncio
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from plainview.base.clock import Ms, to_iso
from plainview.demo import people
from plainview.demo.stage import stage_socket
from plainview.errors import LogAway, NotFound, Unavailable
from plainview.store.packs import Kind
from plainview.web.catalogue import catalogue
from plainview.web.context import Web, web_of
from plainview.web.permissions import open_door
from plainview.web.plainwords import PEOPLE, PlainWords
from plainview.web.signin import cookie_answer, sign_in
from plainview.web.words import Words

HERE = Path(__file__).parent
STORY_CAMERAS = ("cam-04", "cam-01", "cam-02", "cam-03")
RESIDENT = "resident"
SETTLE_MS: Ms = 4_000
"""After its end, a window's last segment is acknowledged within this time."""
SHOWN = PEOPLE | {"camera", "gate", "shred"}
MOST_ENTRIES = 2_000
CHEAT_SECONDS = 60.0

router = APIRouter(dependencies=[open_door("the story of the demonstration", demo=True)])


@cache
def texts() -> dict[str, Any]:
    """Every text of the story."""
    return tomllib.loads((HERE / "messages" / "en.toml").read_text())


@cache
def templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(name: str, **values: Any) -> HTMLResponse:
    """A page of the story."""
    return HTMLResponse(templates().get_template(name).render(**values))


@router.get("/demo")
async def story(request: Request) -> HTMLResponse:
    """Six clicks, a bar of roles, and the frame in which the real pages appear."""
    web, words = web_of(request), texts()
    rules = await asyncio.to_thread(_rules, web)
    say = Words(catalogue())
    spans = {
        name: say.duration(rules[f"{key}_seconds"])
        for name, key in (("window", "window"), ("period", "key_period"), ("notice", "notice"))
    }
    config = json.dumps({"tools": web.settings.tools_url, "texts": words["texts"]})
    return page(
        "story.html",
        t={**words["story"], "times": words["story"]["times"].format(**spans)},
        roles=[{"role": role, "label": label} for role, label in words["labels"].items()],
        config=Markup(config.replace("<", "\\u003c")),  # noqa: S704 - no end of the script in it
    )


@router.get("/demo/cheats")
async def cheats() -> HTMLResponse:
    """Runs the four attempts and shows how each failed."""
    return page("cheats.html", t=texts()["cheats"])


@router.get("/demo/mine")
async def mine(request: Request, start: int = 0) -> HTMLResponse:
    """What was done since entry `start`, in plain words, as anybody can read it."""
    web, words = web_of(request), texts()["mine"]
    acts = await asyncio.to_thread(_acts, web, start)
    status = await asyncio.to_thread(web.keeper.status)
    seen = sum(1 for witness in status["witnesses"].values() if witness["time"])
    witnessed = words["witnessed"].format(
        size=status["size"], have=seen, all=len(status["witnesses"])
    )
    return page("mine.html", t=words, acts=acts, witnessed=witnessed)


@router.get("/demo/signin/{role}")
async def sign_in_link(request: Request, role: str, to: str = "/app/") -> Response:
    """A sign-in link: become one of the story's people and go on to a page."""
    web, (part, person) = web_of(request), await _who(request, role)
    return await cookie_answer(web, person, part.roles, part.name, to)


@router.post("/demo/api/signin/{role}")
async def become(request: Request, role: str) -> Response:
    """The same for the story page, without going anywhere; `resident` signs out."""
    web = web_of(request)
    answer = JSONResponse({"role": role})
    if role == RESIDENT:
        web.doorkeeper.take_back(answer)
        return answer
    part, person = await _who(request, role)
    secret = await asyncio.to_thread(sign_in, web, person, part.roles, part.name, kind="cookie")
    web.doorkeeper.hand_out(answer, secret)
    return answer


@router.get("/demo/api/moment")
async def moment(request: Request) -> dict[str, Any]:
    """The middle of the newest window that is closed and recorded, or how long to wait for one."""
    return await asyncio.to_thread(_moment, web_of(request))


@router.post("/demo/api/cheat/{name}")
async def cheat(request: Request, name: str) -> Response:
    """Have one attempt made behind the curtain. Raises `Unavailable`."""
    transport = httpx.AsyncHTTPTransport(uds=str(stage_socket(web_of(request).settings)))
    try:
        async with httpx.AsyncClient(transport=transport, timeout=CHEAT_SECONDS) as client:
            answer = await client.post(f"http://stage/cheat/{name}")
    except httpx.HTTPError as error:
        raise Unavailable("The stage does not answer.", hint="Restart the demo.") from error
    return Response(answer.content, answer.status_code, media_type="application/json")


@router.get("/demo/assets/{name}")
async def asset(name: str) -> Response:
    """The story's own script and style."""
    known = {file.name: file for file in (HERE / "assets").iterdir()}
    if name not in known:
        raise NotFound(f"There is no {name}.")
    return FileResponse(known[name], headers={"Cache-Control": "no-cache"})


def _rules(web: Web) -> dict[str, int]:
    web.register.sync()
    return web.register.rules()


async def _who(request: Request, role: str) -> tuple[people.Part, str]:
    """A part of the story and its person's id. Raises `NotFound`."""
    web = web_of(request)
    part = next((one for one in people.PARTS if one.role == role), None)
    if part is None:
        raise NotFound(f"Nobody in the story is called {role}.")
    await asyncio.to_thread(web.register.sync)
    for person in await asyncio.to_thread(web.register.people):
        if person.name == part.name:
            return part, person.person
    raise LogAway(
        f"{part.name} is not on this demonstration's log.",
        hint="An earlier version made it: delete its folder and start the demo again.",
    )


def _acts(web: Web, start: int) -> list[dict[str, Any]]:
    web.register.sync()
    lines = [
        line
        for line in web.register.recent(MOST_ENTRIES)
        if line.index >= start and line.type in SHOWN
    ]
    say = PlainWords(catalogue())
    found = []
    for line in reversed(lines):
        sentence = say.sentence(line.index, web.register.raw(line.index))
        found.append({"index": line.index, "time": to_iso(line.time_ms), "text": sentence.text})
    return found


def _moment(web: Web) -> dict[str, Any]:
    web.register.sync()
    now, length = web.now(), web.register.rules()["window_seconds"] * 1000
    newest = (now - SETTLE_MS) // length * length - length
    for start in (newest, newest - length, newest - 2 * length):
        for camera in STORY_CAMERAS:
            if len(web.store.segments(Kind.ORIGINALS, camera, start, start + length)) >= 2:
                return {"camera": camera, "at": to_iso(start + length // 2)}
    words = texts()["moment"]
    recording = any(
        web.store.segments(Kind.ORIGINALS, camera, now - length, now) for camera in STORY_CAMERAS
    )
    left = (newest + 2 * length + SETTLE_MS - now) // 1000 + 1
    return {
        "at": None,
        "message": words["wait"].format(seconds=left) if recording else words["none"],
    }
