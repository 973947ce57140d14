"""How many letters are taken: of one caller, about one camera, and in the whole city.

Each camera has a box of its own, so that a flood at one closes no other. The city's box is so wide
that only many callers at many cameras fill it; it bounds what a day can put on the log.
"""

from __future__ import annotations

from collections import Counter

from plainview.base.metrics import Samples
from plainview.web.limits import RateLimit, TooMany

REPORTS = "reports"
"""The box of reports: no camera's, whose names begin with `camera/`."""
_CITY = "city"


class LetterBoxes:
    """Used by the event loop alone."""

    def __init__(self) -> None:
        self._limits = {
            "caller": RateLimit(burst=5, per_minute=0.5),
            "box": RateLimit(burst=200, per_minute=5),
            "city": RateLimit(burst=2_000, per_minute=50),
        }
        self._refused: Counter[str] = Counter()

    def object(self, caller: str, camera: str) -> None:
        """Room for an objection to a camera that there is. Raises `TooMany`."""
        self._spend({"caller": caller, "box": f"camera/{camera}", "city": _CITY})

    def report(self, caller: str) -> None:
        """Room for a report. Raises `TooMany`."""
        self._spend({"caller": caller, "box": REPORTS})

    def tell(self, found: Samples) -> None:
        """Add what was refused to a scrape."""
        for limit in self._limits:
            number = self._refused[limit]
            found.add("plainview_letters_refused_total", number, limit=limit)

    def _spend(self, of: dict[str, str]) -> None:
        """The narrowest first: what it refuses takes no room from others."""
        for limit, name in of.items():
            try:
                self._limits[limit].spend(name)
            except TooMany as error:
                self._refused[limit] += 1
                raise TooMany(
                    "Too many letters came in a short time, so yours was not taken.",
                    hint="Go back and send it again in a few minutes; your browser still has what "
                    "you wrote.",
                ) from error
