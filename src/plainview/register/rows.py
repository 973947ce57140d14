"""What an entry means as rows of register.db. One function a type; entries passed the rule book.

Rows are gathered in a `Batch` and written table by table, and so are changes of earlier rows,
which is what makes a first start with many entries quick.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Table, Update, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from plainview.base.clock import Ms, from_iso
from plainview.base.ids import unb64
from plainview.register import tables as t
from plainview.register.said import said_by
from plainview.tlog.entries import Entry, canonical, key_id
from plainview.tlog.history import History

_WINDOW = update(t.WINDOWS).where(t.WINDOWS.c.window == bindparam("name"))
_HELD = _WINDOW.values(held_ms=bindparam("held"))
_SHREDDED = _WINDOW.values(shredded_by=bindparam("entry"))
_REVEALED = (
    update(t.ACTS).where(t.ACTS.c.idx == bindparam("of")).values(revealed_by=bindparam("entry"))
)


class Batch:
    """Rows on their way into register.db, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[Table, list[dict[str, Any]]] = {}
        self._changes: dict[Update, list[dict[str, Any]]] = {}

    def add(self, table: Table, **values: Any) -> None:
        """Gather a row; one that is there already stays."""
        self._rows.setdefault(table, []).append(values)

    def change(self, statement: Update, **values: Any) -> None:
        """Gather a change of a row; statements change columns of their own, so each goes alone."""
        self._changes.setdefault(statement, []).append(values)

    def index_of(self, leaf: str) -> int:
        """The index of the entry with this leaf hash, which was applied before."""
        self.flush()
        query = select(t.ENTRIES.c.idx).where(t.ENTRIES.c.leaf == leaf).limit(1)
        return int(self._connection.execute(query).scalar_one())

    def flush(self) -> None:
        """Write out what was gathered."""
        for table, rows in self._rows.items():
            self._connection.execute(insert(table).on_conflict_do_nothing(), rows)
        for statement, values in self._changes.items():
            self._connection.execute(statement, values)
        self._rows, self._changes = {}, {}


def write(
    batch: Batch, index: int, entry: Entry, stated: Entry, clock: Ms, history: History
) -> None:
    """Write the rows of one entry that `history` has just applied; `clock` is from before.

    `stated` is what it put in force: itself, or what it approved.
    """
    leaf = entry.hash
    batch.add(t.ENTRIES, idx=index, type=entry.type, time_ms=entry.time, leaf=leaf)
    if entry.by or entry.type == "objection":
        batch.add(
            t.STATEMENTS,
            idx=index,
            id=entry.id,
            type=stated.type,
            subject=_subject(stated),
            clock_ms=clock,
            raw=entry.raw,
        )
    step = _STEPS.get(stated.type)
    if step is not None:
        step(batch, index, stated, history)
    _versions(batch, index, entry, stated, max(clock, entry.time))


def write_rejected(batch: Batch, index: int, raw_leaf: str, reason: str) -> None:
    """An entry that may not stand on the log changes nothing; it is remembered with the reason."""
    batch.add(t.ENTRIES, idx=index, type="rejected", time_ms=0, leaf=raw_leaf)
    batch.add(t.REJECTED, idx=index, reason=reason)


def _versions(batch: Batch, index: int, entry: Entry, stated: Entry, published: Ms) -> None:
    """What the register says from this entry on; an approval says what its proposal does."""
    contents = list(said_by(stated))
    said = index
    if contents and entry.type == "approve":
        said = batch.index_of(entry.body["proposal"])
    for one in contents:
        batch.add(
            t.VERSIONS,
            idx=index,
            type=one.type,
            subject=one.subject,
            version=one.version,
            status=one.status,
            said=said,
            published_ms=published,
        )


def _subject(entry: Entry) -> str:
    body = entry.body
    if entry.type == "record":
        return f"{body['kind']}/{body['id']}"
    for name in ("camera", "set", "person"):
        if isinstance(body.get(name), str):
            return str(body[name])
    return str(body.get("request", ""))


def _author(entry: Entry, history: History) -> str:
    return history.keys[entry.by[0]].id


def _founding(batch: Batch, index: int, entry: Entry, history: History) -> None:
    for person in entry.body["people"]:
        _key(batch, index, person)


def _enrol(batch: Batch, index: int, entry: Entry, history: History) -> None:
    _key(batch, index, entry.body)


def _key(batch: Batch, index: int, person: dict[str, Any]) -> None:
    for key in (person["key"], *person.get("more_keys", ())):
        batch.add(t.KEYS, key_id=key_id(unb64(key)), idx=index, person=person["person"])


def _windows(batch: Batch, index: int, entry: Entry, history: History) -> None:
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
    for row in rows:
        batch.add(t.WINDOWS, **row)


def _hold(batch: Batch, index: int, entry: Entry, history: History) -> None:
    for name in entry.body["windows"]:
        held = history.windows[name].due
        batch.change(_HELD, name=name, held=held)


def _shred(batch: Batch, index: int, entry: Entry, history: History) -> None:
    body = entry.body
    batch.add(
        t.SHREDS,
        idx=index,
        period=body["period"],
        due_ms=from_iso(body["due"]),
        time_ms=entry.time,
        windows=body["count"],
        **{"class": body["class"]},
    )
    for name in body["windows"]:
        batch.change(_SHREDDED, name=name, entry=index)


def _request(batch: Batch, index: int, entry: Entry, history: History) -> None:
    batch.add(
        t.REQUESTS,
        hash=entry.hash,
        idx=index,
        person=_author(entry, history),
        key_id=entry.by[0],
        time_ms=entry.time,
        expires_ms=from_iso(entry.body["expires"]),
        body=json.dumps(entry.body),
    )


def _release(batch: Batch, index: int, entry: Entry, history: History) -> None:
    body = entry.body
    batch.add(
        t.ANSWERS,
        idx=index,
        kind="release",
        request=body["request"],
        person=_author(entry, history),
        window=body["window"],
        i=body["index"],
        resealed=body["resealed"],
        reason=None,
    )


def _refusal(batch: Batch, index: int, entry: Entry, history: History) -> None:
    body = entry.body
    batch.add(
        t.ANSWERS,
        idx=index,
        kind="refusal",
        request=body["request"],
        person=_author(entry, history),
        window=None,
        i=None,
        resealed=None,
        reason=body["reason"],
    )


def _opening(batch: Batch, index: int, entry: Entry, history: History) -> None:
    batch.add(t.OPENINGS, idx=index, **entry.body)


def _opened(batch: Batch, index: int, entry: Entry, history: History) -> None:
    batch.add(t.OPENED, idx=index, request=entry.body["request"])


def _act(batch: Batch, index: int, entry: Entry, history: History) -> None:
    body = entry.body
    batch.add(
        t.ACTS,
        idx=index,
        actor=body["actor"],
        role=body["role"],
        act=body["act"],
        time_ms=entry.time,
        commitment=body["detail_commitment"],
    )


def _reveal(batch: Batch, index: int, entry: Entry, history: History) -> None:
    batch.change(_REVEALED, of=entry.body["of"], entry=index)


def _gate(batch: Batch, index: int, entry: Entry, history: History) -> None:
    body = entry.body
    batch.add(
        t.GATES,
        idx=index,
        camera=body["camera"],
        allowed=int(body["allowed"]),
        reason=body["reason"],
        time_ms=entry.time,
    )


_STEPS: dict[str, Callable[[Batch, int, Entry, History], None]] = {
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
