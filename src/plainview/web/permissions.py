"""What each route demands, and the open doors. Who may, `plainview.policies` decides.

Everything is denied by default. A route declares `needs(Permission.X)` or `open_door("why")`;
`check_doors` walks all routes when the application is made and refuses to start if one declares
neither, or opens a door that is not in the list below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from plainview.errors import UnsafeStart
from plainview.policies.permissions import Permission as Permission
from plainview.web.context import web_of
from plainview.web.sessions import SignedIn

OPEN_DOORS: dict[str, str] = {
    "/": "what this is",
    "/cameras": "which cameras film here",
    "/cameras/{camera}": "why a camera is here",
    "/cameras/{camera}/objections": "object to a camera",
    "/objections": "objections and their answers",
    "/objections/{number}": "an objection and its answer",
    "/objections/waiting/{letter}": "an objection that waits for its number",
    "/report": "report an unregistered camera",
    "/report/{number}": "what became of a report",
    "/map": "where fixed cameras stand",
    **{
        path: "what cameras rest on and share"
        for kind in ("units", "areas", "contracts", "suppliers", "legal-bases", "custodian-sets")
        for path in (f"/{kind}", f"/{kind}/{{name}}")
    },
    "/log": "the public log, in plain words",
    "/log/entries": "the public log, in plain words",
    "/log/entry/{index}": "the public log, in plain words",
    "/log/files/{path:path}": "the public log, as it is on disk",
    "/policy.txt": "the trust policy that verifies the log",
    "/verify": "how to verify the log",
    "/software": "which software runs here",
    "/software/files.txt": "which software runs here, file by file",
    "/algorithms": "how people are hidden, and how well",
    "/algorithms/{name}": "how people are hidden, and how well",
    "/algorithms/{name}.json": "how people are hidden, and how well, for machines",
    "/policies": "who may do what, in plain words",
    "/policies.json": "who may do what, for machines",
    "/policies/{name}": "who may do what, as the files that decide",
    "/health": "is it working",
    "/api/openapi.json": "what this answers, for machines",
    "/api/public/cameras": "which cameras film here, for machines",
    "/api/public/software": "which software runs here, for machines",
    "/api/session/key": "how a tool signs in: the signature is the key to the door",
    "/api/session/ways": "how one can sign in here",
    "/api/session/passkey/options": "how a browser signs in: what its passkey is asked",
    "/api/session/passkey": "how a browser signs in: the passkey's answer is the key to the door",
    "/api/session/oidc": "how a browser gets to the identity provider",
    "/api/session/oidc/callback": "how a browser comes back from the identity provider",
    "/api/join": "what an invitation is for; its token is the key",
    "/api/join/options": "the passkey of somebody invited; the token is the key",
    "/api/join/passkey": "the passkey of somebody invited; the token is the key",
    "/api/join/card": "what somebody invited hands in; the token is the key",
    "/app": "the application's files; it asks for everything else",
    "/app/{path:path}": "the application's files; it asks for everything else",
    "/static/{path:path}": "the application's files",
    "/assets/{path:path}": "the style sheet of the public pages",
    "/favicon.ico": "the icon",
    "/robots.txt": "what search engines may read",
}
"""Every door without a lock, and why. Routes of the demo add theirs only when `settings.demo`."""


class Needs:
    """The dependency of a route that a signed-in person may call; yields the session.

    It asks whether the person may do it somewhere. What is done at one camera or to one request is
    decided there too: `Web.rights.at` and its neighbours give the role in which it is done.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, connection: HTTPConnection) -> SignedIn | None:
        """Return the session, raise `NotAuthorised` (401 without session, 403 without right)."""
        web = web_of(connection)
        session = await web.standing.current(web.doorkeeper.admit(connection))
        web.rights.check(session, self.permission)
        return session


class NeedsOrToken(Needs):
    """The same, and a monitoring system may call with the token of `metrics_token_file`."""

    async def __call__(self, connection: HTTPConnection) -> SignedIn | None:
        """Return the session, or None for the token; raise as `Needs` does."""
        if web_of(connection).token.opens(connection):
            return None
        return await super().__call__(connection)


class OpenDoor:
    """The dependency of a route that anybody may call."""

    def __init__(self, why: str, *, demo: bool = False) -> None:
        self.why, self.demo = why, demo

    async def __call__(self) -> None:
        """Nothing to check."""


def needs(permission: Permission) -> Any:
    """`session: Annotated[SignedIn, needs(Permission.LIVE)]`, or in `dependencies=[...]`."""
    return Depends(Needs(permission))


def needs_or_token(permission: Permission) -> Any:
    """`needs`, or the token of a monitoring system."""
    return Depends(NeedsOrToken(permission))


def open_door(why: str, *, demo: bool = False) -> Any:
    """Declares that a route needs no session. `demo`: a door that only the demo has."""
    return Depends(OpenDoor(why, demo=demo))


def doors(routes: Iterable[BaseRoute]) -> list[tuple[str, list[Needs | OpenDoor]]]:
    """Every route with what it declares. A mounted application hides routes and is refused."""
    found = []
    for context in iter_route_contexts(list(routes)):
        dependant = getattr(context.route, "dependant", None)
        declared = list(_declared(dependant)) if dependant is not None else []
        found.append((str(context.path), declared))
    return found


def _declared(dependant: Dependant) -> Iterable[Needs | OpenDoor]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Needs | OpenDoor):
            yield inner.call
        yield from _declared(inner)


def check_doors(routes: Sequence[BaseRoute], *, demo: bool) -> None:
    """Raises `UnsafeStart` naming the first route that is neither locked nor a listed open door."""
    for path, declared in doors(routes):
        locks = [door for door in declared if isinstance(door, Needs)]
        opened = [door for door in declared if isinstance(door, OpenDoor)]
        if bool(locks) == bool(opened):
            raise UnsafeStart(
                f"The route {path} must declare either a permission or that it is open.",
                hint="Add needs(Permission...) or open_door(...) to its dependencies.",
            )
        for door in opened:
            if path not in OPEN_DOORS and not (demo and door.demo):
                raise UnsafeStart(
                    f"The route {path} is open but not in the list of open doors.",
                    hint="See OPEN_DOORS in plainview.web.permissions.",
                )
