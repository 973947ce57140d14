"""What the recorder says of each camera, asked at most once a second for all pages together."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from plainview.errors import SourceAway
from plainview.watch import tail

EVERY_S = 1.0
STALE_S = 5.0
"""Pages show what is no older than this at once, and have it asked anew beside them."""


class Recorders:
    """The recorder's health; `None` while it cannot be asked."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._asked = -1.0e9
        self._known: dict[str, Any] | None = None
        self._asking = asyncio.Lock()
        self._beside: asyncio.Task[Any] | None = None

    async def health(self) -> dict[str, Any] | None:
        """`{cameras: {id: {state, reason, redaction, ...}}, red: [reasons]}`."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now - self._asked >= EVERY_S:
                try:
                    self._known = await tail.health(self._socket)
                except SourceAway:
                    self._known = None
                self._asked = asyncio.get_running_loop().time()
        return self._known

    async def cameras(self) -> dict[str, Any] | None:
        """The cameras' part of it: the same object until the recorder was asked again."""
        known, age = self._known, asyncio.get_running_loop().time() - self._asked
        if known is None or age > STALE_S:
            known = await self.health()
        elif age >= EVERY_S and (self._beside is None or self._beside.done()):
            self._beside = asyncio.ensure_future(self.health())
        return None if known is None else known["cameras"]
