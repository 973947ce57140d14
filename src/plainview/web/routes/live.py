"""Live pictures over a WebSocket: a greeting, frame messages, and why it ended."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from plainview.errors import Forbidden, NotAuthorised, PlainviewError
from plainview.watch.viewer import Sink, Viewer
from plainview.watch.viewkeys import live_detail
from plainview.web.context import Web, web_of
from plainview.web.permissions import Permission, needs
from plainview.web.pictures import sink_of
from plainview.web.sessions import SignedIn

LOG = structlog.get_logger(__name__)
router = APIRouter()
CHECK_S = 2.0
"""How often an open picture asks whether its session still holds."""
RENEW_MS = 30_000
"""How long before its end the keeper's right is renewed."""
SEND_S = 20.0
"""A browser that does not take its greeting for so long is gone."""
END_S = 3.0
"""How long a browser may take to hear why watching is over."""


@router.websocket("/api/live/{camera}")
async def live(
    socket: WebSocket, camera: str, session: Annotated[SignedIn, needs(Permission.LIVE)]
) -> None:
    """Watch a camera. Everything that is refused is said in a last message."""
    await socket.accept()
    web = web_of(socket)
    try:
        watch = await _join(web, session, camera, sink_of(socket))
    except PlainviewError as error:
        await _end(socket, error.code, error.message)
        return
    try:
        await _show(web, watch, socket)
    finally:
        await _leave(web, camera, watch.viewer)


@dataclass
class Watch:
    """Somebody who watches a camera in a role for a purpose; another of either is another entry."""

    session: SignedIn
    camera: str
    purpose: str
    role: str
    viewer: Viewer


async def _join(web: Web, session: SignedIn, camera: str, sink: Sink) -> Watch:
    purpose = web.purposes.check(session)
    role = await web.rights.still(session, Permission.LIVE, camera, purpose=purpose)
    web.deeds.spend(session.person)
    actor = web.actor(session.person)
    viewer = await web.live.join(session.key, actor, role, camera, web.now(), purpose, sink)
    return Watch(session, camera, purpose, role, viewer)


async def _show(web: Web, watch: Watch, socket: WebSocket) -> None:
    """Greet, then let the camera's feed send until one side ends it."""
    camera, viewer = watch.camera, watch.viewer
    helpers = (
        asyncio.create_task(_listen(socket, viewer)),
        asyncio.create_task(_recheck(web, watch)),
    )
    try:
        await _note(web, watch)
        rules = await asyncio.to_thread(web.register.rules)
        hello = {"type": "hello", "camera": camera, "entry": viewer.session.index, **rules}
        async with asyncio.timeout(SEND_S):
            await socket.send_text(json.dumps(hello))
        web.live.show(camera, viewer)
        ended = await viewer.over()
        LOG.info("watching over", camera=camera, reason=ended.reason, dropped=viewer.dropped)
        await _end(socket, ended.reason, str(ended))
    except PlainviewError as error:
        await _end(socket, error.code, error.message)
    except (WebSocketDisconnect, TimeoutError, RuntimeError) as gone:
        LOG.info("viewer gone", camera=camera, how=type(gone).__name__)
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)


async def _listen(socket: WebSocket, viewer: Viewer) -> None:
    """Browsers send nothing; this notices that they left."""
    try:
        while True:
            await socket.receive()
            if socket.client_state is WebSocketState.DISCONNECTED:
                break
    except (WebSocketDisconnect, RuntimeError):
        pass
    viewer.end("left", "The viewer left.")


async def _recheck(web: Web, watch: Watch) -> None:
    """End the picture with the session; renew the keeper's right before it ends."""
    try:
        await _watch_over(web, watch)
    finally:  # whatever ended the watch: nobody sees a picture whose right is not asked about
        watch.viewer.end("session_over", "The session can no longer be checked.")


async def _watch_over(web: Web, watch: Watch) -> None:
    while True:
        await asyncio.sleep(CHECK_S)
        try:
            now = await web.rechecks.check(watch.session)
            purpose = web.purposes.check(watch.session)
            role = await web.rights.still(now, Permission.LIVE, watch.camera, purpose=purpose)
            ending = web.now() >= watch.viewer.session.expires - RENEW_MS
            if ending or (purpose, role) != (watch.purpose, watch.role):
                watch.purpose, watch.role = purpose, role
                await _renew(web, watch)
        except Forbidden as error:
            watch.viewer.end(error.code, error.message)
        except NotAuthorised as error:
            watch.viewer.end("session_over", error.message)
        except PlainviewError as error:
            watch.viewer.end(error.code, error.message)


async def _renew(web: Web, watch: Watch) -> None:
    """Another entry for the same picture: an hour has passed, or purpose or role is another."""
    actor = web.actor(watch.session.person)
    await web.live.renew(actor, watch.role, watch.camera, watch.viewer, watch.purpose)
    await _note(web, watch)


async def _note(web: Web, watch: Watch) -> None:
    """Keep in the clear, for the person's own page, what the keeper has committed to."""
    kept, person = watch.viewer.session, watch.session.person
    detail = live_detail(watch.camera, kept, watch.purpose)
    await asyncio.to_thread(web.sessions.note_act, person, kept.index, "live", detail, kept.salt)


async def _leave(web: Web, camera: str, viewer: Viewer) -> None:
    try:
        await web.live.leave(camera, viewer)
    except PlainviewError as error:
        LOG.warning("could not tell the keeper", camera=camera, code=error.code)


async def _end(socket: WebSocket, reason: str, message: str) -> None:
    if socket.client_state is not WebSocketState.CONNECTED:
        return
    end: dict[str, Any] = {"type": "end", "reason": reason, "message": message}
    try:
        async with asyncio.timeout(END_S):
            await socket.send_text(json.dumps(end))
            await socket.close()
    except (WebSocketDisconnect, TimeoutError, RuntimeError) as gone:
        LOG.info("viewer gone", how=type(gone).__name__)
