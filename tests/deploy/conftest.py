"""A small city set up with the commands of the operator's guide: real keys, witness, processes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from av.video.stream import VideoStream

from plainview.base.clock import now_ms, to_iso
from plainview.base.ids import b64
from plainview.base.ports import loopback_sockets
from plainview.base.shutdown import die_with_parent
from plainview.cli import program
from plainview.keys.client import KeeperClient
from plainview.register.legal_profile import FOLDER
from plainview.release import keyfile

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
ORIGIN = "log.city.example/street"
PEOPLE = {
    "dpo": ("dpo", "administrator"),
    "bo": ("investigator", "operator"),
    "irena": ("custodian",),
    "luca": ("custodian",),
}
HORIZON = 600
PASSWORD = "correct-horse-battery"  # noqa: S105 - it must turn up in no journal
TOKEN = "t" * 40


class City:
    """Everything below `folder`; `prefix` runs a process as another user."""

    def __init__(
        self,
        folder: Path,
        prefix: Callable[[str], Sequence[str]] | None = None,
        data: Path | None = None,
    ) -> None:
        self.folder, self.data = folder, data or folder / "data"
        self._prefix = prefix or (lambda _name: ())
        self.settings = folder / "plainview.toml"
        self.port, self.witness_port, self.cameras_port = free_port(), free_port(), free_port()
        self.token = folder / "token"
        self.token.write_text(TOKEN)
        self.token.chmod(0o600)
        self.settings.write_text(
            f'data = "{self.data}"\nport = {self.port}\nhorizon_seconds = {HORIZON}\n'
            f'metrics_token_file = "{self.token}"\ndisk_reserve_mb = 1\ncommit_seconds = 1\n'
            "gate_seconds = 1\nview_fps = 5\n"
        )
        self.sessions: list[str] = []
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    password = PASSWORD

    # -- commands

    def plainview(self, *words: str, name: str = "", code: int = 0) -> str:
        """Run a command; what it said. Fails unless it ends with `code`."""
        if not name and not code:
            return self.here(*words)
        command = [*self._prefix(name), sys.executable, "-m", "plainview.cli", *words]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, timeout=90)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def here(self, *words: str) -> str:
        """Run a command in this process: quicker by a second each."""
        said = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(said):
            program().main(list(words), standalone_mode=False)
        return said.getvalue()

    def with_settings(self, *words: str, name: str = "") -> str:
        return self.plainview(*words, "--settings", str(self.settings), name=name)

    def begin(self, name: str, *words: str, **environment: str) -> None:
        """Start a process; its output goes to `<name>.log`."""
        with (self.folder / f"{name}.log").open("ab") as output:
            self.running[name] = subprocess.Popen(
                [*self._prefix(name), sys.executable, "-m", "plainview.cli", *words],
                stdout=output, stderr=subprocess.STDOUT, cwd=self.folder,
                env={**os.environ, **environment}, preexec_fn=die_with_parent,
                umask=umask_of(name),
            )  # fmt: skip

    def start(self, name: str, **environment: str) -> None:
        """Start keeper, recorder or web, and wait until it answers."""
        begun = self.said(name).count("keeper started")
        self.begin(name, name, "--settings", str(self.settings), **environment)

        def up() -> bool:
            return self.said("keeper").count("keeper started") > begun

        ready = {"keeper": up, "recorder": self._recorder, "web": self._web}[name]
        self.until(lambda: ready() or self.running[name].poll() is not None, 30, name)
        assert self.running[name].poll() is None, self.said(name)

    def stop(self, *names: str) -> None:
        for name in names or list(self.running)[::-1]:
            process = self.running.pop(name)
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def said(self, name: str) -> str:
        file = self.folder / f"{name}.log"
        return file.read_text() if file.exists() else ""

    # -- set-up

    def found(self) -> None:
        """The guide's "Found the log"."""
        for name, roles in PEOPLE.items():
            words = [word for role in roles for word in ("--role", role)]
            outside = ["--outside"] if roles == ("custodian",) else []
            self.plainview(
                "person", "keygen", "--name", name, "--org", "City", "--id", f"p-{name}",
                "--out", f"{name}.json", *words, *outside,
            )  # fmt: skip
        log_key = self.with_settings("person", "log-key", "--origin", ORIGIN).strip()
        self.begin(
            "witness", "witness", "--name", "w.example/1", "--key", str(self.folder / "w.pem"),
            "--state", str(self.folder / "w.state"), "--log-key", log_key,
            "--port", str(self.witness_port),
        )  # fmt: skip
        self.until(lambda: "listening on" in self.said("witness"), 20, "the witness")
        vkey = self.said("witness").partition("verifier key ")[2].splitlines()[0]
        each = [
            w for name in PEOPLE for w in ("--card", f"{name}.card.json", "--key", f"{name}.json")
        ]
        self.with_settings(
            "person", "found", "--origin", ORIGIN, *each, "--quorum", "1",
            "--witness", f"{vkey} http://127.0.0.1:{self.witness_port}",
            "--window-seconds", "60", "--notice-seconds", "0", "--reveal-seconds", "5",
        )  # fmt: skip

    def publish(self, *, stream: str, name: str = "") -> None:
        """The custodian set and the first camera, as the guide says it."""
        members = [w for name in ("irena", "luca") for w in ("--member", f"p-{name}")]
        keys = ["--key", "dpo.json", "--key", "bo.json"]
        self.with_settings("person", "set", "set-1", *members, "--quorum", "2", *keys, name=name)
        text = self.plainview("camera", "template", "cam-01")
        today, later = to_iso(now_ms())[:10], "2098-01-01"
        for old in ("2026-12-01", "2026-11-01"):
            text = text.replace(old, "2026-01-01")
        for old in ("2028-12-01", "2027-11-01"):
            text = text.replace(old, later)
        assert today < later
        text = text.replace('"eu-gdpr"', '"ours"').replace("rests_on = [", "rests_on = []  # ")
        (self.folder / "cam-01.toml").write_text(text)
        self._law()
        self.with_settings("camera", "add", "cam-01.toml", *keys, "--stream", stream, name=name)

    def _law(self) -> None:
        """The city's own, which asks for no notice and no other records."""
        folder = self.data / "laws"
        folder.mkdir(exist_ok=True)
        text = (FOLDER / "demo.toml").read_text().replace("seconds = 1\n", "seconds = 0\n")
        (folder / "ours.toml").write_text(text)

    def simulate(self, clip: Path) -> str:
        """A camera; its address."""
        self.begin(
            "cameras", "simulate", "--port", str(self.cameras_port), "--stream", f"street={clip}",
            "--cache", str(self.folder / "cache"), "--login", f"admin:{PASSWORD}",
        )  # fmt: skip
        return f"rtsp://admin:{PASSWORD}@127.0.0.1:{self.cameras_port}/street"

    # -- questions

    def problems(self) -> dict[str, Any]:
        with httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
            found: dict[str, Any] = client.get(f"http://localhost:{self.port}/api/health").json()
            return found

    def recording(self) -> bool:
        try:
            cameras = self.problems()["cameras"].values()
        except (httpx.HTTPError, KeyError):
            return False
        return any(one["state"] == "recording" and one["redaction"] == "ok" for one in cameras)

    def segments(self, begun: int, ended: int) -> list[dict[str, Any]]:
        """Sign in as an operator and play back: the segments that the timeline offers, all read."""
        key = keyfile.read(self.folder / "bo.json")
        address = f"http://localhost:{self.port}"
        with httpx.Client(base_url=address, timeout=20) as client:
            self.sessions.append(signed_in(client, address, key))
            client.headers["Authorization"] = f"Bearer {self.sessions[-1]}"
            span = {"camera": "cam-01", "from": to_iso(begun), "to": to_iso(ended)}
            made = client.post("/api/playback", json={**span, "purpose": "A test"})
            assert made.status_code == 200, made.text
            playback = made.json()["playback"]
            line = client.get(f"/api/playback/{playback}/timeline").json()
            for one in line["segments"]:
                where = {"window": one["window"], "seq": one["seq"]}
                got = client.get(f"/api/playback/{playback}/segment", params=where)
                assert got.status_code == 200, got.text
                assert len(got.content) > 100
            found: list[dict[str, Any]] = line["segments"]
            return found

    def check_journals(self) -> None:
        """Fails if anything secret stands in what the processes wrote, or a line has no author."""
        keys = [keyfile.read(self.folder / f"{name}.json") for name in PEOPLE]
        pems = [key.signing.to_pem() for key in keys]
        pems += [(self.data / "keys/log.key").read_bytes(), (self.folder / "w.pem").read_bytes()]
        roots = [path.read_bytes() for path in (self.data / "keys").glob("root-*.key")]
        secrets = [PASSWORD, TOKEN, *self.sessions, *(key.age for key in keys)]
        secrets += [pem.decode().splitlines()[1] for pem in pems]
        secrets += [key.name_salt.hex() for key in keys]
        secrets += [form for root in roots for form in (root.hex(), b64(root))]
        journals = [*self.folder.glob("*.log"), *self.data.glob("run/*.log")]
        text = "".join(file.read_text(errors="replace") for file in journals)
        for secret in secrets:
            assert len(secret) >= len(PASSWORD)
            assert secret not in text, "a secret stands in a journal"
        for name in ("keeper", "recorder", "web"):
            for line in self.said(name).splitlines():
                event = json.loads(line)
                assert (event["process"], event["time"][-1]) == (name, "Z"), line

    def until(self, holds: Callable[[], object], seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"waited {seconds} s for {what}"
            time.sleep(0.1)

    def keeper_answers(self) -> bool:
        try:
            with KeeperClient(self.data / "run/keeper.sock", timeout_s=2) as client:
                return bool(client.status())
        except Exception:  # noqa: BLE001 - whatever it is, it is not up
            return False

    def _recorder(self) -> bool:
        return (self.data / "run/recorder.sock").exists()

    def _web(self) -> bool:
        try:
            return httpx.get(f"http://localhost:{self.port}/robots.txt").status_code == 200
        except httpx.HTTPError:
            return False


def signed_in(client: httpx.Client, address: str, key: keyfile.KeyFile) -> str:
    """A bearer token for the holder of a key (docs/ref/http.md, "Sessions")."""
    now = to_iso(now_ms())
    sig = b64(key.signing.sign(f"plainview/session/v1\n{address}\n{now}".encode()))
    asked = {"key_id": key.signing.key_id, "time": now, "sig": sig}
    answer = client.post("/api/session/key", json=asked)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


def umask_of(name: str) -> int:
    """What systemd would give the process."""
    unit = DEPLOY / f"systemd/plainview-{name}.service"
    found = re.search(r"^UMask=(\d+)", unit.read_text(), re.MULTILINE) if unit.exists() else None
    return int(found[1], 8) if found else 0o022


def free_port() -> int:
    opened = loopback_sockets(0)
    port: int = opened[0].getsockname()[1]
    for one in opened:
        one.close()
    return port


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of a moving picture."""
    file = tmp_path_factory.mktemp("clip") / "street.mp4"
    with av.open(str(file), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.options = {"bf": "0", "g": "10", "preset": "veryfast"}
        for number in range(60):
            picture = np.full((240, 320, 3), 60 + number, np.uint8)
            picture[40:100, number * 4 : number * 4 + 60] = (20, 200, 90)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return file


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def make_city() -> Iterator[Callable[..., City]]:
    made: list[City] = []

    def make_one(folder: Path, **given: Any) -> City:
        made.append(City(folder, **given))
        return made[-1]

    yield make_one
    for one in made:
        one.stop()
