"""RTCP: what a camera says of its clock, and what it is told about losses."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import BadFormat, SourceAway
from plainview.media.packets import Codec
from plainview.media.rtp import rtcp
from plainview.media.rtp.description import Video
from plainview.media.rtp.receiver import Receiver
from plainview.testing.rtp import Packetiser

WALL = 1_800_000_000_123


def video(codec: Codec = "h264") -> Video:
    return Video("rtsp://cam/x", 96, codec, 90_000, b"", 25.0)


def sender(ssrc: int = 7, first_timestamp: int = 1000) -> Packetiser:
    return Packetiser("h264", ssrc=ssrc, sequence=10, first_timestamp=first_timestamp)


def test_a_sender_report_is_read_as_the_camera_wrote_it() -> None:
    (report,) = rtcp.parse(sender().sender_report(WALL, 90_000))
    assert isinstance(report, rtcp.SenderReport)
    assert report.wall_us is not None
    assert abs(report.wall_us - WALL * 1000) <= 1
    assert (report.ssrc, report.timestamp) == (7, 91_000)
    assert rtcp.parse(sender().goodbye()) == [rtcp.Goodbye((7,))]


@pytest.mark.parametrize(
    ("seconds", "year"), [(0, None), (4000, None), (0xFFFFFFFF, 2036), (2_000_000, 2036)]
)
def test_clocks_that_were_never_set_and_those_after_2036(seconds: int, year: int | None) -> None:
    data = struct.pack(">BBHIIIIII", 0x80, 200, 6, 7, seconds, 0, 0, 0, 0)
    (report,) = rtcp.parse(data)
    assert isinstance(report, rtcp.SenderReport)
    if year is None:
        assert report.wall_us is None
    else:
        assert report.wall_us is not None
        assert 1970 + report.wall_us // 31_556_952_000_000 == year


@given(st.binary(max_size=80))
def test_anything_else_is_refused(data: bytes) -> None:
    try:
        found = rtcp.parse(data)
    except BadFormat:
        return
    assert len(found) <= len(data) // 4


def feed(receiver: Receiver, packetiser: Packetiser, count: int, *, lose: set[int]) -> None:
    for n in range(count):
        for data in packetiser.access_unit([b"\x41\x9a" + bytes([n + 1])], n * 3600):
            if n not in lose:
                receiver.rtp(data, n * 0.04)


def test_receiver_reports_tell_what_was_lost() -> None:
    receiver, camera = Receiver("cam", video(), lambda: WALL), sender()
    receiver.rtcp(camera.sender_report(WALL, 0), 0.0)
    feed(receiver, camera, 100, lose={3, 4, 50})
    receiver.tick(10.0)
    report = receiver.report(10.0)
    head, kind, length, _, ssrc = struct.unpack_from(">BBHII", report)
    lost, highest, _, last, delay = struct.unpack_from(">IIIII", report, 12)
    assert (head, kind, length, ssrc) == (0x81, 201, 7, 7)
    assert lost >> 24 == 3 * 256 // 100
    assert lost & 0xFFFFFF == 3
    assert highest & 0xFFFF == 10 + 99
    seconds = WALL // 1000 + rtcp.NTP_EPOCH_S
    assert last >> 16 == seconds & 0xFFFF
    assert delay == 10 * 65_536
    assert report[32:34] == b"\x81\xca"
    # The share is that since the last report.
    assert struct.unpack_from(">I", receiver.report(11.0), 12)[0] == 3


def test_strangers_are_not_let_in() -> None:
    receiver = Receiver("cam", video(), lambda: WALL, ssrc=7)
    stranger = sender(ssrc=8)
    feed(receiver, stranger, 5, lose=set())
    receiver.rtcp(stranger.sender_report(WALL + 5000, 0), 0.0)
    receiver.rtcp(stranger.goodbye(), 0.0)
    other_type = bytearray(next(sender().access_unit([b"\x41\x9a"], 0)))
    other_type[1] = 97
    receiver.rtp(bytes(other_type), 0.0)
    assert receiver.counts.received == 0
    assert receiver.counts.strangers == 7
    assert not receiver.ended


def test_the_first_stream_is_the_stream() -> None:
    receiver = Receiver("cam", video(), lambda: WALL)
    feed(receiver, sender(), 5, lose=set())
    feed(receiver, sender(ssrc=8), 50, lose=set())
    assert (receiver.counts.received, receiver.counts.strangers) == (5, 50)


def test_a_stream_that_was_replaced_ends_the_connection() -> None:
    receiver, other = Receiver("cam", video(), lambda: WALL), sender(ssrc=8)
    feed(receiver, sender(), 5, lose=set())
    for n in range(19):
        receiver.rtp(next(other.access_unit([b"\x41\x9a\x01"], n)), 5.0)
    with pytest.raises(SourceAway, match="replaced its stream"):
        receiver.rtp(next(other.access_unit([b"\x41\x9a\x01"], 19)), 5.0)


@pytest.mark.parametrize("first", [1000, 0xFFFFFF00])
def test_wall_times_go_by_the_newest_sender_report(first: int) -> None:
    receiver, camera = Receiver("cam", video(), lambda: WALL + 40), sender(first_timestamp=first)
    walls: list[int | None] = []
    for n in range(40):
        if n == 10:
            receiver.rtcp(camera.sender_report(WALL, n * 3600), n * 0.04)
        if n == 30:
            receiver.rtcp(camera.sender_report(WALL + 3_600_000, n * 3600), n * 0.04)
        for data in camera.access_unit([b"\x41\x9a" + bytes([n + 1])], n * 3600):
            walls += [raw.prft_us for raw in receiver.rtp(data, n * 0.04)]
    got = [None if wall is None else round(wall / 1000) - WALL for wall in walls]
    assert got[:8] == [None] * 8
    assert got[10:28] == [(n - 10) * 40 for n in range(10, 28)]
    assert got[31:] == [3_600_000 + (n - 30) * 40 for n in range(31, len(got))]
