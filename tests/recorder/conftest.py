"""A small town for the recorder's tests: a real keeper process, a real RTSP camera, real people."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyrage
import pytest
from av.video.stream import VideoStream

from plainview.base.clock import now_ms, to_iso
from plainview.base.ids import b64, sha256_hex, unb64
from plainview.base.settings import Settings
from plainview.keys.client import KeeperClient
from plainview.media import nal
from plainview.node import one_machine, setup
from plainview.register.private import Sources
from plainview.seal.combine import combine_window
from plainview.seal.shares import open_share, reseal, unseal
from plainview.seal.windows import WindowHeader
from plainview.testing.one_camera import KnownThingsOnly, OneCamera
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_mounts import ClipMount
from plainview.tlog.entries import Entry, make
from plainview.tlog.signing import SigningKey, sign

ORIGIN = "plainview.test/recorder"
ZERO = "0" * 64
WINDOW_S = 10


class Neighbour:
    """A person with the keys that a real one keeps at home."""

    def __init__(self, name: str, roles: list[str], *, outside: bool = False) -> None:
        self.id, self.roles, self.outside = f"p-{name}", roles, outside
        self.signing = SigningKey.generate()
        self.age = pyrage.x25519.Identity.generate()

    def body(self) -> dict[str, Any]:
        return {
            "person": self.id, "key": b64(self.signing.public), "roles": self.roles,
            "age": str(self.age.to_public()), "org": "town", "outside": self.outside,
            "name_commitment": ZERO,
        }  # fmt: skip


class Town:
    """A founded log with a custodian set and a camera; starts and stops processes."""

    def __init__(self, folder: Path, *, window_s: int = WINDOW_S, **given: Any) -> None:
        chosen = {"horizon_seconds": 120, "gate_seconds": 1, "commit_seconds": 1, **given}
        self.settings = Settings(data=folder / "data", disk_reserve_mb=1, **chosen)
        self.dpo = Neighbour("dpo", ["dpo", "administrator"])
        self.officer = Neighbour("officer", ["investigator", "operator"])
        self.custodians = [Neighbour(f"c{n}", ["custodian"], outside=n > 0) for n in range(3)]
        people = [self.dpo, self.officer, *self.custodians]
        rules = {"window_seconds": window_s, "key_period_seconds": 600, "notice_seconds": 0}
        body = {
            "origin": ORIGIN, "profile": "demo", "rules": {**rules, "reveal_seconds": 300},
            "people": [person.body() for person in people],
        }  # fmt: skip
        setup.create(self.settings, self.statement("founding", body, *people), [], 0)
        self.keeper = KeeperClient(self.settings.keeper_socket)
        self.version = 0
        self._running: list[subprocess.Popen[bytes]] = []

    def statement(self, kind: str, body: dict[str, Any], *by: Neighbour) -> Entry:
        return sign(make(kind, body, time=now_ms()), [person.signing for person in by])

    def say(self, kind: str, body: dict[str, Any], *by: Neighbour) -> Entry:
        entry = self.statement(kind, body, *by)
        self.keeper.append(entry.raw)
        return entry

    def add_set(self) -> None:
        members = [
            {"person": c.id, "age": str(c.age.to_public()), "outside": c.outside}
            for c in self.custodians
        ]
        body = {"set": "set-1", "k": 2, "n": 3, "members": members}
        self.say("custodian-set", body, self.dpo, self.officer)

    def publish(self, camera: str = "cam-01", status: str = "active", **changes: Any) -> None:
        """The next version of a camera's record, in the form of before there was a choice."""
        self.version += 1
        record = {
            "name": "Square", "kind": "pole", "place": "Square", "position": [1, 1], "area": None,
            "direction": "north", "sees": "the square", "controller": "Town", "contact": "x@y.z",
            "unit": "Traffic", "purpose": "safety",
            "legal_basis": {
                "law": "Law", "article": "1", "decision": "1",
                "valid_from": "2026-01-01", "valid_to": "2099-01-01",
            },
            "dpia": {"hash": ZERO, "date": "2026-01-01", "review_due": "2099-01-01"},
            "contract": {"number": "1", "supplier": "S", "value": "1", "valid_to": "2099-01-01"},
            "retention": {"class": "short", "seconds": 600}, "custodian_set": "set-1",
            "profile": "faces", "audio": False, "biometric_identification": "none",
            "valid_from": "2026-01-01", **changes,
        }  # fmt: skip
        body = {"camera": camera, "version": self.version, "status": status, "record": record}
        self.say("camera", body, self.dpo)

    def start(self, *words: str, wait_for: Path) -> subprocess.Popen[bytes]:
        """Start `plainview <words>` and wait until its socket answers."""
        given = one_machine.environment(self.settings)
        command = [sys.executable, "-m", "plainview.cli", *words]
        log = (self.settings.data / f"{words[0]}.log").open("ab")
        with log:
            child = subprocess.Popen(
                command, env={**os.environ, **given}, stdout=log, stderr=subprocess.STDOUT
            )
        self._running.append(child)
        until(lambda: _answers(wait_for) or child.poll() is not None, 30, f"{words[0]} to start")
        assert child.poll() is None, (self.settings.data / f"{words[0]}.log").read_text()
        return child

    def start_keeper(self) -> subprocess.Popen[bytes]:
        return self.start("keeper", wait_for=self.settings.keeper_socket)

    def start_recorder(self) -> subprocess.Popen[bytes]:
        return self.start("recorder", wait_for=self.settings.recorder_socket)

    def point(self, url: str, camera: str = "cam-01") -> None:
        Sources(self.settings.data).put(camera, url)

    def end(self, child: subprocess.Popen[bytes]) -> int:
        """SIGTERM and wait."""
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        return child.wait(30)

    def close(self) -> None:
        self.keeper.close()
        for child in reversed(self._running):
            if child.poll() is None:
                self.end(child)

    def open_window(self, header: WindowHeader) -> str:
        """Request, two releases, the keeper's half: the window's age identity."""
        window = header.record.window
        body = {
            "request": "r-1", "windows": [window], "recipient": str(self.officer.age.to_public()),
            "purpose": "test", "detail_commitment": ZERO, "expires": to_iso(now_ms() + 600_000),
        }  # fmt: skip
        request = self.say("request", body, self.officer)
        shares = []
        for number, custodian in enumerate(self.custodians[:2]):
            sealed = unb64(header.shares[number].sealed)
            share = open_share(str(custodian.age), sealed, header.record)
            resealed = reseal(share, str(self.officer.age.to_public()))
            said = {"request": request.hash, "window": window, "index": share.i}
            self.say("release", {**said, "resealed": sha256_hex(resealed)}, custodian)
            shares.append(unseal(resealed, str(self.officer.age)))
        e = unseal(self.keeper.opening(request.hash, window), str(self.officer.age))
        return combine_window(header.record, e, shares)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def until(holds: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until `holds()`; fails naming what was waited for."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.1)


def make_clip(path: Path, *, bframes: int, seconds: int = 6, fps: int = 25) -> Path:
    """A moving test picture, H.264, GOPs of one second."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.options = {"bf": str(bframes), "g": str(fps), "preset": "veryfast", "crf": "30"}
        stream.codec_context.time_base = Fraction(1, fps)
        ramp = np.add.outer(np.arange(360), np.arange(640))
        for number in range(seconds * fps):
            picture = np.repeat(((ramp + 5 * number) % 256).astype(np.uint8)[:, :, None], 3, 2)
            picture[40:100, (number * 4) % 560 : (number * 4) % 560 + 60] = (20, 200, 90)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return path


def vcl(packets: Sequence[Any]) -> list[str]:
    """Hashes of all picture NAL units, in decode order."""
    return [found for packet in packets for found in nal.vcl_hashes(packet.data, "h264")]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    made.start_keeper()
    made.add_set()
    yield made
    made.close()


@pytest.fixture(scope="session")
def clip_file(clip_of: Callable[[int], Path]) -> Path:
    return clip_of(2)


@pytest.fixture
def camera(clip_file: Path) -> Iterator[RtspServer]:
    with RtspServer() as server:
        server.add_file("street", clip_file)
        yield server


@pytest.fixture(name="until")
def until_fixture() -> Callable[[Callable[[], object], float, str], None]:
    return until


@pytest.fixture(name="vcl")
def vcl_fixture() -> Callable[[Sequence[Any]], list[str]]:
    return vcl


@pytest.fixture
def make_town() -> Iterator[Callable[..., Town]]:
    made: list[Town] = []

    def make_one(folder: Path, **given: Any) -> Town:
        made.append(Town(folder, **given))
        return made[-1]

    yield make_one
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def clip_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """A clip with so many B-frames in a row."""
    folder = tmp_path_factory.mktemp("clips")

    def make(bframes: int) -> Path:
        file = folder / f"b{bframes}.mp4"
        return file if file.exists() else make_clip(file, bframes=bframes)

    return make


@pytest.fixture
def server() -> Iterator[RtspServer]:
    with RtspServer() as running:
        yield running


@pytest.fixture
def record(tmp_path: Path, server: RtspServer) -> Iterator[Callable[..., OneCamera]]:
    """`record(mount, name)`: a running camera that reads the mount."""
    made: list[OneCamera] = []

    def begin(mount: ClipMount, name: str = "cam", window_s: int = 60) -> OneCamera:
        url = server.add(name, mount)
        made.append(OneCamera(tmp_path / name, url, KnownThingsOnly(), window_s=window_s))
        return made[-1]

    yield begin
    for one in made:
        one.close()
