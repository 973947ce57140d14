"""What viewers cost the web process: 500 of 20 cameras, and 50 who stop reading.

Real: keeper, log, web process, sessions, sockets, encryption. Played: the recorder, which publishes
pictures of a usual size under the keeper's own windows. The baseline is the least that any program
of this kind must do: write the same bytes to as many sockets, with nothing around it.
"""

from __future__ import annotations

import os
import secrets
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from plainview.base.clock import now_ms
from plainview.bench.broadcast import Broadcast
from plainview.bench.catalogue import Options, Say
from plainview.bench.measure import cpu_s, memory_mb
from plainview.bench.result import Result, alone, compared
from plainview.bench.viewers import Crowd, Seen, Wanted
from plainview.errors import Unavailable
from plainview.node import one_machine
from plainview.recorder.tailserver import TailServer
from plainview.store.tail import Tail
from plainview.testing.hall import TownHall, Window
from plainview.web.sessions import Sessions

CAMERAS, VIEWERS, STALLED = 20, 500, 50
FPS, GOP = 25, 50
KEY_BYTES, FRAME_BYTES = 40_000, 3_000
"""A view of 720 lines at 0.75 Mbit/s: what x264 makes of a street."""
WINDOW_S = 3600
"""Longer than a whole bench takes: it ends in the window that it begins in, or in the next."""
OF_ONE = 25
"""Pictures that one person watches: a wall of five by five."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One round of viewers."""

    core_percent: float
    memory_mb: float
    seen: list[Seen]
    seconds: float


def run(options: Options, say: Say) -> Iterator[Result]:
    """`live.core_percent.500_viewers` (ratio: against bare writes), and what slow ones do."""
    cameras = round(options.scaled(CAMERAS, 2))
    viewers = round(options.scaled(VIEWERS, 8))
    stalled = round(options.scaled(STALLED, 2))
    seconds = options.scaled(30, 1.5)
    with Scene(cameras, viewers + stalled) as scene:
        ours, bare, few = [], [], []
        for number in range(options.runs):
            say(f"{viewers} viewers, round {number + 1} of {options.runs}")
            ours.append(scene.round(viewers, 0, seconds))
            say("bare writes of the same bytes")
            bare.append(bare_writes(cameras, viewers, seconds))
            few.append(scene.round(cameras, 0, seconds / 2))
        say(f"{viewers} viewers, {stalled} more who stop reading")
        last = scene.round(viewers, stalled, max(seconds, 4.0))
    yield from _results(viewers, cameras, ours, bare, few)
    yield from _slow(stalled, ours[-1], last)


def _results(
    viewers: int, cameras: int, ours: list[Measured], bare: list[float], few: list[Measured]
) -> Iterator[Result]:
    whole = [one.core_percent for one in ours]
    name = f"live.core_percent.{viewers}_viewers"
    yield compared("live", name, "% of a core", whole, bare, "asyncio writes of the same bytes")
    yield alone(
        "live", f"live.core_percent.{cameras}_viewers", [o.core_percent for o in few], "% of a core"
    )
    sending = [
        (many.core_percent - least.core_percent) / (viewers - cameras) * viewers
        for many, least in zip(ours, few, strict=True)
    ]
    yield alone("live", f"live.sending_core_percent.{viewers}_viewers", sending, "% of a core")
    slowest = [min(seen.frames for seen in one.seen) / (FPS * one.seconds) for one in ours]
    yield alone("live", "live.slowest_viewer_speed", slowest, "x real time")
    lags = [statistics.median(lag for seen in one.seen for lag in seen.lags_ms) for one in ours]
    yield alone("live", "live.sending_lag_ms", lags, "ms")


def _slow(stalled: int, before: Measured, last: Measured) -> Iterator[Result]:
    """With viewers who stop reading: memory for each of them, and the speed of the others."""
    each = (last.memory_mb - before.memory_mb) / stalled
    yield alone("live", f"live.memory_mb_per_stalled_viewer.{stalled}", [each], "MB")
    slowest = min(seen.frames for seen in last.seen) / (FPS * last.seconds)
    yield alone("live", "live.slowest_viewer_speed_beside_stalled", [slowest], "x real time")


class Scene:
    """A town hall, a web process, and a recorder that publishes; use it as a context."""

    def __init__(self, cameras: int, viewers: int) -> None:
        self._opened = ExitStack()
        folder = Path(self._opened.enter_context(tempfile.TemporaryDirectory()))
        people = -(-viewers // OF_ONE)
        self._hall = TownHall(folder, window_seconds=WINDOW_S, more_operators=people - 1)
        self._opened.callback(self._hall.close)
        self._cameras = [f"cam-{number:02d}" for number in range(1, cameras + 1)]
        self._publisher = Publisher({name: self._windows(name) for name in self._cameras})
        settings = self._hall.settings
        tails = TailServer(settings.recorder_socket, self._publisher.tails, dict)
        tails.start()
        self._opened.callback(tails.close)
        self._cookies = self._sign_in()
        for opened in self._hall.take_sockets():
            opened.close()
        self._web = self._opened.enter_context(web_process(self._hall))

    def __enter__(self) -> Scene:
        self._publisher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._publisher.stop()
        self._opened.close()

    def round(self, viewers: int, stalled: int, seconds: float) -> Measured:
        """Let so many watch for `seconds`, after everybody has joined."""
        wanted = [self._wanted(number, stalls=False) for number in range(viewers)]
        slow = [self._wanted(viewers + number, stalls=True) for number in range(stalled)]
        with Crowd([*slow, *wanted]) as crowd:
            used, began = cpu_s(self._web), time.monotonic()
            seen = crowd.count(seconds)
            used, span = cpu_s(self._web) - used, time.monotonic() - began
            memory = memory_mb(self._web)
        return Measured(used / span * 100, memory, seen[stalled:], seconds)

    def _windows(self, camera: str) -> tuple[Window, Window]:
        """The window of now and the next: a view key is given for the present only."""
        register = self._hall.add_camera(camera)
        present = self._hall.window(register, camera=camera)
        return present, self._hall.window(register, camera=camera, after=present)

    def _wanted(self, number: int, *, stalls: bool) -> Wanted:
        camera = self._cameras[number % len(self._cameras)]
        cookie = self._cookies[number // OF_ONE]
        return Wanted(self._hall.settings.port, f"/api/live/{camera}", cookie, stalls)

    def _sign_in(self) -> list[str]:
        sessions = Sessions(self._hall.settings.data / "sessions.db")
        cookies = []
        for citizen in self._hall.operators:
            secret = sessions.create(citizen.person.person, citizen.roles, citizen.name)
            sessions.set_purpose(sessions.find(secret, kind="cookie").key, "bench")
            cookies.append(secret)
        sessions.close()
        return cookies


class Publisher(threading.Thread):
    """Publishes every camera's pictures, 25 a second, into its tail."""

    def __init__(self, windows: dict[str, tuple[Window, Window]]) -> None:
        super().__init__(name="publisher", daemon=True)
        self._windows = windows
        self.tails = {name: Tail() for name in windows}
        self._payload = secrets.token_bytes(KEY_BYTES)
        self._over = threading.Event()

    def run(self) -> None:
        begun, number = time.monotonic(), 0
        while not self._over.wait(max(0.0, begun + number / FPS - time.monotonic())):
            for place, (name, (present, following)) in enumerate(self._windows.items()):
                window = present if now_ms() < present.end_ms else following
                is_key = (number + place * 3) % GOP == 0 or number == 0
                size = KEY_BYTES if is_key else FRAME_BYTES
                for record in window.records([(self._payload[:size], is_key, now_ms())]):
                    self.tails[name].publish(window.id, record)
            number += 1

    def stop(self) -> None:
        """Publish nothing more."""
        self._over.set()
        self.join()


@contextmanager
def web_process(hall: TownHall) -> Iterator[int]:
    """The web process of this installation on the hall's data; its process id."""
    settings = hall.settings
    output = (settings.data / "web.log").open("wb")
    process = subprocess.Popen(  # noqa: S603 - our own command
        one_machine.command("web"),
        env={**os.environ, **one_machine.environment(settings)},
        stdout=output,
        stderr=output,
    )
    ready, end = one_machine.listens_on(settings.port), time.monotonic() + 30
    try:
        while not ready():
            if time.monotonic() > end or process.poll() is not None:
                raise Unavailable("The web process did not start.", hint=f"See {output.name}.")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait()
        output.close()


def bare_writes(cameras: int, viewers: int, seconds: float) -> float:
    """Percent of a core that plain writes of the same bytes to as many sockets take."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    broadcast = Broadcast(port, cameras, FPS, GOP, KEY_BYTES, FRAME_BYTES)
    broadcast.start()
    try:
        wanted = [Wanted(port, f"/{number % cameras}", "") for number in range(viewers)]
        with Crowd(wanted) as crowd:
            used, began = cpu_s(broadcast.pid), time.monotonic()
            crowd.count(seconds)
            used, span = cpu_s(broadcast.pid) - used, time.monotonic() - began
    finally:
        broadcast.stop()
    return used / span * 100
