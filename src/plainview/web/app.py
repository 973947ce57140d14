"""The web process: its parts, its routes, and what it refuses to start with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.types import Receive, Scope, Send

from plainview import __version__
from plainview.base.clock import Clock, now_ms
from plainview.base.durable import make_folder
from plainview.base.settings import Settings
from plainview.base.software import installed
from plainview.cases.service import Cases
from plainview.errors import PlainviewError
from plainview.keys.client import KeeperClient
from plainview.policies.engine import Engine
from plainview.policies.files import load
from plainview.redact import record
from plainview.register.projection import Register
from plainview.store.store import Store
from plainview.watch.live import LiveHub
from plainview.watch.playback import Playbacks
from plainview.watch.pulse import Pulse
from plainview.watch.viewkeys import ViewKeys
from plainview.web import answers
from plainview.web.catalogue import catalogue
from plainview.web.condition import Condition
from plainview.web.context import Web
from plainview.web.counts import Requests
from plainview.web.doorkeeper import Doorkeeper
from plainview.web.drafts import Drafts
from plainview.web.endings import Endings
from plainview.web.gathering import gathered
from plainview.web.guard import Guard
from plainview.web.letters import Letters
from plainview.web.limits import RateLimit
from plainview.web.monitor import Monitor
from plainview.web.people import open_all
from plainview.web.permissions import check_doors
from plainview.web.pictures import framed
from plainview.web.plainwords import PlainWords
from plainview.web.pseudonyms import Pseudonyms
from plainview.web.publiclog import Looks
from plainview.web.rechecks import Rechecks
from plainview.web.recorders import Recorders
from plainview.web.redactions import Redactions
from plainview.web.render import Pages
from plainview.web.rights import Rights
from plainview.web.routes import (
    account,
    algorithms,
    cameras,
    drafting,
    files,
    health,
    home,
    join,
    letters,
    live,
    log,
    oidc,
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
    log.router,
    files.router,
    account.router,
    live.router,
    playback.router,
    requests.router,
    software.router,
    algorithms.router,
    policies.router,
    register.router,
    drafting.router,
    passkey.router,
    oidc.router,
    sessions.router,
    join.router,
    people.router,
    statements.router,
)
SWEEP_S = 5.0
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
) -> FastAPI:
    """The application. Raises `UnsafeStart` when a route is neither locked nor a listed door, or
    the policies are not ones that can be trusted to decide.
    """
    app = PlainviewApp(settings, make_parts(settings, clock))
    for router in (*ROUTERS, *extra_routes):
        app.include_router(router)
    answers.install(app)
    check_doors(app.routes, demo=settings.demo)
    return app


def make_parts(settings: Settings, clock: Clock) -> Web:
    """Open what the process needs. The keeper, recorder and log need not be there yet."""
    make_folder(settings.data)
    keeper = KeeperClient(settings.keeper_socket, timeout_s=KEEPER_TIMEOUT_S)
    register, store = Register(settings), Store(settings)
    table = Sessions(settings.own_dir / "sessions.db", clock=clock)
    t = catalogue()
    rights = Rights(Engine(load()), register, t)
    keys, pulse = ViewKeys(keeper, clock=clock, policy=rights.hash), Pulse(keeper)
    standing = Standing(register)
    recorders = Recorders(settings.recorder_socket)
    return Web(
        settings=settings,
        clock=clock,
        keeper=keeper,
        register=register,
        store=store,
        cases=Cases(settings, register, store, keeper),
        sessions=table,
        people=open_all(settings, clock),
        doorkeeper=Doorkeeper(table, settings.web_url),
        pseudonyms=Pseudonyms.from_file(settings.own_dir / "web.secret"),
        standing=standing,
        rights=rights,
        rechecks=Rechecks(table, standing),
        sign_ins=RateLimit(burst=30, per_minute=30),
        deeds=RateLimit(burst=120, per_minute=120),
        letters=Letters(settings.own_dir / "letters.db", clock=clock),
        letter_writers=RateLimit(burst=5, per_minute=0.5),
        letter_box=RateLimit(burst=200, per_minute=5),
        drafts=Drafts(settings.own_dir / "drafts.db", clock=clock),
        keys=keys,
        pulse=pulse,
        live=LiveHub(keys, pulse, settings.recorder_socket, framed),
        playbacks=Playbacks(keys, pulse, store, clock=clock),
        recorders=recorders,
        condition=Condition(
            keeper, recorders, settings.processes_file, clock, Endings(register, t, clock).problems
        ),
        requests=Requests(),
        token=MonitorToken(settings.token_file),
        pages=Pages(t, _common(settings, register)),
        t=t,
        plain=PlainWords(t),
        looks=Looks(register),
        software=installed(),
        records=record.load(),
        redactions=Redactions(register),
    )


def _common(settings: Settings, register: Register) -> Callable[[], dict[str, Any]]:
    def values() -> dict[str, Any]:
        try:
            rules = register.rules()
        except PlainviewError:
            rules = {}
        return {"demo": settings.demo, "rules": rules}

    return values


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    web: Web = app.state.web
    loop, port = asyncio.get_running_loop(), web.settings.metrics_port
    monitor = Monitor(port, partial(gathered, web)) if port else None
    tasks = [loop.create_task(_sweep(web)), loop.create_task(_keep_looking(web))]
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
        own = (web.sessions, web.people, web.letters, web.cases)
        for part in (web.store, web.register, web.keeper, *own):
            part.close()


async def _keep_looking(web: Web) -> None:
    while True:
        await web.condition.look()
        await asyncio.sleep(LOOK_S)


async def _sweep(web: Web) -> None:
    """Drop keys of sessions that are over, end playback that nobody uses."""
    while True:
        await asyncio.sleep(SWEEP_S)
        web.keys.drop_old()
        await web.playbacks.sweep()
