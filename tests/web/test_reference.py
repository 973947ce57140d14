"""The description of the API is whole and sound, and what is written by hand names what exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import schemathesis
from fastapi.routing import iter_route_contexts

from plainview.web.permissions import Needs, doors

PAGE = Path("docs/ref/http.md").read_text(encoding="utf-8")


def described(site: Any) -> dict[str, Any]:
    with site.client() as client:
        answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def routes(site: Any) -> list[tuple[str, str, list[Any]]]:
    """(method, path, what it declares)."""
    every = site.app.routes
    return [
        (method, str(context.path).replace(":path", ""), list(declared))
        for context, (_, declared) in zip(iter_route_contexts(every), doors(every), strict=True)
        for method in getattr(context.route, "methods", None) or {"WS"}
    ]


def test_every_route_is_described_with_its_permission_or_as_open(calm: Any) -> None:
    spec = described(calm)
    for method, path, (door,) in routes(calm):
        socket = method == "WS"
        said = spec["x-websockets"][path] if socket else spec["paths"][path][method.lower()]
        assert said["summary"], (method, path)
        if isinstance(door, Needs):
            assert said["x-permission"] == door.permission.value
            assert {"session": []} in said["security"]
        else:
            assert (said["security"], bool(said["x-open"])) == ([], True)
    described_too = sum(len(one) for one in spec["paths"].values()) + len(spec["x-websockets"])
    assert described_too == len(routes(calm))


def test_models_of_bodies_are_sound_and_errors_are_ours(calm: Any) -> None:
    spec = described(calm)
    schemathesis.openapi.from_dict(spec).validate()
    for name in spec["components"]["schemas"]:
        assert "__" not in name, f"two models are called alike: {name}"
    text = str(spec)
    assert "'422'" not in text
    assert "HTTPValidationError" not in text
    names = [one["operationId"] for path in spec["paths"].values() for one in path.values()]
    assert len(set(names)) == len(names)


def test_what_is_written_by_hand_names_routes_that_exist(calm: Any) -> None:
    existing = {f"{method} {path}" for method, path, _ in routes(calm)}
    written = set(re.findall(r"`((?:GET|POST|DELETE|WS) /[^`? ]*)", PAGE))
    assert len(written) > 20
    assert written - existing == set()


def test_a_wrong_method_is_told_the_right_ones(calm: Any) -> None:
    with calm.client() as client:
        answer = client.request("PUT", "/report")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
