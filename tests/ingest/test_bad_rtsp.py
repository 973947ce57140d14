"""Garbage where a camera should be: a clear error, an unhealthy camera, nobody else disturbed."""

from __future__ import annotations

import json
import os
import random
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from plainview.errors import SourceAway
from plainview.ingest.pacing import Backoff
from plainview.ingest.session import Source
from plainview.media import nal
from plainview.media.access import Access, Transport
from plainview.media.convert import ClipStyle
from plainview.media.packets import Packet, Parameters
from plainview.media.streams import open_camera
from plainview.testing import sdp
from plainview.testing.clip import Clip
from plainview.testing.reading import Reader
from plainview.testing.rtp import Packetiser
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_mounts import ClipMount
from plainview.testing.rude import Behaviour, RudeCamera, next_request, reply, to_playing

FULL = bool(os.environ.get("PLAINVIEW_BARS"))
ALL: tuple[Transport, ...] = ("tcp", "udp", "interleaved")
OPEN_S = 0.4
MOST_BYTES = 24 << 20
Encoded = Callable[[int, ClipStyle], tuple[Parameters, list[Packet]]]
CHALLENGE = 'WWW-Authenticate: Digest realm="a", nonce="{}", stale=true'


def noise(seed: int) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        next_request(connection)
        dice = random.Random(seed)  # noqa: S311 - a test that can be repeated
        connection.sendall(dice.randbytes(dice.randrange(1, 5000)))
        connection.recv(1)

    return behave


def endless(head: bytes, part: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        next_request(connection)
        connection.sendall(head)
        while True:
            connection.sendall(part * (1 + 60_000 // len(part)))

    return behave


def answering(*headers: str, status: str = "200 OK", body: str = "") -> Behaviour:
    def behave(connection: socket.socket) -> None:
        while True:
            _, number = next_request(connection)
            reply(connection, number, *headers, status=status, body=body)

    return behave


def another_number(connection: socket.socket) -> None:
    while True:
        next_request(connection)
        for _ in range(100):
            reply(connection, "999", body="x")


def to_itself(connection: socket.socket) -> None:
    host, port = connection.getsockname()
    answering(f"Location: rtsp://{host}:{port}/again", status="302 Found")(connection)


def always_stale(connection: socket.socket) -> None:
    for at in range(1000):
        _, number = next_request(connection)
        reply(connection, number, CHALLENGE.format(at), status="401 Unauthorized")


def drop_by_drop(connection: socket.socket) -> None:
    next_request(connection)
    for byte in b"RTSP/1.0 200 OK\r\nX: " + b"y" * 1000:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def web_server(connection: socket.socket) -> None:
    next_request(connection)
    connection.sendall(b"HTTP/1.1 400 No\r\n\r\n")


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


RUDE: dict[str, Behaviour] = {
    "random bytes": noise(1),
    "endless header": endless(b"RTSP/1.0 200 OK\r\nX: ", b"y"),
    "endless headers": endless(b"RTSP/1.0 200 OK\r\n", b"X-Header: 1\r\n"),
    "endless empty lines": endless(b"", b"\r\n"),
    "endless packets": endless(b"", b"$\x05\xff\xff" + bytes(65_535)),
    "huge body": answering("Content-Length: 999999999999"),
    "negative body": answering("Content-Length: -1"),
    "another sequence number": another_number,
    "redirect to itself": to_itself,
    "always a stale nonce": always_stale,
    "web server": web_server,
    "drop by drop": drop_by_drop,
    "silent": silent,
    "hangs up": lambda c: None,
    "empty description": answering("Session: 1"),
    "description without video": answering("Session: 1", body="v=0\r\nm=audio 0 RTP/AVP 0\r\n"),
    "description of random bytes": answering(body="\x00\x01\x02" * 3000),
    "server error": answering(status="500 Internal Error"),
}


@pytest.fixture
def clip(encoded: Encoded) -> Clip:
    return Clip(*encoded(2, ClipStyle(gop_seconds=1.0)))


@pytest.fixture
def neighbour(clip: Clip) -> Iterator[Reader]:
    """A healthy camera that is read meanwhile; nothing of it may be lost."""
    with RtspServer() as server:
        reader = Reader(Source(server.add("cam", ClipMount(clip)), Access("udp"), stall_s=3))
        reader.until(lambda: len(reader.packets) > 2)
        yield reader
        before = len(reader.packets)
        reader.until(lambda: len(reader.packets) > before + 2)
        reader.stop()
    assert reader.gaps == []
    assert not any(packet.damaged or packet.lost for packet in reader.packets)


@pytest.mark.bar("bad input")
@pytest.mark.parametrize("transport", ALL)
def test_an_answer_that_is_none(
    transport: Transport, neighbour: Reader, record_property: Callable[[str, object], None]
) -> None:
    for name, behaviour in RUDE.items():
        with RudeCamera(behaviour) as camera:
            tracemalloc.start()
            began = time.monotonic()
            with pytest.raises(SourceAway) as caught:
                open_camera(camera.url, Access(transport), open_s=OPEN_S, stall_s=OPEN_S)
            took = time.monotonic() - began
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        said = caught.value.line()
        assert took < OPEN_S + 1.5, f"{name}: {took}"
        assert peak < MOST_BYTES, f"{name}: {peak}"
        assert "127.0.0.1" in said, name
        assert "sesame" not in said, name
        assert "\n" not in said, name
    measured = f"{transport}: {len(RUDE)} kinds of garbage instead of an answer, each a clear error"
    record_property("bar", json.dumps({"row": "bad input", "measured": measured}))


@pytest.mark.bar("bad input")
@pytest.mark.parametrize("transport", ["udp", "interleaved"])
def test_random_bytes_in_the_middle_of_an_answer(
    transport: Transport, clip: Clip, record_property: Callable[[str, object], None]
) -> None:
    """Every answer of a polite camera, with bytes changed, taken out or put in."""
    count = 400 if FULL else 12
    description = sdp.describe(clip.parameters, audio=True)
    for seed in range(count):
        dice = random.Random(seed)  # noqa: S311 - a test that can be repeated

        def behave(connection: socket.socket, dice: random.Random = dice) -> None:
            left, right = socket.socketpair()
            with left, right:
                while True:
                    method, number = next_request(connection)
                    if method == "DESCRIBE":
                        reply(left, number, "Content-Base: rtsp://x/", body=description)
                    else:
                        reply(left, number, "Session: 1;timeout=60", "Transport: RTP/AVP;x")
                    connection.sendall(spoilt(right.recv(65_536), dice))

        with RudeCamera(behave) as camera, pytest.raises(SourceAway):
            read_all(camera.url, transport)
    measured = f"{transport}: {count} spoilt dialogues, each a clear error"
    record_property("bar", json.dumps({"row": "bad input", "measured": measured}))


def read_all(url: str, transport: Transport) -> None:
    stream = open_camera(url, Access(transport), open_s=0.3, stall_s=0.1)
    try:
        list(stream.packets())
    finally:
        stream.close()


def spoilt(data: bytes, dice: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(dice.randrange(4)):
        at = dice.randrange(len(out) + 1)
        out[at : at + dice.randrange(3)] = dice.randbytes(dice.randrange(3))
    return bytes(out)


def odd_packets(clip: Clip, seed: int) -> bytes:
    """A stream within a TCP connection with odd things between its packets, then cut."""
    dice = random.Random(seed)  # noqa: S311 - a test that can be repeated
    sender = Packetiser(clip.parameters.codec, ssrc=9, sequence=65_000, first_timestamp=0)
    parts: list[bytes] = []
    for picture in clip.pictures:
        for packet in sender.access_unit(picture.units, picture.shown):
            parts.append(packet)
            if dice.random() < 0.2:
                parts.append(dice.choice([b"", packet[:7], dice.randbytes(40), packet, bytes(12)]))
    framed = b"".join(b"$\x00" + len(part).to_bytes(2, "big") + part for part in parts)
    reports = b"$\x01\x00\x00" + b"$\x01\x00\x05hello" + b"$\x07\x00\x01x"
    return reports + framed + b"$\x00\xff\xffcut"


@pytest.mark.bar("bad input")
@pytest.mark.parametrize("transport", ["tcp", "interleaved"])
def test_odd_packets_and_a_stream_that_is_cut(
    transport: Transport,
    clip: Clip,
    neighbour: Reader,
    record_property: Callable[[str, object], None],
) -> None:
    def behave(connection: socket.socket) -> None:
        to_playing(connection, sdp.describe(clip.parameters, audio=False))
        connection.sendall(odd_packets(clip, 3))

    whole = [d for p in clip.pictures for d in _hashes(p.units)]
    with RudeCamera(behave) as camera:
        source = Source(camera.url, Access(transport), stall_s=1, backoff=Backoff(0.05, 0.1))
        reader = Reader(source)
        reader.until(lambda: camera.connections >= 3 and len(reader.gaps) >= 1)
        reader.until(lambda: source.health.state == "waiting")
        assert source.health.reason
        reader.stop()
    if transport == "interleaved":
        # FFmpeg's client hangs up at the first odd packet; ours tells them from the stream.
        first = reader.packets[: len(clip.pictures)]
        assert [d for p in first for d in nal.vcl_hashes(p.data, "h264")] == whole
        assert source.health.lost_packets == 0
    measured = f"{transport}: short, empty, doubled, random packets and a cut: a gap, then again"
    record_property("bar", json.dumps({"row": "bad input", "measured": measured}))


def _hashes(units: list[bytes]) -> list[str]:
    return nal.vcl_hashes(nal.join_annexb(units), "h264")


@pytest.mark.bar("bad input")
def test_a_camera_that_talks_nonsense_is_unhealthy_and_says_why(neighbour: Reader) -> None:
    with RudeCamera(noise(7)) as camera:
        source = Source(camera.url, Access("interleaved"), backoff=Backoff(0.01, 0.05))
        reader = Reader(source)
        reader.until(lambda: camera.connections > 4)
        reader.until(lambda: source.health.state == "waiting")
        reason = source.health.reason
        reader.stop()
    assert "not RTSP" in reason
    assert len(reader.gaps) == 1
    assert reader.gaps[0].end_ms is None
