"""Behind the curtain: the demonstration's own process answers the story page over a Unix socket.

The web process may not import the keeper or open anything; what the story needs beyond its pages
(the four attempts to cheat) is done here, in the supervisor's process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from plainview.base.settings import Settings
from plainview.errors import PlainviewError


@dataclass
class Outcome:
    """What became of an attempt: `stopped` is what Plainview promises."""

    stopped: bool
    result: str
    tried: list[str] = field(default_factory=list)


Attempt = Callable[[], Outcome]


def stage_socket(settings: Settings) -> Path:
    """Where the stage listens."""
    return settings.data / "run" / "stage.sock"


class Stage:
    """Serves the attempts at `POST /cheat/<name>`, one at a time."""

    def __init__(self, socket: Path, attempts: dict[str, Attempt]) -> None:
        self._attempts = attempts
        self._one = threading.Lock()
        app = Starlette(routes=[Route("/cheat/{name}", self._cheat, methods=["POST"])])
        socket.unlink(missing_ok=True)
        config = uvicorn.Config(app, uds=str(socket), log_level="warning", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="stage", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(5)

    async def _cheat(self, request: Request) -> JSONResponse:
        attempt = self._attempts.get(request.path_params["name"])
        if attempt is None:
            return JSONResponse({"message": "No such attempt."}, status_code=404)
        outcome = await run_in_threadpool(self._alone, attempt)
        return JSONResponse(asdict(outcome))

    def _alone(self, attempt: Attempt) -> Outcome:
        with self._one:
            try:
                return attempt()
            except PlainviewError as error:
                return Outcome(False, error.line())
