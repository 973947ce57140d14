"""A small town with everything real around the web process: keys, log, witnesses, keeper, store.

Only the camera is missing: its view is encoded, encrypted under the keeper's own window and put
into the store and a live tail, as a recorder does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyrage
import pytest
import uvicorn
from fastapi import APIRouter

from plainview.base import journal
from plainview.base.clock import Ms, now_ms
from plainview.base.ids import b64, unb64
from plainview.base.ports import loopback_sockets
from plainview.base.settings import Settings
from plainview.keeper.process import Keeper
from plainview.keys.client import KeeperClient
from plainview.media.encode import ViewEncoder
from plainview.media.frames import Frame
from plainview.node import setup
from plainview.register import statements
from plainview.register.private import Names
from plainview.register.records import Person, camera_record
from plainview.seal.draft import Spec, make_drafts, set_of
from plainview.seal.views import ViewCipher
from plainview.seal.windows import WindowHeader
from plainview.store.packs import AGE_MAGIC, Kind
from plainview.store.records import KEY, Record
from plainview.store.store import Store
from plainview.store.tail import Tail, pack_item
from plainview.store.writer import NewSegment
from plainview.tlog.cosign import verifier
from plainview.tlog.entries import Entry
from plainview.tlog.signing import SigningKey
from plainview.tlog.witness import Witness, serve
from plainview.web.app import create_app
from plainview.web.context import Web
from plainview.web.server import server
from plainview.web.signin import sign_in

ORIGIN = "plainview.test/log"
RULES = {"window_seconds": 60, "key_period_seconds": 600, "notice_seconds": 0, "reveal_seconds": 2}
CAMERA = "cam-01"
FRAME_MS = 200


class Citizen:
    """Somebody enrolled, with the keys that a real person keeps at home."""

    def __init__(self, name: str, org: str, *roles: str, outside: bool = False) -> None:
        self.name, self.roles, self.salt = name, roles, secrets.token_bytes(32)
        self.signing = SigningKey.generate()
        self.age = pyrage.x25519.Identity.generate()
        self.person: Person = statements.public_person(
            f"p-{self.signing.key_id}",
            self.signing,
            str(self.age.to_public()),
            roles,
            org,
            outside=outside,
            name=name,
            salt=self.salt,
        )


class Town:
    """Starts everything; `web(...)` gives a running server."""

    def __init__(self, folder: Path, *, witnesses: int = 0, demo: bool = False) -> None:
        self._sockets = loopback_sockets(0)
        port = self._sockets[0].getsockname()[1]
        self.settings = Settings(
            data=folder / "data", port=port, demo=demo, disk_reserve_mb=1, commit_seconds=1
        )
        self.dpo = Citizen("Ana Novak", "City data protection office", "dpo", "custodian")
        self.officer = Citizen("Jonas Weber", "City police", "investigator")
        self.operator = Citizen("Mira Olsen", "City control room", "operator")
        self.court = Citizen("Irena Berg", "District court", "custodian", outside=True)
        self.assembly = Citizen("Luca Moretti", "Residents' assembly", "custodian", outside=True)
        self.custodians = [self.dpo, self.court, self.assembly]
        self.people = [self.dpo, self.officer, self.operator, self.court, self.assembly]
        self._witnesses = [WitnessThread(f"w{n}.test", folder) for n in range(witnesses)]
        for one in self._witnesses:
            one.start()
        founding = statements.founding(
            ORIGIN,
            "demo",
            RULES,
            [citizen.person for citizen in self.people],
            [citizen.signing for citizen in self.people],
        )
        listed = [(one.name, one.vkey, one.url) for one in self._witnesses]
        policy = setup.create(self.settings, founding, listed, len(listed))
        for one in self._witnesses:
            one.logs[ORIGIN] = policy.logs[0]
        names = Names(self.settings.data)
        for citizen in self.people:
            names.put(citizen.person.person, citizen.name, b64(citizen.salt))
        self.keeper: Keeper | None = Keeper(self.settings)
        self.client = KeeperClient(self.settings.keeper_socket)
        self.versions: dict[str, int] = {}
        self.counter = 0
        self._found_set()

    def say(self, entry: Entry) -> int:
        """Log a statement."""
        return self.client.append(entry.raw)

    def _found_set(self) -> None:
        members = [citizen.person for citizen in self.custodians]
        keys = [self.dpo.signing, self.officer.signing]
        entry = statements.custodian_set("street-set", 2, members, keys)
        self.set = set_of(dict(entry.body))
        self.say(entry)

    def add_camera(self, camera: str = CAMERA, *, status: str = "active", **change: Any) -> int:
        """A camera, or its next version; the index of its entry."""
        self.versions[camera] = self.versions.get(camera, 0) + 1
        record = camera_record({**camera_values(), **change})
        keys = [self.dpo.signing]
        return self.say(statements.camera(camera, self.versions[camera], status, record, keys))

    def window(self, register: int, *, camera: str = CAMERA) -> Window:
        """A logged window of now, with its view key as the recorder's child made it."""
        self.counter += 1
        start = (now_ms() // 1000 + 1) * 1000
        end = start // 60_000 * 60_000 + 60_000
        spec = Spec(camera=camera, start=start, end=end, epoch=1, counter=self.counter)
        drafts = make_drafts([spec], self.set)
        headers = self.client.make_windows(camera, register, drafts)
        header = WindowHeader.from_dict(headers[0])
        key = drafts[0].to_dict()["view"]
        return Window(header, key)

    def stop_keeper(self) -> None:
        """The log goes away."""
        if self.keeper is not None:
            self.keeper.close()
            self.keeper = None

    def start_keeper(self) -> None:
        """And comes back."""
        self.keeper = Keeper(self.settings)

    def close(self) -> None:
        """Stop everything."""
        self.client.close()
        self.stop_keeper()
        for one in self._witnesses:
            one.stop()
        for opened in self._sockets:
            opened.close()

    def take_sockets(self) -> list[socket.socket]:
        """The web's listening sockets; the server closes them."""
        taken, self._sockets = self._sockets, []
        return taken


class Window:
    """A window being written: encrypts frames as the recorder does."""

    def __init__(self, header: WindowHeader, key: str) -> None:
        self.header, self.id = header, header.record.window
        self._cipher = ViewCipher(unb64(key), self.id)
        self._number = 0

    def records(self, units: list[tuple[bytes, bool, Ms]]) -> list[Record]:
        """Records of access units (data, key frame, wall time)."""
        made = []
        for data, is_key, wall in units:
            flags = KEY if is_key else 0
            message = frame_message(flags, wall, self._number, data)
            sealed = self._cipher.seal(self._number, "frame", message)
            made.append(Record(self._number, flags, wall, sealed))
            self._number += 1
        return made


def frame_message(flags: int, wall: Ms, number: int, data: bytes) -> bytes:
    """The frame message of docs/design/interfaces.md."""
    head = bytes((1, flags, 0, 0)) + wall.to_bytes(8, "big")
    return head + FRAME_MS.to_bytes(4, "big") + number.to_bytes(4, "big") + data


def camera_values() -> dict[str, Any]:
    """A sound camera record."""
    return {
        "name": "Station forecourt",
        "kind": "pole",
        "place": "Station forecourt, west side",
        "position": [44_816_000, 20_460_000],
        "area": None,
        "direction": "East",
        "sees": "The pavement and the crossing in front of the station.",
        "controller": "City of Plainview",
        "contact": "privacy@plainview.example, Town Hall, Square 1",
        "unit": "Traffic unit",
        "purpose": "So that accidents on the crossing can be cleared up, and it becomes safer.",
        "legal_basis": {
            "law": "Road Safety Act",
            "article": "Article 12",
            "decision": "Council decision 41/2026",
            "valid_from": "2026-01-01",
            "valid_to": "2098-01-01",
        },
        "dpia": {"hash": "ab" * 32, "date": "2026-01-15", "review_due": "2097-12-15"},
        "contract": {
            "number": "C-2026-118",
            "supplier": "Street Optics Ltd",
            "value": "4,200 EUR a year",
            "valid_to": "2098-01-01",
        },
        "retention": {"class": "street", "seconds": 15 * 86_400},
        "custodian_set": "street-set",
        "valid_from": "2026-01-01",
    }


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


class WitnessThread:
    """A real witness on a free port."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.key = name, SigningKey.generate()
        self.vkey = verifier(name, self.key).vkey()
        self.logs: dict[str, Any] = {}
        self.url = ""
        self._state = folder / f"{name}.json"

    def start(self) -> None:
        ready = threading.Event()

        def listening(port: int) -> None:
            self.url = f"http://127.0.0.1:{port}"
            ready.set()

        async def main() -> None:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            witness = Witness(self.name, self.key, self._state, self.logs)
            try:
                await serve(witness, "127.0.0.1", 0, ready=listening)
            except asyncio.CancelledError:
                return

        self._thread = threading.Thread(target=asyncio.run, args=(main(),))
        self._thread.start()
        assert ready.wait(10)

    def stop(self) -> None:
        assert self._task is not None
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()


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
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        gone = asyncio.ensure_future(self._gone(reader, more))
        try:
            while not gone.done():
                data = b"".join(map(pack_item, subscription.take()))
                if data:
                    writer.write(b"%x\r\n" % len(data) + data + b"\r\n")
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


class Site:
    """A running web server of a town."""

    def __init__(self, town: Town, *extra: APIRouter) -> None:
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
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def fill_store(town: Town, window: Window, units: list[tuple[bytes, bool, Ms]]) -> None:
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


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A web process that the tests share, and leave as they found it."""
    with _running(tmp_path_factory.mktemp("calm")) as (_, made):
        yield made


@contextlib.contextmanager
def _running(folder: Path, **given: Any) -> Iterator[tuple[Town, Site]]:
    town = Town(folder, **given)
    town.add_camera()
    made = Site(town)
    yield town, made
    made.close()
    town.close()


@pytest.fixture
def make_town() -> Any:
    """Makes a town of another kind, with its web process."""
    return _running


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A town without witnesses, with one camera."""
    made = Town(tmp_path)
    made.register = made.add_camera()  # type: ignore[attr-defined]
    yield made
    made.close()


@pytest.fixture
def encoded() -> Any:
    """Makes small H.264 pictures."""
    return encode


@pytest.fixture
def fill() -> Any:
    """Puts pictures into the store."""
    return fill_store


@pytest.fixture
def tails(town: Town) -> Iterator[TailServer]:
    """The recorder's socket."""
    made = TailServer(town.settings.recorder_socket)
    yield made
    made.close()


@pytest.fixture
def make_tails() -> Any:
    """The recorder's socket of a town of another kind; close it."""
    return lambda town: TailServer(town.settings.recorder_socket)


@pytest.fixture
def site(town: Town) -> Iterator[Site]:
    """The web process of the town."""
    made = Site(town)
    yield made
    made.close()
