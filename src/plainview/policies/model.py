"""What a decision is about: a person, a thing, the circumstances; and their form in Cedar.

All are frozen and hashable, so that a decision, which follows from them and the policies alone,
can be remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Uid = dict[str, str]
Entity = dict[str, Any]
"""As Cedar's JSON has it: `{"uid": {"type", "id"}, "attrs", "parents"}`."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody with their roles; `units` and `cameras` are their scope, empty for all."""

    person: str
    roles: frozenset[str]
    units: frozenset[str] = frozenset()
    cameras: frozenset[str] = frozenset()

    def uid(self) -> Uid:
        return uid("Person", self.person)

    def entity(self) -> Entity:
        attributes = {"units": sorted(self.units), "cameras": sorted(self.cameras)}
        parents = [uid("Role", role) for role in sorted(self.roles)]
        return {"uid": self.uid(), "attrs": attributes, "parents": parents}


@dataclass(frozen=True, slots=True)
class System:
    """Plainview as a whole. A yes here means: somewhere. Where, is decided at the camera."""

    def uid(self) -> Uid:
        return uid("System", "plainview")

    def entity(self) -> Entity:
        return {"uid": self.uid(), "attrs": {}, "parents": []}


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera as the register has it."""

    name: str
    unit: str
    kind: str
    status: str

    def uid(self) -> Uid:
        return uid("Camera", self.name)

    def entity(self) -> Entity:
        attributes = {
            "name": self.name,
            "unit": self.unit,
            "kind": self.kind,
            "status": self.status,
        }
        return {"uid": self.uid(), "attrs": attributes, "parents": []}


@dataclass(frozen=True, slots=True)
class Request:
    """A request for an original, by its hash."""

    hash: str
    requester: str

    def uid(self) -> Uid:
        return uid("Request", self.hash)

    def entity(self) -> Entity:
        return {"uid": self.uid(), "attrs": {"requester": person(self.requester)}, "parents": []}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What `by` proposed and somebody else must agree to; `people` are those whom it appoints."""

    hash: str
    by: str
    people: frozenset[str] = frozenset()

    def uid(self) -> Uid:
        return uid("Proposal", self.hash)

    def entity(self) -> Entity:
        appointed = [person(name) for name in sorted(self.people)]
        attributes = {"by": person(self.by), "people": appointed}
        return {"uid": self.uid(), "attrs": attributes, "parents": []}


Resource = System | Camera | Request | Proposal
SYSTEM = System()


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances. `purpose`: the person has said what for."""

    purpose: bool = False

    def values(self) -> dict[str, bool]:
        return {"purpose": self.purpose}


UNASKED = Context()


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, and why.

    `reasons`: ids of the policies that decided, sorted; none when nothing permits it.
    `invariants`: names of the invariants that forbid it. `hash`: that of the policy set.
    """

    allowed: bool
    reasons: tuple[str, ...]
    invariants: tuple[str, ...]
    hash: str


def uid(type: str, id: str) -> Uid:
    """A name in Cedar's JSON."""
    return {"type": type, "id": id}


def person(name: str) -> dict[str, Uid]:
    """A reference to a person, as an attribute has it."""
    return {"__entity": uid("Person", name)}


def entities(things: Iterable[Principal | Resource]) -> list[Entity]:
    """Their form in Cedar's JSON."""
    return [thing.entity() for thing in things]
