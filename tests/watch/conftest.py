"""A keeper that a test scripts, behind the real socket and protocol."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plainview.base.ids import b64, new_id
from plainview.errors import LogAway, NotAuthorised
from plainview.keeper.server import Server
from plainview.keys.client import KeeperClient


class ScriptedKeeper:
    """Answers as told and remembers what it was asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keys = {"w-1": secrets.token_bytes(32), "w-2": secrets.token_bytes(32)}
        self.log: str | None = None
        self.red: list[str] = []
        self.log_away = False
        self.asked: list[str] = []
        self.sessions: set[str] = set()
        self.expires = 10**15
        self._server: Server | None = None
        self.start()
        self.client = KeeperClient(path, timeout_s=2)

    def start(self) -> None:
        names = ("watch", "view_key", "watch_end", "status")
        self._server = Server(self.path, [getattr(self, name) for name in names])

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def watch(
        self,
        id: str,
        actor: str,
        role: str,
        kind: str,
        camera: str,
        from_ms: int,
        to_ms: int | None,
        purpose: str,
        policy: str | None = None,
    ) -> dict[str, Any]:
        self.asked.append(f"watch {camera}")
        if self.log_away:
            raise LogAway("The log cannot be written: disk full.")
        session = new_id()
        self.sessions.add(session)
        return {"id": session, "index": 7, "salt": "00" * 32, "expires": self.expires}

    def view_key(self, session: str, window: str) -> str:
        self.asked.append(f"view_key {window}")
        if self.log_away:
            raise LogAway("The log cannot be written: disk full.")
        if session not in self.sessions:
            raise NotAuthorised("This session has ended.")
        return b64(self.keys[window])

    def watch_end(self, session: str) -> None:
        self.asked.append("watch_end")
        self.sessions.discard(session)

    def status(self) -> dict[str, Any]:
        self.asked.append("status")
        return {"size": 8, "log": self.log, "red": self.red}


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[ScriptedKeeper]:
    made = ScriptedKeeper(tmp_path / "run" / "keeper.sock")
    yield made
    made.client.close()
    made.stop()
