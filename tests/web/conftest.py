"""A small town with everything real around the web process: keys, log, witnesses, keeper, store.

Only the camera is missing: its view is encoded, encrypted under the keeper's own window and put
into the store and a live tail, as a recorder does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plainview.base import journal
from plainview.base.clock import Ms, now_ms
from plainview.media.encode import ViewEncoder
from plainview.media.frames import Frame
from plainview.register import follow
from plainview.store.packs import AGE_MAGIC, Kind
from plainview.store.store import Store
from plainview.store.tail import Tail, pack_item
from plainview.store.writer import NewSegment
from plainview.testing.belongings import Belongings
from plainview.testing.hall import FRAME_MS, TownHall, Window
from plainview.testing.site import Site, until
from plainview.web.limits import RateLimit


def encode(count: int, *, start: Ms, gop: int = 10) -> list[tuple[bytes, bool, Ms]]:
    """`count` small pictures, H.264: (access unit, key frame, wall time)."""
    encoder = ViewEncoder(160, 96, fps=5)
    units = []
    for number in range(count):
        picture = np.full((96, 160, 3), 60 + number % 100, np.uint8)
        picture[20:50, 10 + number % 100 : 40 + number % 100] = (30, 160, 200)
        frame = Frame.from_bgr(picture, wall_ms=start + number * FRAME_MS)
        unit = encoder.encode(frame, key=number % gop == 0)
        units.append((unit.data, unit.is_key, unit.wall_ms))
    return units


class TailServer:
    """Serves `Tail`s and health over the recorder's socket, as the recorder does."""

    def __init__(self, path: Path) -> None:
        self.tails: dict[str, Tail] = {}
        self.health: dict[str, Any] = {}
        self.red: list[str] = []
        self.problems: list[dict[str, Any]] = []
        self.metrics = ""
        self.open = 0
        self.asked: list[str] = []
        self._links: set[Any] = set()
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._main(),))
        self._thread.start()
        assert self._ready.wait(10)

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._path.unlink(missing_ok=True)
        listening = await asyncio.start_unix_server(self._serve, self._path)
        self._ready.set()
        await self._stop.wait()
        listening.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode()
        self.asked.append(path)
        try:
            if path == "/health":
                said = {"cameras": self.health, "red": self.red, "problems": self.problems}
                await self._say(json.dumps(said).encode(), writer)
            elif path == "/metrics":
                await self._say(self.metrics.encode(), writer)
            else:
                await self._tail(path.removeprefix("/tail/"), reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _say(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        writer.write(head % len(body) + body)
        await writer.drain()

    async def _tail(
        self, camera: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if camera not in self.tails:
            writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            return
        more, loop = asyncio.Event(), asyncio.get_running_loop()

        def notify() -> None:
            loop.call_soon_threadsafe(more.set)

        subscription = self.tails[camera].subscribe(notify)
        self.open += 1
        self._links.add(writer.transport)
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n")
        gone = asyncio.ensure_future(self._gone(reader, more))
        try:
            while not gone.done():
                data = b"".join(map(pack_item, subscription.take()))
                if data:
                    writer.write(data)
                    await writer.drain()
                await more.wait()
                more.clear()
        finally:
            gone.cancel()
            subscription.close()
            self._links.discard(writer.transport)
            self.open -= 1

    async def _gone(self, reader: asyncio.StreamReader, more: asyncio.Event) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()
        more.set()

    def drop(self) -> None:
        """Cut every connection, as a restart does."""
        for transport in list(self._links):
            self._loop.call_soon_threadsafe(transport.abort)
        until(lambda: self.open == 0)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._path.unlink(missing_ok=True)


def fill_store(town: TownHall, window: Window, units: list[tuple[bytes, bool, Ms]]) -> None:
    """Write GOPs into the store, acknowledged."""
    gops: list[list[tuple[bytes, bool, Ms]]] = []
    for unit in units:
        if unit[1]:
            gops.append([])
        gops[-1].append(unit)
    with Store(town.settings) as store, store.writer() as writer:
        for sequence, gop in enumerate(gops):
            data = b"".join(record.to_bytes() for record in window.records(gop))
            writer.add(
                Kind.VIEWS,
                window.header,
                NewSegment(sequence, gop[0][2], len(gop) * FRAME_MS, now_ms(), "arrival", data),
            )
        sealed = AGE_MAGIC + bytes(200)
        writer.add(
            Kind.ORIGINALS,
            window.header,
            NewSegment(0, units[0][2], 6000, now_ms(), "arrival", sealed, "ab" * 32),
        )
        writer.flush()


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    """The journal as the real process keeps it, errors only."""
    journal.configure("web", level=logging.ERROR)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test has just stated is asked for at once: the register looks at the log each time."""
    monkeypatch.setattr(follow, "FRESH_SECONDS", 0.0)


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A web process that the tests share, and leave as they found it."""
    with _running(tmp_path_factory.mktemp("calm")) as (_, made):
        yield made


@contextlib.contextmanager
def _running(folder: Path, **given: Any) -> Iterator[tuple[TownHall, Site]]:
    town = TownHall(folder, **given)
    town.add_camera()
    made = Site(town)
    yield town, made
    made.close()
    town.close()


@pytest.fixture
def make_town() -> Any:
    """Makes a town of another kind, with its web process."""
    return _running


@pytest.fixture(scope="session")
def running() -> Any:
    """The same, for towns that the tests of a file share."""
    return _running


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Belongings]:
    """A town with pictures, in which everybody has something of their own."""
    with (
        pytest.MonkeyPatch.context() as patch,
        _running(tmp_path_factory.mktemp("busy")) as (town, site),
    ):
        patch.setattr(follow, "FRESH_SECONDS", 0.0)
        patch.setattr(RateLimit, "spend", lambda *_: None)  # limits have tests of their own
        window, start = town.window(site.web.register.camera("cam-01").index), now_ms()
        fill_store(town, window, encode(30, start=start))
        made = Belongings(site, window.id, start)
        yield made
        made.close()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[TownHall]:
    """A town without witnesses, with one camera."""
    made = TownHall(tmp_path)
    made.register = made.add_camera()  # type: ignore[attr-defined]
    yield made
    made.close()


@pytest.fixture(scope="session")
def encoded() -> Any:
    """Makes small H.264 pictures."""
    return encode


@pytest.fixture(scope="session")
def fill() -> Any:
    """Puts pictures into the store."""
    return fill_store


@pytest.fixture
def tails(town: TownHall) -> Iterator[TailServer]:
    """The recorder's socket."""
    made = TailServer(town.settings.recorder_socket)
    yield made
    made.close()


@pytest.fixture
def make_tails() -> Any:
    """The recorder's socket of a town of another kind; close it."""
    return lambda town: TailServer(town.settings.recorder_socket)


@pytest.fixture
def site(town: TownHall) -> Iterator[Site]:
    """The web process of the town."""
    made = Site(town)
    yield made
    made.close()
