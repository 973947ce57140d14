"""Which subject of the identity provider is whom here: said by the person, with a passkey."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.dialects.sqlite import insert

from plainview.base.clock import Clock
from plainview.base.database import writing
from plainview.errors import NotAuthorised, Refused
from plainview.web.peopledb import LINKS

K = LINKS.c


class Links:
    """The table; safe to call from several threads."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def add(self, issuer: str, subject: str, person: str) -> None:
        """Raises `Refused` if the subject is somebody else's already."""
        row = {"issuer": issuer, "subject": subject, "person": person, "created": self._clock()}
        with writing(self._engine) as connection:
            connection.execute(insert(LINKS).values(row).on_conflict_do_nothing())
            kept = self._query(connection, issuer, subject)
        if kept != person:
            raise Refused("That account of the identity provider is linked to somebody else.")

    def person(self, issuer: str, subject: str) -> str:
        """Raises `NotAuthorised` for a subject that nobody linked."""
        with self._engine.connect() as connection:
            found = self._query(connection, issuer, subject)
        if found is None:
            raise NotAuthorised(
                "Nobody here has linked this account.",
                hint="Sign in with a passkey, and link it under My account.",
            )
        return found

    def linked(self, issuer: str, person: str) -> bool:
        """Whether the person has a link to this issuer."""
        mine = select(K.subject).where(K.issuer == issuer, K.person == person)
        with self._engine.connect() as connection:
            return connection.execute(mine).first() is not None

    def remove(self, person: str) -> None:
        """End all links of a person."""
        with writing(self._engine) as connection:
            connection.execute(delete(LINKS).where(K.person == person))

    @staticmethod
    def _query(connection: Connection, issuer: str, subject: str) -> str | None:
        query = select(K.person).where(K.issuer == issuer, K.subject == subject)
        row = connection.execute(query).first()
        return None if row is None else str(row.person)
