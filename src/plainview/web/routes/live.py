"""Live pictures over a WebSocket: a greeting, frame messages, and why it ended."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from plainview.errors import NotAuthorised, PlainviewError, Refused
from plainview.watch.viewer import Sink, Viewer
from plainview.web.context import Web, web_of
from plainview.web.permissions import Permission, needs
from plainview.web.pictures import sink_of
from plainview.web.rights import Forbidden
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


class NoPurpose(Refused):
    """Live needs a purpose first."""

    code = "no_purpose"


@router.websocket("/api/live/{camera}")
async def live(
    socket: WebSocket, camera: str, session: Annotated[SignedIn, needs(Permission.LIVE)]
) -> None:
    """Watch a camera. Everything that is refused is said in a last message."""
    await socket.accept()
    web = web_of(socket)
    try:
        viewer = await _join(web, session, camera, sink_of(socket))
    except PlainviewError as error:
        await _end(socket, error.code, error.message)
        return
    try:
        await _show(web, session, camera, socket, viewer)
    finally:
        await _leave(web, camera, viewer)


async def _join(web: Web, session: SignedIn, camera: str, sink: Sink) -> Viewer:
    if not session.purpose:
        raise NoPurpose("Say first what you watch for.", hint="POST /api/purpose")
    role = await web.rights.still(session, Permission.LIVE, camera, purpose=session.purpose)
    web.deeds.spend(session.person)
    actor = web.actor(session.person)
    return await web.live.join(session.key, actor, role, camera, web.now(), session.purpose, sink)


async def _show(
    web: Web, session: SignedIn, camera: str, socket: WebSocket, viewer: Viewer
) -> None:
    """Greet, then let the camera's feed send until one side ends it."""
    helpers = (
        asyncio.create_task(_listen(socket, viewer)),
        asyncio.create_task(_recheck(web, session, camera, viewer)),
    )
    try:
        await _note(web, session, camera, viewer)
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


async def _recheck(web: Web, session: SignedIn, camera: str, viewer: Viewer) -> None:
    """End the picture with the session; renew the keeper's right before it ends."""
    try:
        await _watch_over(web, session, camera, viewer)
    finally:  # whatever ended the watch: nobody sees a picture whose right is not asked about
        viewer.end("session_over", "The session can no longer be checked.")


async def _watch_over(web: Web, session: SignedIn, camera: str, viewer: Viewer) -> None:
    while True:
        await asyncio.sleep(CHECK_S)
        try:
            now = await web.rechecks.check(session)
            role = await web.rights.still(now, Permission.LIVE, camera, purpose=session.purpose)
            if web.now() >= viewer.session.expires - RENEW_MS:
                actor = web.actor(session.person)
                await web.live.renew(actor, role, camera, viewer, session.purpose)
                await _note(web, session, camera, viewer)
        except Forbidden as error:
            viewer.end(error.code, error.message)
        except NotAuthorised as error:
            viewer.end("session_over", error.message)
        except PlainviewError as error:
            viewer.end(error.code, error.message)


async def _note(web: Web, session: SignedIn, camera: str, viewer: Viewer) -> None:
    kept, detail = viewer.session, {"camera": camera, "purpose": session.purpose}
    await asyncio.to_thread(
        web.sessions.note_act, session.person, kept.index, "live", detail, kept.salt
    )


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
