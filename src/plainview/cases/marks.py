"""Marks: an operator asks to keep 15 minutes of a camera; a supervisor's hold keeps them.

A mark lives for 72 hours. By itself it keeps nothing from being destroyed: only a `hold` that a
supervisor or data protection officer signs does, as the log's rules say. So whoever looks at a mark
sees by when a hold must be made of it: sooner where recordings live less than 72 hours.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from plainview.base.clock import DAY_MS, Clock, Ms, from_iso, now_ms, to_iso
from plainview.base.ids import b64, new_id
from plainview.base.settings import Settings
from plainview.cases.drafts import check_commitment
from plainview.cases.rows import Mark, Rows
from plainview.cases.rules import Rules
from plainview.errors import BadFormat, NotFound, Refused
from plainview.keys.client import KeeperClient
from plainview.register.answers import WindowOnLog
from plainview.register.projection import Register
from plainview.store.store import Store
from plainview.tlog.entries import commit

LASTS_MS: Ms = 3 * DAY_MS
BEFORE_MS: Ms = 10 * 60_000
AFTER_MS: Ms = 5 * 60_000
"""A mark means so long before its moment, and after it: what is seen began earlier."""
SHOWN_MS: Ms = 14 * DAY_MS
"""So long a mark that lapsed is still shown, as lapsed."""
HOLD_DAYS, MOST_HOLD_DAYS = 30, 365
MOST_NOTE = 500


class State(StrEnum):
    """What became of a mark."""

    OPEN = "open"
    HELD = "held"
    LAPSED = "lapsed"
    DESTROYED = "destroyed"


@dataclass(frozen=True)
class Standing:
    """A mark as it stands now. `destroyed_ms`: when the first window without a hold goes."""

    mark: Mark
    state: State
    from_ms: Ms
    to_ms: Ms
    lapses_ms: Ms
    destroyed_ms: Ms | None
    held_ms: Ms | None

    @property
    def deadline_ms(self) -> Ms:
        """By when a hold must be on the log."""
        return min(self.lapses_ms, self.destroyed_ms or self.lapses_ms)


class Marks:
    """Threads may share it; close it after use."""

    def __init__(
        self,
        settings: Settings,
        register: Register,
        store: Store,
        keeper: KeeperClient,
        *,
        clock: Clock = now_ms,
    ) -> None:
        self._register, self._keeper, self._clock = register, keeper, clock
        self._rows = Rows(settings)
        self._rules = Rules(register, store, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._rows.close()

    def check(self, camera: str, at_ms: Ms, note: str) -> None:
        """Raises `NotFound` or `BadFormat` when this cannot be marked; before it is logged."""
        if len(note) > MOST_NOTE:
            raise BadFormat(f"The note has more than {MOST_NOTE} letters.", hint="Shorten it.")
        if at_ms > self._clock():
            raise BadFormat("That moment has not come yet.")
        if not self._readable(camera, at_ms):
            raise NotFound(
                "Nothing of that time can be kept: it was not recorded, or is destroyed already.",
                hint="Choose a recorded moment.",
            )

    def add(
        self, person: str, actor: str, role: str, camera: str, at_ms: Ms, note: str, entry: int
    ) -> Standing:
        """Keep a mark whose act is on the log."""
        mark = Mark(new_id(), entry, person, actor, role, camera, at_ms, note, self._clock())
        self._rows.add_mark(mark)
        return self._standing(mark)

    def shown(self, camera: str | None = None) -> list[Standing]:
        """Marks that are open, and what became of others, the newest first."""
        found = self._rows.marks(self._clock() - SHOWN_MS)
        return [self._standing(one) for one in found if camera in (None, one.camera)]

    def find(self, id: str) -> Standing:
        """One mark. Raises `NotFound`."""
        return self._standing(self._rows.mark(id))

    # -- holds

    def draft(self, person: str, id: str, days: int = HOLD_DAYS) -> dict[str, Any]:
        """The hold that `person` may sign: {v, body, detail, salt}. Raises `Refused`."""
        standing = self._open(id)
        if not 1 <= days <= MOST_HOLD_DAYS:
            raise BadFormat(f"A hold lasts between 1 and {MOST_HOLD_DAYS} days.")
        mark = standing.mark
        detail = {
            "mark": mark.id,
            "entry": mark.entry,
            "camera": mark.camera,
            "from": to_iso(standing.from_ms),
            "to": to_iso(standing.to_ms),
            "note": mark.note,
            "person": person,
        }
        salt = secrets.token_bytes(32)
        body = {
            "windows": [one.window for one in self._readable(mark.camera, mark.at_ms)],
            "until": to_iso(self._clock() + days * DAY_MS),
            "detail_commitment": commit(detail, salt),
        }
        return {"v": 1, "body": body, "detail": detail, "salt": b64(salt)}

    def hold(self, person: str, id: str, raw: bytes, detail: dict[str, Any], salt: str) -> int:
        """Log a signed hold of a mark; its index. Raises what the check or the keeper refuses."""
        standing = self._open(id)
        entry = self._rules.by(person, raw, "hold")
        check_commitment(str(entry.body.get("detail_commitment")), detail, salt)
        if detail.get("mark") != id:
            raise BadFormat("The hold is for another mark.")
        mine = {one.window for one in self._readable(standing.mark.camera, standing.mark.at_ms)}
        if not set(entry.body["windows"]) <= mine or not entry.body["windows"]:
            raise BadFormat("The hold names windows that the mark does not mean.")
        if from_iso(entry.body["until"]) > self._clock() + (MOST_HOLD_DAYS + 1) * DAY_MS:
            raise BadFormat(f"A hold lasts at most {MOST_HOLD_DAYS} days.")
        index = self._keeper.append(raw)
        self._rows.put_hold(id, index)
        self._register.sync()
        return index

    def _open(self, id: str) -> Standing:
        standing = self.find(id)
        if standing.state is State.HELD:
            raise Refused("This mark is held already.")
        if standing.state is not State.OPEN:
            raise Refused(
                "This mark has lapsed, or what it meant is destroyed.",
                hint="If the recording is still there, mark it again.",
            )
        return standing

    # -- below

    def _windows(self, camera: str, at_ms: Ms) -> list[WindowOnLog]:
        return self._register.windows(camera, at_ms - BEFORE_MS, at_ms + AFTER_MS)

    def _readable(self, camera: str, at_ms: Ms) -> list[WindowOnLog]:
        now = self._clock()
        return [
            one
            for one in self._windows(camera, at_ms)
            if one.shredded_by is None and max(one.shred_ms, one.held_ms) > now
        ]

    def _standing(self, mark: Mark) -> Standing:
        left, lapses = self._readable(mark.camera, mark.at_ms), mark.created_ms + LASTS_MS
        free = [one.shred_ms for one in left if not one.held_ms]
        held = [one.held_ms for one in left if one.held_ms]
        if not left:
            state = State.DESTROYED
        elif mark.hold is not None or not free:
            state = State.HELD
        else:
            state = State.OPEN if self._clock() < lapses else State.LAPSED
        span = mark.at_ms - BEFORE_MS, mark.at_ms + AFTER_MS
        return Standing(
            mark, state, *span, lapses, min(free, default=None), min(held, default=None)
        )
