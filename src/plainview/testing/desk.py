"""An honest server for the people's tools: real sockets, real JSON, and a tongue.

It answers the paths under "custody and release" of docs/design/interfaces.md out of `Cases`. A test
may give it a `lie`, a function that changes an answer on its way out.
"""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from plainview.base.clock import Clock, from_iso, now_ms
from plainview.base.ids import unb64
from plainview.base.settings import Settings
from plainview.cases.service import Cases
from plainview.errors import (
    Invalid,
    NotAuthorised,
    NotFound,
    PlainviewError,
    Refused,
    Unavailable,
)
from plainview.register.projection import Register
from plainview.store.store import Store
from plainview.tlog.notes import ED25519, Verifier

Lie = Callable[[str, Any], Any]
_STATUS: tuple[tuple[type[PlainviewError], int], ...] = (
    (NotAuthorised, 403),
    (NotFound, 404),
    (Refused, 409),
    (Invalid, 400),
    (Unavailable, 503),
)


def honest(path: str, answer: Any) -> Any:
    """No lie: the answer as it is."""
    return answer


class Desk:
    """The server's state: sessions by token, and what it says of what it knows."""

    def __init__(self, settings: Settings, keeper: Any, *, clock: Clock = now_ms) -> None:
        """`keeper` is a `KeeperClient` or a `Town`, which answers alike."""
        self._clock = clock
        self.register = Register(settings)
        self.store = Store(settings)
        self.cases = Cases(settings, self.register, self.store, keeper, clock=clock)
        self.lie: Lie = honest
        self.asked: list[str] = []
        self.origin = ""
        self._sessions: dict[str, str] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close what is open."""
        self.cases.close()
        self.store.close()
        self.register.close()

    def app(self) -> Starlette:
        """The routes."""
        one = "/api/requests/{hash}"
        return Starlette(
            routes=[
                Route("/api/session/key", self._answer(self._sign_in), methods=["POST"]),
                Route("/api/session", self._answer(self._sign_out), methods=["DELETE"]),
                Route("/api/drafts", self._answer(self._draft), methods=["POST"]),
                Route("/api/requests", self._answer(self._inbox), methods=["GET"]),
                Route("/api/requests", self._answer(self._submit), methods=["POST"]),
                Route(one, self._answer(self._bundle)),
                Route(f"{one}/release", self._answer(self._release), methods=["POST"]),
                Route(f"{one}/refuse", self._answer(self._refuse), methods=["POST"]),
                Route(f"{one}/opened", self._answer(self._opened), methods=["POST"]),
                Route(f"{one}/opening", self._answer(self._opening)),
                Route(f"{one}/evidence", self._answer(self._evidence)),
                Route("/api/originals/{window}", self._answer(self._originals)),
            ]
        )

    def _answer(self, handler: Callable[[Request, Any], Any]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            body = await request.json() if request.method == "POST" else None
            return await run_in_threadpool(self._run, handler, request, body)

        return answer

    def _run(self, handler: Callable[[Request, Any], Any], request: Request, body: Any) -> Response:
        self.asked.append(request.url.path)
        try:
            with self._lock:
                said = self.lie(request.url.path, handler(request, body))
        except PlainviewError as error:
            status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
            said = {"code": error.code, "message": error.message, "hint": error.hint}
            return JSONResponse(said, status)
        return Response(said) if isinstance(said, bytes) else JSONResponse(said)

    # -- routes

    def _sign_in(self, request: Request, body: Any) -> Any:
        person = self.register.person_by_key(body["key_id"])
        message = f"plainview/session/v1\n{self.origin}\n{body['time']}".encode()
        Verifier(person.person, ED25519, unb64(person.key)).verify(message, unb64(body["sig"]))
        if abs(from_iso(body["time"]) - self._clock()) > 300_000:
            raise NotAuthorised("Your clock is wrong.")
        token = secrets.token_hex(16)
        self._sessions[token] = person.person
        return {"token": token}

    def _sign_out(self, request: Request, body: Any) -> Any:
        self._sessions.pop(self._token(request), None)
        return {}

    def _draft(self, request: Request, body: Any) -> Any:
        span = from_iso(body["from"]), from_iso(body["to"])
        why = body["purpose"], body["case"], body["note"]
        made = self.cases.draft_request(self._person(request), body["camera"], *span, *why)
        return {"draft": made.id, **made.draft}

    def _inbox(self, request: Request, body: Any) -> Any:
        return self.cases.inbox(self._person(request))

    def _submit(self, request: Request, body: Any) -> Any:
        entry = unb64(body["entry"])
        hash = self.cases.submit(self._person(request), entry, body["detail"], body["salt"])
        return {"request": hash}

    def _bundle(self, request: Request, body: Any) -> Any:
        return self.cases.bundle(self._person(request), _hash(request))

    def _release(self, request: Request, body: Any) -> Any:
        entry, resealed = unb64(body["entry"]), unb64(body["resealed"])
        who, hash = self._person(request), _hash(request)
        return {"index": self.cases.add_release(who, hash, entry, resealed)}

    def _refuse(self, request: Request, body: Any) -> Any:
        who, entry = self._person(request), unb64(body["entry"])
        return {"index": self.cases.refuse(who, _hash(request), entry)}

    def _opened(self, request: Request, body: Any) -> Any:
        who, entry = self._person(request), unb64(body["entry"])
        return {"index": self.cases.add_opened(who, _hash(request), entry)}

    def _opening(self, request: Request, body: Any) -> Any:
        window = request.query_params["window"]
        return self.cases.opening(self._person(request), _hash(request), window)

    def _evidence(self, request: Request, body: Any) -> Any:
        return self.cases.evidence(self._person(request), _hash(request))

    def _originals(self, request: Request, body: Any) -> Any:
        window, asked = request.path_params["window"], request.query_params.get("request")
        return b"".join(self.cases.originals(self._person(request), window, asked))

    def _token(self, request: Request) -> str:
        return request.headers.get("authorization", "").removeprefix("Bearer ")

    def _person(self, request: Request) -> str:
        person = self._sessions.get(self._token(request))
        if person is None:
            raise NotAuthorised("Sign in first.")
        return person


def _hash(request: Request) -> str:
    return str(request.path_params["hash"])


@contextmanager
def serving(desk: Desk) -> Iterator[str]:
    """Serve `desk` on a free port of this machine; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    desk.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(desk.app(), log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        yield desk.origin
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
        desk.close()
