"""Segments: copied byte for byte, with B-frames, several slices, H.264 and H.265."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import BadFormat
from plainview.media import codecs, fmp4, nal
from plainview.media.convert import ClipStyle, encode_clip, write_clip
from plainview.media.decode import Decoder
from plainview.media.files import VideoFile, read_frames, read_packets
from plainview.media.frames import Frame
from plainview.media.packets import Codec

MovingFrames = Callable[..., Iterator[Frame]]

STYLES = [
    ClipStyle(),
    ClipStyle(bframes=3),
    ClipStyle(bframes=2, slices=4, open_gop=True),
    ClipStyle(codec="hevc", bframes=2),
    ClipStyle(codec="av1"),
    ClipStyle(codec="mjpeg", pixels="yuvj420p"),
    ClipStyle(pixels="yuv422p"),
    ClipStyle(codec="hevc", pixels="yuv420p10le"),
]


@pytest.mark.parametrize("style", STYLES)
def test_a_segment_is_a_copy(style: ClipStyle, moving: MovingFrames) -> None:
    parameters, packets = encode_clip(moving(60), 25, style)
    segment = fmp4.write_segment(packets, parameters)
    again, read = read_packets(segment)
    assert dataclasses.replace(again, extradata=b"") == dataclasses.replace(
        parameters, extradata=b""
    )
    assert again.extradata == parameters.extradata
    assert [codecs.picture_hashes(p.data, p.codec) for p in read] == [
        codecs.picture_hashes(p.data, p.codec) for p in packets
    ]
    assert [p.pts_ms for p in read] == [p.pts_ms for p in packets]
    assert [p.is_key for p in read] == [p.is_key for p in packets]


@pytest.mark.parametrize("style", STYLES)
def test_every_picture_decodes_at_its_time(style: ClipStyle, moving: MovingFrames) -> None:
    parameters, packets = encode_clip(moving(50), 25, style)
    segment = fmp4.write_segment(packets, parameters)
    walls = [frame.wall_ms for frame in read_frames(segment, base_ms=1000)]
    assert walls == [1000 + 40 * number for number in range(50)]
    # And by FFmpeg's own demuxer and decoder together, as a court's player would.
    with av.open(io.BytesIO(segment), "r", format="mp4") as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([number / 25 for number in range(50)])


def test_sei_messages_are_kept(moving: MovingFrames) -> None:
    parameters, packets = encode_clip(moving(5), 25)
    signed = nal.START_CODE + b"\x06\x05\x11" + bytes(range(1, 18)) + b"\x80"
    first = dataclasses.replace(packets[0], data=signed + packets[0].data)
    _, read = read_packets(fmp4.write_segment([first, *packets[1:]], parameters))
    assert signed[4:] in list(nal.annexb_units(read[0].data))


def test_a_segment_from_the_middle_of_a_gop(moving: MovingFrames) -> None:
    parameters, packets = encode_clip(moving(40), 25)
    _, read = read_packets(fmp4.write_segment(packets[7:20], parameters))
    assert len(read) == 13
    assert not any(packet.is_key for packet in read)


def test_nothing_to_write_is_refused(moving: MovingFrames) -> None:
    parameters, packets = encode_clip(moving(2), 25)
    with pytest.raises(BadFormat, match="at least one"):
        fmp4.write_segment([], parameters)
    with pytest.raises(BadFormat, match="no parameter sets"):
        fmp4.write_segment(packets, dataclasses.replace(parameters, extradata=b""))


@given(st.binary(max_size=300))
def test_garbage_is_no_segment(data: bytes) -> None:
    with pytest.raises(BadFormat):
        read_packets(data)


def test_a_cut_segment_is_refused_or_shorter(moving: MovingFrames) -> None:
    parameters, packets = encode_clip(moving(30), 25)
    segment = fmp4.write_segment(packets, parameters)
    for cut in range(0, len(segment), len(segment) // 23):
        try:
            _, read = read_packets(segment[:cut])
        except BadFormat:
            continue
        assert len(read) <= 30


def test_files_are_read_without_their_other_streams(tmp_path: Path, moving: MovingFrames) -> None:
    path = tmp_path / "clip.mp4"
    write_clip(path, moving(25, 322, 182), 12.5)
    with VideoFile(path) as file:
        assert (file.size, file.codec, file.fps) == ((322, 182), "h264", 12.5)
        assert file.duration_ms == 2000
        assert len(list(file.frames(max_height=90))) == 25


def test_a_decoder_names_a_damaged_packet(moving: MovingFrames) -> None:
    parameters, packets = encode_clip(moving(3), 25)
    decoder = Decoder(parameters)
    broken = dataclasses.replace(packets[0], data=nal.START_CODE + b"\x65")
    with pytest.raises(BadFormat, match="could not be decoded"):
        decoder.decode(broken)


def test_more_parameter_sets_than_a_file_can_name(moving: MovingFrames) -> None:
    """The record takes what it has room for; all of them stand in the stream itself."""
    parameters, packets = encode_clip(moving(5), 25)
    many = nal.join_annexb(b"\x67\x42\x00\x1e" + bytes([200, at]) for at in range(1, 60))
    many += nal.join_annexb(b"\x68" + bytes([1 + at // 200, 1 + at % 200]) for at in range(300))
    many += nal.join_annexb([b"\x67" + b"\x55" * 70_000, b"\x67"])
    crowd = dataclasses.replace(parameters, extradata=parameters.extradata + many)
    _, read = read_packets(fmp4.write_segment(packets, crowd))
    assert [b"".join(codecs.sample_parts(p)[0]) for p in read] == [
        b"".join(codecs.sample_parts(p)[0]) for p in packets
    ]


@pytest.mark.parametrize("pixels", ["yuv422p", "yuv420p10le", "yuv444p"])
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_the_record_tells_the_true_format(codec: Codec, pixels: str, moving: MovingFrames) -> None:
    style = ClipStyle(codec=codec, preset="ultrafast", pixels=pixels)
    parameters, _ = encode_clip(moving(3), 25, style)
    sets = nal.parameter_sets(parameters.extradata, codec)
    chroma = {"yuv422p": 2, "yuv420p10le": 1, "yuv444p": 3}[pixels]
    depth = 2 if "10" in pixels else 0
    if codec == "h264":
        record = fmp4.avc_configuration(sets)[-4:]
        assert list(record) == [0xFC | chroma, 0xF8 | depth, 0xF8 | depth, 0]
    else:
        record = fmp4.hevc_configuration(sets)
        assert list(record[16:19]) == [0xFC | chroma, 0xF8 | depth, 0xF8 | depth]
