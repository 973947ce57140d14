"""Who looked: for every member of staff, what all staff did, and one's own acts in clear words."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field

from plainview.base.clock import to_iso
from plainview.cases.bundle import Prover
from plainview.errors import NotFound
from plainview.register.answers import ActOnLog
from plainview.tlog.entries import parse
from plainview.web.context import Web, web_of
from plainview.web.permissions import Permission, needs
from plainview.web.sessions import SignedIn

router = APIRouter()
Staff = Annotated[SignedIn, needs(Permission.ACCESSES)]
Someone = Annotated[SignedIn, needs(Permission.SELF)]
Before = Annotated[int | None, Query(ge=0, lt=2**53)]
Index = Annotated[int, Field(ge=0, lt=2**53)]
PAGE = 100
TOLD = ("camera", "from", "to", "at", "purpose", "recipient")
"""What a disclosed detail may tell here; everything else is on the entry's own page."""


@router.get("/api/accesses")
async def accesses(request: Request, session: Staff, before: Before = None) -> dict[str, Any]:
    """What all staff did, newest first: pseudonym of the day, role, act; more once revealed.

    `next` asks for older ones.
    """
    web = web_of(request)
    return await asyncio.to_thread(_page, web, session, before)


def _page(web: Web, session: SignedIn, before: int | None) -> dict[str, Any]:
    found = web.register.newest_acts(PAGE, before)
    mine = {act["entry"] for act in web.sessions.acts(session.person, limit=PAGE * 10)}
    rows = [{**_shown(web, act), "mine": act.index in mine} for act in found]
    return {"accesses": rows, "next": found[-1].index if len(found) == PAGE else None}


def _shown(web: Web, act: ActOnLog) -> dict[str, Any]:
    shown = {
        "entry": act.index,
        "time": to_iso(act.time_ms),
        "actor": act.actor,
        "role": act.role,
        "act": act.act,
        "revealed": act.revealed_by,
        "detail": None,
    }
    if act.revealed_by is None:
        return shown
    detail = parse(web.register.raw(act.revealed_by)).body["detail"]
    return {**shown, "detail": {name: detail[name] for name in TOLD if detail.get(name)}}


@router.get("/api/my/acts")
async def my_acts(request: Request, session: Someone) -> list[dict[str, Any]]:
    """What the person did, newest first, with the details that the log holds sealed."""
    found = await asyncio.to_thread(web_of(request).sessions.acts, session.person)
    return [{**act, "time": to_iso(act["time"])} for act in found]


@router.get("/api/my/acts/{entry}")
async def my_act(request: Request, session: Someone, entry: Index) -> dict[str, Any]:
    """One of the person's own acts with all that checks it: entry, proof, detail and salt."""
    web = web_of(request)
    mine = await asyncio.to_thread(web.sessions.acts, session.person, limit=10_000)
    found = next((act for act in mine if act["entry"] == entry), None)
    if found is None:
        raise NotFound("That entry is not one of yours.")
    proven = await asyncio.to_thread(Prover(web.register).proven, entry)
    return {**found, "time": to_iso(found["time"]), "index": entry, **proven}
