"""Objections and reports: forms that need no script, numbers, and answers that everybody reads."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import HTMLResponse, RedirectResponse, Response

from plainview.base.clock import to_iso
from plainview.errors import BadFormat
from plainview.web import forms, objecting
from plainview.web.context import web_of
from plainview.web.declared import form, may
from plainview.web.letters import LONGEST, OBJECTION, REPORT, SHORTEST, STATES, Letter, checked
from plainview.web.permissions import Permission, needs, open_door
from plainview.web.sessions import SignedIn

router = APIRouter()
PAGE = 50
PLACE = 3, 200
"""Letters that say where a camera is."""
Officer = Annotated[SignedIn, needs(Permission.LETTERS)]
Before = Annotated[int, Query(ge=1, le=2**53)]
Number = Annotated[int, Path(ge=0, le=2**53)]

Sent = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class ReportReply(BaseModel):
    """What became of a report."""

    state: Annotated[str, Field(pattern="^(" + "|".join(STATES[1:]) + ")$")]
    reply: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=2_000)]


# -- objections


@router.post(
    "/cameras/{camera}/objections",
    dependencies=[open_door("object to a camera")],
    status_code=303,
    response_class=RedirectResponse,
    responses=may(403, 429),
    openapi_extra=form(text=(SHORTEST, LONGEST)),
)
async def object_to(request: Request, camera: str) -> Response:
    """Take an objection while the notice runs; on to its page, or to where it waits for a number.

    Refused before it counts: what names no camera on notice takes no room from other letters.
    """
    web = web_of(request)
    text = checked((await forms.fields(request)).get("text", ""))
    version = await asyncio.to_thread(objecting.on_notice, web, camera)
    web.letter_boxes.object(web.callers.of(request), version.id)
    letter = await asyncio.to_thread(objecting.take, web, version, text)
    return RedirectResponse(_page_of(letter), status_code=303)


def _page_of(letter: Letter) -> str:
    if letter.number is None:
        return f"/objections/waiting/{letter.id}"
    return f"/objections/{letter.number}?new=1"


@router.get(
    "/objections",
    dependencies=[open_door("objections and their answers")],
    response_class=HTMLResponse,
)
def all_objections(request: Request, before: Before = 2**53) -> Response:
    """Who objected, and what was answered? Those with a number below `before`."""
    web = web_of(request)
    found = web.portal.objections.all()
    waiting = sum(one.answer is None for one in found)
    rest = [one for one in found if one.number < before]
    return web.pages.render(
        "objections.html",
        here="cameras",
        objections=rest[:PAGE],
        waiting=waiting,
        more=len(rest) > PAGE,
    )


@router.get(
    "/objections/{number}",
    dependencies=[open_door("an objection and its answer")],
    response_class=HTMLResponse,
)
def one_objection(request: Request, number: Number, new: bool = False) -> Response:
    """What became of this objection?"""
    web = web_of(request)
    found = web.portal.objections.get(number)
    name = web.register.camera(found.camera).record["name"]
    return web.pages.render("objection.html", here="cameras", one=found, name=name, new=new)


@router.get(
    "/objections/waiting/{letter}",
    dependencies=[open_door("an objection that waits for its number")],
    response_class=HTMLResponse,
)
def kept_objection(request: Request, letter: Sent) -> Response:
    """Has my objection its number? If so, on to its page; only the sender was told this address."""
    web = web_of(request)
    found = web.letters.objection(letter)
    if found.number is not None:
        return RedirectResponse(_page_of(found), status_code=303)
    name = web.register.camera(found.camera).record["name"]
    return web.pages.render("objection_kept.html", here="cameras", one=found, name=name)


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


@router.get(
    "/report",
    dependencies=[open_door("report an unregistered camera")],
    response_class=HTMLResponse,
)
def report_form(request: Request, before: Before = 2**53) -> Response:
    """Did you see a camera that is not on the map? And the reports below the number `before`."""
    web = web_of(request)
    found = web.letters.newest(REPORT, PAGE + 1, before=before)
    return web.pages.render(
        "reports.html", here="cameras", reports=found[:PAGE], more=len(found) > PAGE
    )


@router.post(
    "/report",
    dependencies=[open_door("report an unregistered camera")],
    status_code=303,
    response_class=RedirectResponse,
    responses=may(403, 429),
    openapi_extra=form(place=PLACE, text=(SHORTEST, LONGEST)),
)
async def report(request: Request) -> Response:
    """Take a report; on to its page."""
    web, given = web_of(request), await forms.fields(request)
    place = " ".join(given.get("place", "").split())
    if not PLACE[0] <= len(place) <= PLACE[1] or not place.isprintable():
        raise BadFormat("Say where the camera is, in at most 200 characters.")
    text = checked(given.get("text", ""))
    web.letter_boxes.report(web.callers.of(request))
    letter = await asyncio.to_thread(web.letters.report, place, text)
    return RedirectResponse(f"/report/{letter.number}?new=1", status_code=303)


@router.get(
    "/report/{number}",
    dependencies=[open_door("what became of a report")],
    response_class=HTMLResponse,
)
def one_report(request: Request, number: Number, new: bool = False) -> Response:
    """What became of this report? The place and the answer; what was written stays private."""
    web = web_of(request)
    one = web.letters.get(REPORT, number)
    return web.pages.render("report.html", here="cameras", one=one, new=new)


@router.get("/api/reports")
def staff_reports(
    request: Request, session: Officer, before: Before = 2**53, waiting: bool = False
) -> list[Any]:
    """Reports with their texts, the newest first; or those that wait, the oldest first."""
    book = web_of(request).letters
    found = book.waiting_reports(PAGE) if waiting else book.newest(REPORT, PAGE, before=before)
    return [
        {
            "number": one.number,
            "place": one.camera,
            "text": one.text,
            "received": to_iso(one.received),
            "state": one.state,
            "reply": one.reply,
        }
        for one in found
    ]


@router.post("/api/reports/{number}", responses=may(429))
def reply(request: Request, session: Officer, number: Number, said: ReportReply) -> dict[str, str]:
    """Say publicly what became of a report."""
    web = web_of(request)
    role = web.rights.role(session, Permission.LETTERS)
    web.log_act(session.person, role, "report", {"number": number, "state": said.state})
    web.letters.answer(REPORT, [number], said.state, said.reply)
    return {"state": said.state}
