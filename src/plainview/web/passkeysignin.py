"""Signing in with a passkey: what the browser is asked, and whom its answer lets in.

Three things must agree: a passkey that this server knows, a signature over a challenge that this
browser was given within two minutes, and the log, on which the passkey's key stands for somebody
with a role. As with every sign-in, the log has it before there is a session.
"""

from __future__ import annotations

from typing import Any

from plainview.errors import BadSignature, NotAuthorised, NotFound
from plainview.register.answers import PersonOnLog
from plainview.web.context import Web
from plainview.web.enrolling import settle
from plainview.web.signin import check_roles, sign_in

OWNER = "signin"
_UNKNOWN = "This passkey does not sign anybody in here."
_ASK = "Use another passkey, or ask your data protection officer."


def ask(web: Web) -> tuple[str, dict[str, Any]]:
    """A ticket for this browser, and what its authenticators are asked. Raises `Refused`."""
    challenge = web.people.passkeys.new_challenge()
    ticket = web.people.challenges.keep(challenge, OWNER)
    return ticket, web.people.passkeys.to_sign(challenge, [])


def answer(web: Web, ticket: str, sent: dict[str, Any], device: str) -> tuple[str, PersonOnLog]:
    """A new session's secret and whose it is. Raises `NotAuthorised`, or the keeper's errors."""
    challenge = web.people.challenges.take(ticket, OWNER)
    person, key = whose(web, sent, challenge)
    settle(web)
    name = web.register.person(person.person).name or person.person
    secret = sign_in(
        web,
        person.person,
        person.roles,
        name,
        kind="cookie",
        how="passkey",
        device=device,
        signer=key,
    )
    return secret, person


def whose(web: Web, sent: dict[str, Any], challenge: bytes) -> tuple[PersonOnLog, str]:
    """Who signed this challenge, and the id of the key. Raises `NotAuthorised`."""
    people = web.people
    try:
        read = people.passkeys.read(sent)
        known = people.credentials.find(read.credential)
        if read.handle != bytes.fromhex(known.handle):
            raise NotAuthorised(_UNKNOWN, hint=_ASK)
        count = people.passkeys.check(read, challenge, known.cose)
    except (BadSignature, NotFound) as error:
        raise NotAuthorised(_UNKNOWN, hint=_ASK) from error
    people.credentials.count_up(known.id, count)
    person = standing(web, known.key_id, known.person)
    check_roles(person)
    return person, known.key_id


def standing(web: Web, key: str, person: str) -> PersonOnLog:
    """The person for whom this key stands on the log. Raises `NotAuthorised`."""
    try:
        found = web.register.person_by_key(key)
    except NotFound as error:
        raise NotAuthorised(
            "This passkey is not enrolled, or not any more.",
            hint="Two people enrol it; ask your data protection officer how far that is.",
        ) from error
    if found.person != person:
        raise NotAuthorised(_UNKNOWN, hint=_ASK)
    return found
