"""Our RTSP client's parts: messages, signing in, descriptions."""

from __future__ import annotations

import base64
import itertools
import secrets
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import BadFormat, SourceAway
from plainview.media.access import Access
from plainview.media.rtp.description import video_of
from plainview.media.rtp.login import Login, challenges
from plainview.media.rtp.message import (
    MAX_BODY,
    MAX_HEAD,
    Answer,
    Asked,
    Inbox,
    Interleaved,
    answer_to,
    request,
)

ANSWER = (
    b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nWWW-Authenticate: Basic realm=\"a\"\r\n"
    b"WWW-Authenticate: Digest realm=\"a\"\r\nContent-Length: 4\r\n\r\n$RTS"
)  # fmt: skip
PACKET = b"$\x01\x00\x05hello"
ASKED = b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 9\r\n\r\n"


@given(st.lists(st.sampled_from([ANSWER, PACKET, ASKED, b"\r\n"]), max_size=12), st.data())
def test_messages_come_whole_however_they_are_cut(parts: list[bytes], data: st.DataObject) -> None:
    text, inbox = b"".join(parts), Inbox()
    got = []
    while text:
        size = data.draw(st.integers(1, len(text)))
        got += list(inbox.push(text[:size]))
        text = text[size:]
    expected = [{ANSWER: Answer, PACKET: Interleaved, ASKED: Asked}.get(part) for part in parts]
    assert [type(one) for one in got] == [kind for kind in expected if kind]
    for one in got:
        if isinstance(one, Answer):
            assert (one.status, one.sequence, one.body) == (200, "3", b"$RTS")
            assert len(one.headers["www-authenticate"]) == 2
        elif isinstance(one, Interleaved):
            assert one == Interleaved(1, b"hello")
        elif isinstance(one, Asked):
            assert answer_to(one) == b"RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n"


@given(st.binary(max_size=600))
def test_garbage_is_refused_or_awaited(data: bytes) -> None:
    try:
        list(Inbox().push(data))
    except BadFormat:
        return


@pytest.mark.parametrize(
    "endless",
    [
        b"RTSP/1.0 200 OK\r\n" + b"X-Header: 1\r\n" * 100_000,
        b"RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1),
        b"A" * (MAX_HEAD * 2),
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"\x16\x03\x01\x02",
        b"<html>",
    ],
)
def test_what_does_not_end_is_ended(endless: bytes) -> None:
    inbox = Inbox()
    chunks = (endless[at : at + 4096] for at in range(0, len(endless), 4096))
    with pytest.raises(BadFormat):
        list(itertools.chain.from_iterable(map(inbox.push, chunks)))


def test_packets_do_not_pile_up() -> None:
    inbox, chunk = Inbox(), (b"$\x00\x05\x78" + bytes(1400)) * 50 + b"$\x00\x05"
    rest = b"\x78" + bytes(1400)
    tracemalloc.start()
    for _ in range(400):
        assert sum(1 for _ in inbox.push(chunk)) == 50
        assert sum(1 for _ in inbox.push(rest)) == 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_request_is_one_request() -> None:
    with pytest.raises(BadFormat, match="line break"):
        request("OPTIONS", "rtsp://x/\r\nTEARDOWN rtsp://x/", {})
    assert request("OPTIONS", "rtsp://x/", {"CSeq": "1"}).endswith(b"CSeq: 1\r\n\r\n")


RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ],
)
def test_digest_of_rfc_7616(algorithm: str, response: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clause 3.9.1; its client nonce is not the random one of every other time."""
    nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    monkeypatch.setattr(secrets, "token_hex", lambda size: nonce)
    login = Login("Mufasa", "Circle of Life")
    assert login.challenge([RFC_7616.format(algorithm)])
    header = login.header("GET", "/dir/index.html")["Authorization"]
    assert f'response="{response}"' in header
    assert "nc=00000001" in header
    assert 'opaque="FQhe' in header


def test_the_stronger_way_is_taken_and_each_only_once() -> None:
    basic, md5 = 'Basic realm="a"', 'Digest realm="a", nonce="1"'
    sha = 'Digest realm="a", nonce="2", algorithm=SHA-256'
    unknown = 'Digest realm="a", nonce="2", algorithm=SHA-512'
    for offered, start in (
        ([basic], "Basic "),
        ([f"{basic}, {md5}"], "Digest "),
        ([basic, md5, sha], 'Digest username="u", realm="a", nonce="2"'),
        ([md5, unknown, basic], 'Digest username="u", realm="a", nonce="1"'),
    ):
        login = Login("u", "p")
        assert login.challenge(offered)
        assert login.header("X", "y")["Authorization"].startswith(start)
        assert not login.challenge(offered)
        assert login.challenge([md5 + ", stale=TRUE"])
    assert not Login("", "").challenge([basic])
    assert not Login("u", "p").challenge([unknown])
    assert not Login("u", "p").challenge([])
    assert Login("u", "p").header("X", "y") == {}
    assert "Mufasa" not in repr(Login("Mufasa", "p"))


@given(st.text(max_size=300))
def test_any_challenge_is_read(text: str) -> None:
    login = Login("u", 'p"\\')
    if login.challenge([text, "Digest " + text, "Basic realm=" + text]):
        header = login.header("DESCRIBE", "rtsp://x/y")["Authorization"]
        assert base64.b64decode(header[6:]) == b'u:p"\\' or header.startswith("Digest ")
    list(challenges([text * 20]))


SDP = """v=0
m=audio 0 RTP/AVP 0
a=control:audio
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z0IAHw==,aM48gA==
a=framerate:12.5
a=control:trackID=1
"""


def test_a_description_names_the_video() -> None:
    video = video_of("cam", SDP, "rtsp://cam/x/")
    assert video.control == "rtsp://cam/x/trackID=1"
    assert (video.payload_type, video.codec) == (96, "h264")
    assert (video.clock_rate, video.fps) == (90_000, 12.5)
    assert video.extradata == b"\0\0\0\1\x67\x42\0\x1f\0\0\0\1\x68\xce\x3c\x80"
    absolute = SDP.replace("trackID=1", "rtsp://cam/other")
    assert video_of("cam", absolute, "rtsp://cam/x/").control == "rtsp://cam/other"
    unreadable = SDP.replace("Z0IAHw==,aM48gA==", "%%%")
    assert video_of("cam", unreadable, "rtsp://cam/x/").extradata == b""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("m=video", "m=text"), "offers no video"),
        (("H264/90000", "JPEG/90000"), "sends JPEG"),
        (("a=rtpmap:96 H264/90000\n", ""), "sends an unnamed coding"),
        (("H264/90000", "H264/0000"), "sends an unnamed coding"),
        (("packetization-mode=1", "packetization-mode=2"), "interleaved order"),
    ],
)
def test_descriptions_that_cannot_be_read_say_so(change: tuple[str, str], message: str) -> None:
    with pytest.raises(SourceAway, match=message):
        video_of("cam", SDP.replace(*change), "rtsp://cam/x/")


@given(st.text(max_size=400))
def test_any_description_is_read_or_refused(text: str) -> None:
    for whole in (text, SDP + text, SDP.replace("trackID=1", text)):
        try:
            video = video_of("cam", whole, "rtsp://cam/x/")
        except SourceAway:
            continue
        assert video.clock_rate >= 1000


def test_how_a_camera_is_reached_is_kept_and_checked() -> None:
    colons = ":".join(["AB"] * 32)
    access = Access.from_dict({"url": "x", "transport": "udp", "fingerprint": f"sha256:{colons}"})
    assert access.fingerprint == "ab" * 32
    assert Access.from_dict(access.to_dict()) == access
    assert Access().to_dict() == {}
    for wrong in ({"transport": "pigeon"}, {"fingerprint": "abc"}, {"ca_file": 5}):
        with pytest.raises(BadFormat):
            Access.from_dict(wrong)
