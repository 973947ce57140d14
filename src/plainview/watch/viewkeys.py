"""View keys: asked for under a logged watching session, dropped a minute after it.

The web process holds no key of its own. The keeper logs a session before it answers; each key is
kept for that session alone and leaves the memory with it. A key is asked for again when it is a
second old: so nothing is shown once the keeper is away, cannot write the log, or ended the right.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from plainview.base.clock import Clock, Ms, now_ms, to_iso
from plainview.errors import NotLogged
from plainview.keys.client import KeeperClient, Session
from plainview.seal.views import ViewCipher

DROP_AFTER_MS: Ms = 60_000
FRESH_MS: Ms = 1_000
LIVE_BEFORE_MS: Ms = 3_600_000 + 120_000
"""From the end of a live right back to its beginning: two minutes and an hour (`keeper.desk`)."""
MOST_KEYS = 64
"""View keys kept for one session; more are asked for again."""


@dataclass
class _Held:
    session: Session
    ciphers: dict[str, tuple[ViewCipher, Ms]] = field(default_factory=dict)
    ended: Ms | None = None


class ViewKeys:
    """The keys of all running watching sessions of this process."""

    def __init__(
        self, keeper: KeeperClient, *, clock: Clock = now_ms, policy: str | None = None
    ) -> None:
        """`policy` is the hash of the policies by which watching is allowed here; it is logged."""
        self._keeper, self._clock = keeper, clock
        self._watch = partial(keeper.watch, policy=policy)
        self._held: dict[str, _Held] = {}

    async def begin(
        self,
        actor: str,
        role: str,
        kind: str,
        camera: str,
        from_ms: Ms,
        to_ms: Ms | None,
        purpose: str,
    ) -> Session:
        """Log that somebody watches. Raises the keeper's errors; then there is nothing to see."""
        session = await asyncio.to_thread(
            self._watch, actor, role, kind, camera, from_ms, to_ms, purpose
        )
        self._held[session.id] = _Held(session)
        return session

    async def cipher(self, session: str, window: str) -> ViewCipher:
        """What opens the records of `window`. Raises `NotLogged` for a session that is over."""
        held = self._held.get(session)
        if held is None or held.ended is not None:
            raise NotLogged("The watching session is over.", hint="Start watching again.")
        known, asked = held.ciphers.get(window, (None, 0))
        if known is not None and abs(self._clock() - asked) < FRESH_MS:
            return known
        key = await asyncio.to_thread(self._keeper.view_key, session, window)
        while len(held.ciphers) >= MOST_KEYS:
            held.ciphers.pop(next(iter(held.ciphers)))
        cipher = ViewCipher(key, window)
        held.ciphers[window] = (cipher, self._clock())
        return cipher

    async def end(self, session: str) -> None:
        """End a session at the keeper; its keys go within a minute even if the keeper is away."""
        held = self._held.get(session)
        if held is None or held.ended is not None:
            return
        held.ended = self._clock()
        await asyncio.to_thread(self._keeper.watch_end, session)

    def drop_old(self) -> None:
        """Forget the keys of sessions that ended a minute ago or have expired."""
        now = self._clock()
        for name, held in list(self._held.items()):
            over = held.ended is not None and now - held.ended >= DROP_AFTER_MS
            if over or now >= held.session.expires + DROP_AFTER_MS:
                del self._held[name]

    @property
    def sessions(self) -> int:
        """How many sessions have keys in memory, for health and tests."""
        return len(self._held)


def live_detail(camera: str, session: Session, purpose: str) -> dict[str, Any]:
    """The detail that the keeper committed to for a live session (docs/design/interfaces.md)."""
    begin = to_iso(session.expires - LIVE_BEFORE_MS)
    return {"camera": camera, "from": begin, "to": None, "purpose": purpose}
