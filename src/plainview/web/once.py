"""What is good for one use and for minutes: challenges, drafts of statements.

In memory, bounded, and gone after a restart: whoever was interrupted asks again.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from plainview.base.clock import Clock, Ms
from plainview.errors import NotAuthorised

MOST = 10_000
T = TypeVar("T")


@dataclass(frozen=True)
class _Kept(Generic[T]):
    value: T
    owner: str
    ends: Ms


class Once(Generic[T]):
    """Values that are given out against a ticket, once, to the owner that they were kept for."""

    def __init__(self, clock: Clock, life_ms: Ms) -> None:
        self._clock, self._life = clock, life_ms
        self._kept: OrderedDict[str, _Kept[T]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, value: T, owner: str) -> str:
        """Keep `value` for `owner`; the ticket, 64 hex digits. The oldest of too many goes."""
        ticket, now = secrets.token_hex(32), self._clock()
        with self._lock:
            while self._kept and next(iter(self._kept.values())).ends <= now:
                self._kept.popitem(last=False)
            self._kept[ticket] = _Kept(value, owner, now + self._life)
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return ticket

    def take(self, ticket: str, owner: str) -> T:
        """The value, which is then gone. Raises `NotAuthorised` if it is over, used or foreign.

        A foreign owner's attempt leaves it where it is: nobody can use up what is another's.
        """
        with self._lock:
            kept = self._kept.get(ticket)
            if kept is not None and kept.owner == owner:
                del self._kept[ticket]
        if kept is None or kept.owner != owner or kept.ends <= self._clock():
            raise NotAuthorised("This attempt is over or was used.", hint="Begin again.")
        return kept.value
