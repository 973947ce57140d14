"""Frames: private, scaled in YUV, and encoded one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from plainview.errors import BadFormat
from plainview.media import nal
from plainview.media.convert import ClipStyle, encode_clip
from plainview.media.decode import Decoder
from plainview.media.encode import ViewEncoder, as_packet
from plainview.media.fmp4 import write_segment
from plainview.media.frames import Frame, fit
from plainview.media.packets import Packet, Parameters

MovingFrames = Callable[..., Iterator[Frame]]


def _luma(parameters: Parameters, packets: list[Packet], *, scribble: bool) -> list[bytes]:
    """Luma of all pictures, taken before each is written over if `scribble`."""
    decoder, out = Decoder(parameters), []
    for packet in packets:
        for frame in decoder.decode(packet):
            out.append(frame.planes[0].tobytes())
            if scribble:
                for plane in frame.planes:
                    plane[:] = 0
    out.extend(frame.planes[0].tobytes() for frame in decoder.flush())
    return out


@pytest.mark.parametrize(
    "style",
    [ClipStyle(), ClipStyle(bframes=2), ClipStyle(codec="hevc", bframes=2), ClipStyle(codec="av1")],
    ids=["h264", "B-frames", "hevc", "av1"],
)
def test_writing_into_a_frame_harms_no_later_frame(style: ClipStyle, moving: MovingFrames) -> None:
    parameters, packets = encode_clip(moving(40), 25, style)
    clean = _luma(parameters, packets, scribble=False)
    assert _luma(parameters, packets, scribble=True) == clean
    assert len(clean) == 40


def test_frames_carry_the_wall_time_of_their_packet(moving: MovingFrames) -> None:
    parameters, packets = encode_clip(moving(30), 25, ClipStyle(bframes=3))
    decoder = Decoder(parameters, max_height=90)
    frames = [frame for packet in packets for frame in decoder.decode(packet)] + decoder.flush()
    assert [frame.wall_ms for frame in frames] == [40 * number for number in range(30)]
    assert {(frame.width, frame.height) for frame in frames} == {(160, 90)}


@pytest.mark.parametrize(
    ("size", "limit", "expected"),
    [
        ((1920, 1080), 720, (1280, 720)),
        ((640, 360), 720, (640, 360)),
        ((321, 181), None, (320, 180)),
        ((1080, 1920), 720, (404, 720)),
        ((4000, 3), 720, (4000, 2)),
    ],
)
def test_fit(size: tuple[int, int], limit: int | None, expected: tuple[int, int]) -> None:
    width, height = fit(*size, limit)
    assert abs(width - expected[0]) <= 1
    assert height == expected[1]
    assert width % 2 == height % 2 == 0


def test_colours_survive_a_round_trip() -> None:
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, :48], picture[:, 48:] = (30, 60, 200), (180, 90, 20)
    frame = Frame.from_bgr(picture, wall_ms=5)
    assert np.abs(frame.to_bgr().astype(int) - picture)[:, [10, 80]].max() < 6
    assert frame.to_bgr(48, 32).shape == (32, 48, 3)
    assert frame.scaled(48, 32).wall_ms == 5
    twin = frame.copy()
    twin.planes[0][:] = 0
    assert frame.planes[0].max() > 0


def test_a_part_of_a_frame() -> None:
    frame = Frame.blank(64, 48)
    frame.planes[0][10:20, 20:40] = 200
    frame.planes[1][5:10, 10:20] = 90
    part = frame.cropped(20, 10, 20, 10)
    assert part.planes[0].min() == 200
    assert part.planes[1].min() == part.planes[1].max() == 90
    with pytest.raises(BadFormat, match="even"):
        frame.cropped(1, 0, 20, 10)
    with pytest.raises(BadFormat, match="inside"):
        frame.cropped(50, 0, 20, 10)


def test_the_view_encoder_gives_one_unit_for_each_frame(moving: MovingFrames) -> None:
    encoder = ViewEncoder(320, 180, 25)
    units = [encoder.encode(frame) for frame in moving(120)]
    assert [at for at, unit in enumerate(units) if unit.is_key] == [0, 50, 100]
    for unit in units:
        kinds = [nal.unit_type(u, "h264") for u in nal.annexb_units(unit.data)]
        assert kinds[:2] == [7, 8] if unit.is_key else not {7, 8} & set(kinds)
    decoder = Decoder(encoder.parameters)
    for unit in units:
        assert [frame.wall_ms for frame in decoder.decode(as_packet(unit))] == [unit.wall_ms]
    assert write_segment([as_packet(unit) for unit in units], encoder.parameters)


def test_a_slow_camera_still_gets_a_key_frame_every_two_seconds(moving: MovingFrames) -> None:
    encoder = ViewEncoder(320, 180, 25)
    keys = []
    for number, frame in enumerate(moving(8)):
        frame.wall_ms = 1_000_000 + number * 900
        keys.append(encoder.encode(frame).is_key)
    assert keys == [True, False, False, True, False, False, True, False]


def test_a_clock_that_steps_back_begins_a_key_frame(moving: MovingFrames) -> None:
    encoder = ViewEncoder(320, 180, 25)
    first, second = moving(2)
    first.wall_ms, second.wall_ms = 50_000, 20_000
    assert encoder.encode(first).is_key
    assert encoder.encode(second).is_key
    with pytest.raises(BadFormat, match="size"):
        encoder.encode(Frame.blank(64, 48))
