"""The parts of the web process, made once and passed in; routes find them through `web_of`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import HTTPConnection

from plainview.base.clock import Clock, Ms
from plainview.base.settings import Settings
from plainview.base.software import Software
from plainview.cases.marks import Marks
from plainview.cases.service import Cases
from plainview.keys.client import KeeperClient
from plainview.redact.record import Records
from plainview.register.projection import Register
from plainview.store.store import Store
from plainview.watch.clips import Clips
from plainview.watch.live import LiveHub
from plainview.watch.playback import Playbacks
from plainview.watch.pulse import Pulse
from plainview.watch.viewkeys import ViewKeys
from plainview.web.callers import Callers
from plainview.web.catalogue import Catalogue
from plainview.web.condition import Condition
from plainview.web.counts import Requests
from plainview.web.doorkeeper import Doorkeeper
from plainview.web.drafts import Drafts
from plainview.web.letterboxes import LetterBoxes
from plainview.web.letters import Letters
from plainview.web.limits import RateLimit
from plainview.web.looks import Looks
from plainview.web.people import People
from plainview.web.plainwords import PlainWords
from plainview.web.portal import Portal
from plainview.web.pseudonyms import Pseudonyms
from plainview.web.purposes import Purposes
from plainview.web.rechecks import Rechecks
from plainview.web.recorders import Recorders
from plainview.web.redactions import Redactions
from plainview.web.render import Pages
from plainview.web.rights import Rights
from plainview.web.sessions import Sessions
from plainview.web.standing import Standing
from plainview.web.token import MonitorToken


@dataclass(frozen=True)
class Web:
    """Everything that a route may need."""

    settings: Settings
    clock: Clock
    keeper: KeeperClient
    register: Register
    store: Store
    cases: Cases
    marks: Marks
    sessions: Sessions
    people: People
    doorkeeper: Doorkeeper
    pseudonyms: Pseudonyms
    standing: Standing
    rights: Rights
    rechecks: Rechecks
    callers: Callers
    sign_ins: RateLimit
    deeds: RateLimit
    clip_wishes: RateLimit
    purposes: Purposes
    letters: Letters
    letter_boxes: LetterBoxes
    drafts: Drafts
    keys: ViewKeys
    pulse: Pulse
    live: LiveHub
    playbacks: Playbacks
    clips: Clips
    recorders: Recorders
    condition: Condition
    requests: Requests
    token: MonitorToken
    pages: Pages
    t: Catalogue
    plain: PlainWords
    looks: Looks
    software: Software
    records: Records
    redactions: Redactions
    portal: Portal

    def now(self) -> Ms:
        """The time."""
        return self.clock()

    def actor(self, person: str) -> str:
        """Today's pseudonym of a person."""
        return self.pseudonyms.actor(person, self.clock())

    def log_act(self, person: str, role: str, act: str, detail: dict[str, Any]) -> int:
        """Log what a person does and by which policies, before it is done; the index.

        Raises the keeper's errors, and `TooMany` for somebody who floods the log.
        """
        self.deeds.spend(person)
        actor, policy = self.actor(person), self.rights.hash
        logged = self.keeper.act(actor, role, act, detail, policy=policy)
        self.sessions.note_act(person, logged.index, act, detail, logged.salt)
        return logged.index


def web_of(connection: HTTPConnection) -> Web:
    """The parts behind a request."""
    found = connection.app.state.web
    assert isinstance(found, Web)  # noqa: S101 - set by create_app
    return found
