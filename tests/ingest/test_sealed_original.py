"""The original is a copy: from the camera through RTSP, segmenter and fMP4, byte for byte."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plainview.base.durable import write_file
from plainview.ingest.segmenter import Segment, Segmenter
from plainview.ingest.session import Gap, Source
from plainview.media import codecs
from plainview.media.access import Access, Transport
from plainview.media.convert import ClipStyle
from plainview.media.files import read_packets
from plainview.media.fmp4 import write_segment
from plainview.media.packets import Packet, Parameters
from plainview.testing.clip import Clip
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_mounts import ClipMount

SECONDS = 120 if os.environ.get("PLAINVIEW_BARS") else 12
SPEED = 10
WINDOW_MS = 7_000
Encoded = tuple[Parameters, list[Packet]]

STYLES = {
    "no B-frames": ClipStyle(),
    "B-frames": ClipStyle(bframes=3),
    "B-frames, open GOPs, 4 slices": ClipStyle(bframes=2, open_gop=True, slices=4),
    "one long GOP": ClipStyle(bframes=2, gop_seconds=25.0),
    "H.265 with B-frames": ClipStyle(codec="hevc", bframes=2, preset="ultrafast"),
    "AV1": ClipStyle(codec="av1"),
    "MJPEG": ClipStyle(codec="mjpeg", pixels="yuvj420p"),
}


def record(source: Source, window_ms: int = WINDOW_MS) -> tuple[list[Segment], list[Gap]]:
    """Everything until the camera ends its stream for the first time."""
    segmenter = Segmenter(lambda ms: (ms // window_ms + 1) * window_ms)
    segments: list[Segment] = []
    gaps: list[Gap] = []
    for item in source.items():
        if isinstance(item, Gap):
            gaps.append(item)
            source.stop()
            segments += segmenter.push(item)
        else:
            segments += segmenter.push(item, source.parameters)
    return segments + segmenter.flush(), gaps


def hashes(packets: list[Packet]) -> list[str]:
    """Of VCL NAL units, of AV1's units with picture data, of JPEG's scans."""
    return [h for packet in packets for h in codecs.picture_hashes(packet.data, packet.codec)]


def check_segments(segments: list[Segment], window_ms: int = WINDOW_MS) -> None:
    """Each in one window, 10 s at most, no overlap, first not a key frame only if it says so."""
    for segment in segments:
        assert segment.continuing != segment.packets[0].is_key
        assert segment.end_ms - segment.start_ms <= 10_080
        end = (segment.start_ms // window_ms + 1) * window_ms
        assert all(packet.wall_ms < end + 250 for packet in segment.packets)
    for before, after in itertools.pairwise(segments):
        # The camera's clock may be learnt in the middle; arrivals are exact on idle machines.
        sources = {before.packets[0].wall_source, after.packets[-1].wall_source}
        slack = 2 if sources == {"rtcp"} else 250
        assert abs(after.start_ms - before.end_ms) <= slack


@pytest.mark.bar("sealed original")
@pytest.mark.parametrize("name", STYLES)
def test_the_original_is_byte_identical(
    name: str,
    patient: Callable[[int], None],
    encoded: Callable[[int, ClipStyle], Encoded],
    record_property: Callable[[str, object], None],
) -> None:
    patient(SPEED)
    parameters, packets = encoded(SECONDS, STYLES[name])
    start = time.time()

    def fast() -> int:
        """Our clock runs as fast as the camera's, which sends ten times faster than it films."""
        return round((start + (time.time() - start) * SPEED) * 1000)

    with RtspServer() as server:
        mount = ClipMount(Clip(parameters, packets), loop=False, from_start=True, speed=SPEED)
        segments, gaps = record(Source(server.add("cam", mount), clock=fast))
    read: list[Packet] = []
    for segment in segments:
        again, copied = read_packets(write_segment(segment.packets, segment.parameters))
        height = 184 if parameters.codec == "mjpeg" else 180  # RTP tells it in steps of 8
        assert (again.codec, again.width, again.height) == (parameters.codec, 320, height)
        read += copied
    sent = hashes(packets)
    assert hashes(read) == sent
    assert len(gaps) == 1
    assert all(segment.gap_before is None for segment in segments)
    check_segments(segments)
    measured = f"{name}: {len(sent)} of {len(sent)} VCL units identical, {SECONDS} s"
    record_property("bar", json.dumps({"row": "sealed original", "measured": measured}))


@pytest.fixture
def gst(tmp_path: Path) -> Iterator[Callable[[bytes], str]]:
    """`gst(mp4)` serves it with GStreamer and returns the address."""
    running: list[subprocess.Popen[str]] = []

    def serve(mp4: bytes) -> str:
        write_file(tmp_path / "clip.mp4", mp4)
        script = Path(__file__).with_name("gst_camera.py")
        process = subprocess.Popen(
            ["/usr/bin/python3", str(script), str(tmp_path / "clip.mp4")],
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip()

    yield serve
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.bar("sealed original")
@pytest.mark.parametrize(
    ("name", "transport"),
    [
        ("no B-frames", "tcp"),
        ("B-frames, open GOPs, 4 slices", "tcp"),
        ("B-frames, open GOPs, 4 slices", "udp"),
    ],
)
def test_the_original_of_an_independent_server_is_byte_identical(
    name: str,
    transport: Transport,
    encoded: Callable[[int, ClipStyle], Encoded],
    gst: Callable[[bytes], str],
    record_property: Callable[[str, object], None],
) -> None:
    seconds = 120 if os.environ.get("PLAINVIEW_BARS") else 3
    parameters, packets = encoded(seconds, STYLES[name])
    source = Source(gst(write_segment(packets, parameters)), Access(transport))
    segments, gaps = record(source)
    read: list[Packet] = []
    for segment in segments:
        read += read_packets(write_segment(segment.packets, segment.parameters))[1]
    sent = hashes(packets)
    assert hashes(read) == sent
    assert len(gaps) == 1
    check_segments(segments)
    measured = f"gst-rtsp-server, {transport}, {name}: {len(sent)} VCL units identical, {seconds} s"
    record_property("bar", json.dumps({"row": "sealed original", "measured": measured}))
