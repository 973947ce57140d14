"""The public log in plain words."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from plainview.errors import NotFound
from plainview.tlog.entries import parse
from plainview.tlog.merkle import leaf_hash
from plainview.tlog.reader import LogReader
from plainview.web import publiclog
from plainview.web.context import Web, web_of
from plainview.web.permissions import open_door
from plainview.web.plainwords import Sentence

router = APIRouter()
NEWEST, PAGE = 15, 50
LARGEST_INDEX = 2**53


@router.get(
    "/log", dependencies=[open_door("the public log, in plain words")], response_class=HTMLResponse
)
def log(request: Request) -> Response:
    """What has been done, and who can prove it?"""
    web = web_of(request)
    try:
        state = publiclog.state(web.settings)
    except NotFound:
        return web.pages.render("log_empty.html", here="log")
    return web.pages.render("log.html", here="log", state=state, entries=_newest(web, NEWEST, None))


@router.get(
    "/log/entries",
    dependencies=[open_door("the public log, in plain words")],
    response_class=HTMLResponse,
)
def entries(
    request: Request,
    before: Annotated[int | None, Query(ge=0, le=LARGEST_INDEX)] = None,
    from_: Annotated[int | None, Query(alias="from", ge=0, le=LARGEST_INDEX)] = None,
) -> Response:
    """A page of entries, newest first: those below `before`, or `from` and the 49 above it."""
    web = web_of(request)
    size = web.register.size
    top = min(size, size if before is None else before)
    if from_ is not None:
        top = min(size, from_ + PAGE)
    page = _newest(web, PAGE, top)
    if not page:
        return web.pages.render("log_empty.html", here="log")
    return web.pages.render("entries.html", here="log", entries=page, size=size, page=PAGE)


@router.get(
    "/log/entry/{index}",
    dependencies=[open_door("the public log, in plain words")],
    response_class=HTMLResponse,
)
def entry(request: Request, index: int) -> Response:
    """What does one entry say?"""
    web = web_of(request)
    if not 0 <= index < LARGEST_INDEX:
        raise NotFound("The log has no such entry.")
    raw = web.register.raw(index)
    found = parse(raw)
    return web.pages.render(
        "entry.html",
        here="log",
        entry=web.plain.sentence(index, raw),
        size=web.register.size,
        leaf=leaf_hash(raw).hex(),
        by=found.by,
        raw=json.dumps(json.loads(raw), indent=2, ensure_ascii=False),
        revealed=_revealed(web, index, found.type),
        related=_related(web, found.body),
    )


def _newest(web: Web, count: int, before: int | None) -> list[tuple[Sentence, str]]:
    """Sentences with the leaf hashes of their entries, newest first."""
    size = web.register.size
    end = size if before is None else min(before, size)
    reader = LogReader.folder(web.settings.log_dir)
    return [
        (web.plain.sentence(index, raw), leaf_hash(raw).hex())
        for index, raw in reversed(list(reader.entries(max(0, end - count), end)))
    ]


def _revealed(web: Web, index: int, kind: str) -> int | None:
    """The entry that disclosed this act, if one has."""
    return web.register.act(index).revealed_by if kind == "act" else None


def _related(web: Web, body: dict[str, Any]) -> list[int]:
    """Entries that this one is about: the request, or the entry that it reveals."""
    if isinstance(body.get("of"), int):
        return [body["of"]]
    asked = body.get("request")
    if isinstance(asked, str) and len(asked) == 64:
        try:
            return [web.register.request(asked).index]
        except NotFound:
            return []
    return []
