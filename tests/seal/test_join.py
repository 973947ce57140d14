"""Joining segments: with and without B-frames every packet and every time survives."""

from __future__ import annotations

import io
import itertools
from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from plainview.errors import BadFormat
from plainview.media import nal
from plainview.media.files import read_frames, read_packets
from plainview.media.fmp4 import write_segment
from plainview.media.packets import Packet, Parameters
from plainview.seal.join import Joiner

GOP = 12
STEP_MS = 40
START = 1_795_000_000_000


def encoded(bframes: int, gops: int, width: int = 64) -> list[bytes]:
    """Segments of one GOP each, as the recorder makes them."""
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, 48, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 1000), Fraction(25)
    options = {"bf": str(bframes), "g": str(GOP), "keyint_min": str(GOP), "sc_threshold": "0"}
    context.options = {**options, "x264-params": "open-gop=0:scenecut=0"}
    dice = np.random.default_rng(1)
    raw = []
    for number in range(GOP * gops):
        picture = dice.integers(0, 255, (48, width, 3), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number * STEP_MS, Fraction(1, 1000)
        raw += context.encode(frame)
    raw += context.encode(None)
    packets = [_packet(one) for one in raw]
    sets = nal.join_annexb(nal.parameter_sets(packets[0].data, "h264"))
    parameters = Parameters("h264", width, 48, sets)
    starts = [at for at, packet in enumerate(packets) if packet.is_key] + [len(packets)]
    return [write_segment(packets[a:b], parameters) for a, b in itertools.pairwise(starts)]


def _packet(raw: av.Packet[VideoStream]) -> Packet:
    assert raw.pts is not None
    wall = START + raw.pts
    base = Fraction(1, 1000)
    return Packet(bytes(raw), raw.pts, base, raw.is_keyframe, wall, "arrival", wall, "h264")


@pytest.mark.parametrize("bframes", [0, 2])
def test_every_packet_and_time_survives(bframes: int) -> None:
    segments = encoded(bframes, 4)
    out = io.BytesIO()
    joiner = Joiner(out)
    for number, segment in enumerate(segments):
        assert joiner.fits(segment)
        joiner.add(segment, START + number * GOP * STEP_MS)
    _, joined = read_packets(out.getvalue())
    parts = [packet for segment in segments for packet in read_packets(segment)[1]]
    assert [packet.data for packet in joined] == [packet.data for packet in parts]
    shown = [frame.pts for frame in read_frames(out.getvalue())]
    steps = {b - a for a, b in itertools.pairwise(shown)}
    assert len(shown) == GOP * 4
    assert steps == {shown[1] - shown[0]}


def test_a_gap_stays_a_gap() -> None:
    segments = encoded(0, 3)
    out = io.BytesIO()
    joiner = Joiner(out)
    for number in (0, 2):
        joiner.add(segments[number], START + number * GOP * STEP_MS)
    _, joined = read_packets(out.getvalue())
    times = [packet.pts_ms for packet in joined]
    assert times[GOP] - times[0] == pytest.approx(2 * GOP * STEP_MS)


def test_another_size_does_not_fit() -> None:
    joiner = Joiner(io.BytesIO())
    joiner.add(encoded(0, 1)[0], START)
    assert not joiner.fits(encoded(0, 1, width=96)[0])


@pytest.mark.parametrize("cut", [4, 40, 200, -3])
def test_cut_segments_are_refused(cut: int) -> None:
    with pytest.raises(BadFormat):
        Joiner(io.BytesIO()).add(encoded(0, 1)[0][:cut], START)
