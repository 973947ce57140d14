"""Clips: at most ten minutes of a view that leave the house, logged before their first byte."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack
from typing import Annotated

import structlog
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from plainview.base.clock import Ms, from_iso, to_compact, to_iso
from plainview.errors import PlainviewError, Refused
from plainview.watch.clips import Wanted
from plainview.watch.playback import Playback
from plainview.web.context import Web, web_of
from plainview.web.declared import may
from plainview.web.permissions import Permission, needs
from plainview.web.routes.playback import running
from plainview.web.sessions import SignedIn

LOG = structlog.get_logger(__name__)
router = APIRouter()
Text = Annotated[str, Field(max_length=1000)]
Moment = Annotated[str, Field(max_length=40)]
LEAST, MOST = 3, 200
"""Letters of a recipient."""


class NoRecipient(Refused):
    """A clip goes to somebody."""

    code = "no_recipient"


class ClipWish(BaseModel):
    """Which part of a playback, what for, and for whom."""

    model_config = {"populate_by_name": True}

    from_: Annotated[Moment, Field(alias="from")]
    to: Moment
    purpose: Text = ""
    incident: Annotated[str, Field(max_length=60)] = ""
    recipient: Text = ""


class Streamed(StreamingResponse):
    """A clip on its way. What ends it too early cuts the connection, so that it shows."""

    media_type = "video/mp4"

    def __init__(
        self, first: bytes, pieces: AsyncGenerator[bytes], place: ExitStack, name: str, number: int
    ) -> None:
        headers = {
            "content-disposition": f'attachment; filename="{name}"',
            "x-plainview-entry": str(number),
        }
        super().__init__(_all(first, pieces), headers=headers)
        self._pieces, self._place = pieces, place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; whatever happens, the child goes and the place becomes free."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._place.close()
            await self._pieces.aclose()

    async def stream_response(self, send: Send) -> None:
        """Send what comes; without the last, empty part when it was cut short."""
        try:
            await super().stream_response(send)
        except PlainviewError as error:
            LOG.warning("a clip was cut short", code=error.code)


@router.post(
    "/api/playback/{playback}/clip",
    status_code=200,
    response_class=Streamed,
    responses=may(409, 429),
)
async def clip(
    request: Request,
    session: Annotated[SignedIn, needs(Permission.CLIP_MAKE)],
    playback: str,
    asked: ClipWish,
) -> Response:
    """An MP4 of the view. Its number, the index of its entry, is in every picture."""
    web = web_of(request)
    found = await running(web, session, playback)
    span = from_iso(asked.from_), from_iso(asked.to)
    purpose = web.purposes.words(asked.purpose, asked.incident)
    recipient = _recipient(asked.recipient)
    role = await web.rights.still(session, Permission.CLIP_MAKE, found.camera, purpose=purpose)
    segments = await web.clips.segments(found, *span)
    await web.pulse.check()
    with ExitStack() as place:
        place.enter_context(web.clips.place(session.person))
        web.clip_wishes.spend(session.person)
        detail = {"camera": found.camera, "from": to_iso(span[0]), "to": to_iso(span[1])}
        detail |= {"purpose": purpose, "recipient": recipient}
        number = await to_thread(web.log_act, session.person, role, "clip", detail)
        wanted = await to_thread(_wanted, web, found, span, number)
        pieces = web.clips.make(found, segments, wanted)
        # The first piece decides: a refusal must be an answer, not a cut stream.
        first = await anext(pieces, b"")
        kept = place.pop_all()
    name = f"plainview-clip-{number}-{found.camera}-{to_compact(span[0])}.mp4"
    return Streamed(first, pieces, kept, name, number)


async def _all(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in pieces:
        yield piece


def _recipient(text: str) -> str:
    text = " ".join(text.split())
    if len(text) < LEAST:
        raise NoRecipient(
            "Say who gets the clip.", hint="Name the office or organisation, not a person."
        )
    if len(text) > MOST:
        raise Refused(f"A recipient has at most {MOST} letters.", hint="Shorten it.")
    return text


def _wanted(web: Web, playback: Playback, span: tuple[Ms, Ms], number: int) -> Wanted:
    names = {
        "number": number,
        "camera": playback.camera,
        "start": to_iso(span[0]),
        "end": to_iso(span[1]),
        "origin": web.register.origin(),
    }
    title, comment = web.t("clip.title", **names), web.t("clip.comment", **names)
    return Wanted(number, title, comment, *span)
