"""What became of a version of a camera's record: announced, contested, refused, or its status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from plainview.base.clock import Ms
from plainview.register.objections import Objection

ANNOUNCED, CONTESTED, REFUSED = "announced", "contested", "refused"
PENDING = (ANNOUNCED, CONTESTED, REFUSED)
"""Published, and not in force: what a page says beside the version that is."""
Objected = Mapping[tuple[str, int], Sequence[Objection]]


def objected(objections: Iterable[Objection]) -> Objected:
    """Objections by the camera and version that they are to."""
    found: dict[tuple[str, int], list[Objection]] = {}
    for one in objections:
        found.setdefault((one.camera, one.version), []).append(one)
    return found


def fate(status: str, effect: Ms, objections: Iterable[Objection], now: Ms) -> str:
    """One of `PENDING`, else the status; `objections` are those to this version."""
    if status != "active":
        return status  # refused among them
    if any(one.answer is None for one in objections):
        return CONTESTED
    return ANNOUNCED if effect > now else status
