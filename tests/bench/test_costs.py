"""The benches of what a camera costs: small in a usual run, at full counts with PLAINVIEW_BARS=1.

A usual run proves that they measure (real sockets, real processes, everything recorded is stored)
and say so in the form that is promised. Only a full run asserts figures.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from plainview.base.clock import now_ms
from plainview.bench.cameras import cameras, make_clip
from plainview.bench.catalogue import Options, bench
from plainview.bench.measure import cpu_s, memory_mb
from plainview.bench.result import Result
from plainview.bench.windows import WINDOW_S, Answers, gate_of, stock_of
from plainview.errors import Unavailable
from plainview.media.files import VideoFile

FULL = os.environ.get("PLAINVIEW_BARS") == "1"
MORE_AT_40 = 1.1
"""What noise of the machine may add to "not more per camera than at 4"."""


def measured(name: str, scale: float) -> dict[str, Result]:
    """The bench's results by metric, each read back from its line of JSON."""
    said: list[str] = []
    options = Options(runs=3, scale=1.0) if FULL else Options(runs=1, scale=scale)
    found: dict[str, Result] = {}
    for result in bench(name).run(options, said.append):
        again = Result(**json.loads(result.line()))
        assert again == result
        assert (again.bench, again.machine != "", again.value > 0) == (name, True, True)
        found[again.metric] = again
    assert said
    return found


def report(record: Callable[[str, object], None], results: list[Result]) -> None:
    texts = []
    for one in results:
        ratio = f", {one.ratio:.2f} x {one.against}" if one.ratio is not None else ""
        texts.append(f"{one.metric} {one.value:g} {one.unit}{ratio}")
    record("bar", json.dumps({"measured": "; ".join(texts)}))


@pytest.mark.bar("ingest cost")
@pytest.mark.timeout(1800)
def test_what_a_camera_costs(record_property: Callable[[str, object], None]) -> None:
    found = measured("ingest", 0.05)
    few = found["ingest.core_percent_per_camera.4"]
    many = found["ingest.core_percent_per_camera.40"]
    assert found["ingest.open_ms"].value < 5_000
    for one in (few, many):
        assert one.value < 100
        assert (one.ratio is None) == (shutil.which("ffmpeg") is None)
    report(record_property, [few, many])
    if FULL:
        assert many.value <= 0.4
        assert many.value <= few.value * MORE_AT_40
        assert many.ratio is not None, "ffmpeg is needed for the comparison"
        assert many.ratio <= 1.0


@pytest.mark.bar("sealing")
@pytest.mark.timeout(600)
def test_sealing_and_opening(record_property: Callable[[str, object], None]) -> None:
    seal, opened = measured("seal", 0.1), measured("open", 0.1)
    results = [seal["seal.window_ms"], seal["seal.mb_s"], opened["open.mb_s"]]
    assert all(one.baseline for one in results)
    report(record_property, results)
    if FULL:
        assert results[0].value <= 2.0
        assert results[1].value >= 300
        assert results[2].value >= 200


def test_the_clip_is_what_cameras_send(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 4.0)
    with VideoFile(clip) as file:
        packets = list(file.packets())
        assert (file.size, file.codec, len(packets)) == ((1920, 1080), "h264", 100)
    assert [at for at, packet in enumerate(packets) if packet.is_key] == [0, 50]
    assert 2.4e6 < clip.stat().st_size * 8 / 4 < 3.6e6


def test_the_windows_of_a_bench_are_usable() -> None:
    stock = stock_of("cam-07", Answers())
    window = stock.find(now_ms())
    assert window.id.startswith("cam-07.")
    assert stock.ends >= now_ms() + WINDOW_S * 500
    assert gate_of("cam-07").check(now_ms()).record["custodian_set"] == "set-1"


def test_a_process_is_measured_from_outside() -> None:
    own = os.getpid()
    before = cpu_s(own)
    while cpu_s(own) < before + 0.02:
        sum(range(1000))
    assert 5 < memory_mb(own) < 10_000


def test_cameras_that_do_not_start_are_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="did not start"), cameras(tmp_path / "none.mp4", 1):
        pass
