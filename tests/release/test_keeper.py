"""The same path over the real keeper, a real witness and the real web process's application."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
import uvicorn
from typer.testing import CliRunner

from plainview.base.clock import now_ms, to_iso
from plainview.base.ids import sha256_hex
from plainview.base.settings import Settings
from plainview.cli import camera, person
from plainview.errors import NotAuthorised
from plainview.keeper.process import Keeper
from plainview.keys.client import KeeperClient
from plainview.node import setup
from plainview.register import statements
from plainview.register.legal_profile import FOLDER
from plainview.register.private import Sources
from plainview.register.projection import Register
from plainview.register.records import person_entry
from plainview.release import asking, custodian, keyfile, opening
from plainview.release.client import Server
from plainview.release.package import make_package
from plainview.release.trust import Trust
from plainview.seal.draft import Spec, make_drafts, set_of
from plainview.seal.segments import SegmentMeta, add_box, plain_hash, seal_boxed
from plainview.seal.windows import WindowHeader
from plainview.store.packs import Kind
from plainview.store.store import Store
from plainview.store.writer import NewSegment
from plainview.testing.desk import Desk, serving
from plainview.testing.town import RULES, camera_values, picture
from plainview.tlog.cosign import verifier
from plainview.tlog.notes import Verifier
from plainview.tlog.policy import Policy
from plainview.tlog.segments import segments_root
from plainview.tlog.signing import SigningKey
from plainview.tlog.witness import Witness, serve
from plainview.verify.package import verify_package
from plainview.web.app import create_app

PEOPLE = {
    "asker": (("investigator",), False),
    "ana": (("custodian", "dpo"), False),
    "luca": (("custodian",), True),
    "irena": (("custodian",), True),
    "tomas": (("administrator",), False),
}


class WitnessThread:
    """A real witness on a free port."""

    def __init__(self, folder: Path) -> None:
        self.key, self.logs = SigningKey.generate(), dict[str, Verifier]()
        self.vkey = verifier("w.test", self.key).vkey()
        self._ready, self._folder = threading.Event(), folder
        self._thread = threading.Thread(target=asyncio.run, args=(self._main(),))
        self._thread.start()
        assert self._ready.wait(10)

    async def _main(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        witness = Witness("w.test", self.key, self._folder / "witness.json", self.logs)
        try:
            await serve(witness, "127.0.0.1", 0, ready=self._listening)
        except asyncio.CancelledError:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.wait([*others, asyncio.create_task(asyncio.sleep(0.01))], timeout=1)

    def _listening(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._ready.set()

    def stop(self) -> None:
        if self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()


def command(app: typer.Typer, *args: str) -> str:
    done = CliRunner().invoke(app, args, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


class City:
    """Set-up by hand, as an operator would do it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.settings = folder, Settings(data=folder / "data", commit_seconds=0)
        self.witness = WitnessThread(folder)
        for name, (roles, outside) in PEOPLE.items():
            more = ["--outside"] if outside else []
            said = [option for role in roles for option in ("--role", role)]
            out = ["--org", "City", "--out", str(self.key_path(name)), "--id", f"p-{name}"]
            command(person.app, "keygen", "--name", name, *said, *out, *more)
        cards = [json.loads((folder / f"{name}.card.json").read_text()) for name in PEOPLE]
        people = [person_entry(card["person"]) for card in cards]
        signers = [keyfile.read(self.key_path(name)).signing for name in PEOPLE]
        founding = statements.founding("city.test/log", "demo", RULES, people, signers)
        listed = [("w.test", self.witness.vkey, self.witness.url)]
        policy = setup.create(self.settings, founding, listed, 1)
        self.witness.logs["city.test/log"] = policy.logs[0]
        for name in PEOPLE:
            path = str(self.key_path(name))
            trusts = ["--policy", str(self.settings.policy_file), "--founding", founding.hash]
            command(person.app, "trust", "--key", path, *trusts)
        self.keeper = Keeper(self.settings.data)
        self.client = KeeperClient(self.settings.keeper_socket)

    def close(self) -> None:
        self.client.close()
        self.keeper.close()
        self.witness.stop()

    def key_path(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def key(self, name: str) -> keyfile.KeyFile:
        return keyfile.read(self.key_path(name))

    def set_up(self) -> None:
        data = ["--data", str(self.settings.data)]
        two = ["--key", str(self.key_path("ana")), "--key", str(self.key_path("tomas"))]
        members = [x for name in ("ana", "luca", "irena") for x in ("--member", f"p-{name}")]
        command(person.app, "set", "set-1", "--quorum", "2", *members, *two, *data)
        values: dict[str, Any] = camera_values(now_ms())
        values |= {"camera": "cam-01", "stream": "rtsp://u:p@host/1", "legal_profile": "ours"}
        laws = self.settings.laws_dir
        laws.mkdir()
        no_notice = (FOLDER / "demo.toml").read_text().replace("seconds = 1\n", "seconds = 0\n")
        (laws / "ours.toml").write_text(no_notice)
        file = self.folder / "camera.json"
        file.write_text(json.dumps(values))
        key = ["--key", str(self.key_path("ana"))]
        added = command(camera.app, "add", str(file), *key, *data, "--transport", "udp")
        assert "version 1" in added
        sources = Sources(self.settings.data)
        assert sources.url("cam-01") == "rtsp://u:p@host/1"
        assert sources.how("cam-01") == {"transport": "udp"}
        shown = command(camera.app, "show", "cam-01", *data)
        assert "transport: udp" in shown
        assert "May it record now? Yes." in shown
        assert "u:p" not in shown

    def record(self) -> tuple[WindowHeader, list[bytes]]:
        """One window with two segments, logged by the real keeper."""
        with Register(self.settings) as register:
            now = now_ms()
            answer = register.may_record("cam-01", now)
            group = register.custodian_set("set-1")
        start = now - now % 1000 + 1000  # the gate opened a moment ago
        end = start - start % 60_000 + 60_000
        spec = Spec(camera="cam-01", start=start, end=end, epoch=1, counter=0)
        body = {"set": group.set, "k": group.k, "members": list(group.members)}
        drafts = make_drafts([spec], set_of(body))
        (made,) = self.client.make_windows("cam-01", answer.index, drafts)
        header = WindowHeader.from_dict(made)
        return header, self._write(header)

    def _write(self, header: WindowHeader) -> list[bytes]:
        record, plains, ciphers = header.record, list[bytes](), list[str]()
        with Store(self.settings) as store, store.writer() as writer:
            for seq in range(2):
                at = record.start_ms + seq * 1000
                plain = add_box(picture(at), SegmentMeta(record.window, seq, at, at + 1000))
                data = seal_boxed(record.pk, plain)
                new = NewSegment(seq, at, 1000, at, "arrival", data, plain_hash(plain))
                writer.add(Kind.ORIGINALS, header, new)
                plains.append(plain)
                ciphers.append(sha256_hex(data))
        leaf = {
            "camera": record.camera,
            "window": record.window,
            "segments": 2,
            "cipher": segments_root(ciphers),
            "plain": segments_root([plain_hash(plain) for plain in plains]),
            "register": record.register_,
            "minute": record.start,
        }
        self.client.roots("node-1", record.start, [leaf])
        return plains


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    found = City(tmp_path)
    yield found
    found.close()


def test_a_stream_is_asked_of_the_camera_itself(
    city: City, onvif_camera: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    city.set_up()
    monkeypatch.setenv("PLAINVIEW_CAMERA_PASSWORD", "open:sesame/1")
    address = onvif_camera(password="open:sesame/1")  # noqa: S106 - of a camera of tests
    where = ["--data", str(city.settings.data), "--onvif", address, "--user", "admin"]
    key = ["--key", str(city.key_path("ana")), "--profile", "SubStream"]
    said = command(camera.app, "add", str(city.folder / "camera.json"), *key, *where)
    assert "SubStream of Acme Eye 2, 640 x 360, h264" in said
    assert "version 2" in said
    assert "sesame" not in said
    whole = "rtsp://admin:open%3Asesame%2F1@127.0.0.1:8554/video_sub"
    assert Sources(city.settings.data).url("cam-01") == whole


@contextmanager
def web_process(city: City) -> Iterator[str]:
    """The web process's application on a free port; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    settings = city.settings.model_copy(update={"host": "127.0.0.1", "port": port})
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def desk(city: City) -> Iterator[str]:
    """The tests' own honest server."""
    with serving(Desk(city.settings, city.client)) as address:
        yield address


@pytest.mark.parametrize("server_of", [desk, web_process], ids=["desk", "web"])
def test_the_path_over_the_real_keeper(
    city: City, tmp_path: Path, server_of: Callable[[City], AbstractContextManager[str]]
) -> None:
    city.set_up()
    header, plains = city.record()
    window = header.record.window
    with server_of(city) as address:
        asker = city.key("asker")
        with Server(address, asker) as server:
            wish = {"from": header.record.start, "to": header.record.end, "camera": "cam-01"}
            why = {"purpose": "test", "case": "1", "note": ""}
            draft = asking.read_draft(server.post("/api/drafts", {**wish, **why}))
            hash = asking.ask(server, asker, draft, now=now_ms())
        for name in ("luca", "irena"):
            key = city.key(name)
            with Server(address, key) as server:
                trust = Trust(key)
                asked = custodian.examine(server, trust, hash)
                assert [one.window for one in custodian.release(server, trust, asked)] == [window]
        with Server(address, asker) as server:
            trust = Trust(asker)
            asked, releases = opening.examine(server, trust, hash)
            while len(releases) < 2:  # the witness may need a moment
                time.sleep(0.1)
                asked, releases = opening.examine(server, trust, hash)
            opened = opening.open_window(server, trust, asked, releases, window)
            found = [one.plain for one in opening.segments(server, asked, opened)]
            assert found == plains
            opening.report(server, trust, asked, [window])
            made = make_package(server, trust, asked, releases, tmp_path / "case.zip")
        with Server(address, city.key("tomas")) as server, pytest.raises(NotAuthorised):
            server.get(f"/api/requests/{hash}")
    report = verify_package(made.path, Policy.parse(asker.policy))
    assert report.ok, report
    assert to_iso(header.record.start_ms) == header.record.start
