"""What an entry means as rows of register.db. One function a type; entries passed the rule book."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Table, update
from sqlalchemy.dialects.sqlite import insert

from plainview.base.clock import Ms, from_iso
from plainview.base.ids import unb64
from plainview.register import tables as t
from plainview.tlog.entries import Entry, canonical, key_id
from plainview.tlog.history import History


def write(connection: Connection, index: int, entry: Entry, clock: Ms, history: History) -> None:
    """Write the rows of one entry that `history` has just applied; `clock` is from before."""
    leaf = entry.hash
    _add(connection, t.ENTRIES, idx=index, type=entry.type, time_ms=entry.time, leaf=leaf)
    if entry.by:
        _add(
            connection,
            t.STATEMENTS,
            idx=index,
            id=entry.id,
            type=entry.type,
            subject=_subject(entry),
            clock_ms=clock,
            raw=entry.raw,
        )
    step = _STEPS.get(entry.type)
    if step is not None:
        step(connection, index, entry, history)


def write_rejected(connection: Connection, index: int, raw_leaf: str, reason: str) -> None:
    """An entry that may not stand on the log changes nothing; it is remembered with the reason."""
    _add(connection, t.ENTRIES, idx=index, type="rejected", time_ms=0, leaf=raw_leaf)
    _add(connection, t.REJECTED, idx=index, reason=reason)


def _add(connection: Connection, table: Table, **values: Any) -> None:
    connection.execute(insert(table).on_conflict_do_nothing(), values)


def _subject(entry: Entry) -> str:
    body = entry.body
    for name in ("camera", "set", "person"):
        if isinstance(body.get(name), str):
            return str(body[name])
    return str(body.get("request", ""))


def _author(entry: Entry, history: History) -> str:
    return history.keys[entry.by[0]].id


def _founding(connection: Connection, index: int, entry: Entry, history: History) -> None:
    for person in entry.body["people"]:
        _key(connection, index, person)


def _enrol(connection: Connection, index: int, entry: Entry, history: History) -> None:
    _key(connection, index, entry.body)


def _key(connection: Connection, index: int, person: dict[str, Any]) -> None:
    known = key_id(unb64(person["key"]))
    _add(connection, t.KEYS, key_id=known, idx=index, person=person["person"])


def _windows(connection: Connection, index: int, entry: Entry, history: History) -> None:
    rows = [
        {
            "window": record["window"],
            "camera": record["camera"],
            "start_ms": from_iso(record["start"]),
            "end_ms": from_iso(record["end"]),
            "idx": index,
            "period": record["period"],
            "shred_ms": from_iso(record["shred"]),
            "register": record["register"],
            "record": canonical(record).decode(),
            "held_ms": 0,
        }
        for record in entry.body["windows"]
    ]
    if rows:
        connection.execute(insert(t.WINDOWS).on_conflict_do_nothing(), rows)


def _hold(connection: Connection, index: int, entry: Entry, history: History) -> None:
    for name in entry.body["windows"]:
        held = history.windows[name].held_until
        connection.execute(update(t.WINDOWS).where(t.WINDOWS.c.window == name).values(held_ms=held))


def _shred(connection: Connection, index: int, entry: Entry, history: History) -> None:
    body = entry.body
    _add(
        connection,
        t.SHREDS,
        idx=index,
        period=body["period"],
        due_ms=from_iso(body["due"]),
        time_ms=entry.time,
        windows=body["count"],
        **{"class": body["class"]},
    )
    for name in body["windows"]:
        connection.execute(
            update(t.WINDOWS).where(t.WINDOWS.c.window == name).values(shredded_by=index)
        )


def _request(connection: Connection, index: int, entry: Entry, history: History) -> None:
    _add(
        connection,
        t.REQUESTS,
        hash=entry.hash,
        idx=index,
        person=_author(entry, history),
        key_id=entry.by[0],
        time_ms=entry.time,
        expires_ms=from_iso(entry.body["expires"]),
        body=json.dumps(entry.body),
    )


def _release(connection: Connection, index: int, entry: Entry, history: History) -> None:
    body = entry.body
    _add(
        connection,
        t.ANSWERS,
        idx=index,
        kind="release",
        request=body["request"],
        person=_author(entry, history),
        window=body["window"],
        i=body["index"],
        resealed=body["resealed"],
    )


def _refusal(connection: Connection, index: int, entry: Entry, history: History) -> None:
    body = entry.body
    _add(
        connection,
        t.ANSWERS,
        idx=index,
        kind="refusal",
        request=body["request"],
        person=_author(entry, history),
        reason=body["reason"],
    )


def _opening(connection: Connection, index: int, entry: Entry, history: History) -> None:
    _add(connection, t.OPENINGS, idx=index, **entry.body)


def _opened(connection: Connection, index: int, entry: Entry, history: History) -> None:
    _add(connection, t.OPENED, idx=index, request=entry.body["request"])


def _act(connection: Connection, index: int, entry: Entry, history: History) -> None:
    body = entry.body
    _add(
        connection,
        t.ACTS,
        idx=index,
        actor=body["actor"],
        role=body["role"],
        act=body["act"],
        time_ms=entry.time,
        commitment=body["detail_commitment"],
    )


def _reveal(connection: Connection, index: int, entry: Entry, history: History) -> None:
    found = update(t.ACTS).where(t.ACTS.c.idx == entry.body["of"])
    connection.execute(found.values(revealed_by=index))


def _gate(connection: Connection, index: int, entry: Entry, history: History) -> None:
    body = entry.body
    _add(
        connection,
        t.GATES,
        idx=index,
        camera=body["camera"],
        allowed=int(body["allowed"]),
        reason=body["reason"],
        time_ms=entry.time,
    )


_STEPS: dict[str, Callable[[Connection, int, Entry, History], None]] = {
    "founding": _founding,
    "enrol": _enrol,
    "windows": _windows,
    "hold": _hold,
    "shred": _shred,
    "request": _request,
    "release": _release,
    "refusal": _refusal,
    "opening": _opening,
    "opened": _opened,
    "act": _act,
    "reveal": _reveal,
    "gate": _gate,
}
