"""What a signed-in person may still be: roles are those on the log now, not those at sign-in.

Somebody whose role was taken away, or who was struck off, loses it within seconds, however long
the session still lasts.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections import OrderedDict

from plainview.errors import NotAuthorised, NotFound
from plainview.register.projection import Register
from plainview.web.sessions import SignedIn

FRESH_S = 5.0
MOST = 10_000


class Standing:
    """Roles on the log, remembered for five seconds."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._known: OrderedDict[str, tuple[frozenset[str], float]] = OrderedDict()

    async def current(self, session: SignedIn) -> SignedIn:
        """The session with the roles that still stand. Raises `NotAuthorised` if none does."""
        standing = await self._roles(session.person)
        roles = tuple(role for role in session.roles if role in standing)
        if not roles:
            raise NotAuthorised(
                "You have no role any more.", hint="Ask your data protection officer."
            )
        return dataclasses.replace(session, roles=roles)

    async def _roles(self, person: str) -> frozenset[str]:
        roles, asked = self._known.get(person, (frozenset[str](), -FRESH_S))
        if time.monotonic() - asked < FRESH_S:
            return roles
        try:
            found = await asyncio.to_thread(self._register.person, person)
            roles = frozenset(found.roles)
        except NotFound:
            roles = frozenset()
        self._known[person] = (roles, time.monotonic())
        self._known.move_to_end(person)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return roles
