#!/usr/bin/env python3
"""Writes docs/ref/who-may.md: every route with its permission, and the roles that hold it.

    .venv/bin/python tools/make_who_may.py

It asks the routes what they declare and the policies who may. `tests/tools/test_who_may.py` demands
that the page is up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi.routing import iter_route_contexts

from plainview.policies.engine import Engine
from plainview.policies.files import load
from plainview.policies.invariants import INVARIANTS
from plainview.policies.permissions import Permission, Role
from plainview.web.app import ROUTERS
from plainview.web.catalogue import Catalogue, catalogue
from plainview.web.permissions import OPEN_DOORS, Needs, NeedsOrToken, doors

PAGE = Path(__file__).resolve().parent.parent / "docs" / "ref" / "who-may.md"
OPENING = """\
# Who may call what

Made by `tools/make_who_may.py` out of the routes' declarations and the policies in
`src/plainview/policies/cedar`. Their hash:

    {hash}

[Authorization](../design/authorization.md) explains how a decision comes about;
[the guide](../guide/who-may-do-what.md) says it in plain words.

A person with several roles may do what any of them may, unless a rule below forbids it.
"""


def main() -> int:
    text = page(Engine(load()), catalogue())
    if "--print" in sys.argv:
        sys.stdout.write(text)
    else:
        PAGE.write_text(text)
    return 0


def page(engine: Engine, t: Catalogue) -> str:
    """The whole page, ending with a newline."""
    rules = [one.id for one in engine.policies if one.effect == "forbid"]
    parts = [
        OPENING.format(hash=engine.hash),
        "## What each role may do\n",
        *matrix(engine, t),
        "\n`decided again at`: a second decision is made about the very thing.\n",
        "## What nobody may do, whatever is permitted\n",
        *(f"- `{id}`: {t(f'rule.{id}')}" for id in rules),
        "\nHeld in code, whatever the policies say:\n",
        *(f"- `{name}`: {t(f'invariant.{name}')}" for name in INVARIANTS),
        "\n## Routes that need a permission\n",
        *table(["route", "permission", "roles"], locked(engine)),
        "\n`or token`: a monitoring system may call it with the token of `metrics_token_file`.\n",
        "## Open doors\n",
        "Everybody may call these, without a session.\n",
        *table(["route", "why"], opened()),
        "\nThe demonstration adds doors under `/demo`; they exist only when `demo = true`.",
    ]
    return "\n".join(parts) + "\n"


def matrix(engine: Engine, t: Catalogue) -> list[str]:
    rows = []
    for one in Permission:
        holders = engine.roles(one)
        marks = ["yes" if role in holders else "" for role in Role]
        again = ", ".join(name.lower() for name in engine.places[one] if name != "System")
        rows.append([f"`{one}`", t(f"may.{one.replace('.', '_')}"), *marks, again])
    head = ["permission", "what", *(role.value for role in Role), "decided again at"]
    return table(head, rows)


def locked(engine: Engine) -> Iterator[list[str]]:
    for route, declared in routes():
        for door in declared:
            if isinstance(door, Needs):
                holders = engine.roles(door.permission)
                who = "everybody with a role" if len(holders) == len(Role) else ", ".join(holders)
                token = " or token" if isinstance(door, NeedsOrToken) else ""
                yield [f"`{route}`", f"`{door.permission}`{token}", who]


def opened() -> Iterator[list[str]]:
    for route, declared in routes():
        if not any(isinstance(door, Needs) for door in declared):
            yield [f"`{route}`", OPEN_DOORS[route.split(" ", 1)[1]]]


def routes() -> list[tuple[str, list[Any]]]:
    """`GET /path` with what the route declares, by path."""
    every = [route for router in ROUTERS for route in router.routes]
    found = []
    for context, (path, declared) in zip(iter_route_contexts(every), doors(every), strict=True):
        for method in sorted(getattr(context.route, "methods", None) or {"WS"}):
            found.append((f"{method} {path}", declared))
    return sorted(found, key=lambda one: one[0].split(" ", 1)[::-1])


def table(head: list[str], rows: Any) -> list[str]:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


if __name__ == "__main__":
    sys.exit(main())
