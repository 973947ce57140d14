"""Durations are the camera's own: variable rates, dropped frames, clocks that drift."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.ingest.segmenter import Segment, Segmenter
from plainview.ingest.session import Gap
from plainview.media.files import read_packets
from plainview.media.packets import Packet, Parameters
from plainview.media.timing import JUMP_MS, RawPacket, Timeline
from plainview.store.spans import JOIN_MS

BASE = Fraction(1, 90_000)
START = 1_700_000_000_000
PARAMETERS = Parameters("mjpeg", 64, 48, b"")
STEPS = st.lists(st.sampled_from([3000, 3003, 3600, 4500, 9000, 45_000, 120_000]), min_size=1)


def recorded(raws: Iterable[RawPacket], window_ms: int = 900_000) -> list[Segment]:
    """As a source and a recorder do it; MJPEG: every packet is a key frame."""
    timeline = Timeline(BASE, "mjpeg")
    segmenter = Segmenter(lambda ms: (ms // window_ms + 1) * window_ms)
    segments: list[Segment] = []
    for raw in raws:
        for packet in timeline.push(raw):
            if packet.discontinuity:
                segments += segmenter.push(Gap(packet.wall_ms, packet.wall_ms, "a jump"))
            segments += segmenter.push(packet, PARAMETERS)
    return segments + segmenter.flush()


def _raw(ticks: int, *, arrival: float, prft: float | None = None) -> RawPacket:
    told = None if prft is None else round(prft * 1000)
    return RawPacket(b"\xff\xd8\xff", ticks, True, False, told, round(arrival))


@given(STEPS, st.integers(0, 10**6))
@settings(max_examples=60)
def test_a_variable_rate_keeps_its_times(steps: list[int], seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - repeatable
    ticks = list(itertools.accumulate((dice.choice(steps) for _ in range(150)), initial=0))
    raws = [_raw(t, arrival=START + t / 90 + 30, prft=START + t / 90) for t in ticks]
    segments = recorded(raws)
    assert [p.pts for s in segments for p in s.packets] == ticks
    for before, after in itertools.pairwise(segments):
        assert abs(after.start_ms - before.end_ms) <= 1
    whole = sum(segment.end_ms - segment.start_ms for segment in segments)
    assert abs(whole - ticks[-1] / 90) <= max(steps) / 90 + len(segments)
    for segment in segments:
        _, packets = read_packets(segment.fmp4())
        own = [round(packet.pts_ms, 3) for packet in segment.packets]
        assert [round(p.pts_ms, 1) for p in packets] == pytest.approx(
            [at - own[0] for at in own], abs=0.1
        )


@pytest.mark.parametrize("ppm", [200, -200])
@pytest.mark.parametrize("reports", [True, False])
def test_a_clock_that_drifts_for_an_hour_leaves_no_gaps(ppm: int, reports: bool) -> None:
    dice = random.Random(1)  # noqa: S311 - repeatable
    step = 18_000  # five pictures a second by the camera's clock
    raws = []
    for number in range(5 * 3600):
        taken = START + number * 200 * (1 + ppm / 1e6)
        late = dice.expovariate(1 / 15) + (400 if dice.random() < 0.01 else 0)
        prft = START + number * 200 if reports else None
        raws.append(_raw(number * step, arrival=taken + late, prft=prft))
    segments = recorded(raws)
    assert sum(len(segment.packets) for segment in segments) == len(raws)
    assert not any(segment.gap_before for segment in segments)
    for before, after in itertools.pairwise(segments):
        assert abs(after.start_ms - before.end_ms) <= 100 < JOIN_MS
    for segment in segments:
        length = len(segment.packets) * 200
        assert abs(segment.end_ms - segment.start_ms - length) <= 100
    last = segments[-1].packets[-1]
    true = START + (len(raws) - 1) * 200 * (1 if reports else 1 + ppm / 1e6)
    assert abs(last.wall_ms - true) <= 200
    if ppm < 0 or not reports:
        assert all(a.end_ms - b.start_ms <= 100 for a, b in itertools.pairwise(segments))


def test_a_stall_of_the_network_moves_no_picture() -> None:
    """Three seconds of pictures come at once after a stall: their times are those of before."""
    timeline = Timeline(BASE, "mjpeg")
    packets: list[Packet] = []
    for number in range(500):
        taken = START + number * 40
        arrival = max(taken, START + 11_000) if 8_000 <= number * 40 <= 11_000 else taken
        packets += timeline.push(_raw(number * 3600, arrival=arrival))
    assert [packet.wall_ms for packet in packets] == [START + n * 40 for n in range(500)]


def test_a_time_line_that_stops_is_noticed_within_seconds() -> None:
    """The camera slept for ten seconds and its time stamps did, too."""
    timeline = Timeline(BASE, "mjpeg")
    walls = []
    for number in range(500):
        slept = 10_000 if number >= 200 else 0
        arrival = START + number * 40 + slept
        walls.append(timeline.push(_raw(number * 3600, arrival=arrival))[0].wall_ms - arrival)
    assert max(map(abs, walls[300:])) <= 40


def test_two_clocks_that_disagree_by_the_limit_do_not_flicker() -> None:
    timeline = Timeline(BASE, "mjpeg")
    dice = random.Random(2)  # noqa: S311 - repeatable
    sources = []
    for number in range(2000):
        taken = START + number * 40
        prft = taken + 10_000 + 0.05 * number  # just too far, and further
        raw = _raw(number * 3600, arrival=taken + dice.uniform(0, 120), prft=prft)
        sources.append(timeline.push(raw)[0].wall_source)
    assert len(list(itertools.groupby(sources))) <= 2
    assert sources[-1] == "arrival"


def test_time_stamps_that_stand_still_end_a_segment_all_the_same() -> None:
    raws = [_raw(0, arrival=START + n * 40) for n in range(3000)]
    segments = recorded(raws)
    assert sum(len(segment.packets) for segment in segments) == 3000
    assert len(segments) > 3
    assert all(segment.fmp4() for segment in segments)


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=60))
@settings(max_examples=60)
def test_any_time_stamps_become_files(stamps: list[int]) -> None:
    raws = [_raw(stamp, arrival=START + at * 40) for at, stamp in enumerate(stamps)]
    segments = recorded(raws)
    assert [p.pts for s in segments for p in s.packets] == stamps
    for segment in segments:
        _, packets = read_packets(segment.fmp4())
        assert len(packets) == len(segment.packets)
        assert segment.end_ms > segment.start_ms
    assert JUMP_MS == 2_000
