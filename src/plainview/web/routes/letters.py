"""Objections and reports: forms that need no script, numbers, and answers that everybody reads."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from plainview.base.clock import to_iso
from plainview.errors import BadFormat
from plainview.web import forms, objecting
from plainview.web.context import web_of
from plainview.web.letters import OBJECTION, REPORT, STATES, checked
from plainview.web.permissions import Permission, needs, open_door
from plainview.web.sessions import SignedIn

router = APIRouter()
PAGE = 50
LONGEST_PLACE = 200
Officer = Annotated[SignedIn, needs(Permission.LETTERS)]
Before = Annotated[int, Query(ge=1, le=2**53)]


class ReportReply(BaseModel):
    """What became of a report."""

    state: Annotated[str, Field(pattern="^(" + "|".join(STATES[1:]) + ")$")]
    reply: Annotated[str, Field(min_length=3, max_length=2_000)]


# -- objections


@router.post("/cameras/{camera}/objections", dependencies=[open_door("object to a camera")])
async def object_to(request: Request, camera: str) -> Response:
    """Take an objection while the notice runs; on to its page."""
    web = web_of(request)
    text = checked((await forms.fields(request)).get("text", ""))
    web.letter_writers.spend(web.callers.of(request))
    web.letter_box.spend(OBJECTION)
    number = await asyncio.to_thread(objecting.take, web, camera, text)
    return RedirectResponse(f"/objections/{number}?new=1", status_code=303)


@router.get("/objections", dependencies=[open_door("objections and their answers")])
def all_objections(request: Request) -> Response:
    """Who objected, and what was answered?"""
    web = web_of(request)
    found = web.portal.objections.all()
    waiting = sum(one.answer is None for one in found)
    return web.pages.render(
        "objections.html", here="cameras", objections=found[:PAGE], waiting=waiting
    )


@router.get("/objections/{number}", dependencies=[open_door("an objection and its answer")])
def one_objection(request: Request, number: int, new: bool = False) -> Response:
    """What became of this objection?"""
    web = web_of(request)
    found = web.portal.objections.get(number)
    name = web.register.camera(found.camera).record["name"]
    return web.pages.render("objection.html", here="cameras", one=found, name=name, new=new)


@router.get("/api/objections")
def staff_objections(request: Request, session: Officer) -> list[dict[str, Any]]:
    """Objections with their texts, for those who answer; the newest first."""
    web = web_of(request)
    texts = {one.number: one.text for one in web.letters.newest(OBJECTION, PAGE * 10)}
    return [
        {
            "number": one.number,
            "camera": one.camera,
            "version": one.version,
            "received": to_iso(one.time_ms),
            "text": texts.get(one.number, ""),
            "outcome": one.answer.outcome if one.answer else None,
            "answer": one.answer.text if one.answer else None,
        }
        for one in web.portal.objections.all()
    ]


# -- reports


@router.get("/report", dependencies=[open_door("report an unregistered camera")])
def report_form(request: Request) -> Response:
    """Did you see a camera that is not on the map?"""
    web = web_of(request)
    found = web.letters.newest(REPORT, PAGE)
    return web.pages.render("reports.html", here="cameras", reports=found)


@router.post("/report", dependencies=[open_door("report an unregistered camera")])
async def report(request: Request) -> Response:
    """Take a report; on to its page."""
    web, given = web_of(request), await forms.fields(request)
    place = " ".join(given.get("place", "").split())
    if not 3 <= len(place) <= LONGEST_PLACE or not place.isprintable():
        raise BadFormat("Say where the camera is, in at most 200 characters.")
    text = checked(given.get("text", ""))
    web.letter_writers.spend(web.callers.of(request))
    web.letter_box.spend(REPORT)
    letter = await asyncio.to_thread(web.letters.report, place, text)
    return RedirectResponse(f"/report/{letter.number}?new=1", status_code=303)


@router.get("/report/{number}", dependencies=[open_door("what became of a report")])
def one_report(request: Request, number: int, new: bool = False) -> Response:
    """What became of this report? The place and the answer; what was written stays private."""
    web = web_of(request)
    one = web.letters.get(REPORT, number)
    return web.pages.render("report.html", here="cameras", one=one, new=new)


@router.get("/api/reports")
def staff_reports(request: Request, session: Officer, before: Before = 2**53) -> list[Any]:
    """Reports with their texts, the newest first."""
    return [
        {
            "number": one.number,
            "place": one.camera,
            "text": one.text,
            "received": to_iso(one.received),
            "state": one.state,
            "reply": one.reply,
        }
        for one in web_of(request).letters.newest(REPORT, PAGE, before=before)
    ]


@router.post("/api/reports/{number}")
def reply(request: Request, session: Officer, number: int, said: ReportReply) -> dict[str, str]:
    """Say publicly what became of a report."""
    web = web_of(request)
    role = web.rights.role(session, Permission.LETTERS)
    web.log_act(session.person, role, "report", {"number": number, "state": said.state})
    web.letters.answer(REPORT, [number], said.state, said.reply)
    return {"state": said.state}
