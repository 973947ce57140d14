"""The signed-in person: sign-in of tools, sign-out, purpose of the shift, own acts."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from plainview.base.clock import to_iso
from plainview.web.context import web_of
from plainview.web.declared import may
from plainview.web.permissions import Permission, needs, open_door
from plainview.web.sessions import SignedIn
from plainview.web.signin import check_key, sign_in

router = APIRouter()
Someone = Annotated[SignedIn, needs(Permission.SELF)]


class KeySignIn(BaseModel):
    """A tool's sign-in."""

    key_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    time: Annotated[str, Field(max_length=40)]
    sig: Annotated[str, Field(max_length=100)]


class Purpose(BaseModel):
    """What somebody watches for."""

    purpose: Annotated[str, Field(max_length=1000)]
    incident: Annotated[str, Field(max_length=60)] = ""


@router.post(
    "/api/session/key",
    dependencies=[open_door("the signature is the key")],
    responses=may(401, 429),
)
async def key_session(request: Request, asked: KeySignIn) -> dict[str, Any]:
    """A bearer token for the holder of an enrolled key."""
    web = web_of(request)
    web.sign_ins.spend(web.callers.of(request))
    origin = web.doorkeeper.own_origin(request)
    person = await asyncio.to_thread(check_key, web, asked.key_id, asked.time, asked.sig, origin)
    name = person.name or person.person
    token = await asyncio.to_thread(
        sign_in, web, person.person, person.roles, name, kind="bearer", signer=asked.key_id
    )
    return {"token": token, "person": person.person, "roles": list(person.roles)}


@router.delete("/api/session", responses=may(429))
async def sign_out(request: Request, response: Response, session: Someone) -> dict[str, bool]:
    """End the session, whatever the log says; log it."""
    web = web_of(request)
    web.sessions.revoke(session.key)
    web.doorkeeper.take_back(response)
    await web.playbacks.end_all(session.key)
    await asyncio.to_thread(web.log_act, session.person, session.roles[0], "signout", {})
    return {"signed_out": True}


@router.get("/api/me")
async def me(request: Request, session: Someone) -> dict[str, Any]:
    """Who is signed in, and what the application may offer them."""
    web = web_of(request)
    purpose, until = web.purposes.of(session)
    return {
        "person": session.person,
        "name": session.name,
        "roles": list(session.roles),
        "may": sorted(web.rights.held(session)),
        "scope": {"units": list(session.units), "cameras": list(session.cameras)},
        "actor": web.actor(session.person),
        "purpose": purpose,
        "purpose_until": to_iso(until) if purpose else None,
        "purposes": web.purposes.choices(),
        "server_time": to_iso(web.now()),
        "tools_url": web.settings.tools_url,
        "demo": web.settings.demo,
    }


@router.post("/api/purpose")
async def set_purpose(request: Request, session: Someone, asked: Purpose) -> dict[str, str]:
    """What the person watches for: asked before live, and again after two hours."""
    web = web_of(request)
    purpose = web.purposes.words(asked.purpose, asked.incident)
    until = await asyncio.to_thread(web.purposes.give, session, purpose)
    return {"purpose": purpose, "until": to_iso(until)}
