"""Since when something holds: remembers when each of a set of facts was first seen."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable

from plainview.base.clock import Ms


class Since:
    """Ask it regularly; between two looks a fact that came and went is not seen. Thread-safe."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, Ms] = {}
        self._lock = threading.Lock()

    def look(self, facts: Iterable[Hashable], now: Ms) -> dict[Hashable, Ms]:
        """When each of the facts that hold now was seen first; the others are forgotten."""
        with self._lock:
            self._seen = {fact: self._seen.get(fact, now) for fact in facts}
            return dict(self._seen)
