"""People: who is enrolled, whom one invites, which cards wait for two signatures."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, field_validator

from plainview.base.clock import to_iso
from plainview.errors import NotFound
from plainview.register.records import ROLES, SCOPE_NAME, Organisation
from plainview.web import enrolling
from plainview.web.context import Web, web_of
from plainview.web.declared import may
from plainview.web.invitations import HANDED_IN, Asked, Invitation
from plainview.web.permissions import Permission, needs
from plainview.web.proposals import waiting
from plainview.web.routes.sessions import end_sessions
from plainview.web.sessions import SignedIn
from plainview.web.statements import may_approve

router = APIRouter()
Inviter = Annotated[SignedIn, needs(Permission.PEOPLE_INVITE)]
Lister = Annotated[SignedIn, needs(Permission.PEOPLE_LIST)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class Invited(BaseModel):
    """Whom somebody invites, and as what."""

    name: Name
    roles: Annotated[list[str], Field(min_length=1, max_length=len(ROLES))]
    org: Annotated[str, Field(min_length=1, max_length=200)]
    org_kind: Organisation | Literal[""] | None = None
    outside: bool = False
    units: Annotated[list[Name], Field(max_length=50)] = []
    cameras: Annotated[list[Name], Field(max_length=200)] = []
    person: Annotated[str, Field(max_length=63)] = ""
    replace: bool = False

    @field_validator("roles")
    @classmethod
    def _known(cls, roles: list[str]) -> list[str]:
        if not set(roles) <= set(ROLES):
            raise ValueError(f"roles are {', '.join(ROLES)}")
        return sorted(set(roles))

    @field_validator("units", "cameras")
    @classmethod
    def _ids(cls, names: list[str]) -> list[str]:
        """As the log wants them: whoever is invited would learn of it too late."""
        for name in names:
            if not re.fullmatch(SCOPE_NAME, name):
                raise ValueError(f"{name!r} is no id: give those of units and cameras")
        return names


@router.get("/api/people")
async def people(request: Request, session: Lister) -> list[dict[str, Any]]:
    """Everybody who is enrolled; `card` is what the log holds of them."""
    web = web_of(request)

    def listed() -> list[dict[str, Any]]:
        return [
            {
                "person": one.person,
                "name": one.name,
                "roles": list(one.roles),
                "org": one.org,
                "outside": one.outside,
                "key_id": one.key_id,
                "entry": one.index,
                "card": enrolling.enrolled_body(web, one.person),
            }
            for one in web.register.people()
        ]

    return await asyncio.to_thread(listed)


@router.post("/api/invitations", responses=may(404, 429))
async def invite(request: Request, session: Inviter, wish: Invited) -> dict[str, Any]:
    """A link that is shown this once. The log says who invited for which roles, not whom."""
    web = web_of(request)

    def made() -> tuple[str, Invitation]:
        if wish.person:
            web.register.person(wish.person)
        detail = {"roles": wish.roles, "org": wish.org, "person": wish.person}
        web.log_act(
            session.person, web.rights.role(session, Permission.PEOPLE_INVITE), "invite", detail
        )
        return web.people.invitations.create(_asked(wish), session.person)

    token, invitation = await asyncio.to_thread(made)
    link = f"{web.settings.web_url}/app/join/{token}"
    return {"invitation": invitation.id, "link": link, "ends": to_iso(invitation.ends)}


@router.get("/api/invitations")
async def invitations(request: Request, session: Inviter) -> list[dict[str, Any]]:
    """Open invitations, and cards that wait, each with what the two who sign compare."""
    web = web_of(request)

    def listed() -> list[dict[str, Any]]:
        enrolling.settle(web)
        return [_shown(web, session, one) for one in web.people.invitations.listed()]

    return await asyncio.to_thread(listed)


@router.delete("/api/invitations/{invitation}", responses=may(429))
async def revoke(request: Request, session: Inviter, invitation: str) -> dict[str, bool]:
    """The link opens nothing any more; a card that was handed in is not shown any more."""
    web = web_of(request)

    def revoked() -> None:
        web.people.invitations.revoke(invitation)
        web.people.credentials.forget(invitation)
        role = web.rights.role(session, Permission.PEOPLE_INVITE)
        web.log_act(session.person, role, "uninvite", {"invitation": invitation})

    await asyncio.to_thread(revoked)
    return {"revoked": True}


@router.delete("/api/people/{person}/sessions", responses=may(429))
async def sign_out(
    request: Request, session: Annotated[SignedIn, needs(Permission.PEOPLE_SIGN_OUT)], person: str
) -> dict[str, int]:
    """End all sessions of somebody, at once; log who did it, afterwards: it must not fail."""
    web = web_of(request)
    await asyncio.to_thread(web.register.person, person)
    ended = await end_sessions(web, person)
    role = web.rights.role(session, Permission.PEOPLE_SIGN_OUT)
    detail = {"person": person, "sessions": ended}
    await asyncio.to_thread(web.log_act, session.person, role, "signed-out-other", detail)
    return {"ended": ended}


def _asked(wish: Invited) -> Asked:
    values = wish.model_dump()
    lists = {name: tuple(values[name]) for name in ("roles", "units", "cameras")}
    return Asked(**{**values, **lists})


def _shown(web: Web, session: SignedIn, one: Invitation) -> dict[str, Any]:
    asked = one.asked
    said: dict[str, Any] = {
        "invitation": one.id,
        "state": one.state,
        "name": asked.name,
        "roles": list(asked.roles),
        "org": asked.org,
        "org_kind": asked.org_kind,
        "outside": asked.outside,
        "units": list(asked.units),
        "cameras": list(asked.cameras),
        "by": one.by,
        "created": to_iso(one.created),
        "ends": to_iso(one.ends),
    }
    if one.state == HANDED_IN and one.card is not None:
        said |= _card(web, session, one.card, enrolling.overtaken(web, one))
    return said


def _card(web: Web, session: SignedIn, card: dict[str, Any], overtaken: bool) -> dict[str, Any]:
    made = next((one for one in waiting(web) if one.type == "enrol" and one.body == card), None)
    own = card["person"] == session.person
    return {
        "card": card,
        "keys": enrolling.keys_of(web, card),
        "proposal": None if made is None else made.hash,
        "proposed_by": None if made is None else _name(web, made.person),
        "overtaken": overtaken,
        "may_propose": made is None and not own and not overtaken,
        "may_approve": made is not None and not overtaken and may_approve(web, session, made),
    }


def _name(web: Web, person: str) -> str:
    try:
        return web.register.person(person).name or person
    except NotFound:
        return person
