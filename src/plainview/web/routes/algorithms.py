"""How people are hidden and how well: the algorithm record, as pages and for machines."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from plainview.base.clock import to_iso
from plainview.errors import NotFound
from plainview.redact.record import Algorithm, Figure, shown, to_dict
from plainview.redact.standards import City, atrs, ats
from plainview.register.listing import Listed
from plainview.web.context import Web, web_of
from plainview.web.hiding import hidden
from plainview.web.permissions import open_door
from plainview.web.redactions import Running

router = APIRouter()
DOOR = open_door("how people are hidden, and how well")


@router.get("/algorithms", dependencies=[DOOR], response_class=HTMLResponse)
async def page(request: Request) -> Response:
    """How are people hidden, and how well?"""
    web = web_of(request)
    values = await asyncio.to_thread(_list, web)
    return await asyncio.to_thread(web.pages.render, "algorithms.html", **values)


@router.get("/algorithms/{name}.json", dependencies=[DOOR])
async def machines(request: Request, name: str) -> Response:
    """`{"name", ..., "files", "measured", "running", "ats", "atrs"}`: see the reference."""
    web = web_of(request)
    return JSONResponse(await asyncio.to_thread(_machines, web, _algorithm(web, name)))


@router.get("/algorithms/{name}", dependencies=[DOOR], response_class=HTMLResponse)
async def one(request: Request, name: str) -> Response:
    """What is this model, and how well does it work?"""
    web = web_of(request)
    values = await asyncio.to_thread(_one, web, _algorithm(web, name))
    return await asyncio.to_thread(web.pages.render, "algorithm.html", **values)


def _algorithm(web: Web, name: str) -> Algorithm:
    found = web.records.algorithms.get(name)
    if found is None:
        raise NotFound("No model of that name is in use.", hint="See: /algorithms.")
    return found


def _list(web: Web) -> dict[str, Any]:
    records = web.records
    return {
        "here": "algorithms",
        "common": records.common,
        "algorithms": records.algorithms.values(),
        "profiles": [(name, _rows(figures)) for name, figures in records.profiles.items()],
        "cameras": _hiding(web),
        "running": web.redactions.now(),
    }


def _hiding(web: Web) -> list[tuple[str, str, list[Listed]]]:
    """(profile, in words, the cameras that hide so much), by how many there are."""
    view = web.portal.view(web.now())
    found: dict[tuple[str, str], list[Listed]] = {}
    for line in view.cameras:
        if line.status != "removed":
            said = hidden(web.t, view.record(line.id))
            found.setdefault((line.profile, said), []).append(line)
    rows = [(profile, said, lines) for (profile, said), lines in found.items()]
    return sorted(rows, key=lambda row: -len(row[2]))


def _one(web: Web, algorithm: Algorithm) -> dict[str, Any]:
    return {
        "here": "algorithms",
        "common": web.records.common,
        "algorithm": algorithm,
        "about": algorithm.about,
        "figures": _rows(algorithm.figures),
        "running": [(one, _agrees(one, algorithm)) for one in web.redactions.now()],
    }


def _machines(web: Web, algorithm: Algorithm) -> dict[str, Any]:
    records, city = web.records, _city(web, algorithm)
    figures = algorithm.figures
    return {
        **to_dict(algorithm),
        "running": [
            {
                "node": one.node,
                "entry": one.entry,
                "since": to_iso(one.since),
                "same_files": _agrees(one, algorithm),
                "settings": one.settings,
                "settings_sha256": one.settings_hash,
            }
            for one in web.redactions.now()
        ],
        "ats": ats(algorithm, records.common, city, figures),
        "atrs": atrs(algorithm, records.common, city, figures),
    }


def _agrees(running: Running, algorithm: Algorithm) -> bool:
    """Whether the recorder said that it has exactly these files of the model."""
    return algorithm.hashes.items() <= running.models.items()


def _rows(figures: tuple[Figure, ...]) -> list[tuple[Figure, str]]:
    return [(one, shown(one)) for one in figures]


def _city(web: Web, algorithm: Algorithm) -> City:
    """What the register says of who uses it, each value once."""
    view = web.portal.view(web.now())
    cameras = [view.record(one.id) for one in view.cameras if one.status != "removed"]

    def each(*values: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for value in values if value))

    basis = [one["legal_basis"] for one in cameras]
    return City(
        organisations=each(*(one["controller"] for one in cameras)),
        units=each(*(one["unit"] for one in cameras)),
        contacts=each(*(one["contact"] for one in cameras)),
        laws=each(*(f"{one['law']}, {one['article']}, {one['decision']}" for one in basis)),
        areas=each(*(one["area"] or one["place"] for one in cameras)),
        website=f"{web.settings.web_url}/algorithms/{algorithm.name}",
    )
