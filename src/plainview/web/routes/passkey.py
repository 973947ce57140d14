"""Signing in with a passkey."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from plainview.errors import NotAuthorised
from plainview.web import passkeysignin
from plainview.web.context import Web, web_of
from plainview.web.declared import may
from plainview.web.devices import device_of
from plainview.web.passkeys import CHALLENGE_MS
from plainview.web.permissions import open_door

router = APIRouter()


class Credential(BaseModel):
    """What `PublicKeyCredential.toJSON()` gives."""

    credential: dict[str, Any]


@router.get("/api/session/ways", dependencies=[open_door("how one can sign in")])
async def ways(request: Request) -> dict[str, Any]:
    """How one can sign in here."""
    provider = web_of(request).people.provider
    oidc = {"name": provider.name, "start": "/api/session/oidc"} if provider.issuer else None
    return {"passkey": True, "oidc": oidc}


@router.post(
    "/api/session/passkey/options",
    dependencies=[open_door("what the passkey is asked")],
    responses=may(403, 429),
)
async def options(request: Request) -> Response:
    """What the browser's passkey signs; the sign-in is bound to this browser by a cookie."""
    web = web_of(request)
    web.doorkeeper.check_own_page(request)
    web.people.asked.spend(web.callers.of(request))
    ticket, asked = passkeysignin.ask(web)
    answer = JSONResponse(asked)
    web.doorkeeper.hand_out_asking(answer, ticket, CHALLENGE_MS // 1000)
    return answer


@router.post(
    "/api/session/passkey",
    dependencies=[open_door("the answer is the key")],
    responses=may(401, 403, 404, 429),
)
async def sign_in(request: Request, sent: Credential) -> Response:
    """A session for the holder of an enrolled passkey; that of before in this browser ends."""
    web = web_of(request)
    web.doorkeeper.check_own_page(request)
    web.sign_ins.spend(web.callers.of(request))
    ticket = request.cookies.get(web.doorkeeper.asking, "")
    device = device_of(request.headers.get("user-agent", ""))
    secret, person = await asyncio.to_thread(
        passkeysignin.answer, web, ticket, sent.credential, device
    )
    await end_former(web, request)
    answer = JSONResponse({"person": person.person, "roles": list(person.roles)})
    web.doorkeeper.hand_out(answer, secret)
    return answer


async def end_former(web: Web, request: Request) -> None:
    """End the session that this browser had, so that its secret is worth nothing any more."""
    with suppress(NotAuthorised):
        former = web.sessions.find(request.cookies.get(web.doorkeeper.cookie, ""), kind="cookie")
        web.sessions.revoke(former.key)
        await web.playbacks.end_all(former.key)
