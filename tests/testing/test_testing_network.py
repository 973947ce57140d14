"""The simulated camera's network and doors: losses that are counted, passwords, UDP."""

from __future__ import annotations

import socket
import struct

import pytest

from plainview.testing.clip import Clip
from plainview.testing.rtp import Packetiser
from plainview.testing.rtp_faults import Faults
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_login import Door, Guard
from plainview.testing.rtsp_message import Request
from plainview.testing.rtsp_mounts import ClipMount
from plainview.testing.rtsp_udp import client_ports


def packets(count: int) -> list[bytes]:
    sender = Packetiser("h264", ssrc=7, sequence=65_530, first_timestamp=100)
    return [data for n in range(count) for data in sender.access_unit([b"\x41\x9a\x01"], n)]


def test_what_a_network_loses_is_written_down() -> None:
    sent = packets(1000)
    faults = Faults(seed=1, grace=10, loss=0.1, burst=3, reorder=0.1, duplicate=0.1)
    arrived = [one for packet in sent for one in faults.through(packet)] + list(faults.rest())
    numbers = [struct.unpack_from(">H", packet, 2)[0] for packet in arrived]
    dropped = [one.sequence for one in faults.dropped]
    assert len(set(numbers)) == faults.sent
    assert set(numbers) | set(dropped) == {(65_530 + n) & 0xFFFF for n in range(1000)}
    assert not set(numbers) & set(dropped)
    assert 100 < len(dropped) < 300
    assert numbers != sorted(numbers)
    assert len(numbers) > len(set(numbers))
    again = Faults(seed=1, grace=10, loss=0.1, burst=3, reorder=0.1, duplicate=0.1)
    assert [one for packet in sent for one in again.through(packet)] + list(again.rest()) == arrived


def test_a_quiet_network_changes_nothing() -> None:
    sent, faults = packets(100), Faults()
    assert [one for packet in sent for one in faults.through(packet)] == sent
    assert (faults.pause_s(), faults.dropped, list(faults.rest())) == (0.0, [], [])


@pytest.mark.parametrize(
    ("transport", "ports"),
    [
        ("RTP/AVP;unicast;client_port=5000-5001", (5000, 5001)),
        ("RTP/AVP/TCP;interleaved=0-1, RTP/AVP/UDP;client_port=6000-6001", (6000, 6001)),
        ("RTP/AVP;multicast;client_port=5000-5001", None),
        ("RTP/AVP;unicast;client_port=80-81", None),
        ("RTP/AVP;unicast;client_port=99999-5", None),
        ("RTP/AVP;unicast", None),
    ],
)
def test_ports_that_a_viewer_may_name(transport: str, ports: tuple[int, int] | None) -> None:
    assert client_ports(transport) == ports


def test_a_door_knows_its_own_nonce_only() -> None:
    door = Door(Guard("a", "b"))
    assert door.lets_in(Request("OPTIONS", "rtsp://x/"))
    for given in (
        "", "Basic YTpi", "Digest ", 'Digest username="a", nonce="1", response="2"',
        'Digest username="a", nonce="1", algorithm=SHA-256, response="2", nc=zz',
    ):  # fmt: skip
        assert not door.lets_in(Request("DESCRIBE", "rtsp://x/", {"authorization": given}))
    (challenge,) = door.challenges()
    assert challenge.startswith('Digest realm="plainview", nonce="')
    assert Door(Guard("a", "b", ("basic",))).lets_in(
        Request("DESCRIBE", "rtsp://x/", {"authorization": "Basic YTpi"})
    )


def test_a_udp_viewer_that_is_deaf_or_leaves_disturbs_nobody(clip: Clip) -> None:
    with RtspServer(timeout_s=0.3) as server:
        url = server.add("cam", ClipMount(clip))
        with socket.create_connection((server.host, server.port), timeout=5) as viewer:
            transport = "Transport: RTP/AVP;unicast;client_port=40001-40002"
            text = f"SETUP {url}/trackID=0 RTSP/1.0\r\nCSeq: 1\r\n{transport}\r\n\r\n"
            viewer.sendall(text.encode())
            answer = viewer.recv(4096)
            assert b"server_port=" in answer
            viewer.sendall(f"PLAY {url} RTSP/1.0\r\nCSeq: 2\r\n\r\n".encode())
            played = viewer.recv(4096)
            assert b"RTP-Info: url=" in played
            # Silent for longer than the session's time-out: it is let go.
            assert viewer.recv(4096) == b""
