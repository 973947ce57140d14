"""Questions about entries, windows, requests, acts and shreds: rows of register.db."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, func, select

from plainview.base.clock import Ms
from plainview.errors import NotFound, NotLogged
from plainview.register import tables as t
from plainview.register.answers import (
    ActOnLog,
    GateOnLog,
    Line,
    OpeningOnLog,
    RefusalOnLog,
    ReleaseOnLog,
    RequestOnLog,
    ShredOnLog,
    WindowOnLog,
)
from plainview.register.follow import Follower
from plainview.tlog.entries import Entry, parse
from plainview.tlog.tiles import WIDTH

MOST = 10_000
"""No answer is longer than this."""
PROOF_SECONDS = 5.0
"""How long a proof of a fresh entry is waited for: witnesses answer within a second or two."""


class Questions:
    """Everything that is answered out of rows; `Register` adds what the rule book answers."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    # -- entries

    def recent(self, limit: int, before: int | None = None, type: str | None = None) -> list[Line]:
        """The newest entries first, at most `limit`, of one type if wanted, older than `before`."""
        query = select(t.ENTRIES).order_by(t.ENTRIES.c.idx.desc()).limit(min(limit, MOST))
        if before is not None:
            query = query.where(t.ENTRIES.c.idx < before)
        if type is not None:
            query = query.where(t.ENTRIES.c.type == type)
        return [_line(row) for row in self._all(query)]

    def lines(self, indexes: Sequence[int]) -> list[Line]:
        """The entries with these indexes."""
        return [
            _line(row) for row in self._all(select(t.ENTRIES).where(t.ENTRIES.c.idx.in_(indexes)))
        ]

    def counts(self) -> dict[str, int]:
        """How many entries of each type there are."""
        number = func.count().label("number")
        query = select(t.ENTRIES.c.type, number).group_by(t.ENTRIES.c.type)
        return {row.type: row.number for row in self._all(query)}

    def find(self, leaf: str) -> int:
        """The index of the entry with this leaf hash (hex). Raises `NotFound`."""
        query = select(t.ENTRIES.c.idx).where(t.ENTRIES.c.leaf == leaf).limit(1)
        return int(self._one(query, f"No entry {leaf[:16]}... is on the log.").idx)

    def raw(self, index: int) -> bytes:
        """The entry's bytes, from the log. Raises `NotFound`."""
        self._check_known(index)
        return next(self._follower.entries(index, index + 1))[1]

    def raws(self, indexes: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """(index, bytes) of entries, ascending; a file of the log is read once for all in it."""
        if not indexes:
            return
        self._check_known(max(indexes))
        bundles: dict[int, set[int]] = {}
        for index in sorted(indexes):
            bundles.setdefault(index // WIDTH, set()).add(index)
        for wanted in bundles.values():
            for index, raw in self._follower.entries(min(wanted), max(wanted) + 1):
                if index in wanted:
                    yield index, raw

    def proof(self, index: int, *, wait_s: float = 0.0) -> str:
        """The tlog-proof of an entry under the newest checkpoint.

        Raises `NotFound`, and `NotLogged` if it is not witnessed within `wait_s` seconds.
        """
        self._check_known(index)
        end = time.monotonic() + wait_s
        while True:
            try:
                return self._follower.reader.proof(index).decode()
            except NotLogged:
                if time.monotonic() >= end:
                    raise
                time.sleep(0.1)

    def statement(self, index: int) -> bytes:
        """The bytes of a signed statement. Raises `NotFound`."""
        query = select(t.STATEMENTS.c.raw).where(t.STATEMENTS.c.idx == index)
        return bytes(self._one(query, f"Entry {index} is no statement.").raw)

    def stated(self, index: int) -> Entry:
        """What a signed statement puts in force: itself, or what it approves. Raises `NotFound`."""
        entry = parse(self.statement(index))
        if entry.type != "approve":
            return entry
        inner = parse(self.raw(self.find(entry.body["proposal"]))).body
        return replace(entry, type=inner["type"], body=inner["body"])

    def statements(
        self, types: Sequence[str], *, subject: str | None = None, before: int
    ) -> list[int]:
        """Indexes of signed statements of these types, older than `before`, oldest first."""
        c = t.STATEMENTS.c
        query = select(c.idx).where(c.type.in_(types), c.idx < before).order_by(c.idx)
        if subject is not None:
            query = query.where(c.subject == subject)
        return [row.idx for row in self._all(query.limit(MOST * 10))]

    def of_type(self, type: str, *, after: int, limit: int) -> list[int]:
        """Indexes of entries of one type from `after` on, oldest first."""
        c = t.ENTRIES.c
        query = select(c.idx).where(c.type == type, c.idx >= after).order_by(c.idx)
        return [row.idx for row in self._all(query.limit(limit))]

    def public_file(self, name: str) -> bytes:
        """A file of the log's folder, such as a minute's leaves. Raises `NotFound`."""
        return self._follower.reader.fetch(name)

    def key_statement(self, key: str, before: int) -> int:
        """The index of the newest founding or enrolment with this key, older than `before`."""
        return int(self._enrolment(t.KEYS.c.key_id == key, before, key).idx)

    def key_owner(self, key: str, before: int) -> str:
        """Whose key it was before the entry at `before`."""
        return str(self._enrolment(t.KEYS.c.key_id == key, before, key).person)

    def person_statement(self, person: str, before: int) -> int:
        """The index of the newest founding or enrolment of a person, older than `before`."""
        return int(self._enrolment(t.KEYS.c.person == person, before, person).idx)

    def _enrolment(self, which: ColumnElement[bool], before: int, name: str) -> Row[Any]:
        query = select(t.KEYS.c.idx, t.KEYS.c.person).where(which, t.KEYS.c.idx < before)
        query = query.order_by(t.KEYS.c.idx.desc()).limit(1)
        return self._one(query, f"{name} is not enrolled.")

    def set_statement(self, name: str, before: int) -> int:
        """The index of the version of a custodian set in force for the entry at `before`."""
        c = t.STATEMENTS.c
        query = select(c.idx).where(c.type == "custodian-set", c.subject == name, c.idx < before)
        query = query.order_by(c.idx.desc()).limit(1)
        return int(self._one(query, f"No custodian set {name} is on the log.").idx)

    def rejected(self) -> list[tuple[int, str]]:
        """Entries that break the rules and so have no effect: (index, reason). Should be empty."""
        query = select(t.REJECTED).order_by(t.REJECTED.c.idx).limit(MOST)
        return [(row.idx, row.reason) for row in self._all(query)]

    # -- windows

    def windows(self, camera: str, from_ms: Ms, to_ms: Ms) -> list[WindowOnLog]:
        """Logged windows of a camera that overlap [from_ms, to_ms), by start."""
        query = select(t.WINDOWS).where(
            t.WINDOWS.c.camera == camera,
            t.WINDOWS.c.start_ms < to_ms,
            t.WINDOWS.c.end_ms > from_ms,
        )
        query = query.order_by(t.WINDOWS.c.start_ms, t.WINDOWS.c.window).limit(MOST)
        return [_window(row) for row in self._all(query)]

    def window(self, name: str) -> WindowOnLog:
        """Raises `NotFound`."""
        query = select(t.WINDOWS).where(t.WINDOWS.c.window == name)
        return _window(self._one(query, f"No window {name} is on the log."))

    def window_record(self, name: str) -> dict[str, Any]:
        """The window's record as logged. Raises `NotFound`."""
        query = select(t.WINDOWS.c.record).where(t.WINDOWS.c.window == name)
        record = self._one(query, f"No window {name} is on the log.").record
        found: dict[str, Any] = json.loads(record)
        return found

    def overdue(self, now: Ms) -> list[WindowOnLog]:
        """Windows that should be unreadable by `now` and are not said to be."""
        c = t.WINDOWS.c
        query = select(t.WINDOWS).where(
            c.shredded_by.is_(None), c.shred_ms <= now, c.held_ms <= now
        )
        return [_window(row) for row in self._all(query.order_by(c.shred_ms).limit(MOST))]

    def shreds(self, limit: int) -> list[ShredOnLog]:
        """The newest first."""
        query = select(t.SHREDS).order_by(t.SHREDS.c.idx.desc()).limit(min(limit, MOST))
        return [
            ShredOnLog(row.idx, row.period, row.due_ms, row.time_ms, row.windows)
            for row in self._all(query)
        ]

    # -- requests

    def request(self, hash: str) -> RequestOnLog:
        """Raises `NotFound`."""
        query = select(t.REQUESTS).where(t.REQUESTS.c.hash == hash)
        return _request(self._one(query, "No such request is on the log."))

    def requests(self, person: str | None = None) -> list[RequestOnLog]:
        """All requests or one person's, the newest first."""
        query = select(t.REQUESTS).order_by(t.REQUESTS.c.idx.desc()).limit(MOST)
        if person is not None:
            query = query.where(t.REQUESTS.c.person == person)
        return [_request(row) for row in self._all(query)]

    def releases(self, hash: str) -> list[ReleaseOnLog]:
        """Of one request, in the order of the log."""
        rows = self._of(t.ANSWERS, hash, t.ANSWERS.c.kind == "release")
        return [
            ReleaseOnLog(row.idx, row.request, row.person, row.window, row.i, row.resealed)
            for row in rows
        ]

    def refusals(self, hash: str) -> list[RefusalOnLog]:
        """Of one request, in the order of the log."""
        rows = self._of(t.ANSWERS, hash, t.ANSWERS.c.kind == "refusal")
        return [RefusalOnLog(row.idx, row.request, row.person, row.reason) for row in rows]

    def openings(self, hash: str) -> list[OpeningOnLog]:
        """Of one request, in the order of the log."""
        return [
            OpeningOnLog(row.idx, row.request, row.window, row.resealed_e)
            for row in self._of(t.OPENINGS, hash)
        ]

    def opened(self, hash: str) -> list[int]:
        """Indexes of the requester's own reports of opening."""
        return [row.idx for row in self._of(t.OPENED, hash)]

    # -- acts and the gate

    def acts(self, actor: str) -> list[ActOnLog]:
        """What one (daily) actor did, the newest first."""
        query = select(t.ACTS).where(t.ACTS.c.actor == actor).order_by(t.ACTS.c.idx.desc())
        return [_act(row) for row in self._all(query.limit(MOST))]

    def newest_acts(self, limit: int, before: int | None = None) -> list[ActOnLog]:
        """What anybody did, the newest first, older than the entry `before`."""
        query = select(t.ACTS).order_by(t.ACTS.c.idx.desc()).limit(min(limit, MOST))
        if before is not None:
            query = query.where(t.ACTS.c.idx < before)
        return [_act(row) for row in self._all(query)]

    def act(self, index: int) -> ActOnLog:
        """Raises `NotFound`."""
        query = select(t.ACTS).where(t.ACTS.c.idx == index)
        return _act(self._one(query, f"Entry {index} is no act."))

    def acts_at(self, indexes: Sequence[int]) -> list[ActOnLog]:
        """The acts among the entries with these indexes, a few hundred at most."""
        return [_act(row) for row in self._all(select(t.ACTS).where(t.ACTS.c.idx.in_(indexes)))]

    def gates(self, camera: str, limit: int) -> list[GateOnLog]:
        """What the gate answered about a camera, the newest first."""
        query = select(t.GATES).where(t.GATES.c.camera == camera).order_by(t.GATES.c.idx.desc())
        return [
            GateOnLog(row.idx, row.camera, bool(row.allowed), row.reason, row.time_ms)
            for row in self._all(query.limit(min(limit, MOST)))
        ]

    # -- below

    def _check_known(self, index: int) -> None:
        """Raises `NotFound`. Rows may be newer than our look at the log: others write them, too."""
        if index >= self._size():
            self._follower.sync()
        if not 0 <= index < self._size():
            raise NotFound(f"The log has no entry {index} yet.")

    def _size(self) -> int:
        with self._follower.book() as book:
            return book.size

    def _of(self, table: Table, request: str, *also: Any) -> Sequence[Row[Any]]:
        query = select(table).where(table.c.request == request, *also)
        return self._all(query.order_by(table.c.idx).limit(MOST))

    def _all(self, query: Select[Any]) -> Sequence[Row[Any]]:
        with self._follower.rows() as connection:
            return connection.execute(query).all()

    def _one(self, query: Select[Any], missing: str) -> Row[Any]:
        found = self._first(query)
        if found is None and self._follower.sync():  # it may be on the log since a moment
            found = self._first(query)
        if found is None:
            raise NotFound(missing)
        return found

    def _first(self, query: Select[Any]) -> Row[Any] | None:
        with self._follower.rows() as connection:
            return connection.execute(query).first()


def _line(row: Row[Any]) -> Line:
    return Line(row.idx, row.type, row.time_ms, row.leaf)


def _window(row: Row[Any]) -> WindowOnLog:
    return WindowOnLog(
        row.window,
        row.camera,
        row.start_ms,
        row.end_ms,
        row.idx,
        row.period,
        row.shred_ms,
        row.held_ms,
        row.shredded_by,
        row.register,
    )


def _request(row: Row[Any]) -> RequestOnLog:
    return RequestOnLog(
        row.hash,
        row.idx,
        row.person,
        row.key_id,
        row.time_ms,
        row.expires_ms,
        json.loads(row.body),
    )


def _act(row: Row[Any]) -> ActOnLog:
    return ActOnLog(
        row.idx, row.actor, row.role, row.act, row.time_ms, row.commitment, row.revealed_by
    )
