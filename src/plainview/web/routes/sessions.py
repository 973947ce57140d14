"""One's own sessions and passkeys: see them, end them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from plainview.base.clock import to_iso
from plainview.errors import NotAuthorised, NotFound
from plainview.web.context import Web, web_of
from plainview.web.declared import may
from plainview.web.passkeysignin import standing
from plainview.web.permissions import Permission, needs
from plainview.web.sessions import SignedIn

router = APIRouter()
Someone = Annotated[SignedIn, needs(Permission.SELF)]


@router.get("/api/my/sessions")
async def sessions(request: Request, session: Someone) -> list[dict[str, Any]]:
    """Every session of the person that holds, the newest first."""
    held = await asyncio.to_thread(web_of(request).sessions.of_person, session.person)
    return [
        {
            "session": one.public_id,
            "kind": one.kind,
            "how": one.how,
            "device": one.device,
            "purpose": one.purpose,
            "created": to_iso(one.created),
            "seen": to_iso(one.seen),
            "current": one.key == session.key,
        }
        for one in held
    ]


@router.delete("/api/my/sessions", responses=may(429))
async def end_all(request: Request, response: Response, session: Someone) -> dict[str, int]:
    """End all of one's sessions, this one too."""
    web = web_of(request)
    ended = await end_sessions(web, session.person)
    web.doorkeeper.take_back(response)
    await asyncio.to_thread(
        web.log_act, session.person, session.roles[0], "signout", {"sessions": ended}
    )
    return {"ended": ended}


@router.delete("/api/my/sessions/{session_id}", responses=may(429))
async def end_one(request: Request, session: Someone, session_id: str) -> dict[str, int]:
    """End one of one's sessions. 404 for one that is not there, or another person's."""
    web = web_of(request)
    held = await asyncio.to_thread(web.sessions.of_person, session.person)
    found = next((one for one in held if one.public_id == session_id), None)
    if found is None:
        raise NotFound("You have no such session.")
    web.sessions.revoke(found.key)
    await web.playbacks.end_all(found.key)
    await asyncio.to_thread(
        web.log_act, session.person, session.roles[0], "signout", {"sessions": 1}
    )
    return {"ended": 1}


@router.get("/api/my/passkeys")
async def passkeys(request: Request, session: Someone) -> list[dict[str, Any]]:
    """One's passkeys, with whether each signs in: only those whose key stands on the log do."""
    web = web_of(request)

    def listed() -> list[dict[str, Any]]:
        return [
            {
                "passkey": one.id,
                "key_id": one.key_id,
                "label": one.label,
                "synced": one.synced,
                "created": to_iso(one.created),
                "used": None if one.used is None else to_iso(one.used),
                "state": one.stopped or _standing(web, one.key_id, session.person),
            }
            for one in web.people.credentials.of_person(session.person)
        ]

    return await asyncio.to_thread(listed)


@router.delete("/api/my/passkeys/{passkey}", responses=may(429))
async def stop_passkey(request: Request, session: Someone, passkey: str) -> dict[str, bool]:
    """A passkey that was lost signs in here no more; two people take its key off the log."""
    web = web_of(request)
    await asyncio.to_thread(web.people.credentials.stop, passkey, session.person)
    web.standing.forget(session.person)
    await asyncio.to_thread(
        web.log_act, session.person, session.roles[0], "passkey-stopped", {"passkey": passkey}
    )
    return {"stopped": True}


async def end_sessions(web: Web, person: str) -> int:
    """End all sessions of a person, and what plays in them; how many."""
    keys = await asyncio.to_thread(web.sessions.revoke_person, person)
    for key in keys:
        await web.playbacks.end_all(key)
    return len(keys)


def _standing(web: Web, key: str, person: str) -> str:
    try:
        standing(web, key, person)
    except NotAuthorised:
        return "waiting"
    return "enrolled"
