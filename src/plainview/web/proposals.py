"""What one person proposed on the log and another may approve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plainview.base.clock import Ms
from plainview.errors import NotFound
from plainview.web.context import Web


@dataclass(frozen=True)
class Waiting:
    """A proposal by its entry hash: what it would state, and who proposed it."""

    hash: str
    type: str
    body: dict[str, Any]
    person: str
    ends: Ms


def waiting(web: Web) -> list[Waiting]:
    """Every proposal that can still be approved."""
    now = web.now()
    return [
        Waiting(name, one.type, one.body, one.person, one.ends)
        for name, one in web.register.proposals().items()
        if one.ends > now
    ]


def proposal_of(web: Web, hash: str) -> Waiting:
    """The proposal with this entry hash that still waits. Raises `NotFound`."""
    for one in waiting(web):
        if one.hash == hash:
            return one
    raise NotFound(
        "No such proposal waits.",
        hint="It was approved, or is older than 14 days; propose anew.",
    )
