"""What cameras share, each at an address that stays: contracts, laws, key holders, units, areas."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from plainview.errors import NotFound
from plainview.register.listing import ORDER
from plainview.register.overview import Group, View, counted
from plainview.web import states
from plainview.web.context import Web, web_of
from plainview.web.paperwork import COLLECTIONS, Collection, embedded, facts
from plainview.web.permissions import open_door
from plainview.web.states import Health

router = APIRouter()
NEWEST = 12
"""Cameras named on the page itself; the list has all."""


def _routes(collection: Collection) -> None:
    door = [open_door("what cameras rest on and share")]
    page: dict[str, Any] = {"dependencies": door, "response_class": HTMLResponse}
    name = collection.path.replace("-", " ")
    every = f"The {name}, and how many cameras rest on or belong to each."
    single = f"One of the {name}: what is known of it, and its cameras."
    router.get(f"/{collection.path}", description=every, **page)(_index(collection))
    router.get(f"/{collection.path}/{{name}}", description=single, **page)(_one(collection))


def _index(collection: Collection) -> Callable[[Request], Awaitable[Response]]:
    async def index(request: Request) -> Response:
        web = web_of(request)
        return await asyncio.to_thread(_listed, web, collection)

    return index


def _one(collection: Collection) -> Callable[[Request, str], Awaitable[Response]]:
    async def one(request: Request, name: str) -> Response:
        web = web_of(request)
        health = await web.recorders.cameras()
        return await asyncio.to_thread(_page, web, collection, name, health)

    return one


for _collection in COLLECTIONS:
    _routes(_collection)


def _listed(web: Web, collection: Collection) -> Response:
    view = web.portal.view(web.now())
    groups = view.groups[collection.kind]
    rows = [
        (slug, group.name, counted(group.cameras), _ended(web, view, collection, slug))
        for slug, group in sorted(groups.items(), key=lambda item: item[1].name)
    ]
    kinds = [kind for kind in ORDER if any(row[2].get(kind) for row in rows)]
    return web.pages.render(
        "papers.html", here="cameras", collection=collection, rows=rows, kinds=kinds
    )


def _page(web: Web, collection: Collection, name: str, health: Health | None) -> Response:
    now = web.now()
    view = web.portal.view(now)
    group = view.groups[collection.kind].get(name)
    if group is None:
        raise NotFound("There is no such page.", hint=f"See: /{collection.path}.")
    versions = view.records.get(f"{collection.kind}/{name}", [])
    record = versions[-1].record if versions else _own(view, collection, group)
    gates = view.gates
    standing = [line for line in group.cameras if line.status != "removed"]
    recording = None
    if health is not None:
        recording = sum(
            states.shown(view, line, health, now) == "recording"
            for line in standing
            if gates[line.id].allowed
        )
    return web.pages.render(
        "paper.html",
        here="cameras",
        collection=collection,
        slug=name,
        group=group,
        counts=counted(group.cameras),
        registered=len(standing),
        recording=recording,
        facts=facts(web.t, view, collection, record),
        versions=versions[::-1],
        ended=_ended(web, view, collection, name),
        some=standing[:NEWEST],
        custodians=_custodians(web, collection, name),
        contracts=_contracts(view, collection, name),
        areas=_areas(view, collection, group),
        kinds=tuple(ORDER),
    )


def _own(view: View, collection: Collection, group: Group) -> dict[str, Any]:
    if not group.cameras:
        return {}
    return embedded(collection, view.record(group.cameras[0].id))


def _ended(web: Web, view: View, collection: Collection, slug: str) -> str:
    """Why cameras may not rest on it, in one word of the catalogue; "" while it holds."""
    versions = view.records.get(f"{collection.kind}/{slug}")
    if not versions:
        return ""
    if versions[-1].status != "active":
        return "revoked"
    return "ended" if web.now() >= versions[-1].lapses else ""


def _custodians(web: Web, collection: Collection, name: str) -> dict[str, Any] | None:
    if collection.kind != "custodian-set":
        return None
    found = web.register.custodian_set(name)
    return {"set": found, "orgs": web.portal.orgs(found)}


def _contracts(view: View, collection: Collection, name: str) -> list[tuple[str, str]]:
    """A supplier's contracts."""
    if collection.kind != "supplier":
        return []
    return [
        (slug, group.name)
        for slug, group in sorted(view.groups["contract"].items())
        if any(line.of("supplier") == name for line in group.cameras[:1])
        or _sells(view, slug, name)
    ]


def _sells(view: View, contract: str, supplier: str) -> bool:
    versions = view.records.get(f"contract/{contract}", [])
    return any(version.record.get("supplier") == supplier for version in versions[-1:])


def _areas(view: View, collection: Collection, group: Group) -> list[dict[str, Any]]:
    """Of a unit its areas, of an area its units, with how many sources of each kind."""
    other = {"unit": "area", "area": "unit"}.get(collection.kind)
    if other is None:
        return []
    parts: dict[str, list[Any]] = {}
    for line in group.cameras:
        parts.setdefault(line.of(other), []).append(line)
    return [
        {
            "kind": other,
            "slug": slug,
            "name": view.groups[other][slug].name if slug else "",
            "counts": counted(lines),
        }
        for slug, lines in sorted(parts.items())
    ]
