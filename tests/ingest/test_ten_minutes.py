"""Ten minutes over TCP and over a UDP network that loses 1 %: what was lost is exactly declared."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from plainview.ingest.segmenter import Segment, Segmenter
from plainview.ingest.session import Gap, Source
from plainview.media import nal
from plainview.media.access import Access, Transport
from plainview.media.convert import ClipStyle
from plainview.media.files import read_packets
from plainview.media.fmp4 import write_segment
from plainview.media.packets import Packet, Parameters
from plainview.media.rtp.order import Counts
from plainview.media.streams import CameraStream, open_camera
from plainview.testing.clip import Clip, Picture
from plainview.testing.rtp_faults import Faults
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_mounts import ClipMount

FULL = bool(os.environ.get("PLAINVIEW_BARS"))
SECONDS, ROUNDS = (60, 10) if FULL else (3, 2)
SPEED = 8
WINDOW_MS = 60_000
TICKS = 1 << 32
Encoded = tuple[Parameters, list[Packet]]
STYLES = {
    "H.264": ClipStyle(),
    "H.264, B-frames, 4 slices": ClipStyle(bframes=2, open_gop=True, slices=4),
    "H.265": ClipStyle(codec="hevc", preset="ultrafast"),
}
HARD = Faults(grace=40, loss=0.01, reorder=0.02, duplicate=0.01, empty=0.005, cut=0.005)


@dataclass
class Recorded:
    """What came out of a source until the camera ended its stream."""

    packets: list[Packet]
    gaps: list[Gap]
    segments: list[Segment]
    source: Source
    counts: Counts
    """Of its only connection."""


def record(url: str, transport: Transport, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    start = time.time()
    opened: list[CameraStream] = []

    def opening(*args: Any, **options: Any) -> CameraStream:
        """The real one; its counts are looked at afterwards."""
        opened.append(open_camera(*args, **options))
        return opened[-1]

    monkeypatch.setattr("plainview.ingest.session.open_camera", opening)

    def fast() -> int:
        """Our clock runs as fast as the camera's, which sends faster than it films."""
        return round((start + (time.time() - start) * SPEED) * 1000)

    source = Source(url, Access(transport), clock=fast)
    segmenter = Segmenter(lambda ms: (ms // WINDOW_MS + 1) * WINDOW_MS)
    packets: list[Packet] = []
    gaps: list[Gap] = []
    segments: list[Segment] = []
    for item in source.items():
        if isinstance(item, Packet):
            packets.append(item)
            segments += segmenter.push(item, source.parameters)
            continue
        segments += segmenter.push(item)
        if item.end_ms is None:
            source.stop()
        else:
            gaps.append(item)
    (stream,) = opened
    assert stream.counts is not None
    return Recorded(packets, gaps, segments + segmenter.flush(), source, stream.counts)


def sent_pictures(clip: Clip) -> dict[int, Picture]:
    """Every picture of all rounds, by its time stamp from the first one on, in the order sent."""
    first = clip.pictures[0].shown
    return {
        picture.shown - first + round_ * clip.length: picture
        for round_ in range(ROUNDS)
        for picture in clip.pictures
    }


def vcl(data: bytes, packet: Packet) -> list[bytes]:
    return [unit for unit in nal.annexb_units(data) if nal.is_vcl(unit, packet.codec)]


def check_stored(recorded: Recorded) -> None:
    """Segments hold what came, damaged or not, and say so."""
    stored: list[Packet] = []
    for segment in recorded.segments:
        stored += read_packets(write_segment(segment.packets, segment.parameters))[1]
        assert segment.damaged == any(packet.damaged for packet in segment.packets)
    assert [vcl(one.data, one) for one in stored] == [
        vcl(one.data, one) for one in recorded.packets
    ]
    declared = [s.gap_before for s in recorded.segments if s.gap_before is not None]
    assert declared == recorded.gaps


@pytest.mark.bar("ten minutes")
@pytest.mark.parametrize("name", STYLES)
def test_over_tcp_everything_comes(
    name: str,
    patient: Callable[[int], None],
    encoded: Callable[[int, ClipStyle], Encoded],
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    patient(SPEED)
    clip = Clip(*encoded(SECONDS, STYLES[name]))
    with RtspServer() as server:
        mount = ClipMount(clip, loop=False, rounds=ROUNDS, from_start=True, speed=SPEED)
        recorded = record(server.add("cam", mount), "tcp", monkeypatch)
    sent = sent_pictures(clip)
    whole = [vcl(nal.join_annexb(picture.units), recorded.packets[0]) for picture in sent.values()]
    assert [vcl(packet.data, packet) for packet in recorded.packets] == whole
    assert recorded.gaps == []
    check_stored(recorded)
    measured = f"{name}, TCP: {sum(map(len, whole))} VCL units identical, {SECONDS * ROUNDS} s"
    record_property("bar", json.dumps({"row": "ten minutes", "measured": measured}))


@pytest.mark.bar("ten minutes")
@pytest.mark.parametrize("name", STYLES)
def test_over_udp_every_loss_is_declared(
    name: str,
    patient: Callable[[int], None],
    encoded: Callable[[int, ClipStyle], Encoded],
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    patient(SPEED)
    clip = Clip(*encoded(SECONDS, STYLES[name]))
    faults = Faults(
        seed=7, grace=HARD.grace, loss=HARD.loss if FULL else 0.03, reorder=HARD.reorder,
        duplicate=HARD.duplicate, empty=HARD.empty, cut=HARD.cut,
    )  # fmt: skip
    with RtspServer() as server:
        mount = ClipMount(
            clip, loop=False, rounds=ROUNDS, from_start=True, speed=SPEED, faults=faults
        )
        recorded = record(server.add("cam", mount), "udp", monkeypatch)
    sent = sent_pictures(clip)
    identical, prefixes = compare(recorded, sent, faults)
    check_stored(recorded)
    lost = known_losses(faults)
    health = recorded.source.health
    assert health.lost_packets == len(lost)
    late = recorded.counts.late
    assert health.gaps == len(recorded.gaps) + 1
    damaged = sum(packet.damaged for packet in recorded.packets)
    measured = (
        f"{name}, UDP with {len(lost)} of {faults.seen} packets lost, {late} late: all "
        f"declared; "
        f"{identical} VCL units identical, {prefixes} cut, {damaged} pictures damaged, "
        f"{len(sent) - len(recorded.packets)} missing in {len(recorded.gaps)} gaps, "
        f"{SECONDS * ROUNDS} s"
    )
    record_property("bar", json.dumps({"row": "ten minutes", "measured": measured}))


def known_losses(faults: Faults) -> list[int]:
    """Time stamps of the packets that were dropped before the last one that was sent."""
    return all_losses(faults)[0]


def all_losses(faults: Faults) -> tuple[list[int], list[int]]:
    """Time stamps of the packets that were dropped: before the last one that was sent, and after
    it. No number tells of the latter, but the end of the stream is itself a declared gap."""
    tail = 0
    for dropped in reversed(faults.dropped):
        if (dropped.sequence - faults.last) & 0xFFFF > 0x8000:
            break
        tail += 1
    first = faults.first_timestamp or 0
    stamps = [(one.timestamp - first) % TICKS for one in faults.dropped]
    return stamps[: len(stamps) - tail], stamps[len(stamps) - tail :]


def compare(recorded: Recorded, sent: dict[int, Picture], faults: Faults) -> tuple[int, int]:
    """(units that are identical, units that are cut). Fails for anything undeclared.

    Declared is what the network dropped, and what came after it had been given up: nothing, unless
    the machine is so busy that the camera stands still for longer than a packet is waited for.
    """
    late = recorded.counts.late
    known, at_the_end = all_losses(faults)
    holes = Counter(known + at_the_end)
    got = {packet.pts: packet for packet in recorded.packets}
    assert len(got) == len(recorded.packets)
    assert got.keys() <= sent.keys()
    identical = prefixes = only_late = 0
    gap_follows = False
    for stamp, picture in sent.items():
        packet = got.get(stamp)
        if packet is None:
            only_late += not holes[stamp]
            assert only_late <= late, "a picture of which no packet was lost did not come"
            gap_follows = True
            continue
        if gap_follows:
            assert packet.missing, "a missing picture was not declared"
            gap_follows = False
        there = vcl(packet.data, packet)
        whole = vcl(nal.join_annexb(picture.units), packet)
        if not packet.damaged:
            assert not holes[stamp], "a loss within a picture was not declared"
            assert there == whole
            identical += len(there)
            continue
        for unit in there:
            exact = unit in whole
            assert exact or any(one.startswith(unit) for one in whole)
            identical, prefixes = identical + exact, prefixes + (not exact)
    last = [stamp in got for stamp in sent][::-1].index(True)
    after = set(list(sent)[len(sent) - last :])  # part of the gap that the stream's end is
    declared = sum(packet.lost for packet in recorded.packets)
    assert declared == sum(stamp not in after for stamp in known) + late
    assert sum(packet.missing for packet in recorded.packets) == len(recorded.gaps)
    return identical, prefixes
