"""What the web process needs to know people by: passkeys, invitations, what is asked right now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from plainview.base.clock import Clock, Ms
from plainview.base.settings import Settings
from plainview.web.credentials import Credentials
from plainview.web.invitations import Invitations
from plainview.web.limits import RateLimit
from plainview.web.links import Links
from plainview.web.oidc import Asking, Provider
from plainview.web.once import Once
from plainview.web.passkeys import CHALLENGE_MS, Passkeys
from plainview.web.peopledb import open_people

DRAFT_MS: Ms = 240_000
WAY_MS: Ms = 600_000
"""To an identity provider and back: people type there, and look for their second factor."""


@dataclass(frozen=True)
class Drafted:
    """A statement that waits for its author's signature: the document names the author's key.

    `detail` and `salt` are what it commits to, `about` the request or mark that it is about.
    """

    document: dict[str, Any]
    key_id: str
    detail: dict[str, Any] = field(default_factory=dict)
    salt: str = ""
    about: str = ""


@dataclass(frozen=True)
class People:
    """Made once; `close` it."""

    engine: Engine
    passkeys: Passkeys
    credentials: Credentials
    invitations: Invitations
    challenges: Once[bytes]
    drafts: Once[Drafted]
    provider: Provider
    ways: Once[Asking]
    links: Links
    asked: RateLimit

    def close(self) -> None:
        """Close the database."""
        self.engine.dispose()


def open_all(settings: Settings, clock: Clock) -> People:
    """Open people.db, and the rest that lives in memory."""
    engine = open_people(settings.own_dir / "people.db")
    return People(
        engine,
        Passkeys(settings.web_url),
        Credentials(engine, clock),
        Invitations(engine, clock),
        Once(clock, CHALLENGE_MS),
        Once(clock, DRAFT_MS),
        Provider(settings),
        Once(clock, WAY_MS),
        Links(engine, clock),
        RateLimit(burst=60, per_minute=120),
    )
