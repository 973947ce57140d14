"""The passkeys that this server knows: whose, which key, how often used.

A row here opens nothing by itself: a passkey signs somebody in only while its key stands on the log
for that person (`web.passkeysignin`). What happens here cannot appoint anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, Row, delete, insert, or_, select, update

from plainview.base.clock import Clock, Ms
from plainview.base.database import writing
from plainview.errors import NotAuthorised, NotFound, Refused
from plainview.web.passkeys import NewPasskey
from plainview.web.peopledb import CREDENTIALS

C = CREDENTIALS.c
COPIED, REMOVED = "copied", "removed"
MOST_OF_ONE = 10


@dataclass(frozen=True)
class Credential:
    """A passkey. `stopped` says why it signs nobody in any more: "copied" or "removed"."""

    id: str
    person: str
    handle: str
    key_id: str
    cose: bytes
    point: bytes
    count: int
    synced: bool
    label: str
    created: Ms
    used: Ms | None
    stopped: str | None


class Credentials:
    """The table; safe to call from several threads."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def add(self, new: NewPasskey, invitation: str, handle: str, label: str) -> None:
        """A passkey of somebody who answers an invitation. Raises `Refused` for a known one."""
        row = {
            "id": new.id,
            "person": "",
            "invitation": invitation,
            "handle": handle,
            "key_id": new.key_id,
            "cose": new.cose,
            "point": new.point,
            "count": new.count,
            "synced": int(new.synced),
            "label": label,
            "created": self._clock(),
        }
        same = or_(C.id == new.id, C.key_id == new.key_id)
        with writing(self._engine) as connection:
            if connection.execute(select(C.id).where(same)).first() is not None:
                raise Refused("This passkey is known already.", hint="Use another authenticator.")
            of_invitation = select(C.id).where(C.invitation == invitation)
            if len(connection.execute(of_invitation).all()) >= MOST_OF_ONE:
                raise Refused(f"An invitation takes at most {MOST_OF_ONE} passkeys.")
            connection.execute(insert(CREDENTIALS).values(row))

    def of_invitation(self, invitation: str) -> list[Credential]:
        """Those that were made for an invitation, oldest first."""
        return self._list(C.invitation == invitation)

    def of_person(self, person: str) -> list[Credential]:
        """A person's, oldest first, stopped ones too."""
        return self._list(C.person == person)

    def find(self, id: str) -> Credential:
        """Raises `NotFound`."""
        found = self._list(C.id == id)
        if not found:
            raise NotFound("This passkey is not known here.", hint="Use another one.")
        return found[0]

    def belong(self, invitation: str, person: str) -> None:
        """Say whose they are, once their person has handed in."""
        mine = update(CREDENTIALS).where(C.invitation == invitation)
        with writing(self._engine) as connection:
            connection.execute(mine.values(person=person))

    def forget(self, invitation: str) -> None:
        """Drop those of an invitation that was revoked before anybody handed in."""
        with writing(self._engine) as connection:
            loose = delete(CREDENTIALS).where(C.invitation == invitation, C.person == "")
            connection.execute(loose)

    def count_up(self, id: str, count: int) -> None:
        """Note a use whose signature was checked. Raises `NotAuthorised` if the count went back.

        Then two authenticators hold this key, and neither signs in again: nobody can say which of
        them is the person's. Authenticators without a counter always say 0.
        """
        higher = or_(C.count < count, (C.count == 0) & (count == 0))
        known = update(CREDENTIALS).where(C.id == id, C.stopped.is_(None))
        used = known.where(higher).values(count=count, used=self._clock())
        with writing(self._engine) as connection:
            good = connection.execute(used).rowcount == 1
            if not good:
                connection.execute(known.values(stopped=COPIED))
        if not good:
            raise NotAuthorised(
                "This passkey was copied or removed, and is not accepted any more.",
                hint="Tell your data protection officer, and ask for a new invitation.",
            )

    def stop(self, id: str, person: str) -> None:
        """One's own passkey signs in no more. Raises `NotFound`."""
        mine = update(CREDENTIALS).where(C.id == id, C.person == person, C.stopped.is_(None))
        with writing(self._engine) as connection:
            if connection.execute(mine.values(stopped=REMOVED)).rowcount == 0:
                raise NotFound("You have no such passkey.")

    def _list(self, which: object) -> list[Credential]:
        query = select(CREDENTIALS).where(which).order_by(C.created, C.id)  # type: ignore[arg-type]
        with self._engine.connect() as connection:
            return [_credential(row) for row in connection.execute(query)]


def _credential(row: Row[tuple[object, ...]]) -> Credential:
    values = dict(row._mapping)
    values.pop("invitation")
    return Credential(**{**values, "synced": bool(values["synced"])})
