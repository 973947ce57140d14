"""Statements out of register.db: taken at once at a start, their signatures verified right after.

They were verified before they were written, by this program, into a file that only it writes.
Whoever alters that file all the same is found within seconds: then nothing is answered out of it
any more, and no camera may record. Verifying first would keep a city's cameras waiting as long.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import orjson
import structlog
from sqlalchemy import Engine, select

from plainview.base.clock import from_iso
from plainview.errors import Invalid, StoreDamaged
from plainview.register import tables as t
from plainview.tlog.entries import Entry, parse

Signed = tuple[int, int, bytes]
"""Index of a statement, position of a signer, and the key that the signature must verify with."""
SLICE = 20
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stored(Entry):
    """A statement whose signatures are noted in `later` instead of being verified."""

    index: int = 0
    later: list[Signed] = field(default_factory=list)

    def check_signature(self, position: int, public: bytes) -> None:
        """Note what is to be verified."""
        self.later.append((self.index, position, public))


def stored(index: int, raw: bytes, later: list[Signed]) -> Stored:
    """The statement in a row; its form was checked before it was written."""
    read = orjson.loads(raw)
    by = tuple(read.get("by", ()))
    time_ = from_iso(read["time"])
    return Stored(raw, read["id"], read["type"], time_, read["body"], by, index, later)


class Recheck:
    """Verifies noted signatures in a thread of its own, half of the time; close it after use."""

    def __init__(self, engine: Engine, noted: list[Signed]) -> None:
        self._engine, self._noted = engine, noted
        self._stop = threading.Event()
        self._wrong: StoreDamaged | None = None
        self._thread = threading.Thread(target=self._run, name="recheck", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raises `StoreDamaged` once a statement was found that its author did not sign."""
        if self._wrong is not None:
            raise self._wrong

    def wait(self, seconds: float) -> None:
        """Wait until all is verified, for tests."""
        self._thread.join(seconds)

    def close(self) -> None:
        """Stop, verified or not."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        noted, self._noted = self._noted, []
        for first in range(0, len(noted), SLICE):
            begun = time.monotonic()
            try:
                self._verify(noted[first : first + SLICE])
            except Invalid as error:
                _log.error("register.db was altered", reason=error.message)
                self._wrong = StoreDamaged(
                    f"register.db holds a statement that nobody signed: {error.message}",
                    hint="Find out who wrote to it; then delete it, it is made again.",
                )
                return
            if self._stop.wait(time.monotonic() - begun):
                return

    def _verify(self, noted: list[Signed]) -> None:
        query = select(t.STATEMENTS.c.idx, t.STATEMENTS.c.raw)
        query = query.where(t.STATEMENTS.c.idx.in_({index for index, _, _ in noted}))
        with self._engine.connect() as connection:
            raws = {row.idx: bytes(row.raw) for row in connection.execute(query)}
        for index, position, public in noted:
            parse(raws[index]).check_signature(position, public)
