"""Reading and writing cases.db: bookmarks, drafts, private detail, re-sealed shares, marks."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from plainview.base.clock import Ms
from plainview.base.database import open_engine, writing
from plainview.base.ids import sha256_hex
from plainview.base.settings import Settings
from plainview.base.upgrading import upgrade_to_newest
from plainview.cases import tables as t
from plainview.errors import NotFound

MOST = 1_000
MOST_DRAFTS = 200
"""Unsigned drafts that one person may have; the oldest go first."""


@dataclass(frozen=True)
class Bookmark:
    """A moment that somebody marked, with the draft of a request for it."""

    id: str
    camera: str
    at_ms: Ms
    note: str
    draft: dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """A request that is not signed yet; `draft` is what the requester's tool signs."""

    id: str
    created_ms: Ms
    submitted: str | None
    draft: dict[str, Any]


@dataclass(frozen=True)
class Mark:
    """A moment of a camera that somebody asks to keep; `entry` is the act's log index."""

    id: str
    entry: int
    person: str
    actor: str
    role: str
    camera: str
    at_ms: Ms
    note: str
    created_ms: Ms
    hold: int | None = None


class Rows:
    """cases.db. Threads may share it."""

    def __init__(self, settings: Settings) -> None:
        self._engine: Engine = open_engine(settings.own_dir / "cases.db")
        upgrade_to_newest(self._engine, t.UPGRADES)

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def add_bookmark(self, id: str, person: str, camera: str, at: Ms, note: str, now: Ms) -> None:
        """Store a bookmark."""
        values = {"id": id, "person": person, "camera": camera, "note": note}
        with writing(self._engine) as connection:
            connection.execute(insert(t.BOOKMARKS).values(at_ms=at, created_ms=now, **values))

    def add_draft(self, person: str, draft: dict[str, Any], now: Ms) -> Draft:
        """Store a draft under its request id."""
        ident, c = draft["body"]["request"], t.DRAFTS.c
        unsigned = select(c.id).where(c.person == person, c.submitted.is_(None))
        newest_first = unsigned.order_by(c.created_ms.desc(), c.id)
        with writing(self._engine) as connection:
            many = newest_first.limit(-1).offset(MOST_DRAFTS - 1)
            connection.execute(delete(t.DRAFTS).where(c.id.in_(many)))
            connection.execute(
                insert(t.DRAFTS).values(
                    id=ident, person=person, draft=json.dumps(draft), created_ms=now
                )
            )
        return Draft(ident, now, None, draft)

    def drafts(self, person: str) -> list[Draft]:
        """One person's drafts, the newest first."""
        query = select(t.DRAFTS).where(t.DRAFTS.c.person == person)
        query = query.order_by(t.DRAFTS.c.created_ms.desc()).limit(MOST)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [Draft(row.id, row.created_ms, row.submitted, json.loads(row.draft)) for row in rows]

    def put_detail(
        self, hash: str, person: str, detail: dict[str, Any], salt: str, now: Ms
    ) -> None:
        """Keep the clear text of a request; the same again is no error."""
        with writing(self._engine) as connection:
            connection.execute(
                insert(t.REQUESTS)
                .values(
                    hash=hash,
                    person=person,
                    detail=json.dumps(detail),
                    salt=salt,
                    submitted_ms=now,
                )
                .on_conflict_do_nothing()
            )

    def detail(self, hash: str) -> tuple[dict[str, Any], str]:
        """(detail, salt) of a request. Raises `NotFound`."""
        query = select(t.REQUESTS.c.detail, t.REQUESTS.c.salt).where(t.REQUESTS.c.hash == hash)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("This request was not made here.")
        return json.loads(row.detail), row.salt

    def forget_detail(self, hash: str) -> None:
        """Take back what was kept for a request that the log did not accept."""
        with writing(self._engine) as connection:
            connection.execute(delete(t.REQUESTS).where(t.REQUESTS.c.hash == hash))

    def mark_submitted(self, draft: str, hash: str) -> None:
        """Say which request a draft became."""
        with writing(self._engine) as connection:
            found = update(t.DRAFTS).where(t.DRAFTS.c.id == draft)
            connection.execute(found.values(submitted=hash))

    def put_release(self, request: str, resealed: bytes) -> None:
        """Keep a re-sealed share by its hash."""
        with writing(self._engine) as connection:
            connection.execute(
                insert(t.RELEASES)
                .values(request=request, sha256=sha256_hex(resealed), resealed=resealed)
                .on_conflict_do_nothing()
            )

    def forget_release(self, request: str, resealed: bytes) -> None:
        """Take back a re-sealed share whose statement the log did not accept."""
        c = t.RELEASES.c
        with writing(self._engine) as connection:
            connection.execute(
                delete(t.RELEASES).where(c.request == request, c.sha256 == sha256_hex(resealed))
            )

    def release(self, request: str, sha256: str) -> bytes:
        """A re-sealed share by its hash. Raises `NotFound`."""
        query = select(t.RELEASES.c.resealed).where(
            t.RELEASES.c.request == request, t.RELEASES.c.sha256 == sha256
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("The re-sealed share is not here.")
        return bytes(row.resealed)

    def put_opening(self, request: str, window: str, resealed_e: bytes) -> None:
        """Keep the keeper's half of a window's key as it was re-sealed for this request."""
        with writing(self._engine) as connection:
            connection.execute(
                insert(t.OPENINGS)
                .values(request=request, window=window, resealed_e=resealed_e)
                .on_conflict_do_nothing()
            )

    def opening(self, request: str, window: str) -> bytes | None:
        """The same, if it was fetched before."""
        query = select(t.OPENINGS.c.resealed_e).where(
            t.OPENINGS.c.request == request, t.OPENINGS.c.window == window
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else bytes(row.resealed_e)

    def add_mark(self, mark: Mark) -> None:
        """Store a mark."""
        with writing(self._engine) as connection:
            connection.execute(insert(t.MARKS).values(**asdict(mark)))

    def marks(self, since: Ms) -> list[Mark]:
        """Marks that were made since then, the newest first."""
        query = select(t.MARKS).where(t.MARKS.c.created_ms >= since)
        query = query.order_by(t.MARKS.c.created_ms.desc(), t.MARKS.c.entry.desc()).limit(MOST)
        with self._engine.connect() as connection:
            return [Mark(**row._mapping) for row in connection.execute(query)]

    def mark(self, id: str) -> Mark:
        """Raises `NotFound`."""
        with self._engine.connect() as connection:
            row = connection.execute(select(t.MARKS).where(t.MARKS.c.id == id)).first()
        if row is None:
            raise NotFound("There is no such mark.")
        return Mark(**row._mapping)

    def put_hold(self, id: str, index: int) -> None:
        """Say which hold on the log came of a mark."""
        with writing(self._engine) as connection:
            connection.execute(update(t.MARKS).where(t.MARKS.c.id == id).values(hold=index))
