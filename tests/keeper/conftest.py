"""A small city for the keeper's tests: people with keys, a camera, witnesses, a real keeper."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pyrage
import pytest

from plainview.base.clock import Ms, from_iso, now_ms, to_iso
from plainview.base.ids import b64, sha256_hex, unb64
from plainview.base.settings import Settings
from plainview.keeper.process import Keeper
from plainview.keys.client import KeeperClient
from plainview.node import setup
from plainview.seal.draft import CustodianSet, Draft, Spec, make_drafts, set_of
from plainview.seal.shares import open_share, reseal
from plainview.seal.windows import WindowHeader
from plainview.tlog.cosign import verifier
from plainview.tlog.entries import Entry, make, parse
from plainview.tlog.notes import Verifier
from plainview.tlog.policy import Policy
from plainview.tlog.reader import LogReader
from plainview.tlog.signing import SigningKey, sign
from plainview.tlog.witness import Witness

START = from_iso("2026-11-23T09:00:00.000Z")
ORIGIN = "plainview.test/log"
ZERO = "0" * 64


class Clock:
    """A clock that a test sets."""

    def __init__(self, start: Ms = START) -> None:
        self.now = start

    def __call__(self) -> Ms:
        return self.now

    def forward(self, seconds: int) -> None:
        self.now += seconds * 1000


class RealClock(Clock):
    """The machine's, for keepers in processes of their own."""

    def __call__(self) -> Ms:
        return now_ms()


class WitnessClock:
    """The city's clock as witnesses see it: `drift_ms` apart."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self.drift_ms = clock, 0

    def __call__(self) -> Ms:
        return self._clock() + self.drift_ms


class Citizen:
    """A person of the log, with the keys that a real one keeps at home."""

    def __init__(self, name: str, roles: list[str], *, outside: bool = False) -> None:
        self.id, self.roles, self.outside = f"p-{name}", roles, outside
        self.signing = SigningKey.generate()
        self.age = pyrage.x25519.Identity.generate()

    @property
    def recipient(self) -> str:
        return str(self.age.to_public())

    def body(self) -> dict[str, Any]:
        return {
            "person": self.id,
            "key": b64(self.signing.public),
            "age": self.recipient,
            "roles": self.roles,
            "org": "police" if not self.outside else "court",
            "outside": self.outside,
            "name_commitment": ZERO,
        }


class WitnessServer:
    """A real witness behind HTTP on a free port, in a thread of this process."""

    def __init__(self, name: str, folder: Path, clock: WitnessClock) -> None:
        self.name, self.key, self.clock = name, SigningKey.generate(), clock
        self._state = folder / f"{name}.json"
        self.vkey = verifier(f"{name}.test", self.key).vkey()
        self.logs: dict[str, Verifier] = {}
        self._port = 0
        self._server: HTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._witness = witness = Witness(
            f"{self.name}.test", self.key, self._state, self.logs, clock=self.clock
        )

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                answer = witness.handle(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.kind)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = HTTPServer(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._witness.close()
            self._server = None


class City:
    """Everything that stands around a keeper; `keeper` runs between `start` and `stop`."""

    rules = {  # noqa: RUF012 - never changed
        "window_seconds": 60,
        "key_period_seconds": 600,
        "notice_seconds": 0,
        "reveal_seconds": 300,
    }
    retention = 600

    def __init__(
        self,
        folder: Path,
        *,
        witnesses: int = 2,
        k: int = 2,
        n: int = 3,
        quorum: int | None = None,
        real_time: bool = False,
    ) -> None:
        self.settings = Settings(data=folder / "data")
        self.clock = RealClock() if real_time else Clock()
        self.witness_clock = WitnessClock(self.clock)
        self.dpo = Citizen("dpo", ["dpo", "administrator"])
        self.officer = Citizen("officer", ["investigator", "operator", "supervisor"])
        self.custodians = [
            Citizen(f"custodian{i}", ["custodian"], outside=i >= k - 1) for i in range(n)
        ]
        self.k, self.witnesses = k, []
        for number in range(witnesses):
            self.witnesses.append(WitnessServer(f"w{number}", folder, self.witness_clock))
            self.witnesses[-1].start()
        people = [self.dpo, self.officer, *self.custodians]
        body = {
            "origin": ORIGIN,
            "profile": "demo",
            "rules": self.rules,
            "people": [person.body() for person in people],
        }
        founding = self.statement("founding", body, *people)
        listed = [(w.name, w.vkey, w.url) for w in self.witnesses]
        quorum = witnesses if quorum is None else quorum
        self.policy: Policy = setup.create(self.settings, founding, listed, quorum)
        for witness in self.witnesses:
            witness.logs[ORIGIN] = self.policy.logs[0]
        self.keeper: Keeper | None = None
        self.client = KeeperClient(self.settings.keeper_socket)
        self.counter = 0

    def start(self) -> None:
        self.keeper = Keeper(self.settings.data, clock=self.clock)

    def stop(self) -> None:
        self.client.close()
        if self.keeper:
            self.keeper.close()
            self.keeper = None

    def close(self) -> None:
        self.stop()
        for witness in self.witnesses:
            witness.stop()

    # -- statements

    def statement(self, kind: str, body: dict[str, Any], *by: Citizen) -> Entry:
        entry = make(kind, body, time=self.clock())
        return sign(entry, [person.signing for person in by])

    def say(self, kind: str, body: dict[str, Any], *by: Citizen) -> int:
        return self.client.append(self.statement(kind, body, *by).raw)

    def add_set(self) -> None:
        members = [
            {"person": c.id, "age": c.recipient, "outside": c.outside} for c in self.custodians
        ]
        self.set_body = {"set": "set-1", "k": self.k, "n": len(members), "members": members}
        self.say("custodian-set", self.set_body, self.dpo, self.officer)

    def camera_body(self, camera: str = "cam-01", version: int = 1) -> dict[str, Any]:
        record = {
            "name": "Market square",
            "kind": "pole",
            "place": "Market square",
            "position": [44_000_000, 20_000_000],
            "area": None,
            "direction": "north",
            "sees": "the square",
            "controller": "City",
            "contact": "dpo@example.org",
            "unit": "Traffic",
            "purpose": "traffic safety",
            "legal_basis": {
                "law": "Law on roads",
                "article": "12",
                "decision": "7/2026",
                "valid_from": "2026-01-01",
                "valid_to": "2127-01-01",
            },
            "dpia": {"hash": ZERO, "date": "2026-01-01", "review_due": "2127-01-01"},
            "contract": {
                "number": "1",
                "supplier": "Supplier",
                "value": "1000 EUR",
                "valid_to": "2127-01-01",
            },
            "retention": {"class": "short", "seconds": self.retention},
            "custodian_set": "set-1",
            "profile": "faces",
            "audio": False,
            "biometric_identification": "none",
            "valid_from": "2026-01-01",
        }
        return {"camera": camera, "version": version, "status": "active", "record": record}

    def add_camera(self, camera: str = "cam-01") -> int:
        self.register = self.say("camera", self.camera_body(camera), self.dpo)
        return self.register

    def custodian_set(self) -> CustodianSet:
        return set_of(self.set_body)

    # -- windows and requests

    def drafts(self, count: int = 1, *, camera: str = "cam-01", ahead_s: int = 0) -> list[Draft]:
        span = self.rules["window_seconds"] * 1000
        first = (self.clock() + ahead_s * 1000) // span * span
        specs = []
        for number in range(count):
            self.counter += 1
            start = first + number * span
            specs.append(
                Spec(camera=camera, start=start, end=start + span, epoch=1, counter=self.counter)
            )
        return make_drafts(specs, self.custodian_set())

    def windows(self, count: int = 1, **where: Any) -> list[WindowHeader]:
        camera = where.get("camera", "cam-01")
        headers = self.client.make_windows(camera, self.register, self.drafts(count, **where))
        return [WindowHeader.from_dict(header) for header in headers]

    def ask_for(self, *windows: str, by: Citizen | None = None, expires_s: int = 3600) -> str:
        person = by or self.officer
        entry = self.statement(
            "request",
            {
                "request": f"r-{self.clock()}",
                "windows": list(windows),
                "recipient": person.recipient,
                "purpose": "case",
                "detail_commitment": ZERO,
                "expires": to_iso(self.clock() + expires_s * 1000),
            },
            person,
        )
        self.client.append(entry.raw)
        return entry.hash

    def release(
        self, number: int, request: str, header: WindowHeader, *, to: Citizen | None = None
    ) -> bytes:
        """Custodian `number` (from 0) opens the own share, re-seals it, and says so on the log."""
        custodian = self.custodians[number]
        sealed = unb64(header.shares[number].sealed)
        share = open_share(str(custodian.age), sealed, header.record)
        resealed = reseal(share, (to or self.officer).recipient)
        self.say(
            "release",
            {
                "request": request,
                "window": header.record.window,
                "index": share.i,
                "resealed": sha256_hex(resealed),
            },
            custodian,
        )
        return resealed

    def entries(self) -> list[Entry]:
        """All of the log, read as a stranger does."""
        assert self.keeper is not None
        size = self.client.status()["size"]
        reader = LogReader.folder(self.settings.log_dir)
        return [parse(raw) for _index, raw in reader.entries(0, size)]


Found = Callable[..., City]


@pytest.fixture(autouse=True)
def quick_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of these tests write one entry at a time; keepers in processes keep the real figure."""
    monkeypatch.setattr("plainview.keeper.scribe.BATCH_SECONDS", 0.002)


@pytest.fixture
def found_city(tmp_path: Path) -> Iterator[Found]:
    """Founds cities, `found_city(k=3, n=5)`; each with its keeper running and one camera."""
    cities: list[City] = []

    def found(**how: Any) -> City:
        folder = tmp_path / f"city-{len(cities)}"
        folder.mkdir()
        made = City(folder, **how)
        cities.append(made)
        made.start()
        made.add_set()
        made.add_camera()
        return made

    yield found
    for made in cities:
        made.close()


@pytest.fixture
def city(found_city: Found) -> City:
    """A founded city with a camera, its keeper running, two witnesses."""
    return found_city()
