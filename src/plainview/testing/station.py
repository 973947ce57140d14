"""A control room for tests: town hall, recorded and live pictures, a web process that is counted.

Everything is real but the recorder: keeper, log, store, tail, web process with its sockets. Each
byte of pictures that leaves the web process is written down with the attempt that asked for it (the
header `x-attempt`) and when; and keeper or log can be taken away.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import uvicorn
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plainview.base.clock import Ms, now_ms
from plainview.base.ids import sha256_hex
from plainview.errors import Unavailable
from plainview.media.encode import ViewEncoder
from plainview.media.frames import Frame
from plainview.recorder.tailserver import TailServer
from plainview.store.packs import AGE_MAGIC, Kind
from plainview.store.records import KEY
from plainview.store.store import Store
from plainview.store.tail import Tail
from plainview.store.writer import NewSegment
from plainview.testing.hall import FRAME_MS, Citizen, TownHall, Window, frame_message
from plainview.watch.playback import joined
from plainview.web.app import create_app
from plainview.web.context import Web
from plainview.web.pictures import PictureProtocol
from plainview.web.server import server

CAMERAS = ("cam-01", "cam-02")
ATTEMPT = "x-attempt"
PICTURES = ("application/octet-stream", "image/jpeg", "video/mp4")
GOP, GOPS = 10, 6
SIZE = (160, 96)
ROOM_S = 7200
"""Length of a window: two of them outlast a run."""
OUTAGES = ("keeper", "log")
AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""Of `renameat2` (linux/fcntl.h, linux/fs.h)."""

Unit = tuple[bytes, bool, Ms]


@dataclass(frozen=True)
class Sent:
    """Bytes of pictures that left the web process."""

    attempt: str
    at: float
    size: int


class Tally:
    """Writes down what the web process sends."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def by_attempt(self) -> Counter[str]:
        """Bytes of each attempt."""
        found: Counter[str] = Counter()
        for one in self.sent:
            found[one.attempt] += one.size
        return found

    def note(self, attempt: str, size: int) -> None:
        """Bytes go out now."""
        if size:
            self.sent.append(Sent(attempt, time.monotonic(), size))

    def around(self, app: ASGIApp) -> ASGIApp:
        """The same application, its pictures over HTTP counted."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            kind = ""

            async def sending(message: Message) -> None:
                nonlocal kind
                if message["type"] == "http.response.start":
                    kind = dict(message["headers"]).get(b"content-type", b"").decode()
                elif message["type"] == "http.response.body" and kind.startswith(PICTURES):
                    self.note(Headers(scope=scope).get(ATTEMPT, ""), len(message.get("body", b"")))
                await send(message)

            await app(scope, receive, sending)

        return counted

    @contextmanager
    def of_sockets(self) -> Iterator[None]:
        """Count live pictures, which go past the application straight to the connection."""
        original = PictureProtocol.write

        def write(link: PictureProtocol, data: bytes) -> None:
            self.note(Headers(raw=list(link.scope["headers"])).get(ATTEMPT, ""), len(data))
            original(link, data)

        PictureProtocol.write = write  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            PictureProtocol.write = original  # type: ignore[method-assign]


class Station:
    """Starts everything; close it."""

    def __init__(self, folder: Path, *, operators: int = 8) -> None:
        self.town = TownHall(folder, window_seconds=ROOM_S, more_operators=operators)
        # Operators take no clips out: every third session is an investigator's.
        officers = [self.town.officer] * (len(self.town.operators) // 2)
        self.people: list[Citizen] = [*self.town.operators, *officers]
        self.tally, self.downs = Tally(), list[tuple[str, float, float]]()
        self.known: dict[tuple[str, int], str] = {}
        """What a segment's answer must be, by window and number: its SHA-256."""
        self.start = now_ms() + 1000
        self._units = _units(self.start)
        registers = {camera: self.town.add_camera(camera) for camera in CAMERAS}
        self._windows = {camera: self._record(camera, registers[camera]) for camera in CAMERAS}
        self._tails = {camera: Tail() for camera in CAMERAS}
        self._serve()

    @property
    def end(self) -> Ms:
        """When the recording ends."""
        return self.start + len(self._units) * FRAME_MS

    def _serve(self) -> None:
        settings = self.town.settings
        self._recorder = TailServer(
            settings.recorder_socket, self._tails, lambda: {"cameras": {}}, lambda: b""
        )
        self._recorder.start()
        self._stop = threading.Event()
        self._filming = threading.Thread(target=self._film, daemon=True)
        self._filming.start()
        app = create_app(settings)
        self.web: Web = app.state.web
        self._server: uvicorn.Server = server(app)
        self._server.config.app = self.tally.around(app)
        self._sockets = self.town.take_sockets()
        self._counting = self.tally.of_sockets()
        self._counting.__enter__()
        self._thread = threading.Thread(target=self._server.run, args=(self._sockets,))
        self._thread.start()
        _until(lambda: self._server.started)

    def close(self) -> None:
        """Stop everything."""
        self._server.should_exit = True
        self._thread.join()
        self._counting.__exit__(None, None, None)
        for opened in self._sockets:
            opened.close()
        self._stop.set()
        self._filming.join()
        self._recorder.close()
        self.town.close()

    # -- pictures

    def _record(self, camera: str, register: int) -> Window:
        """Store the recording; the window goes on, for live pictures."""
        window = self.town.window(register, camera=camera)
        with Store(self.town.settings) as store, store.writer() as writer:
            for seq in range(GOPS):
                gop = self._units[seq * GOP : (seq + 1) * GOP]
                first = seq * GOP
                self.known[window.id, seq] = sha256_hex(joined(_messages(gop, first)))
                data = b"".join(record.to_bytes() for record in window.records(gop))
                length, now = len(gop) * FRAME_MS, now_ms()
                new = NewSegment(seq, gop[0][2], length, now, "arrival", data)
                writer.add(Kind.VIEWS, window.header, new)
            sealed = AGE_MAGIC + bytes(200)
            new = NewSegment(0, self.start, 6000, now_ms(), "arrival", sealed, "ab" * 32)
            writer.add(Kind.ORIGINALS, window.header, new)
            writer.flush()
        return window

    def _film(self) -> None:
        """Five pictures a second for whoever watches live."""
        number = 0
        while not self._stop.wait(FRAME_MS / 1000):
            data, is_key, _ = self._units[number % len(self._units)]
            for camera, window in self._windows.items():
                for record in window.records([(data, is_key, now_ms())]):
                    self._tails[camera].publish(window.id, record)
            number += 1

    # -- outages

    @contextmanager
    def down(self, which: str) -> Iterator[None]:
        """Keeper or log are away inside; `downs` says from when until when."""
        folder = self.town.settings.log_dir
        aside = folder.with_name("log-away")
        if which == "keeper":
            self.town.stop_keeper()
        else:
            aside.touch()  # nothing can be made below a file
            _exchange(folder, aside)
        since = time.monotonic()
        try:
            yield
        finally:
            self.downs.append((which, since, time.monotonic()))
            if which == "keeper":
                self.town.start_keeper()
            else:
                _exchange(folder, aside)
                aside.unlink()

    def wait_up(self, seconds: float = 60) -> None:
        """Until the keeper can log again."""

        def up() -> bool:
            try:
                return self.town.client.status()["log"] is None
            except Unavailable:
                return False

        _until(up, seconds)


def _exchange(one: Path, other: Path) -> None:
    """Exchange two names in one step: between two, the keeper would begin a log of its own here,
    and acknowledge what is then thrown away."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(one))


def _units(start: Ms) -> list[Unit]:
    """Small pictures, H.264: (access unit, key frame, wall time)."""
    encoder, found = ViewEncoder(*SIZE, fps=1000 / FRAME_MS), []
    for number in range(GOP * GOPS):
        picture = np.full((SIZE[1], SIZE[0], 3), 60 + number, np.uint8)
        frame = Frame.from_bgr(picture, wall_ms=start + number * FRAME_MS)
        unit = encoder.encode(frame, key=number % GOP == 0)
        found.append((unit.data, unit.is_key, unit.wall_ms))
    return found


def _messages(units: list[Unit], first: int) -> list[bytes]:
    return [
        frame_message(KEY if is_key else 0, wall, first + number, data)
        for number, (data, is_key, wall) in enumerate(units)
    ]


def _until(done: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise Unavailable("It did not happen in time.")
        time.sleep(0.02)
