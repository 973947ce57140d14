"""Somebody who watches: signs in, watches live, plays back, and counts each byte of pictures."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from plainview.base.clock import Ms, now_ms, to_iso
from plainview.base.ids import b64
from plainview.base.settings import Settings
from plainview.errors import Unavailable
from plainview.release.keyfile import KeyFile

PURPOSE = {"purpose": "Evening shift at the crossing"}
PATIENCE_S = 15.0


class Onlooker:
    """One person with a session. `bytes` counts pictures in all that was ever answered."""

    def __init__(self, settings: Settings, key: KeyFile) -> None:
        self._settings, self._key = settings, key
        self._http = httpx.Client(base_url=settings.web_url, timeout=30, trust_env=False)
        self._links: list[ClientConnection] = []
        self._threads: list[threading.Thread] = []
        self.bytes = 0
        self.ended: list[str] = []
        """Why live pictures ended."""
        self.playback = ""
        self._segment: dict[str, str] = {}

    def close(self) -> None:
        """Leave."""
        for link in self._links:
            link.close()
        for thread in self._threads:
            thread.join()
        self._http.close()

    def sign_in(self) -> int:
        """By key, as a tool does, and say what for; the status."""
        moment, signing = to_iso(now_ms()), self._key.signing
        signed = f"plainview/session/v1\n{self._settings.web_url}\n{moment}".encode()
        asked = {"key_id": signing.key_id, "time": moment, "sig": b64(signing.sign(signed))}
        answer = self._http.post("/api/session/key", json=asked)
        if answer.status_code == httpx.codes.OK:
            token = answer.json()["token"]
            self._http.headers.update({"Authorization": f"Bearer {token}", "X-Plainview": "1"})
            answer = self._http.post("/api/purpose", json=PURPOSE)
        return answer.status_code

    def watch(self, camera: str) -> None:
        """Watch live from now on, in a thread of its own."""
        address = f"{self._settings.web_url.replace('http', 'ws', 1)}/api/live/{camera}"
        allowed = {"Authorization": self._http.headers.get("Authorization", "")}
        try:
            link = connect(address, additional_headers=allowed, proxy=None)
        except (OSError, InvalidHandshake) as error:
            self.ended.append(type(error).__name__)
            return
        self._links.append(link)
        self._threads.append(threading.Thread(target=self._look, args=(link,), daemon=True))
        self._threads[-1].start()

    def leave(self) -> None:
        """Stop watching live."""
        while self._links:
            self._links.pop().close()
        while self._threads:
            self._threads.pop().join()

    def _look(self, link: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            for message in link:
                if isinstance(message, bytes):
                    self.bytes += len(message)
                elif (said := json.loads(message))["type"] == "end":
                    self.ended.append(said["reason"])

    def begin_playback(self, camera: str, start: Ms, end: Ms) -> int:
        """Begin to play back, and remember a segment for `play`; the status."""
        asked = {"camera": camera, "from": to_iso(start), "to": to_iso(end), **PURPOSE}
        answer = self._http.post("/api/playback", json=asked)
        if answer.status_code == httpx.codes.OK:
            self.playback = answer.json()["playback"]
            shown: dict[str, Any] = self._http.get(f"/api/playback/{self.playback}/timeline").json()
            segments = shown["segments"]
            self._segment = segments[len(segments) // 2] if segments else {}
        return answer.status_code

    def play(self) -> int:
        """Ask for a segment of the playback; the status, 404 if it has none."""
        if not self._segment:
            return httpx.codes.NOT_FOUND
        asked = {"window": self._segment["window"], "seq": self._segment["seq"]}
        answer = self._http.get(f"/api/playback/{self.playback}/segment", params=asked)
        if answer.status_code == httpx.codes.OK:
            self.bytes += len(answer.content)
        return answer.status_code

    def get(self, path: str) -> httpx.Response:
        """A page or an answer."""
        return self._http.get(path)

    def wait_more(self, than: int) -> None:
        """Until more bytes than these were seen. Raises `Unavailable`."""
        end = time.monotonic() + PATIENCE_S
        while self.bytes <= than:
            if time.monotonic() > end:
                raise Unavailable(f"No picture is shown. Live ended: {self.ended}")
            time.sleep(0.01)
