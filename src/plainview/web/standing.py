"""What a signed-in person is: roles and scope are those on the log now, not at sign-in.

Somebody whose role was taken away, or who was struck off, loses it within seconds, however long
the session still lasts. A role that was added counts as soon: rules that forbid must see it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections import OrderedDict
from dataclasses import dataclass

from plainview.errors import NotAuthorised, NotFound
from plainview.register.projection import Register
from plainview.web.sessions import SignedIn

FRESH_S = 5.0
MOST = 10_000


@dataclass(frozen=True)
class Stands:
    """What the log says of a person; no unit or camera means all of them."""

    roles: frozenset[str] = frozenset()
    units: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()


class Standing:
    """Roles and scopes on the log, remembered for five seconds."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._known: OrderedDict[str, tuple[Stands, float]] = OrderedDict()

    async def current(self, session: SignedIn) -> SignedIn:
        """The session with the roles and the scope that stand now, whatever they were at sign-in.

        Raises `NotAuthorised` if the person has no role any more.
        """
        stands = await self._stands(session.person)
        roles = tuple(sorted(stands.roles))  # in the order in which the register names them
        if not roles:
            raise NotAuthorised(
                "You have no role any more.", hint="Ask your data protection officer."
            )
        return dataclasses.replace(session, roles=roles, units=stands.units, cameras=stands.cameras)

    async def _stands(self, person: str) -> Stands:
        stands, asked = self._known.get(person, (Stands(), -FRESH_S))
        if time.monotonic() - asked < FRESH_S:
            return stands
        stands = await asyncio.to_thread(self._look_up, person)
        self._known[person] = (stands, time.monotonic())
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
        return Stands(frozenset(found.roles), units, cameras)
