"""Signing in: every sign-in is on the log before its session exists.

`POST /api/session/key` is for tools: an enrolled Ed25519 key signs our origin and the time
(docs/design/interfaces.md). A signature counts for two minutes and once. Browsers get their cookie
with a passkey (`web.passkeysignin`), or from a route that `cookie_answer` ends; in the demo those
are the links of the story.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.responses import RedirectResponse, Response

from plainview.base.clock import Ms, from_iso
from plainview.base.ids import unb64
from plainview.errors import BadFormat, NotAuthorised, NotFound
from plainview.register.answers import PersonOnLog
from plainview.web.context import Web

CONTEXT = b"plainview/session/v1\n"
SKEW_MS: Ms = 120_000


def sign_in(
    web: Web,
    person: str,
    roles: Sequence[str],
    name: str,
    *,
    kind: str,
    how: str = "",
    device: str = "",
    signer: str = "",
) -> str:
    """Log the sign-in, then begin a session and return its secret. Raises the keeper's errors."""
    web.log_act(person, roles[0], "signin", {"by": how or kind})
    return web.sessions.create(
        person, roles, name, kind=kind, how=how or kind, device=device, signer=signer
    )


def check_roles(person: PersonOnLog) -> None:
    """Raises `NotAuthorised` for somebody who was struck off."""
    if not person.roles:
        raise NotAuthorised("You have no role any more.", hint="Ask your data protection officer.")


def check_key(web: Web, key_id: str, time: str, sig: str, origin: str) -> PersonOnLog:
    """Who signed. Raises `NotAuthorised` for a wrong, late or used signature."""
    try:
        person = web.register.person_by_key(key_id)
        signature, at = unb64(sig), from_iso(time)
        message = CONTEXT + origin.encode() + b"\n" + time.encode()
        Ed25519PublicKey.from_public_bytes(unb64(person.key)).verify(signature, message)
    except (NotFound, BadFormat, InvalidSignature, ValueError) as error:
        raise NotAuthorised(
            "The signature is not that of an enrolled key for this server.",
            hint=f"Sign for {origin} with a key that is enrolled.",
        ) from error
    if abs(web.now() - at) > SKEW_MS:
        raise NotAuthorised(
            "The time that was signed is more than two minutes off.", hint="Set your clock."
        )
    check_roles(person)
    web.sessions.use_signature(signature, keep_ms=3 * SKEW_MS)
    return person


async def cookie_answer(
    web: Web, person: str, roles: Sequence[str], name: str, to: str
) -> Response:
    """Sign a browser in and send it on to the page `to` of ours.

    For routes that have made sure who the person is. Raises `BadFormat` for a foreign page.
    """
    if not to.startswith("/") or to.startswith(("//", "/\\")):
        raise BadFormat("Only pages of this server can follow a sign-in.")
    secret = await asyncio.to_thread(sign_in, web, person, roles, name, kind="cookie")
    answer = RedirectResponse(to, status_code=303)
    web.doorkeeper.hand_out(answer, secret)
    return answer
