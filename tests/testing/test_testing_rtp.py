"""The camera's packetiser, read back by a depacketiser written from the RFCs."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.media.packets import Codec
from plainview.testing.rtp import MAX_PAYLOAD, Packetiser, payloads_of, starts_key


def _depacketise(payloads: list[bytes], codec: Codec) -> list[bytes]:
    """RFC 6184 clauses 5.6 to 5.8, RFC 7798 clauses 4.4.1 to 4.4.3."""
    units: list[bytes] = []
    for payload in payloads:
        kind = payload[0] & 31 if codec == "h264" else payload[0] >> 1 & 63
        if kind == (24 if codec == "h264" else 48):
            at = 1 if codec == "h264" else 2
            while at < len(payload):
                (length,) = struct.unpack_from(">H", payload, at)
                units.append(payload[at + 2 : at + 2 + length])
                at += 2 + length
        elif codec == "h264" and kind == 28:
            if payload[1] & 0x80:
                units.append(bytes([payload[0] & 0xE0 | payload[1] & 31]))
            units[-1] += payload[2:]
        elif codec == "hevc" and kind == 49:
            if payload[2] & 0x80:
                head = payload[0] & 0x81 | (payload[2] & 63) << 1
                units.append(bytes([head, payload[1]]))
            units[-1] += payload[3:]
        else:
            units.append(payload)
    return units


H264 = st.builds(
    lambda kind, ref, size: bytes([ref << 5 | kind]) + bytes(size),
    st.integers(1, 23), st.integers(0, 3), st.integers(1, 9000),
)  # fmt: skip
HEVC = st.builds(
    lambda kind, size: bytes([kind << 1, 1]) + bytes(size),
    st.integers(0, 40), st.integers(1, 9000),
)  # fmt: skip


@given(st.lists(H264, min_size=1, max_size=12))
def test_h264_comes_back(units: list[bytes]) -> None:
    payloads = list(payloads_of(units, "h264"))
    assert all(len(payload) <= MAX_PAYLOAD for payload in payloads)
    assert _depacketise(payloads, "h264") == units


@given(st.lists(HEVC, min_size=1, max_size=12))
def test_hevc_comes_back(units: list[bytes]) -> None:
    payloads = list(payloads_of(units, "hevc"))
    assert all(len(payload) <= MAX_PAYLOAD for payload in payloads)
    assert _depacketise(payloads, "hevc") == units


def test_sequence_numbers_wrap_and_the_last_packet_has_the_marker() -> None:
    packetiser = Packetiser("h264", ssrc=7, sequence=0xFFFE, first_timestamp=0xFFFFFFF0)
    packets = list(packetiser.access_unit([b"\x65" + bytes(5000)], 0x20))
    heads = [struct.unpack_from(">BBHII", packet) for packet in packets]
    assert [head[2] for head in heads] == [0xFFFE, 0xFFFF, 0, 1]
    assert [head[1] >> 7 for head in heads] == [0, 0, 0, 1]
    assert {head[3] for head in heads} == {0x10}


def test_a_sender_report_tells_the_wall_clock() -> None:
    packetiser = Packetiser("h264", ssrc=7, sequence=0, first_timestamp=100)
    report = packetiser.sender_report(1_700_000_000_500, 90_000)
    kind, length, ssrc, seconds, fraction, stamp = struct.unpack_from(">xBHIIII", report)
    assert (kind, length, ssrc) == (200, 6, 7)
    assert seconds - 2_208_988_800 == 1_700_000_000
    assert abs(fraction / 2**32 - 0.5) < 1e-6
    assert stamp == 90_100
    assert len(report) % 4 == 0


@pytest.mark.parametrize(
    ("payload", "codec", "expected"),
    [
        (b"\x67\x42\x00\x1f", "h264", True),
        (b"\x78\x00\x04\x67", "h264", True),
        (b"\x7c\x85\x00\x00", "h264", True),
        (b"\x7c\x05\x00\x00", "h264", False),
        (b"\x41\x9a\x00\x00", "h264", False),
        (b"\x42\x01\x01\x01", "hevc", True),
        (b"\x02\x01\x01\x01", "hevc", False),
        (b"\x60\x01\x00\x04\x42\x01", "hevc", True),
        (b"\x60\x01\x00\x04\x02\x01", "hevc", False),
        (b"\x67", "h264", False),
    ],
)
def test_where_a_viewer_may_join(payload: bytes, codec: Codec, expected: bool) -> None:
    assert starts_key(payload, codec) is expected
