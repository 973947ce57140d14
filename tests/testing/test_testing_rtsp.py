"""The simulated camera over real sockets: well-behaved clients, rude ones, and pushes."""

from __future__ import annotations

import contextlib
import gc
import itertools
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plainview.errors import BadFormat, NotFound, SourceAway, Unavailable
from plainview.media import nal
from plainview.media.fmp4 import write_segment
from plainview.media.rtsp import open_stream
from plainview.testing.clip import Clip
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_message import parse_head
from plainview.testing.rtsp_mounts import ClipMount


@pytest.fixture
def server() -> Iterator[RtspServer]:
    before = threading.active_count()
    with RtspServer() as running:
        yield running
    assert threading.active_count() == before


def talk(server: RtspServer, data: bytes) -> bytes:
    """Send bytes and read until the server closes or says nothing for a moment."""
    with socket.create_connection((server.host, server.port), timeout=0.4) as client:
        client.sendall(data)
        answer = b""
        try:
            while chunk := client.recv(65536):
                answer += chunk
        except TimeoutError:
            pass
        return answer


def ask(method: str, url: str, *lines: str, body: str = "") -> bytes:
    head = [f"{method} {url} RTSP/1.0", "CSeq: 1", *lines]
    if body:
        head.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def test_several_viewers_see_the_same_camera(server: RtspServer, clip: Clip) -> None:
    url = server.add("cam", ClipMount(clip))
    streams = [open_stream(url) for _ in range(3)]
    walls = []
    for stream in streams:
        packets = stream.packets()
        walls.append({next(packets).wall_ms for _ in range(40)})
        stream.close()
    # The live position is shared: what two viewers see at once has the same time.
    assert walls[0] & walls[1] & walls[2]


def test_the_loop_has_no_seam(server: RtspServer, clip: Clip) -> None:
    stream = open_stream(server.add("cam", ClipMount(clip, from_start=True, speed=8)))
    packets = stream.packets()
    # The latest frames are sent before those that are shown earlier.
    pts = sorted(next(packets).pts for _ in range(220))[:-4]
    stream.close()
    assert {b - a for a, b in itertools.pairwise(pts)} == {3600}


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00garbage\r\n\r\n", b"400"),
        (b"OPTIONS rtsp://x/ RTSP/1.0\r\nno colon here\r\n\r\n", b"400"),
        (b"OPTIONS " + b"a" * 40_000 + b" RTSP/1.0\r\n\r\n", b"400"),
        (ask("DESCRIBE", "rtsp://x/none"), b"404"),
        (ask("FLY", "rtsp://x/cam"), b"405"),
        (ask("PLAY", "rtsp://x/cam"), b"455"),
        (ask("RECORD", "rtsp://x/cam"), b"455"),
        (ask("SETUP", "rtsp://x/cam/trackID=0", "Transport: RTP/AVP;unicast;client_port=5-6"),
         b"461"),
        (ask("ANNOUNCE", "rtsp://x/push", body="v=0\r\nm=audio 0 RTP/AVP 0\r\n"), b"400"),
        (ask("ANNOUNCE", "rtsp://x/cam", body="v=0\r\n"), b"503"),
        (ask("OPTIONS", "rtsp://x/cam", "Content-Length: 99999999"), b"400"),
        (ask("OPTIONS", "rtsp://x/cam"), b"200"),
        (ask("GET_PARAMETER", "rtsp://x/cam"), b"200"),
    ],
)  # fmt: skip
def test_answers(server: RtspServer, clip: Clip, request_bytes: bytes, status: bytes) -> None:
    server.add("cam", ClipMount(clip))
    answer = talk(server, request_bytes)
    assert answer.startswith(b"RTSP/1.0 " + status), answer[:80]
    stream = open_stream(server.url("cam"))
    next(stream.packets())
    stream.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_any_head_is_read_or_refused(data: bytes) -> None:
    try:
        request = parse_head(data)
    except BadFormat:
        return
    assert request.method


def test_a_client_that_leaves_in_the_middle_disturbs_nobody(server: RtspServer, clip: Clip) -> None:
    url = server.add("cam", ClipMount(clip))
    stream = open_stream(url)
    packets = stream.packets()
    for _ in range(5):
        with socket.create_connection((server.host, server.port)) as rude:
            rude.sendall(ask("SETUP", url + "/trackID=0", "Transport: RTP/AVP/TCP;interleaved=0-1"))
            rude.sendall(ask("PLAY", url))
            rude.recv(10)
    assert len([next(packets) for _ in range(30)]) == 30
    stream.close()


def test_a_password_is_demanded(clip: Clip) -> None:
    with RtspServer(user="a", password="b") as server:  # noqa: S106 - of a test's camera
        url = server.add("cam", ClipMount(clip))
        with pytest.raises(SourceAway):
            open_stream(url, open_s=2)
        stream = open_stream(url.replace("//", "//a:b@"))
        assert next(stream.packets()).is_key
        stream.close()


def test_a_push_is_relayed_byte_for_byte(server: RtspServer, clip: Clip, tmp_path: Path) -> None:
    """PyAV pushes with ANNOUNCE and RECORD; a viewer who joins gets the same pictures."""
    packets = list(clip.packets())
    file = tmp_path / "clip.mp4"
    file.write_bytes(write_segment(packets, clip.parameters))
    script = Path(__file__).with_name("push_clip.py")
    pusher = subprocess.Popen([sys.executable, str(script), str(file), server.url("push/one")])
    got: list[str] = []
    try:
        deadline = time.monotonic() + 10
        while "push/one" not in server.paths and time.monotonic() < deadline:
            time.sleep(0.01)
        stream = open_stream(server.url("push/one"), stall_s=3)
        with contextlib.suppress(SourceAway):
            for packet in stream.packets():
                got.extend(nal.vcl_hashes(packet.data, "h264"))
        stream.close()
        assert pusher.wait(10) == 0
    finally:
        pusher.kill()
        pusher.wait()
    sent = [digest for packet in packets for digest in nal.vcl_hashes(packet.data, "h264")]
    assert got
    start = sent.index(got[0])
    assert got == sent[start : start + len(got)]
    assert len(got) > len(sent) // 2
    assert server.paths == []


def test_a_port_that_is_taken_is_said(server: RtspServer) -> None:
    other = RtspServer(port=server.port)
    with pytest.raises(Unavailable, match="cannot be used"):
        other.start()
    with pytest.raises(NotFound):
        server.mount("nothing")


def test_files_that_are_no_clips(tmp_path: Path, clip: Clip) -> None:
    text = tmp_path / "note.txt"
    text.write_text("not a video")
    with pytest.raises(BadFormat, match="not a video file"):
        Clip.load(text)
    with pytest.raises(BadFormat, match="not a file"):
        Clip.load(tmp_path / "absent.mp4")
    with pytest.raises(BadFormat, match="no key frame"):
        Clip(clip.parameters, [])


def test_a_connection_that_comes_as_the_server_stops_is_closed(clip: Clip) -> None:
    busy = threading.Event()

    class Slow(ClipMount):
        """Holds the server's loop up, so that clients and the end come to it at once."""

        def describe(self) -> str:
            busy.set()
            time.sleep(0.2)
            return super().describe()

    with RtspServer() as server, contextlib.ExitStack() as clients:
        url = server.add("cam", Slow(clip))
        address = (server.host, server.port)
        asking = clients.enter_context(socket.create_connection(address, timeout=2))
        asking.sendall(ask("DESCRIBE", url))
        assert busy.wait(2)
        late = [clients.enter_context(socket.create_connection(address)) for _ in range(3)]
        server.stop()
        # What is not closed is only noticed when it is collected; then the test fails.
        gc.collect()
        for one in late:
            one.settimeout(2)
            with contextlib.suppress(ConnectionError):
                assert one.recv(1) == b""
