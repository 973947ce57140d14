"""What somebody watches for: asked before live and playback, and again after two hours.

A purpose is remembered for the session. When it was given is kept in memory: after a restart of
the process it counts from the beginning of the session, so that it is asked for sooner, not later.
"""

from __future__ import annotations

import re
from collections import OrderedDict

from plainview.base.clock import Clock, Ms
from plainview.errors import BadFormat, Refused
from plainview.web.catalogue import Catalogue
from plainview.web.sessions import Sessions, SignedIn

LASTS_MS: Ms = 2 * 3_600_000
LEAST, MOST = 3, 200
"""Letters of a purpose."""
_INCIDENT = re.compile(r"[\w./ -]{1,40}")
_MOST_SESSIONS = 10_000
CHOICES = ("patrol", "event", "incident", "traffic", "rescue", "maintenance", "test")
"""Names in the catalogue, `purpose.<name>`, in the order in which they are offered."""


class NoPurpose(Refused):
    """Watching needs a purpose first."""

    code = "no_purpose"


class Purposes:
    """The purposes of this process's sessions."""

    def __init__(self, sessions: Sessions, t: Catalogue, clock: Clock) -> None:
        self._sessions, self._t, self._clock = sessions, t, clock
        self._known: OrderedDict[str, tuple[str, Ms]] = OrderedDict()

    def choices(self) -> list[str]:
        """What is offered, in words; own words are taken as well."""
        return [self._t(f"purpose.{name}") for name in CHOICES]

    def words(self, purpose: str, incident: str = "") -> str:
        """The purpose as it is logged. Raises `NoPurpose` if it is empty, `BadFormat`."""
        purpose, incident = " ".join(purpose.split()), " ".join(incident.split())
        if len(purpose) < LEAST:
            raise NoPurpose(
                "Say in a few words what you watch for.",
                hint="Choose a purpose from the list, or write your own with an incident's number.",
            )
        if len(purpose) > MOST:
            raise BadFormat(f"A purpose has at most {MOST} letters.", hint="Shorten it.")
        if not incident:
            return purpose
        if not _INCIDENT.fullmatch(incident):
            raise BadFormat(
                "That is not the number of an incident.",
                hint="Letters, digits, points, strokes: at most 40.",
            )
        return self._t("purpose.with_incident", purpose=purpose, incident=incident)

    def give(self, session: SignedIn, purpose: str) -> Ms:
        """Remember a purpose for the session; until when it counts."""
        self._sessions.set_purpose(session.key, purpose)
        self._known[session.key] = purpose, self._clock()
        self._known.move_to_end(session.key)
        if len(self._known) > _MOST_SESSIONS:
            self._known.popitem(last=False)
        return self._clock() + LASTS_MS

    def of(self, session: SignedIn) -> tuple[str, Ms]:
        """The session's purpose, empty when it must be asked for, and until when it counts."""
        purpose, given = self._known.get(session.key, (session.purpose, session.created))
        until = given + LASTS_MS
        return (purpose, until) if purpose and self._clock() < until else ("", 0)

    def check(self, session: SignedIn) -> str:
        """The session's purpose. Raises `NoPurpose`."""
        purpose, _ = self.of(session)
        if not purpose:
            raise NoPurpose("Say what you watch for: the last purpose is none or two hours old.")
        return purpose
