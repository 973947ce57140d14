#!/usr/bin/env python3
"""Writes docs/ref/http-api.md: every route, out of the description that the program serves.

    .venv/bin/python tools/make_api_reference.py

How the parts play together is written by hand in docs/ref/http.md.
`tests/tools/test_api_reference.py` demands that the page is up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plainview.policies.engine import Engine
from plainview.policies.files import load
from plainview.policies.permissions import Permission, Role
from plainview.web.app import ROUTERS
from plainview.web.description import ALWAYS, MEANING, describe

PAGE = Path(__file__).resolve().parent.parent / "docs" / "ref" / "http-api.md"
OPENING = """\
# HTTP API: every route

Made by `tools/make_api_reference.py` out of the routes' declarations; the program serves the same
as OpenAPI 3.1 at `GET /api/openapi.json`. How sign-in, pictures, drafts and statements work stands
in [HTTP](http.md), who holds which permission also in [Who may call what](who-may.md).

Text is at most as long as said; times are RFC 3339. An error is `{"code", "message", "hint"}`,
outside of `/api/` for a browser a page.

| status | what it means |
|---|---|
"""
WAYS = {"path": "in the path", "query": "in the query"}
KINDS = {"string": "text", "integer": "number", "boolean": "true or false", "object": "object"}


def main() -> int:
    text = page()
    if "--print" in sys.argv:
        sys.stdout.write(text)
    else:
        PAGE.write_text(text)
    return 0


def page() -> str:
    """The whole page, ending with a newline."""
    spec, engine = describe([one for router in ROUTERS for one in router.routes]), Engine(load())
    every = ", ".join(f"`{status}`" for status in ALWAYS)
    lines = [f"| {status} | {said} |" for status, said in sorted({**MEANING, **ALWAYS}.items())]
    parts = [OPENING + "\n".join(lines), f"Any route may answer {every}."]
    for tag in spec["tags"]:
        parts.append(f"## {tag['description']}")
        parts += [
            described(f"{method.upper()} {path}", operation, spec, engine)
            for path, operations in spec["paths"].items()
            for method, operation in operations.items()
            if operation["tags"] == [tag["name"]]
        ]
        parts += [
            described(f"WS {path}", socket, spec, engine)
            for path, socket in spec["x-websockets"].items()
            if socket["tags"] == [tag["name"]]
        ]
    return "\n\n".join(parts) + "\n"


def described(label: str, operation: dict[str, Any], spec: dict[str, Any], engine: Engine) -> str:
    """One route."""
    points = [who(operation, engine), *parameters(operation), *bodies(operation, spec)]
    if "responses" in operation:
        points.append(answers(operation["responses"]))
    return f"### `{label}`\n\n{operation['description']}\n\n" + "\n".join(points)


def who(operation: dict[str, Any], engine: Engine) -> str:
    if not operation["security"]:
        return f"- Open to everybody: {operation['x-open']}."
    holders = engine.roles(Permission(operation["x-permission"]))
    names = "everybody with a role" if len(holders) == len(Role) else ", ".join(holders)
    token = ", or a monitor's token" if {"monitor": []} in operation["security"] else ""
    return f"- Permission `{operation['x-permission']}`: {names}{token}."


def parameters(operation: dict[str, Any]) -> Iterator[str]:
    for place, words in WAYS.items():
        found = [one for one in operation.get("parameters", []) if one["in"] == place]
        if found:
            said = "; ".join(field(one["name"], one["schema"], one["required"]) for one in found)
            yield f"- {words[0].upper()}{words[1:]}: {said}."


def bodies(operation: dict[str, Any], spec: dict[str, Any]) -> Iterator[str]:
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        name = schema.get("$ref", "").rpartition("/")[2]
        model = spec["components"]["schemas"][name] if name else schema
        needed = model.get("required", [])
        said = "; ".join(
            field(name, one, name in needed) for name, one in model["properties"].items()
        )
        yield f"- Body ({'JSON' if kind.endswith('json') else 'form'}): {said}."


def field(name: str, schema: dict[str, Any], needed: bool) -> str:
    """A field's name, kind and bounds."""
    kinds = schema.get("anyOf", [schema])
    first = kinds[0]
    limits = [
        f"{word} {first[bound]:,}"
        for bound, word in (
            ("minLength", "at least"), ("maxLength", "at most"),
            ("minimum", "from"), ("maximum", "to"), ("exclusiveMaximum", "below"),
        )
        if bound in first
    ]  # fmt: skip
    kind = KINDS.get(first.get("type", ""), "any value")
    if first.get("type") == "array":
        kind = "list"
    rest = "" if needed else ", may be left out"
    return f"`{name}` ({' '.join([kind, *limits])}{rest})"


def answers(responses: dict[str, Any]) -> str:
    good = [
        f"`{status}` {', '.join(one.get('content', {})) or 'without a body'}"
        for status, one in responses.items()
        if "$ref" not in one
    ]
    bad = [f"`{one}`" for one in responses if "$ref" in responses[one] and int(one) not in ALWAYS]
    refused = f"; refused with {', '.join(bad)}" if bad else ""
    return f"- Answers {'; '.join(good)}{refused}."


if __name__ == "__main__":
    sys.exit(main())
