"""One-time invitations: how somebody becomes known here without a password and without e-mail.

Whoever may enrol people makes one and hands the link over by a way that they trust. The link's
token is 32 random bytes, hashed at rest, good for seven days and for one person. Who answers it
registers passkeys and hands in a card; that appoints nobody: two people sign the enrolment.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update

from plainview.base.clock import DAY_MS, Clock, Ms
from plainview.base.database import writing
from plainview.errors import NotAuthorised, NotFound, Refused
from plainview.web.peopledb import INVITATIONS

LIFE_MS: Ms = 7 * DAY_MS
MOST_OPEN = 200
OPEN, HANDED_IN, REVOKED, ENROLLED = "open", "handed_in", "revoked", "enrolled"
V = INVITATIONS.c


@dataclass(frozen=True)
class Asked:
    """What somebody is invited to be. `person`: somebody enrolled, who gets further keys, or with
    `replace` new ones instead of those of before. `org_kind`: "" for none, None where nobody said.
    """

    name: str
    roles: tuple[str, ...]
    org: str
    outside: bool
    units: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    person: str = ""
    replace: bool = False
    org_kind: str | None = None

    @property
    def passkeys(self) -> int:
        """How many different authenticators are needed."""
        return 2 if "custodian" in self.roles else 1


@dataclass(frozen=True)
class Invitation:
    """One invitation; `card` is what was handed in: the body of the enrolment."""

    id: str
    asked: Asked
    handle: str
    salt: str
    by: str
    created: Ms
    ends: Ms
    state: str
    card: dict[str, Any] | None


class Invitations:
    """The table; safe to call from several threads."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def create(self, asked: Asked, by: str) -> tuple[str, Invitation]:
        """A new invitation and its token, which is shown this once. Raises `Refused`."""
        token, now = secrets.token_urlsafe(32), self._clock()
        row = {
            "id": secrets.token_hex(8),
            "hash": _hash(token),
            "asked": json.dumps(asdict(asked)),
            "handle": secrets.token_hex(32),
            "salt": secrets.token_hex(32),
            "by": by,
            "created": now,
            "ends": now + LIFE_MS,
            "state": OPEN,
        }
        with writing(self._engine) as connection:
            still = select(V.id).where(V.state == OPEN, V.ends > now)
            if len(connection.execute(still).all()) >= MOST_OPEN:
                raise Refused(f"{MOST_OPEN} invitations are open.", hint="Revoke some first.")
            connection.execute(insert(INVITATIONS).values(row))
        return token, self.get(row["id"])  # type: ignore[arg-type]

    def opened_by(self, token: str) -> Invitation:
        """The invitation behind a link. Raises `NotAuthorised` if it is over, used or revoked."""
        with self._engine.connect() as connection:
            row = connection.execute(select(INVITATIONS).where(V.hash == _hash(token))).first()
        if row is None or row.state != OPEN or row.ends <= self._clock():
            raise NotAuthorised(
                "This invitation is over, or was used.", hint="Ask for another one."
            )
        return _invitation(row)

    def get(self, id: str) -> Invitation:
        """Raises `NotFound`."""
        with self._engine.connect() as connection:
            row = connection.execute(select(INVITATIONS).where(V.id == id)).first()
        if row is None:
            raise NotFound("There is no such invitation.")
        return _invitation(row)

    def hand_in(self, id: str, card: dict[str, Any]) -> None:
        """Use the invitation up, once. Raises `NotAuthorised` when somebody was quicker."""
        self._move(id, OPEN, HANDED_IN, card=json.dumps(card))

    def revoke(self, id: str) -> None:
        """An open invitation opens nothing any more; a card handed in is not proposed any more."""
        state = self.get(id).state
        if state not in (OPEN, HANDED_IN):
            raise Refused("This invitation is over already.")
        self._move(id, state, REVOKED)

    def enrolled(self, id: str) -> None:
        """The log holds the enrolment. Whoever sees it there first says so."""
        with suppress(NotAuthorised):
            self._move(id, HANDED_IN, ENROLLED)

    def listed(self) -> list[Invitation]:
        """Open ones that still hold, and cards that wait for two signatures; newest first."""
        waiting = ((V.state == OPEN) & (V.ends > self._clock())) | (V.state == HANDED_IN)
        query = select(INVITATIONS).where(waiting).order_by(V.created.desc(), V.id)
        with self._engine.connect() as connection:
            return [_invitation(row) for row in connection.execute(query)]

    def _move(self, id: str, before: str, after: str, **values: str) -> None:
        moved = update(INVITATIONS).where(V.id == id, V.state == before)
        with writing(self._engine) as connection:
            if connection.execute(moved.values(state=after, **values)).rowcount == 0:
                raise NotAuthorised(
                    "This invitation is over, or was used.", hint="Ask for another one."
                )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _invitation(row: Row[Any]) -> Invitation:
    asked = json.loads(row.asked)
    lists = {name: tuple(asked[name]) for name in ("roles", "units", "cameras")}
    card = None if row.card is None else json.loads(row.card)
    return Invitation(
        row.id,
        Asked(**{**asked, **lists}),
        row.handle,
        row.salt,
        row.by,
        row.created,
        row.ends,
        row.state,
        card,
    )
