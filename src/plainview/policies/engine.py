"""Decides: what the policies say, and the invariants besides.

Cedar skips a policy whose evaluation fails, also one that forbids. So nothing is allowed while any
evaluation failed, every request and entity is checked against the schema, and a set that the
schema does not accept stops the start.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache

import cedarpy

from plainview.errors import UnsafeStart
from plainview.policies import invariants
from plainview.policies.files import PolicyFiles
from plainview.policies.model import (
    SYSTEM,
    UNASKED,
    Context,
    Decision,
    Principal,
    Resource,
    entities,
    uid,
)
from plainview.policies.permissions import Permission, Role

REMEMBERED = 32_768
"""Decisions in memory: a control room of 100 people with 300 cameras each."""
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ACTION = re.compile(r'(?ms)^action "?([a-z_.]+)"?(?: appliesTo \{(.*?)\n\})?;')
_RESOURCES = re.compile(r"resource: \[(.*?)\]", re.DOTALL)


@dataclass(frozen=True)
class Policy:
    """A policy by its own name; `effect` is permit or forbid."""

    id: str
    effect: str


class Engine:
    """Policies, parsed once. Decisions are pure, and so remembered; threads may share it."""

    def __init__(self, files: PolicyFiles) -> None:
        """Raises `UnsafeStart` for a set that is not well-formed or that its schema refuses."""
        self.files, self.hash = files, files.hash
        try:
            self._schema = cedarpy.Schema.from_str(files.schema)
            self._policies = cedarpy.PolicySet.from_str(files.policies)
        except ValueError as error:
            raise _unsafe(str(error)) from error
        checked = cedarpy.validate_policies(files.policies, self._schema)
        if not checked.validation_passed:
            raise _unsafe("; ".join(str(error) for error in checked.errors[:5]))
        self.places = _places(str(self._schema))
        if odd := sorted(self.places.keys() ^ set(Permission)):
            raise _unsafe(f"the schema's actions are not those of the program: {', '.join(odd)}")
        self.policies = _named(files.policies)
        self.decide = lru_cache(maxsize=REMEMBERED)(self._decide)

    def _decide(
        self, who: Principal, action: str, what: Resource = SYSTEM, context: Context = UNASKED
    ) -> Decision:
        """May `who` do `action` to `what`? Never raises for a no."""
        forbidden = invariants.broken(who, action, what)
        permitted, reasons = self.ask(who, action, what, context)
        return Decision(permitted and not forbidden, reasons, forbidden, self.hash)

    def ask(
        self, who: Principal, action: str, what: Resource, context: Context
    ) -> tuple[bool, tuple[str, ...]]:
        """What the policies alone say, and the ids of those that decided."""
        answer = cedarpy.is_authorized(
            {
                "principal": who.uid(),
                "action": uid("Action", action),
                "resource": what.uid(),
                "context": context.values(),
            },
            self._policies,
            entities((who, what)),
            self._schema,
        )
        reasons = tuple(sorted(answer.diagnostics.id_annotations_by_reason.values()))
        return answer.allowed and not answer.diagnostics.errors, reasons

    def held(self, who: Principal) -> frozenset[Permission]:
        """What this person may do somewhere."""
        return frozenset(one for one in Permission if self.decide(who, one).allowed)

    def roles(self, action: Permission) -> tuple[Role, ...]:
        """The roles that allow it somewhere to somebody who has no other."""
        return tuple(role for role in Role if self.decide(alone(role), action).allowed)


def alone(role: Role) -> Principal:
    """Somebody who has this role and no other."""
    return Principal("someone", frozenset({role.value}))


def _places(schema: str) -> dict[str, tuple[str, ...]]:
    """The actions of a schema as Cedar prints it, each with the types of things it is done to."""
    found = {}
    for action, body in _ACTION.findall(schema):
        types = _RESOURCES.search(body)
        found[action] = tuple(name.strip() for name in types[1].split(",")) if types else ()
    return found


def _named(policies: str) -> tuple[Policy, ...]:
    """The policies by their own names. Raises `UnsafeStart` where one has none, or another's."""
    parsed = json.loads(cedarpy.policies_to_json_str(policies))
    if parsed["templates"]:
        raise _unsafe("templates are not used here")
    named = [
        Policy(str((one.get("annotations") or {}).get("id") or ""), one["effect"])
        for one in parsed["staticPolicies"].values()
    ]
    names = [one.id for one in named]
    if wrong := sorted({name for name in names if not _NAME.fullmatch(name)}):
        raise _unsafe(f'every policy has an @id of small letters and dashes, not "{wrong[0]}"')
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _unsafe(f"two policies are called {twice[0]}")
    return tuple(sorted(named, key=lambda one: one.id))


def _unsafe(what: str) -> UnsafeStart:
    return UnsafeStart(
        f"The policies cannot be used: {what}.",
        hint="Correct src/plainview/policies/cedar; docs/design/authorization.md.",
    )
