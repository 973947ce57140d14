"""What somebody invited does: see what for, make passkeys, hand in a card.

The token of the link is the key to each of these doors; it stands in the body, never in an address
that a journal or a proxy would keep.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from plainview.base.clock import to_iso
from plainview.web import enrolling
from plainview.web.context import Web, web_of
from plainview.web.declared import may
from plainview.web.invitations import Invitation
from plainview.web.permissions import open_door

router = APIRouter()
Token = Annotated[str, Field(min_length=20, max_length=100)]
DOOR = open_door("the token of the invitation is the key")


class Link(BaseModel):
    """The token of a link."""

    token: Token


class Made(Link):
    """A passkey that a browser made, against the ticket that came with what it was asked."""

    ticket: Annotated[str, Field(max_length=100)]
    label: Annotated[str, Field(max_length=60)] = ""
    credential: dict[str, Any]


class HandIn(Link):
    """The card of `plainview person keygen`, an age recipient, or nothing."""

    key_file: Annotated[str, Field(max_length=10_000)] = ""


@router.post("/api/join", dependencies=[DOOR], responses=may(401, 403, 404, 429))
async def seen(request: Request, link: Link) -> dict[str, Any]:
    """What the invitation is for, and what it still needs."""
    web, invitation = await _opened(request, link)
    return await asyncio.to_thread(_shown, web, invitation)


@router.post("/api/join/options", dependencies=[DOOR], responses=may(401, 403, 404, 429))
async def options(request: Request, link: Link) -> dict[str, Any]:
    """What the browser makes a passkey from, once."""
    web, invitation = await _opened(request, link)
    people = web.people
    challenge = people.passkeys.new_challenge()
    has = [one.id for one in people.credentials.of_invitation(invitation.id)]
    handle, name = bytes.fromhex(invitation.handle), invitation.asked.name
    asked = people.passkeys.to_register(challenge, handle, name, has)
    return {"ticket": people.challenges.keep(challenge, _owner(invitation)), "options": asked}


@router.post("/api/join/passkey", dependencies=[DOOR], responses=may(401, 403, 404, 429))
async def made(request: Request, sent: Made) -> dict[str, Any]:
    """Keep the passkey; it signs nobody in before two people have enrolled its key."""
    web, invitation = await _opened(request, sent)
    people = web.people
    challenge = people.challenges.take(sent.ticket, _owner(invitation))
    new = await asyncio.to_thread(people.passkeys.check_new, sent.credential, challenge)
    label = " ".join(sent.label.split())
    await asyncio.to_thread(people.credentials.add, new, invitation.id, invitation.handle, label)
    return await asyncio.to_thread(_shown, web, invitation)


@router.post("/api/join/card", dependencies=[DOOR], responses=may(401, 403, 404, 429))
async def card(request: Request, sent: HandIn) -> dict[str, Any]:
    """Hand in; the link is used up. What is answered is what the two who enrol will compare."""
    web, invitation = await _opened(request, sent)
    body = await asyncio.to_thread(enrolling.hand_in, web, invitation, sent.key_file)
    keys = await asyncio.to_thread(enrolling.keys_of, web, body)
    return {"person": body["person"], "keys": keys, "age": body["age"]}


async def _opened(request: Request, link: Link) -> tuple[Web, Invitation]:
    web = web_of(request)
    web.doorkeeper.check_own_page(request)
    web.people.asked.spend(web.callers.of(request))
    return web, await asyncio.to_thread(web.people.invitations.opened_by, link.token)


def _owner(invitation: Invitation) -> str:
    return f"join {invitation.id}"


def _has_recipient(web: Web, person: str) -> bool:
    """Whether shares can be sealed to somebody already."""
    return bool(person) and web.register.person(person).age is not None


def _shown(web: Web, invitation: Invitation) -> dict[str, Any]:
    asked, made = invitation.asked, web.people.credentials.of_invitation(invitation.id)
    return {
        "name": asked.name,
        "roles": list(asked.roles),
        "org": asked.org,
        "outside": asked.outside,
        "units": list(asked.units),
        "cameras": list(asked.cameras),
        "known": bool(asked.person),
        "ends": to_iso(invitation.ends),
        "passkeys_needed": asked.passkeys,
        "passkeys": [
            {"key_id": one.key_id, "label": one.label, "synced": one.synced} for one in made
        ],
        "recipient_needed": "custodian" in asked.roles and not _has_recipient(web, asked.person),
    }
