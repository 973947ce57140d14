"""A running web server of a town, and the browsers and programs that call it."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx
import uvicorn
from fastapi import APIRouter

from plainview.errors import Unavailable
from plainview.testing.hall import Citizen, TownHall
from plainview.web.app import create_app
from plainview.web.context import Web
from plainview.web.server import server
from plainview.web.signin import sign_in


class Site:
    """A running web server of a town."""

    def __init__(self, town: TownHall, *extra: APIRouter) -> None:
        self.town, self.url = town, town.settings.web_url
        self.app = create_app(town.settings, extra_routes=extra)
        self.web: Web = self.app.state.web
        self._server: uvicorn.Server = server(self.app)
        self._sockets = town.take_sockets()
        self._thread = threading.Thread(target=self._server.run, args=(self._sockets,))
        self._thread.start()
        until(lambda: self._server.started)

    def client(self, **given: Any) -> httpx.Client:
        """A browser or program that is not signed in."""
        return httpx.Client(base_url=self.url, timeout=20, **given)

    def cookie(self, citizen: Citizen) -> str:
        """Sign somebody in; the cookie's value."""
        person = citizen.person
        return sign_in(self.web, person.person, person.roles, citizen.name, kind="cookie")

    def browser(self, citizen: Citizen, **given: Any) -> httpx.Client:
        """A browser in which somebody is signed in, on a page of ours."""
        return self.client(
            cookies={"plainview_session": self.cookie(citizen)},
            headers={"X-Plainview": "1", "Origin": self.url},
            **given,
        )

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        for opened in self._sockets:
            opened.close()


def until(done: Any, *, seconds: float = 10) -> None:
    """Wait until `done()` is true."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= end:
            raise Unavailable("It did not happen in time.")
        time.sleep(0.01)
