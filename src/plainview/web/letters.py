"""What residents write: objections to a camera, and reports of cameras that nobody registered.

The texts stay in `letters.db`: they may say where somebody lives. Of an objection the log holds a
commitment; its number is its index there, and its answer is a statement that everybody reads. A
report has a number of its own and a state that everybody reads. Texts are destroyed 90 days after
they were answered.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, UniqueConstraint, func, select
from sqlalchemy import delete as remove
from sqlalchemy import update as change
from sqlalchemy.dialects.sqlite import insert

from plainview.base.clock import DAY_MS, Clock, Ms, now_ms
from plainview.base.database import empty_journal, open_engine, writing
from plainview.base.ids import new_id
from plainview.base.upgrading import upgrade_to_newest
from plainview.errors import BadFormat, NotFound
from plainview.tlog.entries import commit

OBJECTION, REPORT = "objection", "report"
STATES = ("received", "looked_into", "registered", "not_ours", "not_found", "removed")
"""Of a report."""
WAITING = STATES[:2]
"""Those of a report of which more is to be said."""
SHORTEST, LONGEST = 10, 4_000
"""Characters of a text."""
KEEP_MS: Ms = 90 * DAY_MS

UPGRADES = Path(__file__).with_name("letters_upgrades")
METADATA = MetaData()
_LETTERS = Table(
    "letters",
    METADATA,
    Column("id", String, primary_key=True),  # of an objection, its entry's
    Column("kind", String, nullable=False),
    Column("number", Integer),  # an objection has none until it is on the log
    Column("camera", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", String, nullable=False),
    Column("salt", String, nullable=False),
    Column("received", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("reply", String, nullable=False),
    Column("replied", Integer),
    UniqueConstraint("kind", "number"),
)


@dataclass(frozen=True)
class Letter:
    """One letter; `camera` is a place in words if it is a report."""

    id: str
    kind: str
    number: int | None
    camera: str
    version: int
    text: str
    salt: str
    received: Ms
    state: str
    reply: str
    replied: Ms | None

    @property
    def commitment(self) -> str:
        """What the log holds of it."""
        return commit({"text": self.text}, bytes.fromhex(self.salt))


def checked(text: str) -> str:
    """The text without odd white space. Raises `BadFormat` if it is too short or too long."""
    plain = "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()
    if not SHORTEST <= len(plain) <= LONGEST or not plain.replace("\n", " ").isprintable():
        raise BadFormat(
            f"Write between {SHORTEST} and {LONGEST:,} characters of plain text.",
            hint="Go back; your browser still has what you wrote.",
        )
    return plain


class Letters:
    """The table of letters; safe to call from several threads."""

    def __init__(self, file: Path, *, clock: Clock = now_ms) -> None:
        self._clock = clock
        self._engine = open_engine(file, overwrite=True)
        upgrade_to_newest(self._engine, UPGRADES)

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def object(self, camera: str, version: int, text: str) -> Letter:
        """Keep an objection, durably; `number` follows once it is on the log."""
        return self._put(OBJECTION, camera, version, text)

    def report(self, place: str, text: str) -> Letter:
        """Keep a report of a camera at a place; it has its number at once."""
        return self._put(REPORT, place, 0, text)

    def numbered(self, letter: Letter, number: int) -> None:
        """An objection is on the log."""
        with writing(self._engine) as connection:
            which = _LETTERS.c.id == letter.id
            connection.execute(change(_LETTERS).where(which).values(number=number))

    def drop(self, letter: Letter) -> None:
        """An objection that could not be logged was not taken."""
        with writing(self._engine) as connection:
            connection.execute(remove(_LETTERS).where(_LETTERS.c.id == letter.id))

    def unlogged(self) -> list[Letter]:
        """Objections of which it is not known whether they are on the log."""
        return self._find(_LETTERS.c.kind == OBJECTION, _LETTERS.c.number.is_(None))

    def answer(self, kind: str, numbers: Sequence[int], state: str, reply: str) -> None:
        """Note an answer; the texts are destroyed 90 days later. Raises `NotFound`."""
        with writing(self._engine) as connection:
            which = (_LETTERS.c.kind == kind) & _LETTERS.c.number.in_(numbers)
            values = {"state": state, "reply": reply, "replied": self._clock()}
            found = connection.execute(change(_LETTERS).where(which).values(values))
            if found.rowcount < len(set(numbers)):
                raise NotFound(f"There is no such {kind}.")

    def unanswered(self) -> list[Letter]:
        """Objections on the log of which no answer was noted."""
        c = _LETTERS.c
        return self._find(c.kind == OBJECTION, c.number.is_not(None), c.replied.is_(None))

    def get(self, kind: str, number: int) -> Letter:
        """Raises `NotFound`."""
        found = self._find(_LETTERS.c.kind == kind, _LETTERS.c.number == number)
        if not found:
            raise NotFound(f"There is no {kind} {number}.")
        return found[0]

    def objection(self, ident: str) -> Letter:
        """By the id under which it was sent to the log. Raises `NotFound`."""
        found = self._find(_LETTERS.c.kind == OBJECTION, _LETTERS.c.id == ident)
        if not found:
            raise NotFound(
                "No objection is kept under this address.",
                hint="If you sent one: the camera's notice ended before the log could take it. The "
                "camera's page says whom to write to, and where to complain.",
            )
        return found[0]

    def newest(self, kind: str, limit: int, *, before: int = 2**53) -> list[Letter]:
        """Those with a number below `before`, the newest first."""
        return self._find(
            _LETTERS.c.kind == kind, _LETTERS.c.number < before, limit=limit, newest=True
        )

    def waiting_reports(self, limit: int) -> list[Letter]:
        """Reports of which more is to be said, the oldest first."""
        c = _LETTERS.c
        return self._find(c.kind == REPORT, c.state.in_(WAITING), limit=limit)

    def destroy_old(self) -> None:
        """Destroy the texts that were answered 90 days ago, in the file too."""
        old = (_LETTERS.c.replied < self._clock() - KEEP_MS) & (_LETTERS.c.text != "")
        with self._engine.connect() as connection:
            if connection.execute(select(_LETTERS.c.id).where(old).limit(1)).first() is None:
                return
        with writing(self._engine) as connection:
            connection.execute(change(_LETTERS).where(old).values(text="", salt=""))
        empty_journal(self._engine)

    def _find(self, *which: Any, limit: int = -1, newest: bool = False) -> list[Letter]:
        number = _LETTERS.c.number
        query = select(_LETTERS).where(*which).order_by(number.desc() if newest else number)
        with self._engine.connect() as connection:
            rows = connection.execute(query.limit(limit))
            return [Letter(**row._mapping) for row in rows]

    def _put(self, kind: str, camera: str, version: int, text: str) -> Letter:
        with writing(self._engine) as connection:
            number = None
            if kind == REPORT:
                newest = select(func.max(_LETTERS.c.number)).where(_LETTERS.c.kind == REPORT)
                number = (connection.execute(newest).scalar_one() or 0) + 1
            letter = Letter(
                new_id(), kind, number, camera, version, text, secrets.token_hex(32),
                self._clock(), STATES[0], "", None,
            )  # fmt: skip
            connection.execute(insert(_LETTERS).values(vars(letter)))
        return letter
