"""Is the log alive? Asked once a second while anybody watches, and as soon as the keeper hangs up.

While the log is down nobody sees a picture, also not with a key that is still in memory: whoever
shows pictures calls `check` first, and live viewers are ended by `listen`.

A connection on which nothing is said is held open: a keeper that stops or is killed ends it in the
same moment. A keeper that runs and cannot write its log is found by asking.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from plainview.errors import KeeperAway, LogAway, PlainviewError, Unavailable
from plainview.keys.client import KeeperClient

EVERY_S = 1.0
PATIENCE_S = 3.0
"""An answer later than this counts as none."""

_log = structlog.get_logger(__name__)


class Pulse:
    """The last known state of keeper and log."""

    def __init__(self, keeper: KeeperClient, *, every_s: float = EVERY_S) -> None:
        self._keeper, self._every_s = keeper, every_s
        self._asked = -1.0e9
        self._failure: PlainviewError | None = None
        self._listeners: set[Callable[[PlainviewError], None]] = set()
        self._asking = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._held: asyncio.Task[None] | None = None
        self._held_since = -1.0e9
        self._hung_up = asyncio.Event()

    async def check(self) -> None:
        """Return if the log was alive within the last second. Raises `KeeperAway` or `LogAway`."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now - self._asked >= self._every_s:
                self._failure = await self._ask()
                self._asked = asyncio.get_running_loop().time()
                if self._failure is None:
                    self._hold_on()
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
        for task in (self._task, self._held):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        while self._listeners:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hung_up.wait(), self._every_s)
            self._hung_up.clear()
            try:
                await self.check()
            except Unavailable as failure:
                for stopped in list(self._listeners):
                    stopped(failure)

    def _hold_on(self) -> None:
        """At most once in `every_s`, so that a keeper that ends each at once is not asked without
        a pause."""
        over = self._held is None or self._held.done()
        if over and self._asked - self._held_since >= self._every_s:
            self._held_since = self._asked
            self._held = asyncio.create_task(self._hold())

    async def _hold(self) -> None:
        """Wait until the keeper ends a connection: what was known before counts no more.

        It ends idle ones as well, so that it did is a reason to ask, and none to stop.
        """
        try:
            reader, writer = await asyncio.open_unix_connection(self._keeper.path)
            try:
                await reader.read(1)
            finally:
                writer.close()
        except OSError as error:
            _log.info("the keeper hung up", reason=str(error))
        self._asked = -1.0e9
        self._hung_up.set()

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
