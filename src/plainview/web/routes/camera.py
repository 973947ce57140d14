"""Why is this camera here? Everything that the register and the log say of one, now and before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from plainview.base.clock import Ms
from plainview.errors import BadFormat, GateClosed, NotFound
from plainview.register.answers import Camera, SetOnLog
from plainview.register.legal_profile import Profile
from plainview.register.objections import Objection
from plainview.tlog.history import moment
from plainview.web import hiding
from plainview.web.context import Web, web_of
from plainview.web.fates import PENDING, REFUSED, fate, objected
from plainview.web.permissions import open_door
from plainview.web.states import Health, state

router = APIRouter()
DOOR = open_door("why a camera is here")


@router.get("/cameras/{camera}", dependencies=[DOOR], response_class=HTMLResponse)
async def camera(
    request: Request,
    camera: str,
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
    on: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Why is this camera here? By the version in force; of `version`; or `on` a time (UTC)."""
    web = web_of(request)
    health = await web.recorders.cameras()
    return await asyncio.to_thread(_page, web, camera, version, on, health)


def _page(web: Web, name: str, version: int | None, on: str, health: Health | None) -> Response:
    now = web.now()
    asked, wrong = _moment(on if version is None else "")
    # Before the versions are read: there are never fewer of them afterwards.
    number, then = _in_force(web, name, now), _in_force(web, name, asked)
    view, versions = web.portal.view(now), web.register.versions(name)
    line = view.by_id.get(name)
    if line is None:
        raise NotFound(f"No camera {name} is in the register yet.")
    current = versions[number - 1] if number else versions[-1]
    shown = _asked(versions, version, asked, then) or current
    record, objections = shown.record, web.portal.objections.of(name)
    fates = _fates(versions, objections, now)
    return web.pages.render(
        "camera.html",
        here="cameras",
        camera=shown,
        current=current,
        later=[one for one in versions[current.version :] if fates[one.version] in PENDING],
        fates=fates,
        versions=versions[::-1],
        asked=asked,
        then=then,
        wrong=wrong,
        on=on,
        line=line,
        state=state(web.t, view, line, health, now),
        now=now,
        looks=web.looks.at(name),
        looked=web.looks.total(name),
        objections=objections,
        on_notice=[
            one for one in versions if one.effective_ms > now and fates[one.version] != REFUSED
        ],
        **_said(web, record),
        **_about(web, view.groups, line.shared, record),
    )


def _fates(versions: Sequence[Camera], objections: Sequence[Objection], now: Ms) -> dict[int, str]:
    """What became of each version, by its number."""
    to = objected(objections)
    return {
        one.version: fate(one.status, one.effective_ms, to.get((one.id, one.version), ()), now)
        for one in versions
    }


def _said(web: Web, record: dict[str, Any]) -> dict[str, Any]:
    """What a record says, in words."""
    rules = web.register.rules()
    return {
        "record": record,
        "longest": record["retention"]["seconds"] + rules["key_period_seconds"],
        "basis": [moment(record["legal_basis"][end]) for end in ("valid_from", "valid_to")],
        "dpia": [moment(record["dpia"][end]) for end in ("date", "review_due")],
        "contract_end": moment(record["contract"]["valid_to"]),
        "plain": web.plain,
        "hidden": hiding.hidden(web.t, record),
        "fill": hiding.fill(web.t, record),
        "zones": hiding.outlines(record),
        "law": _law(web, record),
    }


def _law(web: Web, record: dict[str, Any]) -> Profile | None:
    """The law that the record names. A city's own file may be gone or broken: the page stays."""
    try:
        return web.register.laws.of(record)
    except BadFormat:
        return None


def _about(
    web: Web, groups: Any, shared: tuple[str, ...], record: dict[str, Any]
) -> dict[str, Any]:
    """Who holds the keys, and the addresses of what it shares with other cameras."""
    unit, area, contract, supplier, basis, _ = shared
    custodians = _custodians(web, record["custodian_set"])
    return {
        "custodians": custodians,
        "orgs": web.portal.orgs(custodians),
        "unit": unit,
        "area": area,
        "contract": contract,
        "supplier": supplier,
        "legal": basis,
        "others": len(groups["unit"][unit].cameras) if unit in groups["unit"] else 0,
    }


def _custodians(web: Web, name: str) -> SetOnLog | None:
    try:
        return web.register.custodian_set(name)
    except NotFound:
        return None


def _moment(text: str) -> tuple[Ms | None, bool]:
    """A time as a browser's form sends it, taken as UTC; and whether it is none."""
    if not text:
        return None, False
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None, True
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return int(found.timestamp() * 1000), False


def _in_force(web: Web, name: str, at: Ms | None) -> int | None:
    """By which version the camera might record then; None where it might not."""
    if at is None:
        return None
    try:
        return web.register.may_record(name, at).version
    except GateClosed:
        return None


def _asked(
    versions: Sequence[Camera], number: int | None, at: Ms | None, then: int | None
) -> Camera | None:
    """The version asked for: by number, or in force `then`, else the newest published by `at`."""
    if number is not None:
        if number > len(versions):
            raise NotFound(f"There is no version {number} of this camera's record.")
        return versions[number - 1]
    if at is None:
        return None
    published = [one for one in versions if one.time_ms <= at]
    if not published:
        raise NotFound("The register did not have this camera yet at that time.")
    return versions[then - 1] if then else published[-1]
