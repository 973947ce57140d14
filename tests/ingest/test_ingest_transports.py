"""Cameras over UDP and TCP: clocks, strangers, bursts of loss, sessions that must be kept alive."""

from __future__ import annotations

import itertools
import json
import os
import socket
import struct
import time
from collections.abc import Callable

import pytest

from plainview.ingest.pacing import Backoff
from plainview.ingest.session import Source
from plainview.media import nal
from plainview.media.access import Access, Transport
from plainview.media.convert import ClipStyle
from plainview.media.packets import Packet, Parameters
from plainview.media.rtp import client, dialogue, waiting
from plainview.media.rtp.ports import Ports
from plainview.testing.clip import Clip
from plainview.testing.reading import Reader
from plainview.testing.rtp_faults import Faults
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_mounts import ClipMount

BOTH: tuple[Transport, ...] = ("tcp", "udp")
DAY_MS = 86_400_000
JUMPS_MS = [3000, -DAY_MS]
if os.environ.get("PLAINVIEW_BARS"):
    JUMPS_MS += [-3000, DAY_MS]
Encoded = Callable[[int, ClipStyle], tuple[Parameters, list[Packet]]]


@pytest.fixture
def clip(encoded: Encoded) -> Clip:
    return Clip(*encoded(4, ClipStyle(bframes=2, gop_seconds=1.0)))


def reading(url: str, transport: Transport, *, stall_s: float = 1.0) -> Reader:
    return Reader(Source(url, Access(transport), stall_s=stall_s, backoff=Backoff(0.05, 0.2)))


@pytest.mark.parametrize("transport", BOTH)
@pytest.mark.parametrize("days", [-3])
def test_a_clock_that_is_days_off_is_not_believed(
    clip: Clip, transport: Transport, days: int
) -> None:
    with RtspServer() as server:
        url = server.add("cam", ClipMount(clip, clock_offset_ms=days * DAY_MS))
        reader = reading(url, transport)
        reader.until(lambda: len(reader.packets) > 30)
        reader.stop()
    assert {packet.wall_source for packet in reader.packets[3:]} == {"arrival"}
    assert all(abs(p.wall_ms - p.arrival_ms) < 2000 for p in reader.packets)
    health = reader.source.health
    assert health.clock_error_ms is not None
    assert abs(health.clock_error_ms - days * DAY_MS) < 5000
    assert reader.gaps == []


@pytest.mark.parametrize("transport", BOTH)
def test_without_sender_reports_arrival_is_the_time(clip: Clip, transport: Transport) -> None:
    with RtspServer() as server:
        reader = reading(server.add("cam", ClipMount(clip, reports=False)), transport)
        reader.until(lambda: len(reader.packets) > 30)
        reader.stop()
    assert {packet.wall_source for packet in reader.packets} == {"arrival"}
    assert reader.source.health.clock_error_ms is None
    assert reader.source.health.wall_source == "arrival"
    assert all(abs(p.wall_ms - p.arrival_ms) < 2000 for p in reader.packets)


@pytest.mark.parametrize("transport", BOTH)
def test_a_sender_report_that_comes_late(clip: Clip, transport: Transport) -> None:
    with RtspServer() as server:
        url = server.add("cam", ClipMount(clip, first_report_s=0.8, clock_offset_ms=300))
        reader = reading(url, transport)
        reader.until(lambda: {p.wall_source for p in reader.packets[-5:]} == {"rtcp"})
        reader.stop()
    sources = [packet.wall_source for packet in reader.packets]
    assert sources[0] == "arrival"
    assert sources == sorted(sources)  # arrival first, then rtcp, never back
    assert reader.gaps == []


@pytest.mark.parametrize("transport", BOTH)
@pytest.mark.parametrize("jump_ms", JUMPS_MS)
def test_a_clock_that_is_set_while_it_runs(clip: Clip, transport: Transport, jump_ms: int) -> None:
    with RtspServer() as server:
        url = server.add("cam", ClipMount(clip, report_every_s=0.3))
        reader = reading(url, transport)
        reader.until(lambda: len(reader.packets) > 20)
        assert reader.gaps == []
        server.mount("cam").clock_offset_ms = jump_ms
        far = abs(jump_ms) > 10_000
        error = abs(jump_ms) / 2
        reader.until(lambda: abs(reader.source.health.clock_error_ms or 0) > error)
        reader.until(lambda: bool(reader.gaps) or far)
        before = len(reader.packets)
        reader.until(lambda: len(reader.packets) > before + 8)
        reader.stop()
    last = reader.packets[-1]
    if far:
        # A day is not believed: our own clock goes on where the camera's was.
        assert last.wall_source == "arrival"
        assert abs(last.wall_ms - last.arrival_ms) < 2000
        return
    (gap,) = reader.gaps
    assert "clock" in gap.reason
    assert abs(last.wall_ms - last.arrival_ms - jump_ms) < 1000
    assert gap.end_ms is not None
    assert gap.end_ms - gap.start_ms == pytest.approx(max(jump_ms, 0), abs=500)


@pytest.mark.parametrize("transport", BOTH)
def test_a_cut_is_a_gap_and_the_stream_comes_back(clip: Clip, transport: Transport) -> None:
    with RtspServer() as server:
        reader = reading(server.add("cam", ClipMount(clip)), transport)
        reader.until(lambda: len(reader.packets) > 10)
        server.cut("cam")
        reader.until(lambda: len(reader.gaps) == 2)
        server.mount("cam").stalled = True
        reader.until(lambda: len(reader.gaps) == 3)
        assert "sent nothing for 1 s" in reader.gaps[2].reason
        server.mount("cam").stalled = False
        reader.until(lambda: len(reader.gaps) == 4)
        reader.stop()
    opened, closed = reader.gaps[:2]
    assert opened.end_ms is None
    assert closed.end_ms is not None
    assert closed.start_ms == opened.start_ms


def test_audio_is_never_set_up_over_udp(clip: Clip) -> None:
    with RtspServer() as server:
        reader = reading(server.add("cam", ClipMount(clip, audio=True)), "udp")
        reader.until(lambda: len(reader.packets) > 5)
        reader.stop()
        setups = [path for method, path in server.requests if method == "SETUP"]
        assert setups == ["cam/trackID=0"]
        # Nobody waits for its answer, so the server may still be about to read it.
        reader.until(lambda: server.requests[-1][0] == "TEARDOWN")


@pytest.mark.parametrize("transport", BOTH)
def test_a_session_is_kept_alive_and_reports_are_sent(
    clip: Clip, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogue, "_LEAST_TIMEOUT_S", 1.0)
    monkeypatch.setattr(client, "REPORT_S", 0.2)
    with RtspServer(timeout_s=1.0) as server:
        reader = reading(server.add("cam", ClipMount(clip)), transport)
        reader.until(lambda: len(reader.packets) > 55)
        reader.stop()
        asked = [method for method, _ in server.requests]
        reports = server.reports
    assert asked.count("GET_PARAMETER") >= 2
    assert reader.gaps == []
    assert len(reports) > 3
    kinds = {struct.unpack_from(">B", report, 1)[0] for report in reports}
    assert kinds == {201}


def test_bursts_of_loss_are_declared(encoded: Encoded) -> None:
    clip = Clip(*encoded(4, ClipStyle(gop_seconds=1.0)))
    faults = Faults(seed=5, grace=40, loss=0.02, burst=60)
    with RtspServer() as server:
        mount = ClipMount(clip, loop=False, rounds=3, from_start=True, speed=6, faults=faults)
        reader = reading(server.add("cam", mount), "udp", stall_s=3)
        reader.until(lambda: any(gap.end_ms is None for gap in reader.gaps))
        reader.stop()
    inner = [gap for gap in reader.gaps if gap.end_ms is not None]
    health = reader.source.health
    missing = 300 - len(reader.packets)
    assert missing > 20
    assert 3 <= len(inner) <= missing
    spans = sum((gap.end_ms or 0) - gap.start_ms for gap in inner)
    assert spans >= (missing - 5) * 40
    assert health.lost_packets is not None
    assert 0 <= len(faults.dropped) - health.lost_packets < 60
    assert health.loss_ratio > 0.1
    assert health.damaged > 0
    whole = {d for picture in clip.pictures for d in _hashes(picture.units)}
    for packet in reader.packets:
        assert packet.damaged or set(nal.vcl_hashes(packet.data, "h264")) <= whole


@pytest.mark.bar("bad input")
def test_reordered_doubled_empty_and_random_datagrams_change_nothing(
    encoded: Encoded, record_property: Callable[[str, object], None]
) -> None:
    clip = Clip(*encoded(2, ClipStyle(bframes=2, slices=4)))
    faults = Faults(
        seed=3, reorder=0.2, duplicate=0.2, empty=0.2, garbage=0.3, cut=0.2,
        jitter=0.02, jitter_s=0.03,
    )  # fmt: skip
    with RtspServer() as server:
        mount = ClipMount(clip, loop=False, from_start=True, speed=2, faults=faults)
        reader = reading(server.add("cam", mount), "udp", stall_s=3)
        reader.until(lambda: any(gap.end_ms is None for gap in reader.gaps))
        reader.stop()
    whole = [d for picture in clip.pictures for d in _hashes(picture.units)]
    assert [d for p in reader.packets for d in nal.vcl_hashes(p.data, "h264")] == whole
    assert not any(packet.damaged or packet.lost for packet in reader.packets)
    assert reader.source.health.lost_packets == 0
    assert reader.source.health.jitter_ms > 0
    measured = f"{faults.seen} RTP packets in a noisy network: {len(whole)} VCL units identical"
    record_property("bar", json.dumps({"row": "bad input", "measured": measured}))


def _hashes(units: list[bytes]) -> list[str]:
    return nal.vcl_hashes(nal.join_annexb(units), "h264")


def test_datagrams_of_others_are_not_taken() -> None:
    ports = Ports(socket.AF_INET, "127.0.0.1", "127.0.0.1")
    low, high = ports.numbers
    assert (low % 2, high) == (0, low + 1)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as camera,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as neighbour,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere,
    ):
        elsewhere.bind(("127.0.0.2", 0))
        camera.bind(("127.0.0.1", 0))

        def arrive() -> list[bytes]:
            for one, text in ((elsewhere, b"no"), (camera, b"yes"), (neighbour, b"or")):
                one.sendto(text, ("127.0.0.1", low))
            camera.sendto(b"", ("127.0.0.1", low))
            time.sleep(0.05)
            return list(ports.read(ports.rtp))

        # Without a port that was named, the first datagram of the camera's address tells it.
        assert arrive() == [b"yes", b""]
        assert ports.strangers == 2
        ports.expect((neighbour.getsockname()[1], 9))
        assert arrive() == [b"or"]
        assert ports.strangers == 5
    ports.close()


def test_two_cameras_at_once_do_not_mix(encoded: Encoded) -> None:
    clips = [Clip(*encoded(2, style)) for style in (ClipStyle(), ClipStyle(bframes=2))]
    with RtspServer() as server:
        urls = [server.add(f"cam{n}", ClipMount(clip)) for n, clip in enumerate(clips)]
        readers = [reading(url, "udp") for url in urls]
        for reader, clip in zip(readers, clips, strict=True):
            reader.until(lambda reader=reader: len(reader.packets) > 20)  # type: ignore[misc]
            reader.stop()
            whole = {d for picture in clip.pictures for d in _hashes(picture.units)}
            got = [d for packet in reader.packets for d in nal.vcl_hashes(packet.data, "h264")]
            assert set(got) <= whole
            assert reader.gaps == []


def test_pictures_wait_only_while_nobody_watches(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SETTLED_S", 0.0)
    watched = False
    with RtspServer() as server:
        url = server.add("cam", ClipMount(clip))
        reader = Reader(Source(url, Access("tcp"), watched=lambda: watched))
        reader.until(lambda: len(reader.packets) > 60)
        gathered = len(reader.packets)
        watched = True
        # A busy machine hands over late what was sent in time, but not for ever.
        reader.until(
            lambda: together(reader.packets[max(gathered + 10, len(reader.packets) - 40) :]) < 0.35
        )
        reader.stop()
    assert reader.gaps == []
    assert not any(packet.lost or packet.damaged for packet in reader.packets)
    first = reader.packets[10:gathered]
    assert together(first) > 0.5
    # However late they were read: they are as far apart as they were taken.
    assert all(abs((b.wall_ms - a.wall_ms) - (b.pts_ms - a.pts_ms)) < 200
               for a, b in itertools.pairwise(first))  # fmt: skip


def together(packets: list[Packet]) -> float:
    """The share of packets that arrived with the one before; 1 where there are too few to tell."""
    pairs = list(itertools.pairwise(packets))
    if len(pairs) < 30:
        return 1.0
    return sum(b.arrival_ms - a.arrival_ms < 5 for a, b in pairs) / len(pairs)


def test_a_stall_is_noticed_while_nobody_watches(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SETTLED_S", 0.0)
    with RtspServer() as server:
        url = server.add("cam", ClipMount(clip))
        source = Source(
            url, Access("tcp"), stall_s=0.6, backoff=Backoff(0.05, 0.2), watched=lambda: False
        )
        reader = Reader(source)
        reader.until(lambda: len(reader.packets) > 20)
        server.mount("cam").stalled = True
        reader.until(lambda: bool(reader.gaps))
        server.mount("cam").stalled = False
        reader.until(lambda: len(reader.gaps) > 1)
        reader.stop()
    assert "sent nothing for" in reader.gaps[0].reason
