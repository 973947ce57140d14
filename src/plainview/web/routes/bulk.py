"""Many cameras out of one file: a dry run, then drafts."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from plainview.web.context import web_of
from plainview.web.declared import may
from plainview.web.importing import Plan, begun, planned
from plainview.web.permissions import Permission, needs
from plainview.web.sessions import SignedIn

router = APIRouter()
Writer = Annotated[SignedIn, needs(Permission.REGISTER_DRAFT)]
Name = Annotated[str, Query(max_length=200)]
Law = Annotated[str, Query(max_length=100)]


@router.post("/api/register/import", responses=may(404))
async def look(request: Request, session: Writer, name: Name, law: Law = "") -> Response:
    """What the file in the body would change, row by row. `name` ends in .csv or .geojson."""
    data, web = await request.body(), web_of(request)
    found = await asyncio.to_thread(planned, web, session, name, data, law)
    # In ASCII: a file may hold half a character, which no UTF-8 can say.
    return Response(json.dumps(found.as_json()), media_type="application/json")


@router.post("/api/register/import/drafts", responses=may(404))
async def make(request: Request, session: Writer, name: Name, law: Law = "") -> dict[str, Any]:
    """A draft for each row that changes something; none unless every row is sound."""
    data, web = await request.body(), web_of(request)

    def made() -> tuple[Plan, int]:
        found = planned(web, session, name, data, law)
        return found, len(begun(web, session, found))

    plan, number = await asyncio.to_thread(made)
    kept = sorted(one.camera for one in plan.planned if one.changed and one.camera in plan.kept)
    return {"drafts": number, "kept": kept}
