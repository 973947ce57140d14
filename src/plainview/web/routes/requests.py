"""Requests for originals: drafts, statements, releases, openings. `cases` decides; this carries.

Statements are signed by their authors' own tools; the server can neither make nor change one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from plainview.base.clock import from_iso
from plainview.base.ids import unb64
from plainview.errors import BadFormat
from plainview.tlog.entries import parse
from plainview.web.context import Web, web_of
from plainview.web.declared import Octets, may
from plainview.web.permissions import Permission, needs
from plainview.web.sessions import SignedIn

router = APIRouter()
Reader = Annotated[SignedIn, needs(Permission.REQUEST_READ)]
Requester = Annotated[SignedIn, needs(Permission.REQUEST_SUBMIT)]
Custodian = Annotated[SignedIn, needs(Permission.REQUEST_RELEASE)]
Opener = Annotated[SignedIn, needs(Permission.REQUEST_OPEN)]
Text = Annotated[str, Field(max_length=2000)]
Base64 = Annotated[str, Field(max_length=200_000)]


class Draft(BaseModel):
    """What somebody wants to ask for."""

    model_config = {"populate_by_name": True}

    camera: Annotated[str, Field(max_length=63)]
    from_: Annotated[str, Field(alias="from", max_length=40)]
    to: Annotated[str, Field(max_length=40)]
    purpose: Text
    case: Text = ""
    note: Text = ""


class Submission(BaseModel):
    """A signed request, with what its commitment hides."""

    entry: Base64
    detail: dict[str, Any]
    salt: Annotated[str, Field(max_length=100)]


class Statement(BaseModel):
    """A signed statement."""

    entry: Base64


class Release(Statement):
    """A signed release and the share that it releases, re-sealed to the requester."""

    resealed: Base64


@router.post("/api/drafts", responses=may(404))
async def draft(request: Request, session: Requester, asked: Draft) -> dict[str, Any]:
    """Draft a request; nothing is asked for until its author signs it."""
    web = web_of(request)
    await web.rights.still(session, Permission.REQUEST_SUBMIT, asked.camera)
    made = await asyncio.to_thread(
        web.cases.draft_request,
        session.person,
        asked.camera,
        from_iso(asked.from_),
        from_iso(asked.to),
        asked.purpose,
        asked.case,
        asked.note,
    )
    return {"draft": made.id, **made.draft}


@router.get("/api/drafts")
async def drafts(request: Request, session: Requester) -> list[dict[str, Any]]:
    """The person's own drafts."""
    found = await asyncio.to_thread(web_of(request).cases.drafts, session.person)
    return [{"draft": draft.id, **draft.draft} for draft in found]


@router.get("/api/requests")
async def inbox(request: Request, session: Reader) -> Any:
    """The requester's own, or those that wait for the custodian's share."""
    return await asyncio.to_thread(web_of(request).cases.inbox, session.person)


@router.post("/api/requests", responses=may(404, 409))
async def submit(request: Request, session: Requester, asked: Submission) -> dict[str, Any]:
    """Log a signed request."""
    web = web_of(request)
    raw = unb64(asked.entry)
    await asyncio.to_thread(_within_scope, web, session, raw)
    found = await asyncio.to_thread(web.cases.submit, session.person, raw, asked.detail, asked.salt)
    index = await asyncio.to_thread(web.register.find, found)
    return {"request": found, "index": index}


@router.get("/api/requests/{found}")
async def bundle(request: Request, session: Reader, found: str) -> Any:
    """Everything that a custodian's or requester's tool checks for itself."""
    web = web_of(request)
    await asyncio.to_thread(web.rights.of_request, session, Permission.REQUEST_READ, found)
    return await asyncio.to_thread(web.cases.bundle, session.person, found)


@router.post("/api/requests/{found}/release", responses=may(409))
async def release(
    request: Request, session: Custodian, found: str, asked: Release
) -> dict[str, bool]:
    """Log a custodian's release and keep the re-sealed share for the requester."""
    web, raw, resealed = web_of(request), unb64(asked.entry), unb64(asked.resealed)
    await asyncio.to_thread(web.rights.of_request, session, Permission.REQUEST_RELEASE, found)
    await asyncio.to_thread(web.cases.add_release, session.person, found, raw, resealed)
    return {"released": True}


@router.post("/api/requests/{found}/refuse", responses=may(409))
async def refuse(
    request: Request, session: Custodian, found: str, asked: Statement
) -> dict[str, bool]:
    """Log a custodian's refusal."""
    web, raw = web_of(request), unb64(asked.entry)
    await asyncio.to_thread(web.rights.of_request, session, Permission.REQUEST_RELEASE, found)
    await asyncio.to_thread(web.cases.refuse, session.person, found, raw)
    return {"refused": True}


@router.post("/api/requests/{found}/opened", responses=may(409))
async def opened(
    request: Request, session: Opener, found: str, asked: Statement
) -> dict[str, bool]:
    """Log the requester's own word that it opened."""
    web, raw = web_of(request), unb64(asked.entry)
    await asyncio.to_thread(web.rights.of_request, session, Permission.REQUEST_OPEN, found)
    await asyncio.to_thread(web.cases.add_opened, session.person, found, raw)
    return {"opened": True}


@router.get("/api/requests/{found}/opening", responses=may(409))
async def opening(request: Request, session: Opener, found: str, window: str) -> Any:
    """The keeper's half of a window's key, sealed to the requester, once k released."""
    web = web_of(request)
    await asyncio.to_thread(web.rights.of_request, session, Permission.REQUEST_OPEN, found)
    return await asyncio.to_thread(web.cases.opening, session.person, found, window)


@router.get("/api/requests/{found}/evidence")
async def evidence(request: Request, session: Opener, found: str) -> Any:
    """All entries that the request rests on, with proofs: what an evidence package holds."""
    web = web_of(request)
    await asyncio.to_thread(web.rights.of_request, session, Permission.REQUEST_OPEN, found)
    return await asyncio.to_thread(web.cases.evidence, session.person, found)


@router.get("/api/originals/{window}", response_class=Octets)
async def originals(
    request: Request,
    session: Opener,
    window: str,
    asked: Annotated[str | None, Query(alias="request", max_length=64)] = None,
) -> Response:
    """The sealed segments of a window that was released to the person."""
    pieces: Iterator[bytes] = await asyncio.to_thread(
        web_of(request).cases.originals, session.person, window, asked
    )
    # The first piece decides: a refusal must be an answer, not a cut stream.
    first = await asyncio.to_thread(next, pieces, b"")
    return StreamingResponse(_with_first(first, pieces), media_type="application/octet-stream")


def _with_first(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _within_scope(web: Web, session: SignedIn, raw: bytes) -> None:
    """Raises `Forbidden` for a request about a camera that lies outside the person's scope."""
    windows = parse(raw).body.get("windows")
    if not isinstance(windows, list):
        raise BadFormat("A request names its windows.")
    for camera in {web.register.window(str(window)).camera for window in windows}:
        web.rights.at(session, Permission.REQUEST_SUBMIT, camera)
