"""Times, lengths of time and entries in plain words, out of the message catalogue."""

from __future__ import annotations

from datetime import UTC, datetime

from plainview.base.clock import Ms
from plainview.web.catalogue import Catalogue

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


class Words:
    """Says numbers in words."""

    def __init__(self, t: Catalogue) -> None:
        self._t = t

    def duration(self, seconds: int) -> str:
        """`15 days`, `1 hour 30 minutes`: at most two units."""
        parts: list[str] = []
        for name, size in UNITS:
            count, rest = divmod(seconds, size)
            if count and len(parts) < 2:
                parts.append(self._t(f"duration.{name}", n=count))
            seconds = rest
        if not parts:
            return self._t("duration.second", n=0)
        return parts[0] if len(parts) == 1 else self._t("duration.and", a=parts[0], b=parts[1])

    def ago(self, then: Ms, now: Ms) -> str:
        """`5 minutes ago`."""
        seconds = max(0, now - then) // 1000
        if seconds < 2:
            return self._t("ago.now")
        name, size = next((name, size) for name, size in UNITS if seconds >= size)
        return self._t(f"ago.{name}", n=seconds // size)


def moment(ms: Ms) -> str:
    """`23 November 2026, 08:50 UTC`."""
    return f"{day(ms)}, {datetime.fromtimestamp(ms // 1000, UTC):%H:%M} UTC"


def second(ms: Ms) -> str:
    """`23 November 2026, 08:50:07 UTC`."""
    return f"{day(ms)}, {datetime.fromtimestamp(ms // 1000, UTC):%H:%M:%S} UTC"


def day(ms: Ms) -> str:
    """`23 November 2026` (UTC)."""
    then = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{then.day} {then:%B %Y}"


def thousands(number: int) -> str:
    """`12 345`, with narrow spaces."""
    return f"{number:,}".replace(",", "\u202f")
