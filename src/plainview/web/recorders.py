"""What the recorder says of each camera, asked at most once a second for all pages together."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from plainview.errors import SourceAway
from plainview.watch import tail

EVERY_S = 1.0


class Recorders:
    """The recorder's health; `None` while it cannot be asked."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._asked = -1.0e9
        self._known: dict[str, Any] | None = None
        self._asking = asyncio.Lock()

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
        found = await self.health()
        return None if found is None else found["cameras"]
