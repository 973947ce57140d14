"""One camera in this process: what is sealed is what the camera sent, whatever redaction does."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyrage
import pytest
from numpy.typing import NDArray

from plainview.base.clock import Ms, now_ms, to_iso
from plainview.base.settings import Settings
from plainview.errors import DetectorFault, StoreFull
from plainview.media.access import Access
from plainview.media.files import VideoFile, read_packets
from plainview.media.streams import DEFAULT
from plainview.recorder.gate import Gate
from plainview.recorder.pipeline import Parts, Pipeline
from plainview.recorder.ruling import RulesAt
from plainview.recorder.sources import Address
from plainview.recorder.windows import WindowStock
from plainview.redact.detector import Found, Sought
from plainview.seal.segments import open_segment
from plainview.seal.windows import WindowHeader
from plainview.store.packs import Kind
from plainview.store.store import Store
from plainview.store.tail import Tail
from plainview.store.writer import Writer
from plainview.testing import rtp
from plainview.testing.clip import Clip
from plainview.testing.one_camera import standard
from plainview.testing.rtp_faults import Faults
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_mounts import ClipMount
from plainview.tlog.history import Version

FAR = now_ms() + 10**10
KEY = pyrage.x25519.Identity.generate()
Until = Callable[[Callable[[], object], float, str], None]
Vcl = Callable[[Sequence[Any]], list[str]]


class Faulty:
    """A detector that never works: first with a bug, if told so, then as detectors fail."""

    def __init__(self, bug: type[Exception] | None = None, slow_s: float = 0) -> None:
        self.bug, self.slow_s, self.searches = bug, slow_s, 0

    def search(self, picture: NDArray[np.uint8], sought: Sought = Sought.FACES) -> Found:
        self.searches += 1
        time.sleep(self.slow_s)
        if self.bug is not None:
            bug, self.bug = self.bug, None
            raise bug("a bug in native code")
        raise DetectorFault("The detector is away.")

    def close(self) -> None:
        return


class Open:
    """Register and keeper of a camera that may always record."""

    def may_record(self, camera: str, at: int) -> Version:
        return Version(1, 1, "active", {"custodian_set": "set-1"}, 0, FAR, FAR)

    def gate(self, camera: str, allowed: bool, reason: str, register: int | None) -> int:
        return 0


class Bench:
    """A pipeline with everything around it; windows of 5 s, made here."""

    def __init__(
        self, folder: Path, url: str, detector: Faulty, access: Access = DEFAULT,
        rules: RulesAt = standard,
    ) -> None:  # fmt: skip
        self.settings = Settings(data=folder / "data", commit_seconds=1, disk_reserve_mb=1)
        self.store = Store(self.settings)
        self.writer: Writer = self.store.writer()
        self.stock = WindowStock("cam-01", 1, horizon_s=120, window_s=5)
        gate = Gate("cam-01", Open(), Open(), horizon_s=120)
        gate.refresh(now_ms)
        self.fill(now_ms() - 10_000)  # pictures of a camera that a busy machine reads late
        parts = Parts(self.settings, gate, self.stock, self.writer, Tail(), detector, rules)
        self.pipeline = Pipeline(Address("cam-01", url, access), parts)
        self._stop = threading.Event()
        self._filler = threading.Thread(target=self._keep_filled)
        self._filler.start()

    def fill(self, now: Ms) -> None:
        while (wanted := self.stock.wanted(now, Open().may_record("", 0))) is not None:
            self.stock.put(wanted, [(_header(spec), bytes(32)) for spec in wanted.specs])

    def _keep_filled(self) -> None:
        while not self._stop.wait(0.1):
            self.fill(now_ms())

    def close(self) -> None:
        self.pipeline.stop()
        self.pipeline.join()
        self._stop.set()
        self._filler.join()
        self.writer.close()
        self.store.close()

    def units(self, vcl: Vcl) -> list[str]:
        rows = self.store.segments(Kind.ORIGINALS, "cam-01", 0, FAR)
        plain = [open_segment(str(KEY), self.store.read(row))[0] for row in rows]
        return [unit for fmp4 in plain for unit in vcl(read_packets(fmp4)[1])]


def _header(spec: Any) -> WindowHeader:
    record = {
        "window": str(spec.id), "camera": spec.camera, "start": to_iso(spec.start),
        "end": to_iso(spec.end), "epoch": spec.epoch, "counter": spec.counter,
        "pk": str(KEY.to_public()), "k": 2, "n": 3, "set": "set-1", "shares": [],
        "class": "short", "period": "p", "shred": to_iso(spec.end), "register": 1,
    }  # fmt: skip
    return WindowHeader.from_dict(
        {"record": record, "shares": [], "wrapped_e": "", "wrapped_view": "", "entry": 1}
    )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(url: str, detector: Faulty, access: Access = DEFAULT) -> Bench:
        made.append(Bench(tmp_path, url, detector, access))
        made[-1].pipeline.start()
        return made[-1]

    yield make
    for one in made:
        one.close()


def originals(one: Bench) -> int:
    return len(one.store.segments(Kind.ORIGINALS, "cam-01", 0, FAR))


@pytest.mark.bar("sealed original")
@pytest.mark.parametrize("bframes", [0, 2])
def test_originals_are_the_cameras_own_units_and_nothing_stands_in_clear(
    bframes: int, bench: Callable[..., Bench], clip_of: Callable[[int], Path], vcl: Vcl,
    until: Until, record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    clip = clip_of(bframes)
    with RtspServer() as server:
        one = bench(server.add_file("street", clip), Faulty())
        until(lambda: originals(one) >= 2, 25, "two originals")
        one.pipeline.stop()
        one.pipeline.join()
    one.writer.flush()
    units = one.units(vcl)
    with VideoFile(clip) as source:
        packets = list(source.packets())
        whole = vcl(packets)
        chunks = [packet.data[40:72] for packet in packets[:50] if len(packet.data) > 100]
    start = whole.index(units[0])
    wrong = sum(unit != whole[(start + at) % len(whole)] for at, unit in enumerate(units))
    measured = f"{wrong} of {len(units)} units differ ({bframes} B-frames)"
    row = {"row": "sealed original against the source", "measured": measured, "must": "0"}
    record_property("bar", json.dumps(row))
    assert wrong == 0
    rows = one.store.segments(Kind.ORIGINALS, "cam-01", 0, FAR)
    assert not any(row.gap_before for row in rows[1:])
    assert all(b.start_ms - a.end_ms < 100 for a, b in itertools.pairwise(rows))
    for pack in one.settings.data.rglob("*.pack"):
        data = pack.read_bytes()
        assert b"ftyp" not in data
        assert not any(chunk in data for chunk in chunks)


@pytest.mark.bar("ten minutes")
def test_losses_over_udp_are_marked_in_the_record(
    bench: Callable[..., Bench], clip_of: Callable[[int], Path], vcl: Vcl, until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(rtp, "MAX_PAYLOAD", 200)  # several packets for a picture of this clip
    clip = Clip.load(clip_of(0))
    faults = Faults(seed=2, grace=40, loss=0.03, burst=8)
    with RtspServer() as server:
        url = server.add("street", ClipMount(clip, from_start=True, faults=faults))
        one = bench(url, Faulty(), Access("udp"))
        until(lambda: originals(one) >= 4, 25, "originals")
        status = one.pipeline.status()
        one.pipeline.stop()
        one.pipeline.join()
    one.writer.flush()
    rows = one.store.segments(Kind.ORIGINALS, "cam-01", 0, FAR)
    assert any(row.damaged for row in rows)
    assert any(row.gap_before for row in rows[1:])
    lost = status["lost_packets"]
    assert isinstance(lost, int)
    assert 0 < lost <= len(faults.dropped)
    whole = set(vcl(list(clip.packets())))
    for row in rows:
        if not row.damaged:
            packets = read_packets(open_segment(str(KEY), one.store.read(row))[0])[1]
            assert set(vcl(packets)) <= whole


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_redaction_costs_pictures_and_no_original(
    bench: Callable[..., Bench], camera: RtspServer, until: Until
) -> None:
    one = bench(camera.url("street"), Faulty(bug=RuntimeError))
    until(lambda: one.pipeline.status()["redaction"] == "starting" and not _redacting(), 15, "bug")
    one.pipeline.tend()
    until(lambda: originals(one) >= 2, 15, "originals")
    until(lambda: one.store.segments(Kind.VIEWS, "cam-01", 0, FAR), 10, "views")
    views = one.store.segments(Kind.VIEWS, "cam-01", 0, FAR)
    assert all(row.pixelated for row in views)
    rows = one.store.segments(Kind.ORIGINALS, "cam-01", 0, FAR)
    assert not any(row.gap_before for row in rows)


def _redacting() -> bool:
    return any(thread.name == "redact-cam-01" for thread in threading.enumerate())


def test_a_slow_detector_withholds_pictures_and_holds_nothing_up(
    bench: Callable[..., Bench], camera: RtspServer, until: Until
) -> None:
    one = bench(camera.url("street"), Faulty(slow_s=0.3))
    until(lambda: originals(one) >= 2, 20, "originals")
    until(lambda: one.store.segments(Kind.VIEWS, "cam-01", 0, FAR), 10, "views")
    assert one.pipeline.status()["redaction"] == "withheld"
    assert all(r.pixelated for r in one.store.segments(Kind.VIEWS, "cam-01", 0, FAR))
    late = now_ms() - one.store.segments(Kind.ORIGINALS, "cam-01", 0, FAR)[-1].end_ms
    assert late < 10_000


def test_a_full_disk_is_a_marked_gap_and_recording_goes_on_by_itself(
    bench: Callable[..., Bench], camera: RtspServer, until: Until
) -> None:
    one = bench(camera.url("street"), Faulty())
    until(lambda: originals(one) >= 1, 15, "an original")
    one.writer._volumes.data._free = lambda _: 0
    last = one.pipeline._reading._originals
    until(lambda: last._last is not None and last._last.refused, 15, "a refused original")
    assert isinstance(one.writer.trouble, StoreFull)
    status = one.pipeline.status()
    assert status["state"] == "waiting"
    assert "full" in str(status["reason"])
    count = originals(one)
    one.writer._volumes.data._free = lambda _: 1 << 40
    until(lambda: originals(one) > count, 20, "more originals")
    rows = one.store.segments(Kind.ORIGINALS, "cam-01", 0, FAR)
    assert any(row.gap_before for row in rows[1:])
    until(lambda: one.pipeline.status()["state"] == "recording", 10, "a sound camera")
    losses = one.store.losses(Kind.ORIGINALS, "cam-01", 0, FAR)
    assert {loss.reason for loss in losses} == {"full"}
