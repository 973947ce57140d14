"""Playback: begin a session, its timeline, its segments, a still; bookmarks."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from plainview.base.clock import from_iso, to_iso
from plainview.watch import snapshot
from plainview.watch.playback import Playback, joined
from plainview.web.context import Web, web_of
from plainview.web.declared import Jpeg, Octets, may
from plainview.web.doorkeeper import in_background
from plainview.web.permissions import Permission, needs
from plainview.web.sessions import SignedIn

router = APIRouter()
Player = Annotated[SignedIn, needs(Permission.PLAYBACK)]
Moment = Annotated[str, Field(max_length=40)]
Camera = Annotated[str, Field(max_length=63)]
Words = Annotated[str, Field(max_length=1000)]
Number = Annotated[int, Query(ge=0, lt=2**31)]

BEGUN = "said when it began"


class Begin(BaseModel):
    """What to play back and what for."""

    model_config = {"populate_by_name": True}

    camera: Camera
    from_: Annotated[Moment, Field(alias="from")]
    to: Moment
    purpose: Words = ""
    incident: Annotated[str, Field(max_length=60)] = ""


class Still(BaseModel):
    """Which moment."""

    at: Moment


class Bookmark(BaseModel):
    """A moment to come back to."""

    camera: Camera
    at: Moment
    note: Annotated[str, Field(max_length=2000)] = ""


@router.post("/api/playback", responses=may(404, 409, 429))
async def begin(request: Request, session: Player, asked: Begin) -> dict[str, str]:
    """Begin to play back a span of one camera: one entry on the log.

    Without a purpose of its own it is for that of the session.
    """
    web = web_of(request)
    own = asked.purpose.strip() or asked.incident.strip()
    purpose = (
        web.purposes.words(asked.purpose, asked.incident) if own else web.purposes.check(session)
    )
    role = await web.rights.still(session, Permission.PLAYBACK, asked.camera, purpose=purpose)
    web.deeds.spend(session.person)
    actor, span = web.actor(session.person), (from_iso(asked.from_), from_iso(asked.to))
    playback = await web.playbacks.begin(session.key, actor, role, asked.camera, *span, purpose)
    detail = {
        "camera": asked.camera,
        "from": to_iso(span[0]),
        "to": to_iso(span[1]),
        "purpose": purpose,
    }
    kept = playback.session
    await asyncio.to_thread(
        web.sessions.note_act, session.person, kept.index, "playback", detail, kept.salt
    )
    return {"playback": playback.id, "from": detail["from"], "to": detail["to"]}


@router.get("/api/playback/{playback}/timeline", responses=may(409))
async def timeline(request: Request, session: Player, playback: str) -> dict[str, Any]:
    """What there is to see: spans and segments."""
    web = web_of(request)
    use = not in_background(request)
    found = await web.playbacks.timeline(await running(web, session, playback, use=use))
    return {
        "spans": [
            {
                "start": to_iso(span.start),
                "end": to_iso(span.end),
                "state": span.state,
                **({"reason": span.reason} if span.reason else {}),
            }
            for span in found.spans
        ],
        "segments": [
            {
                "seq": segment.seq,
                "window": segment.window,
                "start": to_iso(segment.start_ms),
                "end": to_iso(segment.end_ms),
            }
            for segment in found.segments
        ],
    }


@router.get("/api/playback/{playback}/segment", response_class=Octets, responses=may(409))
async def segment(
    request: Request, session: Player, playback: str, window: str, seq: Number
) -> Response:
    """Frame messages of one segment: u32 length and message, repeated."""
    web = web_of(request)
    found = await running(web, session, playback)
    messages = await web.playbacks.segment(found, window, seq)
    return Response(joined(messages), media_type="application/octet-stream")


@router.post("/api/playback/{playback}/snapshot", response_class=Jpeg, responses=may(409, 429))
async def still(
    request: Request,
    session: Annotated[SignedIn, needs(Permission.SNAPSHOT)],
    playback: str,
    asked: Still,
) -> Response:
    """A JPEG of the view, logged before it is made."""
    web = web_of(request)
    found, at = await running(web, session, playback), from_iso(asked.at)
    role = await web.rights.still(session, Permission.SNAPSHOT, found.camera)
    messages = await web.playbacks.until(found, at)
    detail = {"camera": found.camera, "at": to_iso(at)}
    entry = await asyncio.to_thread(web.log_act, session.person, role, "snapshot", detail)
    frame = await asyncio.to_thread(snapshot.still, messages, at)
    data = await asyncio.to_thread(snapshot.jpeg, frame)
    headers = {"x-plainview-time": to_iso(frame.wall_ms), "x-plainview-entry": str(entry)}
    return Response(data, media_type="image/jpeg", headers=headers)


@router.post("/api/bookmarks", responses=may(404, 429))
async def bookmark(
    request: Request, session: Annotated[SignedIn, needs(Permission.BOOKMARK)], asked: Bookmark
) -> dict[str, Any]:
    """Mark a moment and draft a request for its original."""
    web = web_of(request)
    at = from_iso(asked.at)
    role = await web.rights.still(session, Permission.BOOKMARK, asked.camera)
    detail = {"camera": asked.camera, "at": to_iso(at)}
    await asyncio.to_thread(web.log_act, session.person, role, "bookmark", detail)
    marked = await asyncio.to_thread(
        web.cases.bookmark, session.person, asked.camera, at, asked.note
    )
    return {"bookmark": marked.id, "draft": marked.draft}


async def running(web: Web, session: SignedIn, playback: str, *, use: bool = True) -> Playback:
    """A playback of the session's, while the person may still play that camera back.

    Its purpose was said when it began. Raises `NotFound`, `Forbidden`.
    """
    found = web.playbacks.find(session.key, playback, use=use)
    await web.rights.still(session, Permission.PLAYBACK, found.camera, purpose=BEGUN)
    return found
