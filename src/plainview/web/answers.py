"""Errors as answers: JSON `{"code", "message", "hint"}` for programs, a plain page for people."""

from __future__ import annotations

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from plainview.errors import (
    Forbidden,
    Invalid,
    NotAuthorised,
    NotFound,
    NotLogged,
    PlainviewError,
    Refused,
    StoreDamaged,
    Unavailable,
)
from plainview.web.context import web_of
from plainview.web.doorkeeper import CrossSite
from plainview.web.limits import TooMany

LOG = structlog.get_logger(__name__)
STATUS: tuple[tuple[type[PlainviewError], int], ...] = (
    (CrossSite, 403),
    (Forbidden, 403),
    (NotAuthorised, 401),
    (TooMany, 429),
    (NotLogged, 409),
    (Refused, 403),
    (NotFound, 404),
    (Invalid, 400),
    (Unavailable, 503),
    (StoreDamaged, 500),
    (PlainviewError, 500),
)
"""The first class that fits decides."""


def status_of(error: PlainviewError) -> int:
    """The HTTP status that fits an error."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def wants_page(connection: HTTPConnection) -> bool:
    """Whether a person in a browser is to read the answer."""
    accepts = "text/html" in connection.headers.get("accept", "")
    return accepts and not connection.url.path.startswith("/api/")


def answer(request: Request, status: int, code: str, message: str, hint: str) -> Response:
    """An error as JSON or as a page."""
    headers = {"retry-after": "60"} if status == TOO_MANY else {}
    if wants_page(request):
        page = web_of(request).pages.render("error.html", status=status, message=message, hint=hint)
        page.status_code = status
        page.headers.update(headers)
        return page
    body = {"code": code, "message": message, "hint": hint}
    return JSONResponse(body, status_code=status, headers=headers)


TOO_MANY, WRONG_METHOD = 429, 405


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, PlainviewError)  # noqa: S101 - registered for this class
    return answer(request, status_of(error), error.code, error.message, error.hint)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    known = {404: "not_found", 405: "wrong_method"}
    text = {404: "There is nothing at this address.", 405: "That cannot be done here."}
    code, message = known.get(error.status_code, "refused"), text.get(error.status_code, "Refused.")
    said = answer(request, error.status_code, code, message, "")
    if error.status_code == WRONG_METHOD:
        said.headers["allow"] = ", ".join(_allowed(request))
    return said


def _allowed(request: Request) -> list[str]:
    """Methods of all routes at this address (RFC 9110, 15.5.6); the router knows the first only."""
    found: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        match, _ = context.route.matches(request.scope)
        if match is not Match.NONE:
            found |= getattr(context.route, "methods", None) or set()
    return sorted(found)


async def _form(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    # Names of fields only: values may be anything, also somebody's secret.
    wrong = "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'][1:]) or 'body'}: {problem['msg']}"
        for problem in error.errors()[:5]
    )
    return answer(request, 400, "invalid", f"The request is not understood. {wrong}.", "")


async def _unexpected(request: Request, error: Exception) -> Response:
    LOG.error("unexpected", route=getattr(request.scope.get("route"), "path", "-"), exc_info=error)
    message = "Something went wrong on our side."
    return answer(request, 500, "error", message, "Try again; the journal says more.")


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(PlainviewError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _form)
    app.add_exception_handler(Exception, _unexpected)
