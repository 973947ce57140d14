"""The web process: its parts, its routes, and what it refuses to start with."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI
from starlette.types import Receive, Scope, Send

from plainview import __version__
from plainview.base.clock import Clock, now_ms
from plainview.base.durable import make_folder
from plainview.base.settings import Settings
from plainview.base.software import installed
from plainview.cases.marks import Marks
from plainview.cases.service import Cases
from plainview.errors import PlainviewError
from plainview.keys.client import KeeperClient
from plainview.policies.engine import Engine
from plainview.policies.files import load
from plainview.redact import record
from plainview.register.projection import Register
from plainview.store.store import Store
from plainview.watch.clips import Clips
from plainview.watch.live import LiveHub
from plainview.watch.playback import Playbacks
from plainview.watch.pulse import Pulse
from plainview.watch.viewkeys import ViewKeys
from plainview.web import answers, objecting
from plainview.web.callers import Callers
from plainview.web.catalogue import catalogue
from plainview.web.condition import Condition
from plainview.web.context import Web
from plainview.web.counts import Requests
from plainview.web.description import describe
from plainview.web.doorkeeper import Doorkeeper
from plainview.web.drafts import Drafts
from plainview.web.endings import Endings
from plainview.web.gathering import gathered
from plainview.web.guard import Guard
from plainview.web.letterboxes import LetterBoxes
from plainview.web.letters import Letters
from plainview.web.limits import RateLimit
from plainview.web.looks import Looks
from plainview.web.monitor import Monitor
from plainview.web.people import open_all
from plainview.web.permissions import check_doors
from plainview.web.pictures import framed
from plainview.web.plainwords import PlainWords
from plainview.web.portal import Portal
from plainview.web.pseudonyms import Pseudonyms
from plainview.web.purposes import Purposes
from plainview.web.rechecks import Rechecks
from plainview.web.recorders import Recorders
from plainview.web.redactions import Redactions
from plainview.web.render import Pages
from plainview.web.rights import Rights
from plainview.web.routes import (
    accesses,
    account,
    algorithms,
    basemap,
    bulk,
    camera,
    cameras,
    city_map,
    clips,
    drafting,
    files,
    health,
    home,
    join,
    letters,
    live,
    log,
    marks,
    oidc,
    openapi,
    papers,
    passkey,
    people,
    playback,
    policies,
    register,
    requests,
    sessions,
    software,
    statements,
)
from plainview.web.sessions import Sessions
from plainview.web.standing import Standing
from plainview.web.token import MonitorToken

ROUTERS = (
    home.router,
    health.router,
    cameras.router,
    letters.router,
    camera.router,
    city_map.router,
    papers.router,
    log.router,
    files.router,
    account.router,
    live.router,
    playback.router,
    clips.router,
    marks.router,
    accesses.router,
    requests.router,
    software.router,
    algorithms.router,
    policies.router,
    register.router,
    drafting.router,
    basemap.router,
    bulk.router,
    passkey.router,
    oidc.router,
    sessions.router,
    join.router,
    people.router,
    statements.router,
    openapi.router,
)
LOG = structlog.get_logger(__name__)
SWEEP_S = 5.0
COUNT_S = 2.0
LOOK_S = 15.0
"""How often the web process asks how things stand, so that it knows since when."""
KEEPER_TIMEOUT_S = 10.0
NO_TELEMETRY = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


class PlainviewApp(FastAPI):
    """FastAPI inside the guard, which is outermost, around error pages too."""

    def __init__(self, settings: Settings, web: Web) -> None:
        super().__init__(
            title="Plainview",
            version=__version__,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            telemetry=NO_TELEMETRY,  # type: ignore[arg-type]
            lifespan=_lifespan,
        )
        self.state.web = web
        self._guard = Guard(super().__call__, settings, web.requests)

    def openapi(self) -> dict[str, Any]:
        """The description of all routes, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = describe(self.routes)
        return self.openapi_schema

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
        else:
            await self._guard(scope, receive, send)


def create_app(
    settings: Settings,
    *,
    extra_routes: Sequence[APIRouter] = (),
    clock: Clock = now_ms,
    generated: bool = False,
) -> FastAPI:
    """The application. Raises `UnsafeStart` when a route is neither locked nor a listed door, or
    the policies are not ones that can be trusted to decide.

    `generated`: every page says that the city shown is made up.
    """
    app = PlainviewApp(settings, make_parts(settings, clock, generated=generated))
    for router in (*ROUTERS, *extra_routes):
        app.include_router(router)
    answers.install(app)
    check_doors(app.routes, demo=settings.demo)
    return app


def make_parts(settings: Settings, clock: Clock, *, generated: bool = False) -> Web:
    """Open what the process needs. The keeper, recorder and log need not be there yet."""
    make_folder(settings.data)
    keeper = KeeperClient(settings.keeper_socket, timeout_s=KEEPER_TIMEOUT_S)
    register, store = Register(settings), Store(settings)
    table = Sessions(settings.own_dir / "sessions.db", clock=clock)
    t = catalogue()
    rights = Rights(Engine(load()), register, t, clock)
    keys, pulse = ViewKeys(keeper, clock=clock, policy=rights.hash), Pulse(keeper)
    people = open_all(settings, clock)
    standing = Standing(register, people.credentials, table)
    playbacks = Playbacks(keys, pulse, store, clock=clock)
    recorders = Recorders(settings.recorder_socket)
    return Web(
        settings=settings,
        clock=clock,
        keeper=keeper,
        register=register,
        store=store,
        cases=Cases(settings, register, store, keeper),
        marks=Marks(settings, register, store, keeper, clock=clock),
        sessions=table,
        people=people,
        doorkeeper=Doorkeeper(table, settings.web_url),
        pseudonyms=Pseudonyms.from_file(settings.own_dir / "web.secret"),
        standing=standing,
        rights=rights,
        rechecks=Rechecks(table, standing),
        callers=Callers(settings.trusted_proxies),
        sign_ins=RateLimit(burst=30, per_minute=30),
        deeds=RateLimit(burst=120, per_minute=120),
        clip_wishes=RateLimit(burst=6, per_minute=0.5),
        purposes=Purposes(table, t, clock),
        letters=Letters(settings.own_dir / "letters.db", clock=clock),
        letter_boxes=LetterBoxes(),
        drafts=Drafts(settings.own_dir / "drafts.db", clock=clock),
        keys=keys,
        pulse=pulse,
        live=LiveHub(keys, pulse, settings.recorder_socket, framed),
        playbacks=playbacks,
        clips=Clips(playbacks, pulse),
        recorders=recorders,
        condition=Condition(
            keeper, recorders, settings.processes_file, clock, Endings(register, t, clock).problems
        ),
        requests=Requests(),
        token=MonitorToken(settings.token_file),
        pages=Pages(t, _common(settings, register, generated=generated)),
        t=t,
        plain=PlainWords(t),
        looks=Looks(register, settings.own_dir / "looks.db"),
        software=installed(),
        records=record.load(),
        redactions=Redactions(register),
        portal=Portal(register),
    )


def _common(
    settings: Settings, register: Register, *, generated: bool
) -> Callable[[], dict[str, Any]]:
    def values() -> dict[str, Any]:
        try:
            rules = register.rules()
        except PlainviewError:
            rules = {}
        return {"demo": settings.demo, "generated": generated, "rules": rules}

    return values


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    web: Web = app.state.web
    loop, port = asyncio.get_running_loop(), web.settings.metrics_port
    monitor = Monitor(port, partial(gathered, web)) if port else None
    tasks = [loop.create_task(one(web)) for one in (_sweep, _keep_looking, _keep_counting, _settle)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if monitor is not None:
            await asyncio.to_thread(monitor.close)
        await web.live.close()
        await web.pulse.close()
        own = (web.sessions, web.people, web.letters, web.cases, web.marks)
        for part in (web.looks, web.store, web.register, web.keeper, *own):
            part.close()


async def _keep_looking(web: Web) -> None:
    while True:
        await web.condition.look()
        try:
            await asyncio.to_thread(objecting.settle, web)
        except PlainviewError as error:
            LOG.warning("objections not settled", reason=error.message)
        await asyncio.sleep(LOOK_S)


async def _settle(web: Web) -> None:
    """Read the register before the first reader asks, and spare it from garbage collection.

    A city's register is a quarter of a million objects that stay: to go through them again and
    again stops every page, and every picture, for 200 ms.
    """
    try:
        await asyncio.to_thread(web.portal.view, web.now())
    except PlainviewError as error:
        LOG.warning("register not read yet", reason=error.message)
        return
    gc.collect()
    gc.freeze()


async def _keep_counting(web: Web) -> None:
    """Count disclosed looks as they come; after a first start, a year of them, slice by slice."""
    while True:
        try:
            more = await asyncio.to_thread(web.looks.follow)
        except PlainviewError as error:
            LOG.warning("looks not counted", reason=error.message)
            more = False
        await asyncio.sleep(0 if more else COUNT_S)


async def _sweep(web: Web) -> None:
    """Drop keys of sessions that are over, end playback that nobody uses."""
    while True:
        await asyncio.sleep(SWEEP_S)
        web.keys.drop_old()
        await web.playbacks.sweep()
