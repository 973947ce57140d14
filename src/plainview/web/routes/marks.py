"""Marks: 15 minutes that an operator asks to keep, and the holds that supervisors make of them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from plainview.base.clock import from_iso, to_iso
from plainview.base.ids import unb64
from plainview.cases.marks import AFTER_MS, BEFORE_MS, HOLD_DAYS, Standing
from plainview.web.context import Web, web_of
from plainview.web.declared import may
from plainview.web.permissions import Permission, needs
from plainview.web.sessions import SignedIn

router = APIRouter()
Reader = Annotated[SignedIn, needs(Permission.MARK_READ)]
Holder = Annotated[SignedIn, needs(Permission.MARK_HOLD)]
Camera = Annotated[str, Field(max_length=63)]


class Mark(BaseModel):
    """A moment to keep, and in a few words why."""

    camera: Camera
    at: Annotated[str, Field(max_length=40)]
    note: Annotated[str, Field(max_length=2000)] = ""


class SignedHold(BaseModel):
    """A hold that its author has signed, with what its commitment hides."""

    entry: Annotated[str, Field(max_length=200_000)]
    detail: dict[str, Any]
    salt: Annotated[str, Field(max_length=100)]


@router.post("/api/marks", responses=may(404, 429))
async def mark(
    request: Request, session: Annotated[SignedIn, needs(Permission.MARK_SET)], asked: Mark
) -> dict[str, Any]:
    """Ask that 15 minutes around a moment be kept; the answer says by when somebody must."""
    web, at = web_of(request), from_iso(asked.at)
    note = " ".join(asked.note.split())
    role = await web.rights.still(session, Permission.MARK_SET, asked.camera)
    await asyncio.to_thread(web.marks.check, asked.camera, at, note)
    detail = {"camera": asked.camera, "at": to_iso(at)}
    detail |= {"from": to_iso(at - BEFORE_MS), "to": to_iso(at + AFTER_MS)}
    entry = await asyncio.to_thread(web.log_act, session.person, role, "mark", detail)
    actor = web.actor(session.person)
    made = await asyncio.to_thread(
        web.marks.add, session.person, actor, role, asked.camera, at, note, entry
    )
    return _shown(web, session, made)


@router.get("/api/marks")
async def marks(
    request: Request, session: Reader, camera: Annotated[str | None, Query(max_length=63)] = None
) -> list[dict[str, Any]]:
    """Marks that are open, and what became of those of the last 14 days."""
    web = web_of(request)
    found = await asyncio.to_thread(web.marks.shown, camera)
    cameras = {one.mark.camera for one in found}
    mine = await asyncio.to_thread(web.rights.seen, session, cameras)
    return [_shown(web, session, one) for one in found if one.mark.camera in mine]


@router.get("/api/marks/{mark}/hold")
async def draft(
    request: Request,
    session: Holder,
    mark: str,
    days: Annotated[int, Query(ge=1, le=1000)] = HOLD_DAYS,
) -> dict[str, Any]:
    """The hold as its author would sign it. Nothing is held until it is signed and logged."""
    web = web_of(request)
    await _check_holder(web, session, mark)
    made = await asyncio.to_thread(web.marks.draft, session.person, mark, days)
    return {"mark": mark, **made}


@router.post("/api/marks/{mark}/hold")
async def hold(request: Request, session: Holder, mark: str, asked: SignedHold) -> dict[str, int]:
    """Log a signed hold; what the mark means is not destroyed before it ends."""
    web, raw = web_of(request), unb64(asked.entry)
    await _check_holder(web, session, mark)
    index = await asyncio.to_thread(
        web.marks.hold, session.person, mark, raw, asked.detail, asked.salt
    )
    return {"index": index}


async def _check_holder(web: Web, session: SignedIn, mark: str) -> None:
    """Raises `Forbidden` unless the person may hold what was marked at that camera, `NotFound`."""
    found = await asyncio.to_thread(web.marks.find, mark)
    await web.rights.still(session, Permission.MARK_HOLD, found.mark.camera)


def _shown(web: Web, session: SignedIn, one: Standing) -> dict[str, Any]:
    kept = one.mark
    return {
        "mark": kept.id,
        "entry": kept.entry,
        "camera": kept.camera,
        "at": to_iso(kept.at_ms),
        "from": to_iso(one.from_ms),
        "to": to_iso(one.to_ms),
        "note": kept.note,
        "made": to_iso(kept.created_ms),
        "actor": kept.actor,
        "role": kept.role,
        "mine": kept.person == session.person,
        "state": one.state.value,
        "lapses": to_iso(one.lapses_ms),
        "destroyed": None if one.destroyed_ms is None else to_iso(one.destroyed_ms),
        "deadline": to_iso(one.deadline_ms),
        "short": one.deadline_ms < one.lapses_ms,
        "held_until": None if one.held_ms is None else to_iso(one.held_ms),
        "hold": kept.hold,
        "command": f"plainview case hold {kept.id} --key KEYFILE --server {web.settings.web_url}",
    }
