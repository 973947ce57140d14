"""docs/ref/http-api.md names every route, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fastapi.routing import iter_route_contexts

from plainview.web.permissions import GRANTS, Needs, Permission, doors

PAGE = Path("docs/ref/http-api.md").read_text(encoding="utf-8")


def test_every_route_is_documented_and_every_documented_route_exists(calm: Any) -> None:
    existing = set()
    for context in iter_route_contexts(calm.app.routes):
        for method in getattr(context.route, "methods", None) or {"WS"}:
            existing.add(f"{method} {str(context.path).replace(':path', '')}")
    written = set(re.findall(r"`((?:GET|POST|DELETE|WS) /[^`? ]*)", PAGE))
    assert existing - written == set()
    assert written - existing == set()


def test_permissions_and_their_roles_are_documented(calm: Any) -> None:
    rows = dict(re.findall(r"^\| `([a-z.]+)` \| ([a-z, ]+) \|", PAGE, re.MULTILINE))
    for permission in Permission:
        roles = [role for role, held in GRANTS.items() if permission in held]
        said = rows[permission.value].split(", ")
        assert said == ["everybody"] if len(roles) == len(GRANTS) else set(said) == set(roles)


def test_routes_stand_in_the_row_of_their_permission(calm: Any) -> None:
    rows = dict(re.findall(r"^\| `([a-z.]+)` \| [a-z, ]+ \| (.*) \|$", PAGE, re.MULTILINE))
    for path, declared in doors(calm.app.routes):
        for door in declared:
            if isinstance(door, Needs):
                assert f" {path}`" in rows[door.permission.value], path
