"""Who may do what: in plain words, as the files that decide, and for machines."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from plainview.errors import NotFound
from plainview.policies.engine import alone
from plainview.policies.invariants import INVARIANTS
from plainview.policies.permissions import Permission, Role
from plainview.web.context import Web, web_of
from plainview.web.permissions import open_door

router = APIRouter()
DOOR = open_door("who may do what")
LISTING = "SHA256SUMS"
OF_THE_LOG = ("policies.log_1", "policies.log_2", "policies.log_3")
"""What the rules of the log enforce, where no policy is asked."""


@router.get("/policies", dependencies=[DOOR], response_class=HTMLResponse)
def page(request: Request) -> Response:
    """Who may do what?"""
    web = web_of(request)
    return web.pages.render("policies.html", here="policies", **_shown(web))


@router.get("/policies.json", dependencies=[DOOR])
def machines(request: Request) -> Response:
    """`{"hash", "files", "policies", "schema"}`: texts, hashes, and each policy by its name."""
    engine = web_of(request).rights.engine
    answer: dict[str, Any] = {
        "hash": engine.hash,
        "files": [
            {"name": file.name, "sha256": file.sha256, "text": file.text}
            for file in engine.files.files
        ],
        "policies": [{"id": one.id, "effect": one.effect} for one in engine.policies],
        "invariants": list(INVARIANTS),
        "roles": [role.value for role in Role],
        "permissions": [permission.value for permission in Permission],
    }
    return JSONResponse(answer)


@router.get("/policies/{name}", dependencies=[DOOR], response_class=PlainTextResponse)
def file(request: Request, name: str) -> Response:
    """A file of the policies as it is, or their list, whose SHA-256 is the policy hash."""
    files = web_of(request).rights.engine.files
    if name == LISTING:
        return PlainTextResponse(files.listing())
    found = next((one for one in files.files if one.name == name), None)
    if found is None:
        raise NotFound("There is no such file of the policies.", hint="See: /policies.")
    return PlainTextResponse(found.text)


def _shown(web: Web) -> dict[str, Any]:
    t, engine = web.t, web.rights.engine

    held = {role: engine.held(alone(role)) for role in Role}
    everybody = frozenset(Permission).intersection(*held.values())

    def words(some: frozenset[Permission]) -> list[str]:
        return [t(f"may.{one.replace('.', '_')}") for one in Permission if one in some]

    forbids = [one.id for one in engine.policies if one.effect == "forbid"]
    return {
        "everybody": words(everybody),
        "roles": [(t(f"role.{role}"), words(held[role] - everybody)) for role in Role],
        "limits": [
            t(f"rule.{id}") if t.has(f"rule.{id}") else t("rule.other", name=id) for id in forbids
        ],
        "never": [t(f"invariant.{name}") for name in INVARIANTS] + [t(one) for one in OF_THE_LOG],
        "hash": engine.hash,
        "files": engine.files.files,
        "url": web.settings.web_url,
        "listing": LISTING,
    }
