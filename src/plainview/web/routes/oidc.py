"""There and back: the city's identity provider."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from plainview.errors import NotAuthorised
from plainview.web.context import Web, web_of
from plainview.web.declared import may
from plainview.web.devices import device_of
from plainview.web.oidc import CALLBACK, Asking
from plainview.web.people import WAY_MS
from plainview.web.permissions import Permission, needs, open_door
from plainview.web.routes.passkey import end_former
from plainview.web.sessions import SignedIn
from plainview.web.signin import check_roles, sign_in

router = APIRouter()
Someone = Annotated[SignedIn, needs(Permission.SELF)]
OWNER = "oidc"
AFTER_LINK, AFTER_SIGN_IN = "/app/account", "/app/"


@router.get(
    "/api/session/oidc",
    dependencies=[open_door("the way to the identity provider")],
    status_code=303,
    response_class=RedirectResponse,
    responses=may(404, 429),
)
async def begin(request: Request) -> Response:
    """Send the browser to the provider."""
    web = web_of(request)
    web.people.asked.spend(web.callers.of(request))
    state, address = await asyncio.to_thread(_ask, web, web.people.provider.new_asking())
    answer = RedirectResponse(address, status_code=303)
    web.doorkeeper.hand_out_way(answer, state, WAY_MS // 1000)
    return answer


@router.get(
    CALLBACK,
    dependencies=[open_door("the provider's word is the key")],
    status_code=303,
    response_class=RedirectResponse,
    responses=may(401, 404, 429),
)
async def back(
    request: Request,
    state: Annotated[str, Query(max_length=100)] = "",
    code: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """Begin the session, or make the link, for which this browser was sent away."""
    web = web_of(request)
    web.sign_ins.spend(web.callers.of(request))
    if not state or request.cookies.get(web.doorkeeper.way) != state:
        raise NotAuthorised("This browser was not sent there.", hint="Begin again.")
    asking = web.people.ways.take(state, OWNER)
    subject = await asyncio.to_thread(web.people.provider.subject, asking, code)
    if asking.person:
        await _link(web, asking, subject)
        return RedirectResponse(AFTER_LINK, status_code=303)
    device = device_of(request.headers.get("user-agent", ""))
    secret = await asyncio.to_thread(_enter, web, subject, device)
    await end_former(web, request)
    answer = RedirectResponse(AFTER_SIGN_IN, status_code=303)
    web.doorkeeper.hand_out(answer, secret)
    return answer


@router.get("/api/my/links")
async def linked(request: Request, session: Someone) -> dict[str, Any]:
    """Whether the person may sign in with the provider, if there is one."""
    people = web_of(request).people
    if not people.provider.issuer:
        return {"provider": None, "linked": False}
    held = await asyncio.to_thread(people.links.linked, people.provider.issuer, session.person)
    return {"provider": people.provider.name, "linked": held}


@router.post("/api/my/links", responses=may(404))
async def link(request: Request, session: Someone) -> Response:
    """Where the browser goes to be linked. Only who signed in with a passkey may."""
    web = web_of(request)
    if session.how != "passkey":
        raise NotAuthorised("Sign in with a passkey to link another way.")
    asking = web.people.provider.new_asking(session.person, session.key)
    state, address = await asyncio.to_thread(_ask, web, asking)
    answer = JSONResponse({"address": address})
    web.doorkeeper.hand_out_way(answer, state, WAY_MS // 1000)
    return answer


@router.delete("/api/my/links", responses=may(429))
async def unlink(request: Request, session: Someone) -> dict[str, bool]:
    """The provider signs the person in no more."""
    web = web_of(request)
    await asyncio.to_thread(web.people.links.remove, session.person)
    await asyncio.to_thread(web.log_act, session.person, session.roles[0], "unlinked", {})
    return {"unlinked": True}


def _ask(web: Web, asking: Asking) -> tuple[str, str]:
    web.people.provider.check_set_up()
    state = web.people.ways.keep(asking, OWNER)
    return state, web.people.provider.address(asking, state)


async def _link(web: Web, asking: Asking, subject: str) -> None:
    """The session that asked must still hold: it is who says whose the subject is."""
    held = await asyncio.to_thread(web.sessions.check, asking.session, kind="cookie")
    session = await web.standing.current(held)
    await asyncio.to_thread(web.log_act, asking.person, session.roles[0], "linked", {})
    issuer = web.people.provider.issuer
    await asyncio.to_thread(web.people.links.add, issuer, subject, asking.person)


def _enter(web: Web, subject: str, device: str) -> str:
    person = web.register.person(web.people.links.person(web.people.provider.issuer, subject))
    check_roles(person)
    name = person.name or person.person
    return sign_in(web, person.person, person.roles, name, kind="cookie", how="oidc", device=device)
