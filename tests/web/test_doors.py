"""Every route is locked or a listed open door; roles decide the rest."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from plainview.errors import UnsafeStart
from plainview.policies.model import Principal
from plainview.policies.permissions import Permission
from plainview.web.permissions import OPEN_DOORS, Needs, OpenDoor, check_doors, doors, open_door

PARAMETERS = {
    "camera": "cam-01",
    "playback": "0" * 32,
    "found": "0" * 64,
    "window": "cam-01.20261123T085000Z.1.0",
    "index": "0",
    "path:path": "checkpoint",
    "name": "nobody",
}


def routes(app: FastAPI) -> list[tuple[str, set[str], list[Needs | OpenDoor]]]:
    """(path with examples filled in, methods, what it declares)."""
    found = []
    for (template, declared), route in zip(doors(app.routes), flat(app), strict=True):
        path = template
        for name, value in PARAMETERS.items():
            path = path.replace("{" + name + "}", value)
        found.append((path, set(getattr(route, "methods", None) or {"WEBSOCKET"}), declared))
    return found


def flat(app: FastAPI) -> list[Any]:
    return [context.route for context in iter_route_contexts(app.routes)]


def test_every_route_is_a_listed_open_door_or_refuses_a_stranger(calm: Any) -> None:
    locked = 0
    with calm.client() as stranger:
        for path, methods, declared in routes(calm.app):
            assert len({type(door) for door in declared}) == 1, path
            if isinstance(declared[0], OpenDoor):
                continue
            for method in methods - {"WEBSOCKET"}:
                answer = stranger.request(method, path, headers={"X-Plainview": "1"}, json={})
                assert answer.status_code == 401, (method, path, answer.text)
                assert answer.json()["code"] == "not_authorised"
                locked += 1
            if "WEBSOCKET" in methods:
                address = calm.url.replace("http", "ws") + path
                with pytest.raises(InvalidStatus) as refused, connect(address, origin=calm.url):
                    pass
                assert refused.value.response.status_code == 401
                locked += 1
    assert locked >= 20


def test_open_doors_that_are_listed_exist_and_nothing_else_is_open(calm: Any) -> None:
    opened = {
        path
        for path, declared in doors(calm.app.routes)
        if any(isinstance(door, OpenDoor) for door in declared)
    }
    assert opened == set(OPEN_DOORS)


def test_a_route_without_a_declaration_stops_the_start() -> None:
    app, router = FastAPI(), APIRouter()
    router.get("/forgotten")(lambda: None)
    app.include_router(router)
    with pytest.raises(UnsafeStart, match="/forgotten"):
        check_doors(app.routes[-1:], demo=True)


def test_an_open_door_that_is_not_listed_stops_the_start() -> None:
    router = APIRouter()
    router.get("/side", dependencies=[open_door("for the story", demo=True)])(lambda: None)
    with pytest.raises(UnsafeStart, match="/side"):
        check_doors(router.routes, demo=False)
    check_doors(router.routes, demo=True)


ASKED = {
    Permission.LIVE: None,
    Permission.REQUEST_SUBMIT: ("GET", "/api/drafts"),
    Permission.REQUEST_READ: ("GET", "/api/requests"),
    Permission.CAMERAS: ("GET", "/api/cameras"),
    Permission.SELF: ("GET", "/api/me"),
    Permission.PLAYBACK: ("GET", "/api/playback/" + "0" * 32 + "/timeline"),
    Permission.REQUEST_OPEN: ("GET", "/api/originals/cam-01.20261123T085000Z.1.0"),
}


@pytest.mark.parametrize("who", ["operator", "officer", "court", "dpo"])
def test_a_role_gets_what_it_is_granted_and_nothing_more(calm: Any, who: str) -> None:
    citizen = getattr(calm.town, who)
    granted = calm.web.rights.engine.held(Principal("somebody", frozenset(citizen.roles)))
    with calm.browser(citizen) as browser:
        for permission, request in ASKED.items():
            if request is None:
                continue
            answer = browser.request(*request)
            # Whoever may open what was released has nothing released yet, which is another no.
            no = answer.status_code == 403 and "has been released" not in answer.text
            assert no == (permission not in granted), (who, permission, answer.text)


def test_custodians_do_not_watch(calm: Any) -> None:
    cookie = calm.cookie(calm.town.court)
    with (
        pytest.raises(InvalidStatus),
        connect(
            calm.url.replace("http", "ws") + "/api/live/cam-01",
            origin=calm.url,
            additional_headers={"Cookie": f"plainview_session={cookie}"},
        ),
    ):
        pass


def test_no_role_holds_a_permission_that_ends_redaction() -> None:
    every = {permission.value for permission in Permission}
    assert not {name for name in every if "raw" in name or "unredact" in name}
