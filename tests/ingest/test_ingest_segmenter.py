"""The segmenter as a rule book: every packet once, in order, 4 to 10 s, never across a window."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from plainview.ingest.segmenter import Segment, Segmenter
from plainview.ingest.session import Gap
from plainview.media.packets import Packet, Parameters

BASE = Fraction(1, 1000)
PARAMETERS = Parameters("h264", 64, 48, b"\x00\x00\x00\x01\x67\x01\x00\x00\x00\x01\x68\x01")
START = 1_700_000_000_000 - 1_700_000_000_000 % 60_000


def _packet(at: int, *, key: bool = False, wall: int | None = None) -> Packet:
    wall = START + at if wall is None else wall
    return Packet(b"x", at, BASE, key, wall, "rtcp", wall + 40, "h264")


def _stream(count: int, gop: int, bframes: int, step: int = 40, plain: int = 0) -> list[Packet]:
    """Decode order: `plain` pictures, then anchors, each with the frames shown before it."""
    shown = [0, *range(1, plain + 1)]
    while len(shown) < count:
        anchor = max(shown) + bframes + 1
        shown += [anchor, *range(anchor - bframes, anchor)]
    return [_packet(k * step, key=at % gop == 0) for at, k in enumerate(shown)]


def _run(
    items: list[Packet | Gap], window: int = 60_000, every: Callable[[int], int] | None = None
) -> list[Segment]:
    segmenter = Segmenter(every or (lambda ms: (ms // window + 1) * window))
    done = [segment for item in items for segment in segmenter.push(item, PARAMETERS)]
    return done + segmenter.flush()


def begins_late(segment: Segment, packets: list[Packet]) -> bool:
    """Of the stream's first picture one cannot tell yet whether the second is shown next."""
    return segment.packets[0] is packets[0]


@given(
    gop=st.integers(1, 400),
    bframes=st.integers(0, 3),
    window=st.sampled_from([7_000, 60_000, 900_000]),
    step=st.sampled_from([33, 40, 100, 200]),
    before=st.integers(0, 1_000),
    plain=st.sampled_from([0, 1, 2, 9]),
)
def test_every_packet_once_and_never_across_a_window(
    gop: int, bframes: int, window: int, step: int, before: int, plain: int
) -> None:
    """It begins `before` ms ahead of a window, and reorders only after some `plain` pictures."""
    begin = START // window * window + window - before
    packets = [
        replace(packet, wall_ms=begin + packet.pts, arrival_ms=begin + packet.pts + 40)
        for packet in _stream(700, gop, bframes, step, plain)
    ]
    segments = _run(list(packets), window)
    assert [packet for segment in segments for packet in segment.packets] == packets
    reorder = (bframes + 1) * step
    for segment in segments:
        end = (segment.start_ms // window + 1) * window
        assert segment.packets[0].wall_ms < end
        late = reorder if bframes else begins_late(segment, packets) * step
        assert all(packet.wall_ms < end + late for packet in segment.packets)
        assert segment.end_ms - segment.start_ms <= 10_000 + 2 * reorder
        assert segment.continuing != segment.packets[0].is_key
        assert segment.start_ms == min(packet.wall_ms for packet in segment.packets)
    starts = [segment.start_ms for segment in segments]
    assert starts == sorted(starts)
    for one, following in itertools.pairwise(segments):
        assert one.end_ms == following.start_ms


def test_whole_gops_of_at_least_four_seconds() -> None:
    segments = _run(list(_stream(750, 50, 0)), 900_000)
    assert {len(segment.packets) for segment in segments} == {100, 50}
    assert not any(segment.continuing for segment in segments)


def test_gops_that_would_not_fit_together_stand_alone() -> None:
    segments = _run(list(_stream(1200, 200, 0)), 900_000)
    assert [len(segment.packets) for segment in segments] == [200] * 6


def test_a_long_gop_is_cut_and_marked() -> None:
    segments = _run(list(_stream(600, 600, 0)), 900_000)
    assert [segment.continuing for segment in segments] == [False, True, True]
    assert [len(segment.packets) for segment in segments] == [250, 250, 100]


def test_a_gap_ends_a_segment_and_stands_before_the_next() -> None:
    packets = _stream(100, 25, 0)
    lost = Gap(START + 2000, None, "cut")
    found = Gap(START + 2000, START + 9000, "cut")
    segments = _run([*packets[:50], lost, found, *packets[50:]], 900_000)
    assert [segment.gap_before for segment in segments] == [None, found]
    assert len(segments[0].packets) == 50


def test_gaps_in_a_row_become_one() -> None:
    packets = _stream(4, 1, 0)
    gaps = [Gap(100, None, "a"), Gap(100, 200, "a"), Gap(200, None, "b"), Gap(200, 300, "b")]
    segments = _run([packets[0], *gaps, *packets[1:]], 900_000)
    assert segments[-1].gap_before == Gap(100, 300, "b")


def test_new_parameter_sets_begin_a_segment() -> None:
    packets = _stream(100, 50, 0)
    other = Parameters("h264", 128, 96, PARAMETERS.extradata + b"\x00\x00\x00\x01\x68\x02")
    segmenter = Segmenter(lambda ms: ms + 900_000)
    done = [s for p in packets[:50] for s in segmenter.push(p, PARAMETERS)]
    done += [s for p in packets[50:] for s in segmenter.push(p, other)] + segmenter.flush()
    assert [(segment.parameters.width, len(segment.packets)) for segment in done] == [
        (64, 50),
        (128, 50),
    ]


def test_nothing_in_gives_nothing_out() -> None:
    assert _run([]) == []
    assert _run([Gap(1, None, "never came")]) == []
