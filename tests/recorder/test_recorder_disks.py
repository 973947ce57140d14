"""A whole recorder with its keeper while disks fail: only with PLAINVIEW_BARS=1.

The store's own tests (tests/store/test_store_disks.py) run the same code every time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from plainview.register.projection import Register
from plainview.store.check import check
from plainview.store.index import Segment
from plainview.store.packs import Kind
from plainview.store.store import Store
from plainview.testing.rtsp import RtspServer

Until = Callable[[Callable[[], object], float, str], None]
FAR = 4_000_000_000_000
pytestmark = pytest.mark.skipif(
    os.environ.get("PLAINVIEW_BARS") != "1", reason="half a minute each: only with PLAINVIEW_BARS=1"
)


def health(town: Any) -> dict[str, Any]:
    transport = httpx.HTTPTransport(uds=str(town.settings.recorder_socket))
    with httpx.Client(transport=transport, timeout=5) as client:
        found: dict[str, Any] = client.get("http://recorder/health").json()
        return found


def originals(store: Store) -> list[Segment]:
    return store.segments(Kind.ORIGINALS, "cam-01", 0, FAR)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 128 MiB, and everything below it."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128m", "plainview-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("this machine does not let us mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.bar("bad input")
def test_recording_goes_on_when_a_disk_is_pulled_and_says_so(
    make_town: Callable[..., Any],
    tmp_path: Path,
    camera: RtspServer,
    until: Until,
    record_property: Callable[[str, object], None],
) -> None:
    """Both disks in turn: whichever is written to, one is left, and health tells."""
    disks = [tmp_path / "a", tmp_path / "b"]
    for disk in disks:
        disk.mkdir()
    town = make_town(tmp_path, disks=disks, room_warn_hours=1e9)
    town.start_keeper()
    town.add_set()
    town.publish()
    town.point(camera.url("street"))
    recorder = town.start_recorder()
    with Store(town.settings) as store:
        until(lambda: len(originals(store)) >= 1, 25, "an original")
        assert {one["name"] for one in health(town)["headroom"]} >= {str(disk) for disk in disks}
        problems = [one for one in health(town)["problems"] if one["kind"] == "disk_low"]
        assert any("has room for" in one["what"] and not one["red"] for one in problems)
        written = next(disk for disk in disks if list(disk.rglob("*.pack")))
        written.rename(written.with_suffix(".away"))
        written.mkdir()
        until(lambda: any(str(written) in line for line in health(town)["red"]), 10, "red")
        count = len(originals(store))
        until(lambda: len(originals(store)) > count + 1, 20, "originals elsewhere")
        assert list(written.iterdir()) == []
        written.rmdir()
        written.with_suffix(".away").rename(written)
        until(lambda: not [one for one in health(town)["red"] if "disk" in one], 40, "all well")
        assert town.end(recorder) == 0
        result = check(store)
        assert result.findings == []
        assert result.leaves > 0
        assert all(list(disk.rglob("*.pack")) for disk in disks)
    record_property("bar", json.dumps({"row": "a disk pulled", "measured": "goes on, came back"}))


@pytest.mark.bar("bad input")
def test_a_machine_whose_disk_is_full_stops_clearly_logs_on_and_resumes(
    make_town: Callable[..., Any],
    small: Path,
    camera: RtspServer,
    until: Until,
    record_property: Callable[[str, object], None],
) -> None:
    town = make_town(small)
    town.settings = town.settings.model_copy(update={"disk_reserve_mb": 32})
    town.start_keeper()
    town.add_set()
    town.publish()
    town.point(camera.url("street"))
    recorder = town.start_recorder()
    with Store(town.settings) as store:
        until(lambda: len(originals(store)) >= 1, 25, "an original")
        filler = small / "filler"
        with filler.open("wb", buffering=0) as out, suppress(OSError):
            while True:
                out.write(bytes(1 << 16))
        assert shutil.disk_usage(small).free < 1 << 20
        until(lambda: any("full" in line for line in health(town)["red"]), 20, "red")
        until(lambda: health(town)["cameras"]["cam-01"]["state"] == "waiting", 20, "unhealthy")
        assert not (town.settings.data / "reserve").exists()
        town.say("hold", held(store), town.dpo)  # the log goes on
        kept = originals(store)
        filler.unlink()
        until(lambda: len(originals(store)) > len(kept), 30, "recording again")
        until(lambda: health(town)["cameras"]["cam-01"]["state"] == "recording", 20, "healthy")
        assert (town.settings.data / "reserve").exists()
        assert town.end(recorder) == 0
        assert originals(store)[: len(kept)] == kept
        assert {one.reason for one in store.losses(Kind.ORIGINALS, "cam-01", 0, FAR)} == {"full"}
        assert check(store).findings == []
        with Register(town.settings) as register:
            register.sync()
            assert register.shreds(10) == []
    record_property("bar", json.dumps({"row": "full machine", "measured": "resumed by itself"}))


def held(store: Store) -> dict[str, Any]:
    """A hold of what is recorded already."""
    windows = store.windows("cam-01", 0, FAR)
    return {"windows": windows, "until": "2098-01-01T00:00:00.000Z", "detail_commitment": "0" * 64}
