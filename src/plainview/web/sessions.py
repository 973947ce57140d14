"""Sessions on the server, in `data/sessions.db`: revocable, hashed at rest, short.

A session id is 32 random bytes; the table holds only its SHA-256, so a copy of the table opens
nothing. Over after 15 minutes without use, after 8 hours in any case. The same file keeps what a
person did in the clear for that person's own page (`/api/my/acts`), and the signatures that tools
signed in with, so that none is used twice.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Index, Integer, MetaData, Row, String, Table, delete, select
from sqlalchemy import update as change
from sqlalchemy.dialects.sqlite import insert

from plainview.base.clock import Clock, Ms, now_ms
from plainview.base.database import open_engine, writing
from plainview.base.upgrading import upgrade_to_newest
from plainview.errors import NotAuthorised

IDLE_MS: Ms = 15 * 60_000
ABSOLUTE_MS: Ms = 8 * 3_600_000
TOUCH_MS: Ms = 30_000
"""How stale `seen` may get before it is written again: reads stay cheap."""
KEEP_ACTS_MS: Ms = 90 * 86_400_000
MOST_SESSIONS_OF_ONE = 20

METADATA = MetaData()
_SESSIONS = Table(
    "sessions",
    METADATA,
    Column("hash", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("name", String, nullable=False),
    Column("roles", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("created", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("how", String, nullable=False, server_default=""),
    Column("device", String, nullable=False, server_default=""),
    Column("signer", String, nullable=False, server_default=""),
    Index("sessions_person", "person", "created"),
)
_SIGNATURES = Table(
    "used_signatures",
    METADATA,
    Column("hash", String, primary_key=True),
    Column("at", Integer, nullable=False),
)
_ACTS = Table(
    "acts",
    METADATA,
    Column("entry", Integer, primary_key=True),
    Column("person", String, nullable=False),
    Column("time", Integer, nullable=False),
    Column("act", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("salt", String, nullable=False),
    Index("acts_person", "person", "entry"),
)


UPGRADES = Path(__file__).with_name("upgrades")


@dataclass(frozen=True)
class SignedIn:
    """A valid session. `key` is the hash that the table knows it by, never the secret itself.

    From the table it has the roles of sign-in, by which nothing is decided: `Standing` puts those
    of the log in their place, and `units` and `cameras`, the person's scope, empty for all.
    `signer`: id of the key on the log that opened it, if one did.
    """

    key: str
    person: str
    name: str
    roles: tuple[str, ...]
    kind: str
    purpose: str
    created: Ms
    units: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    seen: Ms = 0
    how: str = ""
    device: str = ""
    signer: str = ""

    @property
    def public_id(self) -> str:
        """What its person calls it by in a list; the table's key stays inside."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:16]


class Sessions:
    """The table of sessions; safe to call from several threads."""

    def __init__(self, file: Path, *, clock: Clock = now_ms) -> None:
        self._clock = clock
        self._engine = open_engine(file)
        upgrade_to_newest(self._engine, UPGRADES)

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def create(
        self,
        person: str,
        roles: Sequence[str],
        name: str,
        *,
        kind: str = "cookie",
        how: str = "",
        device: str = "",
        signer: str = "",
    ) -> str:
        """Begin a session (`kind` cookie or bearer) and return its secret, 64 hex digits.

        `how` somebody signed in and on which `device`, in few words, are for the person's own list.
        A person has at most 20 sessions; the oldest goes first.
        """
        secret, now = secrets.token_hex(32), self._clock()
        row = {
            "hash": _hash(secret),
            "person": person,
            "name": name,
            "roles": json.dumps(list(roles)),
            "kind": kind,
            "purpose": "",
            "created": now,
            "seen": now,
            "how": how,
            "device": device,
            "signer": signer,
        }
        of_person = select(_SESSIONS.c.hash).where(_SESSIONS.c.person == person)
        newest_first = of_person.order_by(_SESSIONS.c.created.desc(), _SESSIONS.c.hash)
        with writing(self._engine) as connection:
            over = (_SESSIONS.c.created <= now - ABSOLUTE_MS) | (_SESSIONS.c.seen <= now - IDLE_MS)
            connection.execute(delete(_SESSIONS).where(over))
            many = newest_first.limit(-1).offset(MOST_SESSIONS_OF_ONE - 1)
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.hash.in_(many)))
            connection.execute(insert(_SESSIONS), row)
        return secret

    def find(self, secret: str, *, kind: str, use: bool = True) -> SignedIn:
        """The session that `secret` opens. Raises `NotAuthorised` if none is valid."""
        return self.check(_hash(secret), kind=kind, use=use)

    def check(self, key: str, *, kind: str, use: bool = True) -> SignedIn:
        """The session still valid under `key`. Raises `NotAuthorised`.

        `use` puts off its end; without, only its end is asked about.
        """
        query = select(_SESSIONS).where(_SESSIONS.c.hash == key, _SESSIONS.c.kind == kind)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        now = self._clock()
        if row is None or _over(row, now):
            raise NotAuthorised("You are not signed in.", hint="Sign in and try again.")
        if use and now - row.seen >= TOUCH_MS:
            self._change(key, seen=now)
        return _signed_in(row)

    def of_person(self, person: str) -> list[SignedIn]:
        """A person's sessions that still hold, the newest first."""
        query = select(_SESSIONS).where(_SESSIONS.c.person == person)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_SESSIONS.c.created.desc())).all()
        now = self._clock()
        return [_signed_in(row) for row in rows if not _over(row, now)]

    def set_purpose(self, key: str, purpose: str) -> None:
        """Remember what the person watches for during this session."""
        self._change(key, purpose=purpose)

    def _change(self, key: str, **values: object) -> None:
        with writing(self._engine) as connection:
            connection.execute(change(_SESSIONS).where(_SESSIONS.c.hash == key).values(**values))

    def revoke(self, key: str) -> None:
        """End one session."""
        with writing(self._engine) as connection:
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.hash == key))

    def revoke_person(self, person: str) -> list[str]:
        """End all sessions of a person; their keys."""
        mine = _SESSIONS.c.person == person
        with writing(self._engine) as connection:
            keys = [row.hash for row in connection.execute(select(_SESSIONS.c.hash).where(mine))]
            connection.execute(delete(_SESSIONS).where(mine))
        return keys

    def use_signature(self, signature: bytes, *, keep_ms: Ms) -> None:
        """Note a tool's signature; raises `NotAuthorised` if it was used before."""
        now, used = self._clock(), hashlib.sha256(signature).hexdigest()
        with writing(self._engine) as connection:
            connection.execute(delete(_SIGNATURES).where(_SIGNATURES.c.at < now - keep_ms))
            added = connection.execute(
                insert(_SIGNATURES).values(hash=used, at=now).on_conflict_do_nothing()
            )
            if added.rowcount == 0:
                raise NotAuthorised(
                    "This signature was used before.", hint="Sign again with the time of now."
                )

    def note_act(
        self, person: str, entry: int, act: str, detail: dict[str, Any], salt: str
    ) -> None:
        """Remember in the clear what the log holds as a commitment, for the person's own page."""
        now = self._clock()
        row = {
            "entry": entry,
            "person": person,
            "time": now,
            "act": act,
            "detail": json.dumps(detail),
            "salt": salt,
        }
        with writing(self._engine) as connection:
            connection.execute(delete(_ACTS).where(_ACTS.c.time < now - KEEP_ACTS_MS))
            connection.execute(insert(_ACTS).values(row).on_conflict_do_nothing())

    def acts(self, person: str, *, limit: int = 200) -> list[dict[str, Any]]:
        """What the person did, newest first: `{entry, time (ms), act, detail, salt}`."""
        columns = (_ACTS.c.entry, _ACTS.c.time, _ACTS.c.act, _ACTS.c.detail, _ACTS.c.salt)
        query = select(*columns).where(_ACTS.c.person == person)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_ACTS.c.entry.desc()).limit(limit))
            return [{**row._mapping, "detail": json.loads(row.detail)} for row in rows]


def _over(row: Row[Any], now: Ms) -> bool:
    return bool(now - row.created >= ABSOLUTE_MS or now - row.seen >= IDLE_MS)


def _signed_in(row: Row[Any]) -> SignedIn:
    return SignedIn(
        row.hash,
        row.person,
        row.name,
        tuple(json.loads(row.roles)),
        row.kind,
        row.purpose,
        row.created,
        seen=row.seen,
        how=row.how,
        device=row.device,
        signer=row.signer,
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
