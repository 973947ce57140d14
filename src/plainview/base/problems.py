"""What is wrong, for a person: one form for all processes, and every kind that there is.

A problem that is *red* means that something promised does not happen now. One that is not is a
note: somebody must act in time, or should know. What to do about each kind stands in the web's
message catalogue (`[health.do]`) and in `docs/guide/operations.md`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Self

from plainview.base.clock import Ms
from plainview.base.since import Since
from plainview.errors import BadFormat

KINDS = (
    "camera_away", "camera_starting", "camera_not_allowed", "view_withheld", "view_reduced",
    "detector_down", "store", "disk_low", "windows", "sources", "recorder_part", "recorder_away",
    "keeper_away", "log", "log_not_witnessed", "witness_away", "keeper_part", "destruction",
    "restarts", "basis_ends",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """`where` is a camera, a witness or a process; `since` is 0 until `dated` has seen it."""

    kind: str
    where: str
    what: str
    red: bool = True
    since: Ms = 0

    def line(self) -> str:
        """Where and what, in one line."""
        return f"{self.where}: {self.what}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What another process said. Raises `BadFormat`."""
        try:
            known = {name: values[name] for name in ("kind", "where", "what", "red", "since")}
        except (KeyError, TypeError) as error:
            raise BadFormat("A problem lacks a field.") from error
        if known["kind"] not in KINDS:
            raise BadFormat(f"{known['kind']!r} is no kind of problem.")
        return cls(**known)


def dated(problems: Iterable[Problem], since: Since, now: Ms) -> list[Problem]:
    """The same with the time since when each has held, red ones and older ones first."""
    found = list(problems)
    seen = since.look([(one.kind, one.where) for one in found], now)
    made = [
        Problem(one.kind, one.where, one.what, one.red, seen[one.kind, one.where]) for one in found
    ]
    return sorted(made, key=lambda one: (not one.red, one.since, one.where))
