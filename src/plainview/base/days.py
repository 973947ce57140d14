"""Times in the names of files and windows, read back; and days."""

from __future__ import annotations

from datetime import UTC, datetime

from plainview.base.clock import Ms
from plainview.errors import BadFormat


def from_compact(text: str) -> Ms:
    """The inverse of `to_compact`. Raises `BadFormat`."""
    try:
        moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ")  # noqa: DTZ007 - zone set below
    except ValueError as error:
        raise BadFormat(f"{text!r} is not a time like 20261123T085000Z.") from error
    return int(moment.replace(tzinfo=UTC).timestamp()) * 1000


def day_of(ms: Ms) -> str:
    """The UTC day, `2026-11-23`."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%d")
