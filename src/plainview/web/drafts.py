"""Drafts of records: what somebody writes before it is proposed. Only its author sees a draft.

They stay in `drafts.db` of the web process: the log and the register know nothing of them. A draft
goes when its author deletes it, or once what it says stands in the register.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, func, select
from sqlalchemy import delete as remove
from sqlalchemy import update as change
from sqlalchemy.dialects.sqlite import insert

from plainview.base.clock import Clock, Ms, now_ms
from plainview.base.database import empty_journal, open_engine, writing
from plainview.base.ids import new_id
from plainview.base.upgrading import upgrade_to_newest
from plainview.errors import BadFormat, NotFound, Refused

CAMERA = "camera"
LARGEST = 60_000
"""Bytes of a draft's JSON: an entry of the log has at most 65,535, signatures included."""
DEEPEST = 8
MOST = 200
"""Drafts of one person."""
LENS = ("width_pixels", "angle_degrees", "height_cm")

UPGRADES = Path(__file__).with_name("drafts_upgrades")
METADATA = MetaData()
_DRAFTS = Table(
    "drafts",
    METADATA,
    Column("id", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("base", Integer, nullable=False),
    Column("record", String, nullable=False),
    Column("saves", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
)
Index("drafts_person", _DRAFTS.c.person)


class Overtaken(Refused):
    """The draft was saved from somewhere else meanwhile."""

    code = "overtaken"


@dataclass(frozen=True)
class Draft:
    """What `person` writes of a camera or another record.

    `kind` is `camera` or a kind of record, `subject` its id, `base` the version that it started
    from (0: there was none), `saves` how often it was saved: who saves says what they saw last.
    """

    id: str
    person: str
    kind: str
    subject: str
    base: int
    record: dict[str, Any]
    saves: int
    changed: Ms


@dataclass(frozen=True)
class Start:
    """What a draft begins with."""

    kind: str
    subject: str
    base: int
    record: Mapping[str, Any]


class Drafts:
    """The table of drafts; safe to call from several threads."""

    def __init__(self, file: Path, *, clock: Clock = now_ms) -> None:
        self._clock = clock
        self._engine = open_engine(file, overwrite=True)
        upgrade_to_newest(self._engine, UPGRADES)

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def begin(
        self, person: str, kind: str, subject: str, base: int, record: Mapping[str, Any]
    ) -> Draft:
        """A new draft. Raises `Refused` for somebody who has too many, `BadFormat`."""
        (made,) = self.begin_all(person, [Start(kind, subject, base, record)])
        return made

    def begin_all(self, person: str, starts: Sequence[Start]) -> list[Draft]:
        """All of these drafts, or none. Raises as `begin`."""
        rows = [
            {
                "id": new_id(),
                "person": person,
                "kind": one.kind,
                "subject": one.subject,
                "base": one.base,
                "record": _written(one.record),
                "saves": 0,
                "changed": self._clock(),
            }
            for one in starts
        ]
        with writing(self._engine) as connection:
            number = select(func.count()).where(_DRAFTS.c.person == person)
            there = connection.execute(number).scalar_one()
            if there + len(rows) > MOST:
                raise Refused(
                    f"You have {there} drafts; at most {MOST} are kept of one person.",
                    hint="Delete some of them.",
                )
            if rows:
                connection.execute(insert(_DRAFTS), rows)
        return [_draft(row) for row in rows]

    def of(self, person: str) -> list[Draft]:
        """Somebody's drafts, the one changed last first."""
        query = select(_DRAFTS).where(_DRAFTS.c.person == person)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_DRAFTS.c.changed.desc(), _DRAFTS.c.id))
            return [_draft(row._mapping) for row in rows]

    def get(self, person: str, id: str) -> Draft:
        """Raises `NotFound`, for somebody else's draft too."""
        query = select(_DRAFTS).where(_mine(person, id))
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise _unknown()
        return _draft(row._mapping)

    def save(self, person: str, id: str, record: Mapping[str, Any], saves: int) -> Draft:
        """The draft with another record; `saves` is what its author saw last.

        Raises `NotFound`, `BadFormat`, and `Overtaken` if it was saved since.
        """
        values = {"record": _written(record), "saves": saves + 1, "changed": self._clock()}
        with writing(self._engine) as connection:
            seen = _mine(person, id) & (_DRAFTS.c.saves == saves)
            done = connection.execute(change(_DRAFTS).where(seen).values(values)).rowcount
        draft = self.get(person, id)
        if not done:
            raise Overtaken(
                "This draft was saved in another window meanwhile.",
                hint="Open it again; what you wrote here last is not saved.",
            )
        return draft

    def delete(self, person: str, id: str) -> None:
        """Nothing is left of it. Raises `NotFound`."""
        with writing(self._engine) as connection:
            if not connection.execute(remove(_DRAFTS).where(_mine(person, id))).rowcount:
                raise _unknown()
        empty_journal(self._engine)


def _mine(person: str, id: str) -> Any:
    return (_DRAFTS.c.person == person) & (_DRAFTS.c.id == id)


def _unknown() -> NotFound:
    return NotFound("You have no such draft.", hint="It was published or deleted.")


def _draft(row: Mapping[Any, Any]) -> Draft:
    return Draft(**{**row, "record": json.loads(row["record"])})


def _written(record: Mapping[str, Any]) -> str:
    """As JSON without what says nothing. Raises `BadFormat` for what no record can hold."""
    if not _fits(record, DEEPEST):
        raise BadFormat("A record holds text, whole numbers, yes or no, lists and parts of these.")
    text = json.dumps(tidy(record), ensure_ascii=False, sort_keys=True)
    try:
        length = len(text.encode())
    except UnicodeEncodeError as error:
        raise BadFormat("The text holds half a character.") from error
    if length > LARGEST:
        raise BadFormat(f"A record has at most {LARGEST:,} bytes.", hint="Shorten its texts.")
    return text


def _fits(value: Any, depth: int) -> bool:
    """Whether canonical JSON without floats can hold it."""
    if isinstance(value, Mapping):
        return depth > 0 and all(_fits(one, depth - 1) for one in value.values())
    if isinstance(value, list):
        return depth > 0 and all(_fits(one, depth - 1) for one in value)
    if isinstance(value, int):
        return abs(value) < 2**53
    return value is None or isinstance(value, str)


def tidy(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record without empty texts, nulls, and parts in which nothing is left. An empty list
    stays: it is an answer (nobody receives the pictures)."""
    parts = {
        name: tidy(value) if isinstance(value, Mapping) else value for name, value in record.items()
    }
    return {name: value for name, value in parts.items() if value not in (None, "", {})}


def to_change(kind: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """What the next version starts from: a camera's holds from its own publication on, and its
    density is worked out anew from its lens."""
    if kind != CAMERA:
        return dict(record)
    started = {name: value for name, value in record.items() if name != "valid_from"}
    density = started.get("density")
    if density and all(name in started for name in LENS):
        started["density"] = {"nearest_cm": density["nearest_cm"]}
    return started
