"""What holds whatever the policies say: written in code, so that no policy set switches it off.

A decision is what the policies say AND what stands here. The shipped policies forbid all of this
too, in words that a lawyer reads; a test demands that the two never differ, and another invents
policy sets that permit it and finds each refused.

Three more are not decisions about a person but rules of the log, and hold in `tlog.history`, which
the key keeper and every verifier run: no original is opened below its quorum, no custodian set
exists without an outsider in every quorum, and no camera records without a legal basis.
"""

from __future__ import annotations

from collections.abc import Callable

from plainview.policies.model import Principal, Proposal, Request, Resource
from plainview.policies.permissions import PICTURES, Permission, Role

WATCHING = frozenset({Role.OPERATOR, Role.INVESTIGATOR, Role.SUPERVISOR})
SECOND = frozenset({Permission.PEOPLE_APPROVE, Permission.REGISTER_APPROVE})
ACTIONS, ROLES = frozenset(one.value for one in Permission), frozenset(one.value for one in Role)
APPOINTING = frozenset({Permission.PEOPLE_ENROL, Permission.PEOPLE_APPROVE})

Broken = Callable[[Principal, str, Resource], bool]


def _unknown_action(who: Principal, action: str, what: Resource) -> bool:
    """Nothing is done for which there is no word: no raw view, no end of redaction."""
    return action not in ACTIONS


def _no_role(who: Principal, action: str, what: Resource) -> bool:
    """Nobody does anything without a role that the log knows."""
    return not ROLES & who.roles


def _administrator_watches(who: Principal, action: str, what: Resource) -> bool:
    """Nobody sees pictures who administers and has no role whose work is to watch."""
    return action in PICTURES and Role.ADMINISTRATOR in who.roles and not WATCHING & who.roles


def _own_custodian(who: Principal, action: str, what: Resource) -> bool:
    """Nobody is custodian of their own request."""
    own = isinstance(what, Request) and what.requester == who.person
    return own and action == Permission.REQUEST_RELEASE


def _own_second(who: Principal, action: str, what: Resource) -> bool:
    """Nobody is the second person to their own proposal."""
    return isinstance(what, Proposal) and what.by == who.person and action in SECOND


def _own_appointment(who: Principal, action: str, what: Resource) -> bool:
    """Nobody appoints themselves."""
    return isinstance(what, Proposal) and who.person in what.people and action in APPOINTING


INVARIANTS: dict[str, Broken] = {
    "unknown-action": _unknown_action,
    "no-role": _no_role,
    "administrator-watches": _administrator_watches,
    "own-custodian": _own_custodian,
    "own-second": _own_second,
    "own-appointment": _own_appointment,
}


def broken(who: Principal, action: str, what: Resource) -> tuple[str, ...]:
    """Names of the invariants that an action would break; none if it breaks none."""
    return tuple(name for name, breaks in INVARIANTS.items() if breaks(who, action, what))
