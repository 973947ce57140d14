"""Which cameras film here, and why: for residents, for machines, for staff."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from plainview.base.clock import Ms, to_iso
from plainview.errors import GateClosed, NotFound
from plainview.register import objections
from plainview.register.answers import Camera, SetOnLog
from plainview.tlog.history import moment
from plainview.web import hiding, words
from plainview.web.context import Web, web_of
from plainview.web.permissions import Permission, needs, open_door
from plainview.web.sessions import SignedIn

router = APIRouter()


@dataclass(frozen=True)
class State:
    """Whether a camera records. `name` is a key of the catalogue's `state`; `reason` is for people.

    `until` is when the gate's answer ends, ms.
    """

    name: str
    reason: str
    until: Ms | None


@dataclass(frozen=True)
class Shown:
    """A camera with its state."""

    camera: Camera
    state: State


@router.get("/cameras", dependencies=[open_door("which cameras film here")])
async def cameras(request: Request) -> Response:
    """Which cameras film here, and why?"""
    web = web_of(request)
    shown = await _all(web)
    recording = sum(one.state.name in RECORDING for one in shown)
    page = {"here": "cameras", "cameras": shown, "recording": recording}
    return await asyncio.to_thread(web.pages.render, "cameras.html", **page)


@router.get("/cameras/{camera}", dependencies=[open_door("why a camera is here")])
async def camera(request: Request, camera: str) -> Response:
    """Why is this camera here?"""
    web = web_of(request)
    health = await web.recorders.cameras()
    page = await asyncio.to_thread(_page, web, camera, health)
    return await asyncio.to_thread(web.pages.render, "camera.html", **page)


@router.get("/api/public/cameras", dependencies=[open_door("which cameras film here")])
async def public(request: Request) -> list[dict[str, Any]]:
    """The register's current records, as they stand on the log, with states."""
    return [
        {
            "camera": one.camera.id,
            "version": one.camera.version,
            "status": one.camera.status,
            "entry": one.camera.index,
            "effective": to_iso(one.camera.effective_ms),
            "state": one.state.name,
            "reason": one.state.reason,
            "record": one.camera.record,
        }
        for one in await _all(web_of(request))
    ]


@router.get("/api/cameras")
async def staff(
    request: Request, session: Annotated[SignedIn, needs(Permission.CAMERAS)]
) -> list[dict[str, Any]]:
    """What the wall shows: the cameras within the person's scope."""
    web = web_of(request)
    shown = await _all(web)
    mine = await asyncio.to_thread(web.rights.seen, session, [one.camera.id for one in shown])
    return [
        {
            "id": one.camera.id,
            "name": one.camera.record["name"],
            "kind": one.camera.record["kind"],
            "place": one.camera.record["place"],
            # Blocks are live pictures too: the frames themselves say that they are.
            "state": "recording" if one.state.name in RECORDING else one.state.name,
            "reason": one.state.reason or None,
            "hidden": hiding.hidden(web.t, one.camera.record),
        }
        for one in shown
        if one.camera.id in mine
    ]


RECORDING = frozenset({"recording", "pixelated"})
STATES = {
    "recording": "recording",
    "starting": "connecting",
    "waiting": "failed",
    "refused": "not_recording",
}
"""The recorder's words for its states, in ours."""


async def _all(web: Web) -> list[Shown]:
    health = await web.recorders.cameras()
    found = await asyncio.to_thread(web.register.cameras)
    return await asyncio.to_thread(lambda: [Shown(one, _state(web, one, health)) for one in found])


def _state(web: Web, camera: Camera, health: dict[str, Any] | None) -> State:
    try:
        answer = web.register.may_record(camera.id, web.now())
    except GateClosed:
        return State("not_recording", _why_not(web, camera), None)
    if health is None:
        return State("unknown", web.t("state.away"), answer.until)
    known = health.get(camera.id)
    if known is None:
        return State("unknown", web.t("state.no_word"), answer.until)
    name = STATES.get(str(known.get("state")), "failed")
    if name == "recording" and known.get("redaction") == "withheld":
        return State("pixelated", web.t("state.blocks"), answer.until)
    # The recorder's own reason names the camera's address in the city's network: not for pages.
    reason = web.t("state.no_picture") if name == "failed" else ""
    return State(name, reason, answer.until)


def _why_not(web: Web, camera: Camera) -> str:
    """Why the gate is shut, as a resident reads it."""
    now = web.now()
    if camera.status != "active" and now >= camera.effective_ms:
        return web.t(f"state.{camera.status}", time=words.moment(camera.time_ms))
    if now < camera.effective_ms:
        return web.t("state.notice", time=words.moment(camera.effective_ms))
    if now >= camera.lapses_ms:
        return web.t("state.lapsed", time=words.moment(camera.lapses_ms))
    return web.t("state.before")


def _page(web: Web, name: str, health: dict[str, Any] | None) -> dict[str, Any]:
    versions = web.register.versions(name)
    shown, record = versions[-1], versions[-1].record
    rules = web.register.rules()
    return {
        "here": "cameras",
        "camera": shown,
        "record": record,
        "state": _state(web, shown, health),
        "custodians": _custodians(web, record["custodian_set"]),
        "orgs": {person.person: person.org for person in web.register.people()},
        "longest": record["retention"]["seconds"] + rules["key_period_seconds"],
        "basis": [moment(record["legal_basis"][end]) for end in ("valid_from", "valid_to")],
        "dpia": [moment(record["dpia"][end]) for end in ("date", "review_due")],
        "contract_end": moment(record["contract"]["valid_to"]),
        "looks": web.looks.at(name),
        "on_notice": [one for one in versions if one.effective_ms > web.now()],
        "objections": objections.of(web.register, name),
        "plain": web.plain,
        "hidden": hiding.hidden(web.t, record),
        "fill": hiding.fill(web.t, record),
        "zones": hiding.outlines(record),
    }


def _custodians(web: Web, name: str) -> SetOnLog | None:
    try:
        return web.register.custodian_set(name)
    except NotFound:
        return None
