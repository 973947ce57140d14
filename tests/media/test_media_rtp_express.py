"""Whole pictures out of a buffer: the same as packet by packet, whatever the stream holds."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.media import nal
from plainview.media.packets import Codec
from plainview.media.rtp.description import Video
from plainview.media.rtp.express import Express, Found
from plainview.media.rtp.message import Inbox, Interleaved
from plainview.media.rtp.receiver import Receiver
from plainview.media.timing import RawPacket
from plainview.testing.rtp import Packetiser

CODECS: tuple[Codec, ...] = ("h264", "hevc")
TYPE, SSRC, CHANNEL = 96, 7, 0


class Camera:
    """One connection's receiver, read as `RtpStream` reads it, or packet by packet."""

    def __init__(self, codec: Codec, *, express: bool) -> None:
        video = Video("", TYPE, codec, 90_000, b"", 25.0)
        self.receiver = Receiver("cam", video, lambda: 5, ssrc=SSRC, window_s=0.0)
        self._express = Express(codec, TYPE, CHANNEL) if express else None
        self._inbox = Inbox()
        self.got: list[RawPacket] = []
        self.whole = 0

    def feed(self, data: bytes) -> None:
        inbox = self._inbox
        inbox.add(data)
        while True:
            if self._express is not None:
                found, pictures = self.receiver.whole(self._express, inbox.buffer, inbox.at, 1.0)
                if found is Found.WHOLE:
                    inbox.at = self._express.at
                    self.got += pictures
                    self.whole += 1
                    continue
                if found is Found.MORE:
                    break
            one = inbox.next()
            if one is None:
                break
            if isinstance(one, Interleaved) and one.channel == CHANNEL:
                self.got += self.receiver.rtp(one.data, 1.0)
        inbox.tidy()

    def end(self) -> None:
        self._express = None
        self.feed(b"")
        self.got += self.receiver.flush(1.0)


def framed(packets: list[bytes]) -> bytes:
    return b"".join(b"$\x00" + len(one).to_bytes(2, "big") + one for one in packets)


def pictures(codec: Codec, sizes: list[int], seed: int) -> list[list[bytes]]:
    """RTP packets of pictures of one to three slices; numbers wrap early."""
    chance = random.Random(seed)  # noqa: S311 - filler
    sender = Packetiser(codec, ssrc=SSRC, sequence=65_530, first_timestamp=0xFFFFF000)
    head = b"\x41" if codec == "h264" else b"\x02\x01"
    found = []
    for number, size in enumerate(sizes):
        units = [
            head + (b"\x1a" if slices else b"\x9a") + bytes(chance.choices(range(1, 256), k=size))
            for slices in range(chance.choice([1, 1, 1, 2, 3]))
        ]
        found.append(list(sender.access_unit(units, number * 3600)))
    return found


def both(codec: Codec, data: bytes, cuts: list[int]) -> tuple[Camera, Camera]:
    fast, slow = Camera(codec, express=True), Camera(codec, express=False)
    at = 0
    for cut in [*sorted(cuts), len(data)]:
        fast.feed(data[at:cut])
        at = max(at, cut)
    slow.feed(data)
    for one in (fast, slow):
        one.end()
    return fast, slow


EXAMPLES = 2000 if os.environ.get("PLAINVIEW_BARS") else 25
SIZES = st.lists(st.integers(1, 9000), min_size=10, max_size=16)


@pytest.mark.parametrize("codec", CODECS)
@settings(max_examples=EXAMPLES)
@given(sizes=SIZES, seed=st.integers(0, 99), data=st.data())
def test_it_is_the_same_however_it_is_cut(
    codec: Codec, sizes: list[int], seed: int, data: st.DataObject
) -> None:
    packets = pictures(codec, sizes, seed)
    text = framed([one for picture in packets for one in picture])
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=6))
    fast, slow = both(codec, text, cuts)
    assert fast.got == slow.got
    assert fast.receiver.counts.received == slow.receiver.counts.received
    assert fast.receiver.counts.lost == slow.receiver.counts.lost == 0
    assert len(fast.got) == len(sizes)
    assert fast.whole > 0


@pytest.mark.parametrize("codec", CODECS)
@settings(max_examples=EXAMPLES)
@given(sizes=SIZES, seed=st.integers(0, 99), data=st.data())
def test_no_fault_is_overlooked(
    codec: Codec, sizes: list[int], seed: int, data: st.DataObject
) -> None:
    """Packets that are gone, doubled, swapped, or changed in any one byte of their heads."""
    packets = [one for picture in pictures(codec, sizes, seed) for one in picture]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(packets) - 2))
        fault = data.draw(st.sampled_from(["gone", "twice", "swapped", "changed", "cut"]))
        if fault == "gone":
            del packets[at]
        elif fault == "twice":
            packets.insert(at, packets[at])
        elif fault == "swapped":
            packets[at : at + 2] = reversed(packets[at : at + 2])
        elif fault == "cut":
            packets[at] = packets[at][: data.draw(st.integers(0, len(packets[at])))]
        else:
            place = data.draw(st.integers(0, min(15, max(0, len(packets[at]) - 1))))
            changed = bytearray(packets[at])
            if changed:
                changed[place] ^= 1 << data.draw(st.integers(0, 7))
            packets[at] = bytes(changed)
    fast, slow = both(codec, framed(packets), [])
    assert fast.got == slow.got
    mine, other = fast.receiver.counts, slow.receiver.counts
    assert (mine.received, mine.lost, mine.late, mine.duplicates, mine.malformed) == (
        other.received, other.lost, other.late, other.duplicates, other.malformed,
    )  # fmt: skip
    assert (mine.strangers, mine.restarts) == (other.strangers, other.restarts)


@pytest.mark.parametrize("codec", CODECS)
def test_the_sizes_of_units_are_those_that_a_search_finds(codec: Codec) -> None:
    packets = pictures(codec, [3000, 20, 5000, 1400, 9000, 100, 4000, 4000], 3)
    fast, _ = both(codec, framed([one for picture in packets for one in picture]), [])
    for raw in fast.got:
        known, searched = nal.length_parts(raw.data, raw.unit_sizes), nal.length_parts(raw.data)
        assert raw.unit_sizes
        assert (b"".join(known[0]), known[1]) == (b"".join(searched[0]), searched[1])
