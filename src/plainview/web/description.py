"""What the web process answers, for machines: OpenAPI 3.1 out of the routes' own declarations.

A route is declared once: path, parameters, the model of its body, its kind of answer, and its
permission or open door. Its docstring says what it is for, that of its module what its neighbours
are for. This adds what the guard, the doorkeeper and the error pages do around all routes alike.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from starlette.routing import BaseRoute

from plainview import __version__
from plainview.web.permissions import OPEN_DOORS, Needs, NeedsOrToken, OpenDoor, doors

ABOUT = (
    "Everything is refused that is not an open door. An error is an object with code, message and"
    " hint, or, for a browser's page, a page."
)
ALWAYS = {
    413: "body over 1 MiB",
    414: "address over 4 KiB",
    421: "this server does not answer under that host name",
    431: "header fields over 16 KiB",
    503: "busy, or something that is needed is away: keeper, log, recorder",
}
"""What any route may answer: `plainview.web.guard`, and the server itself."""
INVALID, STRANGER, FORBIDDEN, ABSENT = 400, 401, 403, 404
MEANING = {
    INVALID: "not understood, or not sound",
    STRANGER: "not signed in",
    FORBIDDEN: "a role, a rule or the origin of the request says no",
    ABSENT: "no such thing, or not yours",
    409: "the log does not hold what it needs",
    429: "too many in a row: wait a minute",
}
SCHEMES = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "plainview_session",
        "description": "A browser's session. What changes something also needs X-Plainview: 1 and"
        " an Origin of ours. Over https the cookie is called __Host-plainview_session.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A tool's session: POST /api/session/key gives its token.",
    },
    "monitor": {
        "type": "http",
        "scheme": "bearer",
        "description": "The text of the file that the setting metrics_token_file names.",
    },
}
PROBLEM = {
    "type": "object",
    "required": ["code", "message", "hint"],
    "properties": {name: {"type": "string"} for name in ("code", "message", "hint")},
    "description": "What was refused, why, and what to do.",
}
REFUSED, REFUSED_PAGE = "Refused", "RefusedPage"
_OF_FASTAPI = ("HTTPValidationError", "ValidationError")
_VALIDATION = "422"
"""FastAPI's own status for what does not fit its models; ours is 400."""

Declared = Sequence[Needs | OpenDoor]


def describe(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The OpenAPI description of the routes of an application, or of routers."""
    spec = get_openapi(title="Plainview", version=__version__, description=ABOUT, routes=routes)
    spec["x-websockets"] = {}
    groups: dict[str, str] = {}
    for route, declared in _declarations(routes):
        group = route.endpoint.__module__.rpartition(".")[2]
        groups[group] = _opening(sys.modules[route.endpoint.__module__].__doc__)
        if isinstance(route, APIWebSocketRoute):
            words = _words(route.endpoint.__doc__ or "")
            key = _key(declared, route.path)
            spec["x-websockets"][route.path] = {**words, **key, "tags": [group]}
            continue
        for method in route.methods or ():
            operation = spec["paths"][route.path_format][method.lower()]
            _dress(operation, route, method, declared)
            operation["tags"] = [group]
    spec["tags"] = [{"name": name, "description": said} for name, said in groups.items()]
    parts = spec.setdefault("components", {})
    parts["schemas"] = {
        name: said for name, said in parts.get("schemas", {}).items() if name not in _OF_FASTAPI
    } | {"Problem": PROBLEM}
    parts["responses"] = _refused()
    parts["securitySchemes"] = SCHEMES
    return spec


def _declarations(
    routes: Sequence[BaseRoute],
) -> Iterator[tuple[APIRoute | APIWebSocketRoute, Declared]]:
    for context, (_, declared) in zip(iter_route_contexts(routes), doors(routes), strict=True):
        route = context.route
        if isinstance(route, APIRoute | APIWebSocketRoute):
            yield route, declared


def _dress(operation: dict[str, Any], route: APIRoute, method: str, declared: Declared) -> None:
    """Add to FastAPI's own description what Plainview does around every route."""
    plain = "".join(one if one.isalnum() else "_" for one in route.path_format.strip("/"))
    operation["operationId"] = f"{method.lower()}_{plain}".rstrip("_")
    operation.update(_words(operation.get("description", "")))
    operation.update(_key(declared, route.path))
    answers = operation["responses"]
    answers.pop(_VALIDATION, None)
    for status in _refusals(operation, answers):
        name = REFUSED if route.path.startswith("/api/") else REFUSED_PAGE
        answers[str(status)] = {"$ref": f"#/components/responses/{name}{status}"}
    operation["responses"] = dict(sorted(answers.items()))


def _words(text: str) -> dict[str, str]:
    """A docstring as summary (its first paragraph) and description (all of it)."""
    paragraphs = [" ".join(part.split()) for part in text.strip().split("\n\n")]
    return {"summary": paragraphs[0], "description": "\n\n".join(paragraphs)}


def _opening(text: str | None) -> str:
    return _words(text or "")["summary"]


def _key(declared: Declared, path: str) -> dict[str, Any]:
    """Who may: a permission and how it is shown, or why the door is open."""
    for door in declared:
        if isinstance(door, Needs):
            ways = ["session", "bearer", *(["monitor"] if isinstance(door, NeedsOrToken) else [])]
            return {
                "x-permission": door.permission.value,
                "security": [{way: list[str]()} for way in ways],
            }
    return {"x-open": OPEN_DOORS.get(path, "a door of the demonstration"), "security": []}


def _refusals(operation: dict[str, Any], answers: dict[str, Any]) -> set[int]:
    """Statuses of refusals. What a route declares with a content of its own stays."""
    found = set(ALWAYS)
    places = {one["in"] for one in operation.get("parameters", [])}
    if "path" in places:
        found.add(ABSENT)
    if places or "requestBody" in operation:
        found.add(INVALID)
    if operation["security"]:
        found |= {STRANGER, FORBIDDEN}
    own = {int(status): said for status, said in answers.items() if int(status) >= INVALID}
    return (found | set(own)) - {status for status, said in own.items() if "content" in said}


def _refused() -> dict[str, Any]:
    """Each refusal as it is said to programs, and as it is said to people, too."""
    problem = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    page = {**problem, "text/html": {"schema": {"type": "string"}}}
    return {
        f"{name}{status}": {"description": said, "content": content}
        for status, said in {**ALWAYS, **MEANING}.items()
        for name, content in ((REFUSED, problem), (REFUSED_PAGE, page))
    }
