"""Statements that people sign with their own keys: a draft, and its signature."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from plainview.base.clock import to_iso
from plainview.web import statements
from plainview.web.context import web_of
from plainview.web.declared import may
from plainview.web.permissions import Permission, needs
from plainview.web.sessions import SignedIn

router = APIRouter()
Author = Annotated[SignedIn, needs(Permission.STATEMENT)]
Second = Annotated[SignedIn, needs(Permission.REGISTER_APPROVE)]


class Wanted(BaseModel):
    """What somebody wants to state; `key`: the id of the key that is to sign, if not the usual."""

    type: Annotated[str, Field(max_length=40)]
    body: dict[str, Any]
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None


class Signed(BaseModel):
    """A passkey's assertion, or the signature of a key file (base64)."""

    draft: Annotated[str, Field(max_length=100)]
    assertion: dict[str, Any] | None = None
    sig: Annotated[str, Field(max_length=200)] | None = None


@router.get("/api/proposals")
async def proposals(request: Request, session: Second) -> list[dict[str, Any]]:
    """What one person proposed and another may approve, in plain words, the oldest first."""
    web = web_of(request)
    made = await asyncio.to_thread(statements.waiting_for, web, session)
    return [{**one, "ends": to_iso(one["ends"])} for one in made]


@router.post("/api/statements/draft", responses=may(404, 409))
async def draft(request: Request, session: Author, wanted: Wanted) -> dict[str, Any]:
    """The document, what it means, and what the passkey signs. Nothing is stated yet."""
    made = await asyncio.to_thread(
        statements.draft, web_of(request), session, wanted.type, wanted.body, wanted.key
    )
    return {**made, "expires": to_iso(made["expires"])}


@router.post("/api/statements", responses=may(404, 409, 429))
async def state(request: Request, session: Author, signed: Signed) -> dict[str, Any]:
    """Log the draft with its author's signature."""
    web = web_of(request)
    web.deeds.spend(session.person)
    return await asyncio.to_thread(
        statements.finish, web, session, signed.draft, signed.assertion, signed.sig
    )
