"""Drafts for the register: begun, saved, reviewed, thrown away. Proposing is a statement."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from plainview.errors import Refused
from plainview.register.difference import differences
from plainview.register.kinds import check_kind, check_record_id
from plainview.register.records import check_camera_id
from plainview.web.context import Web, web_of
from plainview.web.declared import may
from plainview.web.drafts import CAMERA, Draft, to_change
from plainview.web.permissions import Permission, needs
from plainview.web.proposals import waiting
from plainview.web.review import newest, review
from plainview.web.reviewed import as_json, draft_json
from plainview.web.sessions import SignedIn

router = APIRouter()
Writer = Annotated[SignedIn, needs(Permission.REGISTER_DRAFT)]


class Begun(BaseModel):
    """What somebody begins to write: `kind` is `camera` or a kind of record.

    `new` for what must not be in the register yet.
    """

    kind: Annotated[str, Field(max_length=40)]
    subject: Annotated[str, Field(max_length=63)]
    record: dict[str, Any] = {}
    new: bool = False


class Saved(BaseModel):
    """The whole record as it is now; `saves` is what the writer saw last."""

    record: dict[str, Any]
    saves: Annotated[int, Field(ge=0, le=2**53, strict=True)]


@router.get("/api/register/drafts")
async def drafts(request: Request, session: Writer) -> list[dict[str, Any]]:
    """One's own drafts, the one changed last first. Those that were published are gone."""
    web = web_of(request)

    def made() -> list[dict[str, Any]]:
        proposed = {
            (str(one.body.get("kind", one.type)), str(one.body.get("camera") or one.body.get("id")))
            for one in waiting(web)
            if one.person == session.person
        }
        left = [one for one in web.drafts.of(session.person) if not _settled(web, one)]
        return [
            {**draft_json(one), "waits": (one.kind, one.subject) in proposed, "name": _name(one)}
            for one in left
        ]

    return await asyncio.to_thread(made)


@router.post("/api/register/drafts", responses=may(404))
async def begin(request: Request, session: Writer, begun: Begun) -> dict[str, Any]:
    """A draft of something new, or of the next version of what the register has."""
    web = web_of(request)

    def made() -> Draft:
        if begun.kind == CAMERA:
            check_camera_id(begun.subject)
        else:
            check_kind(begun.kind)
            check_record_id(begun.subject)
        there = newest(web.register, begun.kind, begun.subject)
        if there.status == "removed":
            raise Refused(
                f"{begun.subject} was removed.", hint="Register the camera under a new id."
            )
        if there.version and begun.new:
            raise Refused(
                f"{begun.subject} is in the register already.",
                hint="Change it there, or take another id.",
            )
        record = to_change(begun.kind, there.record) if there.version else begun.record
        _check_scope(web, session, begun.kind, begun.subject, record)
        return web.drafts.begin(session.person, begun.kind, begun.subject, there.version, record)

    return draft_json(await asyncio.to_thread(made))


@router.get("/api/register/drafts/{draft}")
async def one(request: Request, session: Writer, draft: str) -> dict[str, Any]:
    """One's own draft."""
    found = await asyncio.to_thread(web_of(request).drafts.get, session.person, draft)
    return draft_json(found)


@router.post("/api/register/drafts/{draft}")
async def save(request: Request, session: Writer, draft: str, saved: Saved) -> dict[str, Any]:
    """Save it. Nothing is asked of it: a draft may be as unfinished as it is."""
    drafts = web_of(request).drafts
    done = await asyncio.to_thread(drafts.save, session.person, draft, saved.record, saved.saves)
    return draft_json(done)


@router.delete("/api/register/drafts/{draft}")
async def throw_away(request: Request, session: Writer, draft: str) -> dict[str, bool]:
    """Nothing is left of it."""
    await asyncio.to_thread(web_of(request).drafts.delete, session.person, draft)
    return {"deleted": True}


@router.get("/api/register/drafts/{draft}/review")
async def reviewed(request: Request, session: Writer, draft: str) -> dict[str, Any]:
    """Everything that it lacks and changes, and the statement that proposes it."""
    web = web_of(request)

    def made() -> dict[str, Any]:
        found = web.drafts.get(session.person, draft)
        made = review(web.register, web.now(), found.kind, found.subject, found.record)
        return as_json(made)

    return await asyncio.to_thread(made)


def _check_scope(web: Web, session: SignedIn, kind: str, subject: str, record: Any) -> None:
    """Raises `Forbidden` for a camera that is none of the writer's. One of which nobody said yet
    whose it will be is anybody's to begin."""
    if kind == CAMERA and (record.get("unit_id") or record.get("unit")):
        web.rights.check(session, Permission.REGISTER_DRAFT, web.rights.written(subject, record))


def _settled(web: Web, draft: Draft) -> bool:
    """Whether the register says now what the draft says; then it is deleted."""
    there = newest(web.register, draft.kind, draft.subject)
    if there.version <= draft.base:
        return False
    made = review(web.register, web.now(), draft.kind, draft.subject, draft.record)
    said = {one.field for one in differences(there.record, made.record)}
    if said - ({"valid_from"} if "valid_from" not in draft.record else set()):
        return False
    web.drafts.delete(draft.person, draft.id)
    return True


def _name(draft: Draft) -> str:
    record = draft.record
    return str(record.get("name") or record.get("title") or draft.subject)
