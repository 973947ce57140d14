"""Filling the rule book from register.db, so that a start does not replay the whole log.

The statements about people, sets and cameras are applied again, each at its own index and clock,
and their signatures noted for `stored.Recheck`; windows and requests are put back as their rows
say. The result equals a replay from entry 0, which `tests/register/test_projection.py` proves.
"""

from __future__ import annotations

import json

from sqlalchemy import Connection, select

from plainview.register import tables as t
from plainview.register.stored import Signed, stored
from plainview.tlog.history import CustodianSet, History, Request, Window

_RULES = ("founding", "propose", "enrol", "custodian-set", "camera", "record", "objection",
          "answer")  # fmt: skip
"""What is applied again; approvals stand under the type of what they approved."""


def restore(connection: Connection) -> tuple[History, list[Signed]]:
    """The rule book after the entries that register.db holds, and what is still to be verified."""
    history, later = History(), list[Signed]()
    sets = _statements(connection, history, later)
    _windows(connection, history, sets)
    _requests(connection, history)
    state = connection.execute(select(t.STATE.c.next, t.STATE.c.clock_ms)).one()
    history.size, history.clock = state
    own = t.STATEMENTS.c.type == "objection"
    ids = connection.execute(select(t.STATEMENTS.c.id, t.STATEMENTS.c.idx).where(~own))
    history.statements = {row.id: row.idx for row in ids}
    return history, later


def _statements(
    connection: Connection, history: History, later: list[Signed]
) -> list[CustodianSet]:
    """Apply the register's statements; every version of every set, oldest first."""
    query = select(t.STATEMENTS).where(t.STATEMENTS.c.type.in_(_RULES)).order_by(t.STATEMENTS.c.idx)
    sets = []
    for row in connection.execute(query):
        history.size, history.clock = row.idx, row.clock_ms
        stated = history.apply(row.idx, stored(row.idx, row.raw, later))
        if stated.type == "custodian-set":
            sets.append(history.sets[stated.body["set"]])
    return sets


def _windows(connection: Connection, history: History, sets: list[CustodianSet]) -> None:
    """Put windows back, each with the version of its set that was in force when it was logged."""
    query = select(t.WINDOWS).where(t.WINDOWS.c.shredded_by.is_(None))
    for row in connection.execute(query.order_by(t.WINDOWS.c.idx, t.WINDOWS.c.window)):
        record = json.loads(row.record)
        group = [one for one in sets if one.id == record["set"] and one.index < row.idx][-1]
        history.windows[row.window] = Window(record, row.idx, group, max(row.shred_ms, row.held_ms))


def _requests(connection: Connection, history: History) -> None:
    for row in connection.execute(select(t.REQUESTS).order_by(t.REQUESTS.c.idx)):
        body = json.loads(row.body)
        history.requests[row.hash] = Request(
            row.idx, row.person, tuple(body["windows"]), body["recipient"], row.expires_ms
        )
    releases = select(t.ANSWERS).where(t.ANSWERS.c.kind == "release")
    for row in connection.execute(releases.order_by(t.ANSWERS.c.idx)):
        given = history.requests[row.request].releases.setdefault(row.window, {})
        given[row.i] = row.resealed
    for row in connection.execute(select(t.OPENINGS).order_by(t.OPENINGS.c.idx)):
        history.requests[row.request].openings[row.window] = row.resealed_e
