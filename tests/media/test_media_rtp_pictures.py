"""Payloads into NAL units and pictures: identical when all is there, marked when it is not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import BadFormat
from plainview.media import nal
from plainview.media.packets import Codec
from plainview.media.rtp.packet import Loss, RtpPacket, parse
from plainview.media.rtp.pictures import Picture, Pictures
from plainview.media.rtp.units import Depacketiser, begins_picture
from plainview.testing.rtp import Packetiser, payloads_of

CODECS: tuple[Codec, ...] = ("h264", "hevc")
STEP = 3600


def slice_unit(codec: Codec, number: int, size: int, *, first: bool = True) -> bytes:
    """A slice whose bytes tell which it is."""
    head = b"\x41" if codec == "h264" else b"\x02\x01"
    body = random.Random(number).randbytes(size).replace(b"\x00", b"\x01")  # noqa: S311 - filler
    return head + (b"\x9a" if first else b"\x1a") + body + b"\x80"


def key_units(codec: Codec, size: int) -> list[bytes]:
    if codec == "h264":
        return [b"\x67\x42\x00\x1f", b"\x68\xce\x3c\x80", b"\x65\x88" + b"\x11" * size]
    sets = [b"\x40\x01\x0c", b"\x42\x01\x01", b"\x44\x01\xc1"]
    return [*sets, b"\x26\x01\xaf" + b"\x11" * size]


def stream(codec: Codec, sizes: list[int]) -> tuple[list[list[bytes]], list[list[RtpPacket]]]:
    """Pictures of one slice each (the first is a key picture), and their RTP packets."""
    sender = Packetiser(codec, ssrc=7, sequence=65_500, first_timestamp=0xFFFFF000)
    pictures = [key_units(codec, 3000)]
    pictures += [[slice_unit(codec, n, size)] for n, size in enumerate(sizes)]
    packets = [
        [parse(data) for data in sender.access_unit(units, n * STEP)]
        for n, units in enumerate(pictures)
    ]
    return pictures, packets


def read(codec: Codec, packets: list[list[RtpPacket]], gone: set[tuple[int, int]]) -> list[Picture]:
    """Pictures out of all packets but those that are gone, (picture, packet)."""
    reader, got, lost = Pictures(codec, lambda: 5), [], 0
    for at, of_picture in enumerate(packets):
        for number, packet in enumerate(of_picture):
            if (at, number) in gone:
                lost += 1
                continue
            if lost:
                got += reader.push(Loss(lost))
                lost = 0
            got += reader.push(packet)
    return got + reader.flush()


def place(picture: Picture) -> int:
    return (picture.timestamp - 0xFFFFF000) // STEP


@pytest.mark.parametrize("codec", CODECS)
def test_nothing_lost_nothing_marked(codec: Codec) -> None:
    pictures, packets = stream(codec, [5000, 10, 1400, 1399, 100_000, 2, 3, 4, 5, 6])
    got = read(codec, packets, set())
    assert [list(nal.annexb_units(one.data)) for one in got] == pictures
    assert [place(one) for one in got] == list(range(len(pictures)))
    assert not any(one.damaged or one.missing or one.lost for one in got)
    assert [one.is_key for one in got] == [True] + [False] * 10


@pytest.mark.parametrize("codec", CODECS)
def test_a_slice_is_kept_as_far_as_it_came(codec: Codec) -> None:
    pictures, packets = stream(codec, [100] * 6 + [9000] + [100] * 4)
    assert len(packets[7]) == 7
    got = read(codec, packets, {(7, 3), (7, 5)})
    cut = got[7]
    (unit,) = nal.annexb_units(cut.data)
    assert pictures[7][0].startswith(unit)
    assert 3 * 1300 < len(unit) < 3 * 1400
    assert (cut.damaged, cut.lost, cut.missing) == (True, 2, False)
    others = [one for one in got if one is not cut]
    assert not any(one.damaged or one.lost or one.missing for one in others)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(
    ("gone", "damaged", "missing", "lost"),
    [
        # In the pictures 7 (seven packets), 8 and 9 (one each), 10 (seven).
        ({(7, 6)}, {7}, set(), {7: 1}),
        ({(8, 0)}, set(), {9}, {9: 1}),
        ({(8, 0), (9, 0)}, set(), {10}, {10: 2}),
        ({(7, 6), (8, 0)}, {7}, {9}, {7: 1, 9: 1}),
        ({(9, 0), (10, 0)}, {11}, {11}, {11: 2}),
        ({(10, n) for n in range(7)}, set(), {11}, {11: 7}),
    ],
)  # fmt: skip
def test_where_a_loss_is_declared(
    codec: Codec,
    gone: set[tuple[int, int]],
    damaged: set[int],
    missing: set[int],
    lost: dict[int, int],
) -> None:
    _, packets = stream(codec, [100] * 6 + [9000, 100, 100, 9000, 100, 100])
    got = read(codec, packets, gone)
    if gone == {(9, 0), (10, 0)}:
        # Of picture 10 only fragments without a beginning came: it cannot be shown at all.
        assert 10 not in {place(one) for one in got}
        damaged = set()
    assert {place(one) for one in got if one.damaged} == damaged
    assert {place(one) for one in got if one.missing} == missing
    assert {place(one): one.lost for one in got if one.lost} == lost


@given(seed=st.integers(0, 2**32), codec=st.sampled_from(CODECS), loss=st.floats(0, 0.6))
def test_no_loss_goes_undeclared(seed: int, codec: Codec, loss: float) -> None:
    dice = random.Random(seed)  # noqa: S311 - a test that can be repeated
    sizes = [dice.choice([5, 100, 1400, 4000, 20_000]) for _ in range(40)]
    pictures, packets = stream(codec, sizes)
    gone = {
        (at, number)
        for at, of_picture in enumerate(packets)
        for number in range(len(of_picture))
        if at > 0 and dice.random() < loss
    }
    last = next(
        (at, n)
        for at in reversed(range(len(packets)))
        for n in reversed(range(len(packets[at])))
        if (at, n) not in gone
    )
    got = {place(one): one for one in read(codec, packets, gone)}
    absent = False
    for at, units in enumerate(pictures):
        holes = {where for where in gone if where[0] == at and where < last}
        picture = got.get(at)
        if picture is None:
            assert holes or at >= last[0]
            absent = True
            continue
        assert picture.missing or not absent
        absent = False
        there = list(nal.annexb_units(picture.data))
        if not picture.damaged:
            assert not holes or at == last[0]
            assert there == units
        assert all(any(unit.startswith(one) for unit in units) for one in there)
    total = sum(one.lost for one in got.values())
    known = sum(where < last for where in gone)
    assert total <= known
    if last[0] in got:
        assert total == known


@pytest.mark.parametrize("codec", CODECS)
def test_lost_parameter_sets_are_damage(codec: Codec) -> None:
    sender = Packetiser(codec, ssrc=7, sequence=1, first_timestamp=0)
    packets = []
    for n in range(12):
        units = key_units(codec, 3000) if n % 5 == 0 else [slice_unit(codec, n, 50)]
        packets.append([parse(data) for data in sender.access_unit(units, n * STEP)])
    assert len(packets[10]) > 2
    reader = Pictures(codec, lambda: 0)
    got: list[Picture] = []
    for n, of_picture in enumerate(packets):
        if n == 9:
            continue  # a picture of one packet, and then the parameter sets of the next
        if n == 10:
            got += reader.push(Loss(2))
            of_picture = of_picture[1:]
        for packet in of_picture:
            got += reader.push(packet)
    (marked,) = [one for one in got if one.lost]
    assert marked.timestamp == 10 * STEP
    assert (marked.missing, marked.damaged, marked.is_key) == (True, True, True)


def test_markers_that_stand_on_every_slice_are_not_relied_on() -> None:
    sender = Packetiser("h264", ssrc=7, sequence=0, first_timestamp=0)
    reader, got = Pictures("h264", lambda: 0), []
    for n in range(20):
        units = [slice_unit("h264", n, 50), slice_unit("h264", n + 100, 50, first=False)]
        for unit in units:
            for data in sender.access_unit([unit], n * STEP):
                got += reader.push(parse(data))
    got += reader.flush()
    assert [len(list(nal.annexb_units(one.data))) for one in got] == [2] * 20
    assert not any(one.damaged for one in got)


def test_parameter_sets_with_a_marker_of_their_own_belong_to_the_next_picture() -> None:
    sender = Packetiser("h264", ssrc=7, sequence=0, first_timestamp=0)
    reader, got = Pictures("h264", lambda: 0), []
    for n in range(30):
        for units in ([b"\x67\x42", b"\x68\xce"], [b"\x65\x88\x80\x11"]):
            for data in sender.access_unit(units, n * STEP):
                got += reader.push(parse(data))
    got += reader.flush()
    assert {len(list(nal.annexb_units(one.data))) for one in got} == {3}
    assert len(got) == 30
    assert all(one.is_key for one in got)


def test_an_open_gop_begins_at_its_recovery_point() -> None:
    for message, key in ((b"\x06\x06\x01\xc4\x80", True), (b"\x06\x05\x01\xc4\x80", False)):
        reader = Pictures("h264", lambda: 0)
        for payload in (message, b"\x41\x9a\x11"):
            reader.push(RtpPacket(0, 9, 7, 96, False, payload))
        (picture,) = reader.flush()
        assert picture.is_key is key


@given(st.lists(st.binary(max_size=40), max_size=60), st.sampled_from(CODECS), st.data())
def test_no_payload_can_break_it(payloads: list[bytes], codec: Codec, data: st.DataObject) -> None:
    reader, units = Pictures(codec, lambda: 0), Depacketiser(codec)
    total = 0
    for payload in payloads:
        begins_picture(payload, codec)
        total += sum(map(len, units.push(payload)))
        timestamp = data.draw(st.integers(0, 0xFFFFFFFF))
        if data.draw(st.booleans()):
            reader.push(Loss(data.draw(st.integers(0, 3))))
        reader.push(RtpPacket(0, timestamp, 7, 96, data.draw(st.booleans()), payload))
    reader.flush()
    assert total <= sum(map(len, payloads))


@pytest.mark.parametrize("codec", CODECS)
def test_aggregation_packets_come_apart(codec: Codec) -> None:
    units = key_units(codec, 30)
    payloads = list(payloads_of(units, codec))
    assert len(payloads) == 1
    assert Depacketiser(codec).push(payloads[0]) == units
    cut = Depacketiser(codec)
    assert cut.push(payloads[0][:-1]) == units[:-1]
    assert cut.faults == 1
    assert begins_picture(payloads[0], codec)


@given(st.binary(max_size=64))
def test_any_datagram_is_read_or_refused(data: bytes) -> None:
    try:
        packet = parse(data)
    except BadFormat:
        return
    assert len(packet.payload) <= len(data) - 12


def test_headers_of_every_kind() -> None:
    plain = b"\x80\xe0\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03"
    assert parse(plain + b"ab") == RtpPacket(1, 2, 3, 96, True, b"ab")
    assert parse(plain).payload == b""
    padded = b"\xa0" + plain[1:] + b"ab\x00\x02"
    assert parse(padded).payload == b"ab"
    sourced = b"\x92" + plain[1:] + bytes(8) + b"\xbe\xde\x00\x01" + bytes(4) + b"ab"
    assert parse(sourced).payload == b"ab"
    for wrong in (
        b"", plain[:11], b"\x40" + plain[1:], b"\x8f" + plain[1:],
        b"\x90" + plain[1:] + b"\xbe\xde\x00\x09", b"\xa0" + plain[1:] + b"\x00",
        b"\xa0" + plain[1:] + b"\xff",
    ):  # fmt: skip
        with pytest.raises(BadFormat):
            parse(wrong)
