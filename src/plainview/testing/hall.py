"""A town hall for tests and benches: real keys, log, witnesses, keeper; cameras are missing.

Its windows are made by the real keeper, so what is encrypted under them can be watched through a
real web process. Recorders are played: a view is encoded and encrypted as a recorder does it.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from pathlib import Path
from typing import Any

import pyrage

from plainview.base.clock import Ms, from_iso, now_ms
from plainview.base.ids import b64, unb64
from plainview.base.ports import loopback_sockets
from plainview.base.settings import Settings
from plainview.base.software import installed
from plainview.errors import Unavailable
from plainview.keeper.process import Keeper
from plainview.keys.client import KeeperClient
from plainview.node import setup
from plainview.register import statements
from plainview.register.private import Names
from plainview.register.records import Person, camera_record
from plainview.seal.draft import Spec, make_drafts, set_of
from plainview.seal.views import ViewCipher
from plainview.seal.windows import WindowHeader
from plainview.store.records import KEY, Record
from plainview.tlog.cosign import verifier
from plainview.tlog.entries import Entry
from plainview.tlog.signing import SigningKey
from plainview.tlog.witness import Witness, serve

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


class TownHall:
    """Starts log, witnesses and keeper; a web process may be run with its `settings`."""

    def __init__(
        self,
        folder: Path,
        *,
        witnesses: int = 0,
        demo: bool = False,
        window_seconds: int = 60,
        more_operators: int = 0,
        publishers: int = 1,
        notice_seconds: int = 0,
    ) -> None:
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
        self.operators = [self.operator] + [
            Citizen(f"Operator {number}", "City control room", "operator")
            for number in range(more_operators)
        ]
        self.people = [self.dpo, self.officer, *self.operators, self.court, self.assembly]
        self._window_ms = window_seconds * 1000
        self._witnesses = [WitnessThread(f"w{n}.test", folder) for n in range(witnesses)]
        for one in self._witnesses:
            one.start()
        founding = statements.founding(
            ORIGIN,
            "demo",
            {
                **RULES,
                "window_seconds": window_seconds,
                "key_period_seconds": window_seconds * 10,
                "notice_seconds": notice_seconds,
                **({"publishers": publishers} if publishers > 1 else {}),
            },
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
        self.keeper: Keeper | None = None
        self.start_keeper()
        self.client = KeeperClient(self.settings.keeper_socket)
        self.versions: dict[str, int] = {}
        self.counter = 0
        self._found_set()

    def say(self, entry: Entry) -> int:
        """Log a statement."""
        return self.client.append(entry.raw)

    def enrol(self, citizen: Citizen) -> int:
        """Somebody who comes later, with a key file; the index of the entry."""
        index = self.say(statements.enrol(citizen.person, [self.dpo.signing, self.officer.signing]))
        Names(self.settings.data).put(citizen.person.person, citizen.name, b64(citizen.salt))
        return index

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

    def window(self, register: int, *, camera: str = CAMERA, after: Window | None = None) -> Window:
        """A logged window of now, or the one `after` another, with its view key as the recorder's
        child made it."""
        self.counter += 1
        start = (now_ms() // 1000 + 1) * 1000 if after is None else after.end_ms
        end = start // self._window_ms * self._window_ms + self._window_ms
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

    def start_keeper(self, software: str | None = None) -> None:
        """And comes back, as the command starts it, or with another word of what it runs."""
        said = installed().statement() if software is None else software
        self.keeper = Keeper(self.settings.data, software=said)

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
        self.end_ms: Ms = from_iso(header.record.end)
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
        if not ready.wait(10):
            raise Unavailable("The witness does not listen.")

    def stop(self) -> None:
        if self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()
