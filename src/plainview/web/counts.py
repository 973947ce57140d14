"""How many requests were answered, by class of address and of status; nothing about who asked."""

from __future__ import annotations

from collections import Counter

from plainview.base.metrics import Samples

CLASSES = (
    ("/api/health", "health"),
    ("/health", "health"),
    ("/metrics", "health"),
    ("/status", "health"),
    ("/api/", "api"),
    ("/log/files", "log files"),
    ("/app", "files"),
    ("/static", "files"),
    ("/assets", "files"),
    ("/favicon.ico", "files"),
    ("/robots.txt", "files"),
    ("/", "pages"),
)
"""The first beginning that fits the route's template decides."""


class Requests:
    """Used by the event loop alone."""

    def __init__(self) -> None:
        self._answered: Counter[tuple[str, str]] = Counter()
        self._seconds: Counter[str] = Counter()

    def note(self, route: str, status: int, seconds: float) -> None:
        """One answer has begun; `route` is a template such as `/cameras/{camera}`."""
        kind = next((name for start, name in CLASSES if route.startswith(start)), "unknown")
        self._answered[kind, f"{status // 100}xx"] += 1
        self._seconds[kind] += seconds  # type: ignore[assignment] # a Counter adds floats as well

    def tell(self, found: Samples) -> None:
        """Add them to a scrape."""
        for (kind, status), number in self._answered.items():
            labels = {"class": kind, "status": status}
            found.add("plainview_http_requests_total", number, **labels)
        for kind, seconds in self._seconds.items():
            found.add("plainview_http_seconds_total", seconds, **{"class": kind})
