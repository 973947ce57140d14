"""What the public record of one camera says is to be hidden, at each moment.

A version that is published and not in force yet counts already for what it hides more: the notice
period protects people from being filmed more, not from being hidden more. For what it hides less it
waits. So at each moment the strictest holds of the version in force and of all that follow it.

What cannot be read hides most: a record whose rules are not understood is taken for `motion` with
every zone that any version names, and while the register cannot be asked the last answer stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from plainview.base.clock import Ms
from plainview.errors import BadFormat, Invalid, StoreDamaged, Unavailable
from plainview.redact.rules import FillStyle, Profile, Rules, strictest
from plainview.tlog.history import Version

log = structlog.get_logger()
RulesAt = Callable[[Ms], Rules]
"""What is to be hidden in pictures of a moment."""
MOST = Rules(profile=Profile.MOTION)
"""For a record that cannot be read."""


class Published(Protocol):
    """Who knows the versions (`plainview.register.projection.Register`)."""

    def published(self, camera: str) -> Sequence[Version]:
        """All of them, oldest first, those not in force yet included."""
        ...


class Ruling:
    """Refreshed by the supervising thread, asked by the camera's redacting thread."""

    def __init__(self, camera: str, register: Published) -> None:
        self._camera, self._register = camera, register
        self._indexes: list[int] = []
        self._versions: tuple[tuple[Ms, Rules], ...] = ()

    def refresh(self) -> None:
        """Look for new versions; what was known stays while the register cannot be asked."""
        try:
            versions = self._register.published(self._camera)
        except (Unavailable, Invalid, StoreDamaged, SQLAlchemyError, OSError) as error:
            log.warning("record_not_read", camera=self._camera, reason=str(error))
            return
        indexes = [version.index for version in versions]
        if indexes and indexes != self._indexes:
            read = [self._read(version.record) for version in versions]
            most = strictest([MOST, *(rules for rules in read if rules is not None)])
            effects = [version.effect for version in versions]
            self._versions = tuple(zip(effects, [rules or most for rules in read], strict=True))
            self._indexes = indexes

    def at(self, moment: Ms) -> Rules:
        """What is to be hidden in pictures of that moment."""
        versions = self._versions
        past = [place for place, (effect, _) in enumerate(versions) if effect <= moment]
        counting = versions[past[-1] :] if past else versions
        return strictest([rules for _, rules in counting]) if counting else MOST

    def _read(self, record: Mapping[str, Any]) -> Rules | None:
        try:
            return rules_of(record)
        except BadFormat as error:
            log.error("record_not_understood", camera=self._camera, reason=error.message)
            return None


def rules_of(record: Mapping[str, Any]) -> Rules:
    """The rules in a camera's record. Raises `BadFormat` if they are not understood.

    Records from before there was a choice have no `zones` and no `fill`.
    """
    try:
        return Rules(
            profile=Profile(record["profile"]),
            zones=tuple(tuple((x, y) for x, y in zone) for zone in record.get("zones", ())),
            fill=FillStyle(record.get("fill", FillStyle.SOLID)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadFormat(f"The record's rules of redaction are not understood: {error}.") from error
