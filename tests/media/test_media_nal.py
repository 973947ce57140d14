"""NAL units: both framings, and picture sizes, against what encoders write."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import BadFormat
from plainview.media import nal
from plainview.media.convert import ClipStyle, encode_clip
from plainview.media.frames import Frame
from plainview.media.packets import Codec
from plainview.media.sps import picture_size

UNITS = st.lists(
    st.binary(min_size=1, max_size=60).map(
        lambda raw: b"\x65" + raw.replace(b"\x00\x00", b"\x00\x01") + b"\x80"
    ),
    max_size=8,
)


@given(UNITS)
def test_annexb_gives_back_the_units(units: list[bytes]) -> None:
    assert list(nal.annexb_units(nal.join_annexb(units))) == units


@given(UNITS)
def test_lengths_give_back_the_units(units: list[bytes]) -> None:
    assert list(nal.length_units(nal.join_lengths(units))) == units


@given(st.binary(max_size=200))
def test_any_bytes_walk_to_an_end(data: bytes) -> None:
    for unit in nal.annexb_units(data):
        assert unit
    with contextlib.suppress(BadFormat):
        assert sum(map(len, nal.length_units(data))) <= len(data)


def test_three_byte_start_codes_and_trailing_zeros() -> None:
    data = b"\x00\x00\x01\x67\x42\x00\x00\x00\x01\x68\xce\x00\x00\x01\x65\x88\x00\x00"
    assert list(nal.annexb_units(data)) == [b"\x67\x42", b"\x68\xce", b"\x65\x88"]
    assert [u[0] & 31 for u in nal.parameter_sets(data, "h264")] == [7, 8]
    assert len(nal.vcl_hashes(data, "h264")) == 1


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize("size", [(64, 48), (318, 182), (640, 360), (202, 98)])
def test_picture_size_is_the_encoder_s(codec: Codec, size: tuple[int, int]) -> None:
    frames = (Frame.blank(*size) for _ in range(2))
    parameters, _ = encode_clip(frames, 25, ClipStyle(codec=codec))
    kind = nal.H264_SPS if codec == "h264" else nal.HEVC_SPS
    sets = nal.parameter_sets(parameters.extradata, codec)
    sps = next(unit for unit in sets if nal.unit_type(unit, codec) == kind)
    assert picture_size(sps, codec) == size


@given(st.binary(max_size=40))
def test_a_broken_parameter_set_is_refused_or_believable(data: bytes) -> None:
    for codec in ("h264", "hevc"):
        try:
            width, height = picture_size(b"\x67" + data, "h264" if codec == "h264" else "hevc")
        except BadFormat:
            continue
        assert 0 < width <= 16384
        assert 0 < height <= 16384
