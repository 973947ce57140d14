"""Every role, pair of roles, scope, action and state of a thing: what decisions are asked about.

The vectors in `tests/vectors/policies` are the answers, which Cedar's official WebAssembly build
replays (tools/make_policy_vectors.py, tools/replay_policies.mjs).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

from plainview.policies.engine import Engine
from plainview.policies.model import (
    SYSTEM,
    Camera,
    Context,
    Principal,
    Proposal,
    Request,
    Resource,
)
from plainview.policies.permissions import Permission, Role

ME, OTHER = "p-me", "p-other"
UNIT, CAMERA = "Traffic", "cam-01"
KINDS = ("pole", "mobile", "dashcam", "bodycam")
STATUSES = ("published", "active", "suspended", "expired", "removed")
SCOPES: tuple[tuple[frozenset[str], frozenset[str]], ...] = (
    (frozenset(), frozenset()),
    (frozenset({UNIT, "Parks"}), frozenset()),
    (frozenset({"Parks"}), frozenset()),
    (frozenset(), frozenset({CAMERA, "cam-02"})),
    (frozenset({UNIT}), frozenset({"cam-02"})),
)
"""(units, cameras): none; the camera's unit; another; the camera; its unit but another camera."""
CONTEXTS = (Context(purpose=False), Context(purpose=True))
Question = tuple[Permission, Resource, Context]


def principals() -> list[Principal]:
    """No role and every role with every scope; every pair of roles without one and with one."""
    roles = [role.value for role in Role]
    some = [*product([(), *((one,) for one in roles)], SCOPES)]
    pairs = [*product(combinations(roles, 2), SCOPES[:2])]
    return [Principal(ME, frozenset(held), *scope) for held, scope in [*some, *pairs]]


def resources() -> list[Resource]:
    """The whole; a camera of every kind, and in every status; what one asked for or proposed
    oneself, and what others did.
    """
    states = dict.fromkeys([("pole", one) for one in STATUSES] + [(one, "active") for one in KINDS])
    cameras = [Camera(CAMERA, UNIT, kind, status) for kind, status in states]
    requests = [Request(f"r-{who}", who) for who in (ME, OTHER)]
    proposals = [
        Proposal(f"s-{by}-{about}", by, frozenset({about} - {""}))
        for by, about in product((ME, OTHER), ("", ME, OTHER))
    ]
    return [SYSTEM, *cameras, *requests, *proposals]


def questions(engine: Engine) -> Iterator[Question]:
    """Every action with every thing that the schema lets it be done to."""
    for action, what, context in product(Permission, resources(), CONTEXTS):
        if type(what).__name__ in engine.places[action]:
            yield action, what, context


def decisions(engine: Engine) -> dict[str, Any]:
    """What the policies say to all of it.

    `outcomes` are the different answers; an answer in `questions` is two hex digits a principal.
    """
    who, what = principals(), resources()
    outcomes: dict[tuple[bool, tuple[str, ...]], int] = {}
    asked = []
    for action, thing, context in questions(engine):
        found = [engine.ask(one, action, thing, context) for one in who]
        numbers = [outcomes.setdefault(one, len(outcomes)) for one in found]
        asked.append(
            {
                "action": action.value,
                "resource": what.index(thing),
                "context": CONTEXTS.index(context),
                "answers": bytes(numbers).hex(),
            }
        )
    return {
        "policies": engine.hash,
        "principals": [one.entity() for one in who],
        "resources": [one.entity() for one in what],
        "contexts": [one.values() for one in CONTEXTS],
        "outcomes": [{"allowed": yes, "reasons": list(ids)} for yes, ids in outcomes],
        "questions": asked,
    }
