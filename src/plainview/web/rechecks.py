"""Do open pictures still have a session that may see them? Asked once for each session.

A wall of twenty-five pictures is one session. Asking for each picture cost more than sending it.
"""

from __future__ import annotations

import asyncio

from plainview.errors import PlainviewError
from plainview.web.sessions import Sessions, SignedIn
from plainview.web.standing import Standing

EVERY_S = 1.5
"""An answer is used for so long."""
_MOST = 1_000


class Rechecks:
    """Answers that are shared by all pictures of a session."""

    def __init__(self, sessions: Sessions, standing: Standing) -> None:
        self._sessions, self._standing = sessions, standing
        self._asked: dict[str, tuple[float, asyncio.Task[SignedIn | PlainviewError]]] = {}

    async def check(self, session: SignedIn) -> SignedIn:
        """The session as it stands now, with its roles and scope. Watching is use of it.

        Raises `NotAuthorised`, or what kept the question from being answered.
        """
        loop = asyncio.get_running_loop()
        known = self._asked.get(session.key)
        if known is None or loop.time() - known[0] >= EVERY_S:
            known = self._asked[session.key] = loop.time(), loop.create_task(self._ask(session))
            if len(self._asked) > _MOST:
                self._forget(loop.time())
        answer = await asyncio.shield(known[1])
        if isinstance(answer, PlainviewError):
            raise answer
        return answer

    async def _ask(self, session: SignedIn) -> SignedIn | PlainviewError:
        try:
            held = await asyncio.to_thread(self._sessions.check, session.key, kind=session.kind)
            return await self._standing.current(held)
        except PlainviewError as error:
            return error

    def _forget(self, now: float) -> None:
        for key, (asked, _) in list(self._asked.items()):
            if now - asked >= EVERY_S:
                del self._asked[key]
