"""Time stamps of live streams: reconstructed, never dropped; wall times that can be trusted."""

from __future__ import annotations

from fractions import Fraction

from plainview.media.packets import Packet
from plainview.media.timing import RawPacket, Timeline

BASE = Fraction(1, 90_000)
STEP = 3600


def _raw(pts: int | None, *, prft_ms: float | None = None, arrival: int = 0) -> RawPacket:
    prft = None if prft_ms is None else round(prft_ms * 1000)
    return RawPacket(b"x", pts, pts == 0, False, prft, arrival)


def _feed(timeline: Timeline, raws: list[RawPacket]) -> list[Packet]:
    return [packet for raw in raws for packet in timeline.push(raw)]


def test_the_first_packet_without_time_stamp_is_placed_at_zero() -> None:
    raws = [_raw(None)] + [_raw(k * STEP) for k in (3, 1, 2, 6, 4, 5)]
    assert [p.pts // STEP for p in _feed(Timeline(BASE, "h264"), raws)] == [0, 3, 1, 2, 6, 4, 5]


def test_the_camera_s_clock_places_packets_without_time_stamp() -> None:
    shown = [0, 3, 1, 2]
    raws = [
        _raw(None if at < 3 else 100 * STEP + k * STEP, prft_ms=5_000_000 + k * 40)
        for at, k in enumerate(shown)
    ]
    packets = _feed(Timeline(BASE, "h264"), raws)
    assert [p.pts // STEP - 100 for p in packets] == shown


def test_without_any_clock_they_are_counted_backwards() -> None:
    raws = [_raw(None), _raw(None), _raw(500 * STEP), _raw(501 * STEP)]
    pts = [p.pts // STEP for p in _feed(Timeline(BASE, "h264"), raws)]
    assert pts == [498, 499, 500, 501]


def test_a_stream_without_time_stamps_loses_nothing() -> None:
    timeline = Timeline(BASE, "h264")
    packets = _feed(timeline, [_raw(None) for _ in range(100)]) + timeline.drain()
    assert len(packets) == 100
    assert len({p.pts for p in packets}) == 100


def test_the_camera_s_clock_counts_while_it_is_believable() -> None:
    timeline = Timeline(BASE, "h264")
    near = timeline.push(_raw(0, prft_ms=1_000_500, arrival=1_000_000))[0]
    assert (near.wall_ms, near.wall_source, near.arrival_ms) == (1_000_500, "rtcp", 1_000_000)
    far = timeline.push(_raw(STEP, prft_ms=1_200_000, arrival=1_000_040))[0]
    assert (far.wall_ms, far.wall_source) == (1_000_040, "arrival")
    assert timeline.clock_error_ms == 199_960


def test_arrival_times_follow_the_stream_s_own_time_line() -> None:
    timeline = Timeline(BASE, "h264")
    jitter = [0, 35, 5, 60, 0, 20]
    raws = [_raw(k * STEP, arrival=10_000 + 40 * k + late) for k, late in enumerate(jitter)]
    assert [p.wall_ms for p in _feed(timeline, raws)] == [10_000 + 40 * k for k in range(6)]


def test_a_jump_of_the_time_stamps_is_marked() -> None:
    timeline = Timeline(BASE, "h264")
    packets = _feed(timeline, [_raw(0), _raw(STEP), _raw(900 * STEP), _raw(901 * STEP)])
    assert [p.discontinuity for p in packets] == [False, False, True, False]
