"""What state a request is in, derived from what the log says. No row stores it.

requested --release--> releasing --k releases for every window--> open
    |                      |
    +--refusals leave fewer than k custodians--> refused
    any of these, when its end has passed --> expired
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from plainview.base.clock import Ms
from plainview.errors import Refused


class State(StrEnum):
    """Where a request stands."""

    REQUESTED = "requested"
    RELEASING = "releasing"
    OPEN = "open"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Facts:
    """What decides: the quorum, who could release, and the log's releases and refusals."""

    k: int
    eligible: int  # members of the set without the requester
    expires: Ms
    releases: dict[str, frozenset[int]]  # window -> share indexes released
    refusals: frozenset[str]  # persons


def state_of(facts: Facts, now: Ms) -> State:
    """The state at `now`."""
    if now >= facts.expires:
        return State.EXPIRED
    counts = [len(shares) for shares in facts.releases.values()]
    if counts and min(counts) >= facts.k:
        return State.OPEN
    if facts.eligible - len(facts.refusals) < facts.k:
        return State.REFUSED
    return State.RELEASING if any(counts) else State.REQUESTED


def check_open_for_custodians(state: State) -> None:
    """Raises `Refused` when a release or refusal comes too late."""
    if state is State.EXPIRED:
        raise Refused("The request has expired.", hint="The requester must ask again.")
    if state is State.REFUSED:
        raise Refused("Too many custodians refused this request.", hint="Nothing more to do.")
