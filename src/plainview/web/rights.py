"""What signed-in people may do here and now, and in which role: the policies, asked for the web.

A refusal says in plain words what is missing. Things that decisions are about come from the
register; cameras are remembered for a few seconds, since open pictures ask about them all the time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any

from plainview.base.clock import Clock
from plainview.errors import Forbidden, NotFound
from plainview.policies.engine import Engine
from plainview.policies.model import SYSTEM, UNASKED, Camera, Context, Decision, Principal, Resource
from plainview.policies.model import Request as RequestMade
from plainview.policies.permissions import Permission
from plainview.register.answers import Camera as Registered
from plainview.register.projection import Register
from plainview.web.catalogue import Catalogue
from plainview.web.sessions import SignedIn

FRESH_S = 5.0
MOST = 20_000


class Rights:
    """Answers for sessions, which carry the roles and the scope that stand on the log now."""

    def __init__(self, engine: Engine, register: Register, t: Catalogue, clock: Clock) -> None:
        self.engine, self._register, self._t, self._clock = engine, register, t, clock
        self._places: dict[str, tuple[float, Camera | None]] = {}

    @property
    def hash(self) -> str:
        """That of the policy set; it stands on every act."""
        return self.engine.hash

    def check(
        self,
        session: SignedIn,
        permission: Permission,
        what: Resource = SYSTEM,
        context: Context = UNASKED,
    ) -> None:
        """Raises `Forbidden` with what is missing."""
        decision = self.engine.decide(principal(session), permission, what, context)
        if not decision.allowed:
            text, hint = self._why(session, permission, decision)
            raise Forbidden(text, hint=hint)

    def role(
        self,
        session: SignedIn,
        permission: Permission,
        what: Resource = SYSTEM,
        context: Context = UNASKED,
    ) -> str:
        """The role in which the person acts: the first of theirs that allows it by itself.

        Raises `Forbidden` as `check` does: what their roles together do not allow, none does.
        """
        self.check(session, permission, what, context)
        whole = principal(session)
        for role in session.roles:
            alone = Principal(whole.person, frozenset({role}), whole.units, whole.cameras)
            if self.engine.decide(alone, permission, what, context).allowed:
                return role
        return session.roles[0]

    def at(
        self, session: SignedIn, permission: Permission, camera: str, *, purpose: str = ""
    ) -> str:
        """The role in which the person does this at a camera. Raises `Forbidden`, `NotFound`."""
        return self.role(session, permission, self.camera(camera), Context(bool(purpose.strip())))

    async def still(
        self, session: SignedIn, permission: Permission, camera: str, *, purpose: str = ""
    ) -> str:
        """`at`, for whoever must not wait for the register's disk."""
        if not self._fresh(camera):
            await asyncio.to_thread(self.camera, camera)
        return self.at(session, permission, camera, purpose=purpose)

    def of_request(self, session: SignedIn, permission: Permission, hash: str) -> str:
        """The role in which the person does this to a request. Raises `Forbidden`, `NotFound`."""
        found = self._register.request(hash)
        return self.role(session, permission, RequestMade(hash, found.person))

    def held(self, session: SignedIn) -> frozenset[Permission]:
        """What the person may do somewhere: what the application offers them."""
        return self.engine.held(principal(session))

    def seen(self, session: SignedIn, cameras: Iterable[str]) -> set[str]:
        """Those of these cameras that lie within the person's scope; all of them without one."""
        if not session.units and not session.cameras:
            return set(cameras)
        who = principal(session)
        return {
            name
            for name in cameras
            if self.engine.decide(who, Permission.CAMERAS, self.camera(name)).allowed
        }

    def camera(self, name: str) -> Camera:
        """A camera as the policies see it: by the last version that took effect, if one did.

        What is only announced widens and narrows nobody's scope. Raises `NotFound`.
        """
        if known := self._fresh(name):
            return known
        found = seen_by_policies(self._in_force(name))
        if len(self._places) >= MOST:
            self._places.clear()
        self._places[name] = time.monotonic(), found
        return found

    def written(self, name: str, record: Mapping[str, Any]) -> Camera:
        """A camera of which somebody writes: as it stands, or as `record` says of a new one."""
        try:
            return self.camera(name)
        except NotFound:
            return camera_of(name, record)

    def _in_force(self, name: str) -> Registered:
        versions, now = self._register.versions(name), self._clock()
        with self._register.book() as book:
            contested = {index for _, index in book.contested.values()}
        begun = [
            one
            for one in versions
            if one.effective_ms <= now and one.status != "refused" and one.index not in contested
        ]
        return (begun or versions)[-1]

    def _fresh(self, name: str) -> Camera | None:
        asked, known = self._places.get(name, (0.0, None))
        return known if time.monotonic() - asked < FRESH_S else None

    def _why(
        self, session: SignedIn, permission: Permission, decision: Decision
    ) -> tuple[str, str]:
        """What is missing and what to do, in plain words."""
        t, reasons = self._t, decision.reasons
        if decision.invariants:
            return t(f"invariant.{decision.invariants[0]}"), t("forbidden.ask")
        if reasons:
            known = t.has(f"rule.{reasons[0]}")
            text = t(f"rule.{reasons[0]}") if known else t("rule.other", name=reasons[0])
            return text, t("forbidden.ask")
        what = t(f"may.{permission.replace('.', '_')}")
        text = t("forbidden.text", roles=self._names(session.roles), what=what)
        holders = self.engine.roles(permission)
        hint = t("forbidden.hint", roles=self._names(holders)) if holders else t("forbidden.nobody")
        return text, hint

    def _names(self, roles: Iterable[str]) -> str:
        return ", ".join(self._t(f"role.{role}") for role in roles)


def principal(session: SignedIn) -> Principal:
    """The person as the policies see them."""
    roles, units, cameras = (
        frozenset(some) for some in (session.roles, session.units, session.cameras)
    )
    return Principal(session.person, roles, units, cameras)


def seen_by_policies(found: Registered) -> Camera:
    """A camera of the register as the policies see it."""
    return camera_of(found.id, found.record, found.status)


def camera_of(name: str, record: Mapping[str, Any], status: str = "active") -> Camera:
    """A camera as the policies see it, by its record, which may be unfinished. A scope names the
    ids of units; records of before units had ids name them in words.
    """
    unit = str(record.get("unit_id") or record.get("unit", ""))
    return Camera(name, unit, str(record.get("kind", "")), status)
