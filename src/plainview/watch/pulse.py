"""Is the log alive? Asked once a second while anybody watches.

While the log is down nobody sees a picture, also not with a key that is still in memory: whoever
shows pictures calls `check` first, and live viewers are ended by `listen`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from plainview.errors import KeeperAway, LogAway, PlainviewError, Unavailable
from plainview.keys.client import KeeperClient

EVERY_S = 1.0
PATIENCE_S = 3.0
"""An answer later than this counts as none."""


class Pulse:
    """The last known state of keeper and log."""

    def __init__(self, keeper: KeeperClient, *, every_s: float = EVERY_S) -> None:
        self._keeper, self._every_s = keeper, every_s
        self._asked = -1.0e9
        self._failure: PlainviewError | None = None
        self._listeners: set[Callable[[PlainviewError], None]] = set()
        self._asking = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def check(self) -> None:
        """Return if the log was alive within the last second. Raises `KeeperAway` or `LogAway`."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now - self._asked >= self._every_s:
                self._failure = await self._ask()
                self._asked = asyncio.get_running_loop().time()
        if self._failure is not None:
            raise self._failure

    def listen(self, stopped: Callable[[PlainviewError], None]) -> Callable[[], None]:
        """Call `stopped` as soon as the log is away; the answer ends the listening."""
        self._listeners.add(stopped)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._watch())
        return lambda: self._listeners.discard(stopped)

    async def close(self) -> None:
        """Stop asking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while self._listeners:
            await asyncio.sleep(self._every_s)
            try:
                await self.check()
            except Unavailable as failure:
                for stopped in list(self._listeners):
                    stopped(failure)

    async def _ask(self) -> PlainviewError | None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                check_status(await asyncio.to_thread(self._keeper.status))
        except TimeoutError:
            return KeeperAway("The keeper does not answer.", hint="Nothing is shown until it does.")
        except PlainviewError as failure:
            return failure if isinstance(failure, Unavailable) else LogAway(failure.message)
        return None


def check_status(status: dict[str, Any]) -> None:
    """Raises `LogAway` when the keeper says that it cannot write the log."""
    if status["log"] is not None:
        raise LogAway("The log cannot be written.", hint="Nothing is shown until it can.")
