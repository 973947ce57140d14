"""Filling the stocks of windows: ask the register, draft in a child, have the keeper log them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import structlog

from plainview.base.clock import Clock
from plainview.base.ids import unb64
from plainview.errors import GateClosed, PlainviewError
from plainview.recorder.gate import Asked, Gate
from plainview.recorder.windows import WindowStock
from plainview.seal.draft import Draft, Drafter, set_of
from plainview.seal.windows import WindowHeader
from plainview.tlog.history import Version

log = structlog.get_logger()


class SetKnown(Protocol):
    """A custodian set as the register answers it."""

    @property
    def set(self) -> str: ...
    @property
    def k(self) -> int: ...
    @property
    def members(self) -> Sequence[Mapping[str, Any]]: ...


class Rulebook(Asked, Protocol):
    """Who knows the register (`plainview.register.projection.Register`)."""

    def custodian_set(self, name: str) -> SetKnown:
        """The set in force. Raises `NotFound`."""
        ...


class Locks(Protocol):
    """Who logs and locks windows (`plainview.keys.client.KeeperClient`)."""

    def make_windows(
        self, camera: str, register_index: int, drafts: Sequence[Draft]
    ) -> list[dict[str, Any]]:
        """Headers of the windows, logged."""
        ...


class Maker:
    """Used by one thread."""

    def __init__(self, register: Rulebook, keeper: Locks, clock: Clock) -> None:
        self._register, self._keeper, self._clock = register, keeper, clock
        self._drafter = Drafter()
        self.trouble = ""

    def close(self) -> None:
        """End the process that drafts."""
        self._drafter.close()

    def fill(self, stock: WindowStock, gate: Gate) -> bool:
        """Make at most one batch for a camera that may record; whether one was made."""
        now, allowed = self._clock(), gate.answer
        stock.poke.clear()
        if allowed is None:
            return False
        if stock.unlike(allowed, now):
            stock.renew()
        try:
            answer = self._answer(stock, allowed)
            wanted = stock.wanted(now, answer) if answer else None
            if answer is None or wanted is None:
                return False
            known = self._register.custodian_set(answer.record["custodian_set"])
            body = {"set": known.set, "k": known.k, "members": [dict(m) for m in known.members]}
            drafts = self._drafter.draft(wanted.specs, set_of(body))
            made = self._keeper.make_windows(stock.camera, answer.index, drafts)
        except PlainviewError as error:
            if self.trouble != error.message:
                log.warning("no_windows_made", camera=stock.camera, reason=error.message)
            self.trouble = error.message
            return False
        headers = [WindowHeader.from_dict(header) for header in made]
        views = [unb64(draft.view) for draft in drafts]
        stock.put(wanted, list(zip(headers, views, strict=True)))
        self.trouble = ""
        return True

    def _answer(self, stock: WindowStock, allowed: Version) -> Version | None:
        """What the register says of the next window's start; None where it will be closed."""
        start = stock.next_start(self._clock())
        if start < allowed.until:
            return allowed
        try:
            return self._register.may_record(stock.camera, start)
        except GateClosed:
            return None
