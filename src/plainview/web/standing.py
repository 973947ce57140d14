"""What a signed-in person is: roles, scope and keys are those on the log now, not at sign-in.

Somebody whose role was taken away, or who was struck off, loses it within seconds, however long
the session still lasts. A role that was added counts as soon: rules that forbid must see it.
So ends a session whose key is that person's no more: taken off the log, lost, or copied.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections import OrderedDict
from dataclasses import dataclass

from plainview.base.ids import unb64
from plainview.errors import NotAuthorised, NotFound
from plainview.register.projection import Register
from plainview.tlog.entries import key_id
from plainview.web.credentials import Credentials
from plainview.web.sessions import Sessions, SignedIn

FRESH_S = 5.0
MOST = 10_000


@dataclass(frozen=True)
class Stands:
    """What the log says of a person; no unit or camera means all of them.

    `keys`: ids of those that sign in, so without passkeys that are stopped here.
    """

    roles: frozenset[str] = frozenset()
    units: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()


class Standing:
    """Roles, scopes and keys on the log, remembered for five seconds."""

    def __init__(self, register: Register, passkeys: Credentials, sessions: Sessions) -> None:
        self._register, self._passkeys, self._sessions = register, passkeys, sessions
        self._known: OrderedDict[str, tuple[Stands, float]] = OrderedDict()

    async def current(self, session: SignedIn) -> SignedIn:
        """The session with the roles and the scope that stand now, whatever they were at sign-in.

        Raises `NotAuthorised` if the person has no role any more; and if not the key that opened
        the session, which is over then, even if the key should come back.
        """
        stands = await self._stands(session.person, session.signer)
        roles = tuple(sorted(stands.roles))  # in the order in which the register names them
        if not roles:
            raise NotAuthorised(
                "You have no role any more.", hint="Ask your data protection officer."
            )
        if session.signer and session.signer not in stands.keys:
            await asyncio.to_thread(self._sessions.revoke, session.key)
            raise NotAuthorised(
                "The key that opened this session is not accepted any more.",
                hint="Sign in with another one.",
            )
        return dataclasses.replace(session, roles=roles, units=stands.units, cameras=stands.cameras)

    def forget(self, person: str) -> None:
        """Look the person up anew: something was said of them just now."""
        self._known.pop(person, None)

    async def _stands(self, person: str, signer: str) -> Stands:
        stands, asked = self._known.get(person, (Stands(), -FRESH_S))
        new = signer and signer not in stands.keys  # who signs in with it is not told to wait
        if time.monotonic() - asked < FRESH_S and not new:
            return stands
        asked = time.monotonic()
        stands = await asyncio.to_thread(self._look_up, person)
        self._known[person] = (stands, asked)
        self._known.move_to_end(person)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return stands

    def _look_up(self, person: str) -> Stands:
        try:
            found = self._register.person(person)
        except NotFound:
            return Stands()
        body = self._register.stated(found.index).body
        enrolled = next(one for one in body.get("people", [body]) if one["person"] == person)
        # Statements of before there were scopes have none, and mean all.
        scope = enrolled.get("scope") or {}
        units, cameras = (tuple(scope.get(name, ())) for name in ("units", "cameras"))
        keys = {key_id(unb64(key)) for key in (enrolled["key"], *enrolled.get("more_keys", ()))}
        stopped = {one.key_id for one in self._passkeys.of_person(person) if one.stopped}
        return Stands(frozenset(found.roles), units, cameras, frozenset(keys - stopped))
