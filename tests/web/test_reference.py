"""docs/ref/http-api.md names every route, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fastapi.routing import iter_route_contexts

from plainview.policies.engine import Engine
from plainview.policies.files import load
from plainview.policies.permissions import Role
from plainview.web.permissions import Needs, doors

PAGE = Path("docs/ref/http-api.md").read_text(encoding="utf-8")


def test_every_route_is_documented_and_every_documented_route_exists(calm: Any) -> None:
    existing = set()
    for context in iter_route_contexts(calm.app.routes):
        for method in getattr(context.route, "methods", None) or {"WS"}:
            existing.add(f"{method} {str(context.path).replace(':path', '')}")
    written = set(re.findall(r"`((?:GET|POST|DELETE|WS) /[^`? ]*)", PAGE))
    assert existing - written == set()
    assert written - existing == set()


def test_permissions_that_routes_demand_are_documented_with_their_roles(calm: Any) -> None:
    rows = dict(re.findall(r"^\| `([a-z._]+)` \| ([a-z, ]+) \|", PAGE, re.MULTILINE))
    demanded = {
        door.permission
        for _, declared in doors(calm.app.routes)
        for door in declared
        if isinstance(door, Needs)
    }
    engine = Engine(load())
    for permission in demanded:
        roles, said = engine.roles(permission), rows[permission.value].split(", ")
        assert said == ["everybody"] if len(roles) == len(Role) else set(said) == set(roles)


def test_routes_stand_in_the_row_of_their_permission(calm: Any) -> None:
    rows = dict(re.findall(r"^\| `([a-z._]+)` \| [a-z, ]+ \| (.*) \|$", PAGE, re.MULTILINE))
    for path, declared in doors(calm.app.routes):
        for door in declared:
            if isinstance(door, Needs):
                assert f" {path}`" in rows[door.permission.value], path
