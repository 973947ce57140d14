"""The register for those who keep it: what it says, what waits, what a law asks of a record."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from plainview.base.clock import to_iso
from plainview.errors import GateClosed, NotFound
from plainview.register import legal
from plainview.register.answers import Camera
from plainview.register.kinds import KINDS
from plainview.web import densities
from plainview.web.context import Web, web_of
from plainview.web.kindfields import fields_of
from plainview.web.permissions import Permission, needs
from plainview.web.proposals import Waiting, proposal_of, waiting
from plainview.web.review import newest, review
from plainview.web.reviewed import as_json
from plainview.web.sessions import SignedIn
from plainview.web.statements import may_approve

router = APIRouter()
PAGE = 100
Reader = Annotated[SignedIn, needs(Permission.REGISTER_READ)]
Second = Annotated[SignedIn, needs(Permission.REGISTER_APPROVE)]
"""Who may propose may approve, too; the names of those who proposed are for these."""
Words = Annotated[str, Query(max_length=100)]
Cm = Annotated[int, Query(ge=1, le=10_000_000)]
PUBLISHED = ("camera", "record")
"""Types of proposals that are about the register's records; the others are about people."""


@router.get("/api/register")
async def overview(request: Request, session: Reader) -> dict[str, Any]:
    """Numbers, rules, and the names that a record may use."""
    web = web_of(request)

    def made() -> dict[str, Any]:
        cameras, rules = web.register.cameras(), web.register.rules()
        force = web.register.records_in_force(web.now())
        return {
            "cameras": len(cameras),
            "centre": _centre(cameras),
            "objections": sum(one.answer is None for one in web.portal.objections.all()),
            "notice_seconds": rules.get("notice_seconds", 0),
            "publishers": rules.get("publishers", 1),
            "kinds": list(KINDS),
            "laws": web.register.laws.names(),
            "sets": [{"set": one.set, "k": one.k, "n": one.n} for one in web.register.sets()],
            "classes": {
                one.record["retention"]["class"]: one.record["retention"]["seconds"]
                for one in cameras
            },
            "records": [_record(said, force) for said in web.register.records()],
        }

    return await asyncio.to_thread(made)


@router.get("/api/register/cameras")
async def cameras(
    request: Request, session: Reader, find: Words = "", skip: Annotated[int, Query(ge=0)] = 0
) -> dict[str, Any]:
    """Cameras whose id, name, place or unit has all these words, a page at a time."""
    web = web_of(request)

    def made() -> dict[str, Any]:
        wanted = find.casefold().split()
        found = [one for one in web.register.cameras() if _has(one, wanted)]
        return {
            "found": len(found),
            "cameras": [_camera(web, one) for one in found[skip : skip + PAGE]],
        }

    return await asyncio.to_thread(made)


@router.get("/api/register/near")
async def near(
    request: Request,
    session: Reader,
    lat: Annotated[int, Query(ge=-90_000_000, le=90_000_000)],
    lon: Annotated[int, Query(ge=-180_000_000, le=180_000_000)],
    reach: Annotated[int, Query(ge=1, le=1_000_000)] = 5_000,
) -> list[dict[str, Any]]:
    """Cameras with a position within `reach` millionths of a degree of this one, for a plan."""
    web = web_of(request)

    def made() -> list[dict[str, Any]]:
        found = []
        for one in web.register.cameras():
            position = one.record.get("position")
            if one.status == "removed" or position is None:
                continue
            away = max(abs(position[0] - lat), abs(position[1] - lon))
            if away <= reach:
                found.append((away, one))
        found.sort(key=lambda pair: (pair[0], pair[1].id))
        return [_on_plan(one) for _, one in found[:PAGE]]

    return await asyncio.to_thread(made)


@router.get("/api/register/kinds/{kind}")
def kind_fields(request: Request, session: Reader, kind: str) -> list[dict[str, Any]]:
    """The fields of a kind of record, in the order in which they are asked for."""
    return list(fields_of(kind))


@router.get("/api/register/laws/{law}")
def law(request: Request, session: Reader, law: str) -> dict[str, Any]:
    """What a legal profile asks, each with its article and sentence. Only those of `laws`."""
    profile = web_of(request).register.laws.find(law)
    return {
        "law": profile.law,
        "title": profile.title,
        "note": profile.note,
        "texts": profile.texts.model_dump(),
        "authority": profile.authority.model_dump(exclude={"verify"}),
        "checks": [
            {
                "field": one.field,
                "kind": one.kind,
                "article": one.article,
                "why": one.why,
                "severity": one.severity,
                "unsure": one.verify,
            }
            for one in profile.all_checks()
        ],
    }


@router.get("/api/register/density")
def density(
    request: Request,
    session: Reader,
    width: Cm,
    angle: Cm,
    height: Cm,
    distance: Cm,
    law: Words = "",
    purpose: Words = "",
) -> dict[str, Any]:
    """Pixel density at a distance, the classes it meets, and what the purpose allows."""
    profile = web_of(request).register.laws.of({"legal_profile": law})
    return densities.shown(width, angle, height, distance, legal.caps(profile, purpose))


@router.get("/api/register/proposals")
async def proposals(request: Request, session: Second) -> list[dict[str, Any]]:
    """Proposals about the register that wait for a second person, the oldest first."""
    web = web_of(request)

    def made() -> list[dict[str, Any]]:
        found = [one for one in waiting(web) if one.type in PUBLISHED]
        return [_proposal(web, session, one) for one in sorted(found, key=lambda one: one.ends)]

    return await asyncio.to_thread(made)


@router.get("/api/register/proposals/{proposal}")
async def proposal(request: Request, session: Second, proposal: str) -> dict[str, Any]:
    """One proposal with its review: what it changes, and what it lacks."""
    web = web_of(request)

    def made() -> dict[str, Any]:
        found = proposal_of(web, proposal)
        if found.type not in PUBLISHED:
            raise NotFound("This proposal is about people.", hint="See the page People.")
        shown, (kind, subject) = _proposal(web, session, found), _subject(found)
        made = review(web.register, web.now(), kind, subject, found.body["record"])
        return {**shown, "review": as_json(made)}

    return await asyncio.to_thread(made)


def _proposal(web: Web, session: SignedIn, one: Waiting) -> dict[str, Any]:
    kind, subject = _subject(one)
    record = one.body["record"]
    return {
        "proposal": one.hash,
        "kind": kind,
        "subject": subject,
        "name": str(record.get("name") or record.get("title") or subject),
        "version": one.body["version"],
        "status": one.body["status"],
        "person": one.person,
        "by": _name(web, one.person),
        "own": one.person == session.person,
        "ends": to_iso(one.ends),
        "may_approve": may_approve(web, session, one),
        "stale": one.body["version"] != newest(web.register, kind, subject).version + 1,
    }


def _subject(one: Waiting) -> tuple[str, str]:
    """(`camera` or kind, id)."""
    if one.type == "camera":
        return one.type, str(one.body["camera"])
    return str(one.body["kind"]), str(one.body["id"])


def _name(web: Web, person: str) -> str:
    known = {one.person: one.name for one in web.register.people()}
    return known.get(person) or person


def _record(said: Any, force: dict[str, Any]) -> dict[str, Any]:
    kind, _, name = said.subject.partition("/")
    body = said.body
    return {
        "kind": kind,
        "id": name,
        "version": said.version,
        "status": said.status,
        "in_force": said.subject in force,
        "name": str(body.get("name") or body.get("title") or body.get("number") or name),
        "valid_to": body.get("valid_to"),
    }


def _centre(cameras: list[Camera]) -> list[int] | None:
    """Where most cameras stand, so that a plan has a place to begin with; None without any."""
    placed = [one.record["position"] for one in cameras if one.record.get("position")]
    if not placed:
        return None
    return [sorted(axis)[len(placed) // 2] for axis in zip(*placed, strict=True)]


def _has(camera: Camera, words: list[str]) -> bool:
    record = camera.record
    text = " ".join((camera.id, *(str(record.get(name, "")) for name in ("name", "place", "unit"))))
    return all(word in text.casefold() for word in words)


def _camera(web: Web, camera: Camera) -> dict[str, Any]:
    refused = camera.status == "refused"
    state, reason = _after_refusal(web, camera) if refused else _gate(web, camera)
    return {
        "id": camera.id,
        "name": camera.record["name"],
        "place": camera.record["place"],
        "unit": camera.record["unit"],
        "kind": camera.record["kind"],
        "version": camera.version,
        "status": camera.status,
        "state": state,
        "reason": reason,
        "effective": to_iso(camera.effective_ms),
    }


def _gate(web: Web, camera: Camera) -> tuple[str, str]:
    """Whether the register lets it record now, and why not."""
    now = web.now()
    if camera.status != "active":
        return camera.status, ""
    if now < camera.effective_ms:
        return "notice", ""
    try:
        web.register.may_record(camera.id, now)
    except GateClosed as error:
        return ("lapsed" if now >= camera.lapses_ms else "blocked"), error.message
    return "active", ""


def _after_refusal(web: Web, camera: Camera) -> tuple[str, str]:
    """The same where an objection to its newest version was upheld: the one before may go on."""
    try:
        web.register.may_record(camera.id, web.now())
    except GateClosed:
        return "refused", web.t("state.refused", version=camera.version)
    return "active", web.t("state.refused_before", version=camera.version)


def _on_plan(camera: Camera) -> dict[str, Any]:
    record = camera.record
    return {
        "id": camera.id,
        "name": record["name"],
        "position": record["position"],
        "direction_degrees": record.get("direction_degrees"),
        "angle_degrees": record.get("angle_degrees"),
    }
