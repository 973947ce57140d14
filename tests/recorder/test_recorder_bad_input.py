"""Damaged and hostile streams, with a sound camera beside them in the same process.

What came whole is sealed; what cannot be decoded is withheld, with a reason; the other camera goes
on as if nothing had been.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plainview.base.clock import now_ms
from plainview.media import codecs, jpeg, nal
from plainview.media.convert import ClipStyle
from plainview.media.packets import Packet
from plainview.node.processes import Program, Supervisor
from plainview.store.check import check
from plainview.store.index import Segment
from plainview.store.packs import Kind
from plainview.store.store import Store
from plainview.testing import damage
from plainview.testing.clip import Clip
from plainview.testing.one_camera import OneCamera
from plainview.testing.patterns import wandering
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_mounts import ClipMount

Until = Callable[[Callable[[], object], float, str], None]
Record = Callable[..., OneCamera]
FULL = bool(os.environ.get("PLAINVIEW_BARS"))
MEMORY_MB = 300
"""What a hostile camera may cost this process at most, the sound camera beside it included."""

SOUND = wandering(ClipStyle(), 250)
JPEG = ClipStyle(codec="mjpeg", pixels="yuvj420p")
SLICES, ANY = (damage.flip_bits, damage.fill_noise), damage.MUTATIONS
HOSTILE: dict[str, tuple[Callable[[], Clip], str]] = {
    "16,384 px": (lambda: damage.claiming(SOUND, damage.h264_sps(1024, 1024)), "16384 x 16384"),
    "beyond any file": (lambda: damage.claiming(SOUND, damage.h264_sps(9999, 9999)), "size"),
    "16 px x 16,000": (lambda: damage.claiming(SOUND, damage.h264_sps(1, 1000)), "no pictures"),
    "no key picture": (lambda: damage.without_keys(SOUND), "key frame"),
    "a broken set": (lambda: damage.claiming(SOUND, b"\x67\x42"), "size"),
    "flipped slices": (lambda: damage.damaged(SOUND, 1, SLICES), ""),
    "truncated, empty, doubled": (lambda: damage.damaged(SOUND, 2, ANY), ""),
    "a day on and back": (lambda: damage.jumping(SOUND, {60: damage.DAY, 160: -damage.DAY}), ""),
    "AV1 in pieces": (lambda: damage.damaged(wandering(ClipStyle(codec="av1")), 3, ANY), ""),
    "JPEG in pieces": (lambda: damage.damaged(wandering(JPEG), 4, (damage.flip_bits,)), ""),
    "H.265 in pieces": (
        lambda: damage.damaged(wandering(ClipStyle(codec="hevc", preset="ultrafast")), 5, ANY), ""
    ),
}  # fmt: skip
USUAL = ["16,384 px", "truncated, empty, doubled", "a day on and back"]


def memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.bar("bad input")
@pytest.mark.parametrize("name", list(HOSTILE) if FULL else USUAL)
def test_a_hostile_camera_harms_nobody(
    name: str, record: Record, until: Until, record_property: Callable[[str, object], None]
) -> None:
    make, reason = HOSTILE[name]
    clip = make()
    sound = record(ClipMount(SOUND), "sound")
    until(lambda: sound.pipeline.status()["redaction"] == "ok", 20, "the sound camera")
    before = memory_mb()
    hostile = record(
        ClipMount(clip, sprop=name == "no key picture", from_start=True, speed=4.0), "hostile"
    )
    if reason:
        until(lambda: hostile.pipeline.status()["redaction"] == "withheld", 20, "the reason")
        assert reason in str(hostile.pipeline.status()["redaction_reason"])
    until(lambda: hostile.rows(Kind.ORIGINALS), 20, "a sealed original")
    grown = memory_mb() - before
    assert grown < MEMORY_MB
    assert hostile.pipeline.alive
    status = sound.pipeline.status()
    assert (status["state"], status["redaction"], status["gaps"]) == ("recording", "ok", 0)
    sound.stop()
    hostile.stop()
    assert not any(row.gap_before for row in sound.rows(Kind.ORIGINALS)[1:])
    share = sealed_whole(hostile, clip)
    # Noise at the head of a unit may read as one of RTP's own forms, and is then taken apart.
    assert share > 0.5 if clip.parameters.codec == "av1" else share > 0.98
    if "pieces" not in name and "truncated" not in name:
        assert share == 1
    if reason:
        assert hostile.rows(Kind.VIEWS) == []
    assert [check(one.store).findings for one in (sound, hostile)] == [[], []]
    measured = f"{name}: {share:.0%} as sent, {max(grown, 0):.0f} MB, neighbour undisturbed"
    record_property("bar", json.dumps({"row": "bad input", "measured": measured}))


def sealed_whole(one: OneCamera, clip: Clip) -> float:
    """The share of the recorded units that are, byte for byte, what the camera sent."""
    sent = {unit for packet in clip.packets() for unit in _units(packet)}
    found = [u for original in one.originals() for p in original.packets for u in _units(p)]
    return sum(unit in sent for unit in found) / len(found)


def _units(packet: Packet) -> list[bytes]:
    """NAL units; the scan of a JPEG, whose headers do not travel; a temporal unit of AV1."""
    if packet.codec == "mjpeg":
        return [jpeg.scan(packet.data)]
    if packet.codec == "av1":
        return [b"".join(codecs.sample_parts(packet)[0])]
    return list(nal.annexb_units(packet.data))


@pytest.mark.bar("bad input")
@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "mjpeg"] if FULL else ["h264", "av1"])
def test_hundreds_of_damaged_streams_crash_nothing_and_show_nothing(
    codec: str, record_property: Callable[[str, object], None]
) -> None:
    count = 400 if FULL else 12
    command = [sys.executable, "-m", "plainview.testing.fuzz", codec, "1", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    seeds = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (seeds[-1:], done.stderr[-2000:])
    assert len(seeds) == count
    assert sum(one["raw"] for one in seeds) == 0
    assert sum(one["frames"] for one in seeds) > 10 * count
    most = max(one["mb"] for one in seeds)
    assert most < 400
    slowest = max(one["s"] for one in seeds)
    measured = (
        f"{codec}: {count} seeds, no crash, nothing shown raw, {most} MB, {slowest:.1f} s CPU"
    )
    record_property("bar", json.dumps({"row": "bad input", "measured": measured}))


@pytest.mark.skipif(not FULL, reason="tests/recorder/test_recorder_process.py kills one, too")
@pytest.mark.bar("bad input")
def test_a_native_crash_costs_all_cameras_seconds_and_nothing_acknowledged(
    town: Any, server: RtspServer, until: Until, record_property: Callable[[str, object], None]
) -> None:
    """All cameras of a recorder are one process: what a decoder's crash costs the others."""
    cameras = ["cam-01", "cam-02", "cam-03"]
    for camera in cameras:
        town.version = 0
        town.publish(camera)
        town.point(server.add(camera, ClipMount(SOUND)), camera)
    environment = {f"PLAINVIEW_{n.upper()}": str(v) for n, v in town.settings.model_dump().items()}
    command = [sys.executable, "-m", "plainview.cli", "recorder"]
    supervisor = Supervisor(town.settings.data)
    child = supervisor.start(Program("recorder", command, environment=environment))
    with Store(town.settings) as store:
        until(lambda: all(_originals(store, camera) for camera in cameras), 40, "three cameras")
        pid = child.pid
        assert pid is not None
        before = {camera: _originals(store, camera) for camera in cameras}
        crashed = now_ms()
        os.kill(pid, signal.SIGSEGV)

        def all_again() -> bool:
            supervisor.keep_alive()
            return all(_originals(store, camera)[-1].start_ms > crashed for camera in cameras)

        until(all_again, 60, "all cameras again")
        supervisor.stop()
        gaps = []
        for camera in cameras:
            rows = _originals(store, camera)
            assert rows[: len(before[camera])] == before[camera]
            last = max(row.end_ms for row in rows if row.start_ms <= crashed)
            first = min(row.start_ms for row in rows if row.start_ms > crashed)
            gaps.append((first - last) / 1000)
        assert check(store).findings == []
    worst = max(gaps)
    measured = f"SIGSEGV with 3 cameras: 0 acknowledged lost, gap {min(gaps):.1f} to {worst:.1f} s"
    record_property("bar", json.dumps({"row": "bad input", "measured": measured}))
    assert worst < 40


def _originals(store: Store, camera: str) -> list[Segment]:
    return store.segments(Kind.ORIGINALS, camera, 0, now_ms() + 60_000)
