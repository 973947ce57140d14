"""Sources against a camera that misbehaves: cut, silent, wrong, slow to come back."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from plainview.errors import SourceAway
from plainview.ingest.pacing import Backoff, Pacer
from plainview.ingest.session import Source
from plainview.media.convert import ClipStyle
from plainview.media.packets import Packet, Parameters
from plainview.media.rtsp import open_stream, redact_url
from plainview.testing.clip import Clip
from plainview.testing.reading import Reader
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_mounts import ClipMount

Encoded = Callable[[int, ClipStyle], tuple[Parameters, list[Packet]]]
SECRET = "sesame"  # noqa: S105 - of a camera that exists only here


@pytest.fixture
def address(camera: RtspServer, encoded: Encoded) -> str:
    """A camera that offers audio and wants a password; the address with it."""
    clip = Clip(*encoded(4, ClipStyle(bframes=2, gop_seconds=1.0)))
    url = camera.add("street", ClipMount(clip, audio=True))
    return url.replace("rtsp://", "rtsp://viewer:open%3Asesame%2F1@") + "?key=sesame"


@pytest.fixture
def reader(address: str) -> Iterator[Reader]:
    source = Source(address, open_s=2, stall_s=1, backoff=Backoff(0.05, 0.2))
    reading = Reader(source)
    yield reading
    reading.stop()


def test_audio_is_never_set_up(camera: RtspServer, reader: Reader) -> None:
    reader.until(lambda: len(reader.packets) > 30)
    setups = [path for method, path in camera.requests if method == "SETUP"]
    assert setups
    assert {path.rpartition("/")[2] for path in setups} == {"trackID=0"}
    described = camera.mount("street").describe()
    assert "m=audio" in described


def test_packets_carry_the_camera_s_clock_and_ours(reader: Reader) -> None:
    reader.until(lambda: len(reader.packets) > 60)
    packets = reader.packets
    assert {packet.wall_source for packet in packets} == {"rtcp"}
    assert abs(packets[-1].wall_ms - packets[-1].arrival_ms) < 1000
    # The latest frames are sent before those that are shown earlier.
    walls = sorted(packet.wall_ms for packet in packets)[:-4]
    assert {round((b - a) / 10) for a, b in itertools.pairwise(walls)} == {4}
    assert reader.source.health.state == "running"
    assert reader.source.health.fps > 15


def test_a_cut_is_a_declared_gap_and_the_stream_comes_back(
    camera: RtspServer, reader: Reader
) -> None:
    reader.until(lambda: len(reader.packets) > 20)
    camera.cut("street")
    reader.until(lambda: len(reader.gaps) == 2)
    opened, closed = reader.gaps
    assert opened.end_ms is None
    assert (closed.start_ms, closed.reason) == (opened.start_ms, opened.reason)
    assert closed.end_ms is not None
    assert closed.end_ms >= closed.start_ms
    at = reader.items.index(closed)
    assert isinstance(reader.items[at + 1], Packet)
    assert reader.source.health.gaps == 1


def test_a_silent_camera_is_noticed(camera: RtspServer, reader: Reader) -> None:
    reader.until(lambda: len(reader.packets) > 20)
    camera.mount("street").stalled = True
    began = time.monotonic()
    reader.until(lambda: len(reader.gaps) >= 1)
    assert time.monotonic() - began < 4
    assert "sent nothing for 1 s" in reader.gaps[0].reason
    camera.mount("street").stalled = False
    reader.until(lambda: reader.gaps[-1].end_ms is not None)


def test_no_word_holds_the_password(camera: RtspServer, reader: Reader) -> None:
    reader.until(lambda: len(reader.packets) > 5)
    camera.cut("street")
    reader.until(lambda: len(reader.gaps) == 2)
    said = repr([reader.gaps, reader.source.health, reader.source.name])
    assert SECRET not in said
    assert "viewer" not in said


def test_a_wrong_password_is_said_without_it(camera: RtspServer, address: str) -> None:
    wrong = address.replace("open%3A", "shut%3A")
    with pytest.raises(SourceAway) as caught:
        open_stream(wrong, open_s=3)
    assert SECRET not in caught.value.line()
    assert caught.value.__cause__ is None
    assert "cannot be opened" in caught.value.message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://u:p@cam.example:554/a/b?token=x#y", "rtsp://cam.example:554"),
        ("rtsp://u:p%40@[2001:db8::1]:554/a", "rtsp://[2001:db8::1]:554"),
        ("rtsp://cam/user=admin_password=x_channel=1", "rtsp://cam"),
        ("rtsp://u:p@cam:port/", "(address that cannot be read)"),
    ],
)
def test_redacted_addresses(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_an_address_where_nobody_listens(encoded: Encoded) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        reading = Reader(
            Source(f"rtsp://127.0.0.1:{taken.getsockname()[1]}/x", backoff=Backoff(0.01, 0.05))
        )
        reading.until(lambda: reading.source.health.connects >= 3)
        reading.stop()
    assert len(reading.gaps) == 1
    assert reading.gaps[0].end_ms is None
    assert "cannot be opened" in reading.source.health.reason or not reading.packets


@pytest.mark.parametrize("url", ["http://cam/x", "file:///etc/passwd", "/etc/passwd", "rtsp:x"])
def test_only_camera_addresses_are_opened(url: str) -> None:
    with pytest.raises(SourceAway):
        open_stream(url, open_s=1)


def test_a_camera_without_parameter_sets_in_its_description(encoded: Encoded) -> None:
    clip = Clip(*encoded(4, ClipStyle(bframes=2, gop_seconds=1.0)))
    with RtspServer() as server:
        mount = ClipMount(clip, sprop=False, from_start=True, loop=False, speed=5, reports=False)
        stream = open_stream(server.add("plain", mount))
        packets: list[Packet] = []
        with pytest.raises(SourceAway, match="ended"):
            packets.extend(iter(stream.packets()))
        assert (stream.parameters.width, stream.parameters.height) == (320, 180)
        stream.close()


def test_a_camera_with_a_wrong_clock_is_recorded_by_ours(encoded: Encoded) -> None:
    clip = Clip(*encoded(4, ClipStyle(bframes=2, gop_seconds=1.0)))
    with RtspServer() as server:
        url = server.add("late", ClipMount(clip, clock_offset_ms=-3_600_000))
        reading = Reader(Source(url))
        reading.until(lambda: len(reading.packets) > 40)
        reading.stop()
    last = reading.packets[-1]
    assert last.wall_source == "arrival"
    assert abs(last.wall_ms - last.arrival_ms) < 1500
    assert reading.source.health.clock_error_ms is not None
    assert reading.source.health.clock_error_ms < -3_500_000


def test_backoff_doubles_to_a_limit_and_starts_again() -> None:
    backoff = Backoff(1.0, 4.0)
    for most in (1, 2, 4, 4, 4):
        assert most / 2 <= backoff.wait_s() <= most
    backoff.reset()
    assert backoff.wait_s() <= 1


def test_connects_are_paced() -> None:
    now = [10.0]
    pacer = Pacer(0.5, lambda: now[0])
    assert [pacer.wait_s() for _ in range(4)] == [0, 0.5, 1.0, 1.5]
    now[0] = 20.0
    assert pacer.wait_s() == 0
