"""What a route may declare of itself beyond its models, for the description of the API.

It stands beside the route, in its decorator, so that the route says everything about itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.responses import FileResponse, Response

FORM = "application/x-www-form-urlencoded"


class Octets(Response):
    """Bytes whose form the route's description says."""

    media_type = "application/octet-stream"


class Jpeg(Response):
    """A picture."""

    media_type = "image/jpeg"


class Svg(FileResponse):
    """A drawing."""

    media_type = "image/svg+xml"


class AnyFile(FileResponse):
    """A file as it is, of the type that its name says."""

    media_type = "*/*"


def may(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=may(409, 429)`: refusals that do not follow from its parameters and its lock."""
    return {status: {} for status in statuses}


def form(**letters: tuple[int, int]) -> dict[str, Any]:
    """`openapi_extra=form(text=(10, 4000))`: fields of a page's form, shortest and longest."""
    fields = {
        name: {"type": "string", "minLength": shortest, "maxLength": longest}
        for name, (shortest, longest) in letters.items()
    }
    schema = {"type": "object", "properties": fields, "required": list(letters)}
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


def query(names: Iterable[str], about: str) -> dict[str, Any]:
    """`openapi_extra=query(...)`: words in the address that a page reads all at once."""
    text = {"type": "string"}
    each = {"in": "query", "required": False, "schema": text, "description": about}
    return {"parameters": [{"name": name, **each} for name in names]}
