"""What this answers, for machines."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from plainview.web.permissions import open_door

router = APIRouter()


@router.get("/api/openapi.json", dependencies=[open_door("what this answers, for machines")])
def description(request: Request) -> dict[str, Any]:
    """This description of all routes, in OpenAPI 3.1."""
    described: dict[str, Any] = request.app.openapi()
    return described
