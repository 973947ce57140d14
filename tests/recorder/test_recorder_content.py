"""What cameras send, through the whole pipeline: codecs, settings that change, odd streams."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable

import pytest

from plainview.media import codecs, nal, sps
from plainview.media.convert import ClipStyle
from plainview.media.files import read_frames
from plainview.store.packs import Kind
from plainview.store.spans import spans
from plainview.testing.clip import Clip
from plainview.testing.one_camera import OneCamera, Original
from plainview.testing.patterns import wandering
from plainview.testing.rtsp_mounts import ClipMount

Until = Callable[[Callable[[], object], float, str], None]
Record = Callable[..., OneCamera]
FULL = bool(os.environ.get("PLAINVIEW_BARS"))


def once(clip: Clip, speed: float = 3.0, *, sprop: bool = True) -> ClipMount:
    """Played from its start to its end, then the camera hangs up."""
    return ClipMount(clip, loop=False, from_start=True, speed=speed, sprop=sprop)


def to_the_end(one: OneCamera, until: Until, seconds: float = 30) -> list[Original]:
    """Everything that was recorded before the camera hung up."""
    until(lambda: one.pipeline.status()["gaps"], seconds, "the end of the clip")
    one.stop()
    originals = one.originals()
    again = next((at for at, o in enumerate(originals) if at and o.row.gap_before), None)
    return originals[:again]


def units(originals: list[Original]) -> list[str]:
    return [
        found for one in originals for packet in one.packets
        for found in codecs.picture_hashes(packet.data, packet.codec)
    ]  # fmt: skip


def sent(clip: Clip) -> list[str]:
    return [f for p in clip.packets() for f in codecs.picture_hashes(p.data, p.codec)]


def view_sizes(one: OneCamera) -> list[tuple[int, int]]:
    """Sizes of the view's stretches, from the parameter sets of its key frames."""
    found = [
        sps.picture_size(unit, "h264")
        for frame in one.frames() for unit in nal.annexb_units(frame.annexb)
        if nal.unit_type(unit, "h264") == nal.H264_SPS
    ]  # fmt: skip
    return [size for size, _ in itertools.groupby(found)]


def view_of(one: OneCamera, originals: list[Original]) -> list[str]:
    """The view's timeline over what was recorded, its first and last moments aside."""
    start, end = originals[0].row.start_ms + 200, originals[-1].row.end_ms - 400
    return [span.state for span in spans(one.rows(Kind.VIEWS), start, end)]


STYLES = {
    "AV1": ClipStyle(codec="av1"),
    "MJPEG": ClipStyle(codec="mjpeg", pixels="yuvj420p"),
    "H.265": ClipStyle(codec="hevc", preset="ultrafast", bframes=2),
    "H.264 4:2:2": ClipStyle(pixels="yuv422p"),
}


@pytest.mark.parametrize("name", list(STYLES) if FULL else list(STYLES)[:2])
def test_every_codec_is_sealed_as_sent_and_shown_as_h264(
    name: str, record: Record, until: Until
) -> None:
    style = STYLES[name]
    source = wandering(style)
    one = record(once(source))
    originals = to_the_end(one, until)
    assert units(originals) == sent(source)
    assert {original.parameters.codec for original in originals} == {style.codec}
    assert view_sizes(one) == [(320, 176)]
    assert not any(row.pixelated for row in one.rows(Kind.VIEWS)), one.pipeline.status()
    assert view_of(one, originals) == ["recorded"]


H264 = ClipStyle()
CHANGES: dict[str, list[ClipStyle | tuple[ClipStyle, tuple[int, int]]]] = {
    "size": [H264, (H264, (160, 96))],
    "profile": [ClipStyle(bframes=2), ClipStyle(preset="ultrafast")],
    "4:2:2": [ClipStyle(), ClipStyle(pixels="yuv422p")],
    "full range": [ClipStyle(), ClipStyle(pixels="yuvj420p")],
    "H.265 ten bits": [
        ClipStyle(codec="hevc", preset="ultrafast"),
        ClipStyle(codec="hevc", preset="ultrafast", pixels="yuv420p10le"),
    ],
    "AV1 size": [ClipStyle(codec="av1"), (ClipStyle(codec="av1"), (160, 96))],
    "MJPEG size": [
        ClipStyle(codec="mjpeg", pixels="yuvj420p"),
        (ClipStyle(codec="mjpeg", pixels="yuvj420p"), (160, 96)),
    ],
}


@pytest.mark.parametrize("name", list(CHANGES) if FULL else ["size", "4:2:2"])
def test_a_change_in_the_middle_loses_nothing(name: str, record: Record, until: Until) -> None:
    parts = [
        wandering(part, 60) if isinstance(part, ClipStyle) else wandering(part[0], 60, part[1])
        for part in CHANGES[name]
    ]
    one = record(once(Clip.changing([*parts, parts[0]])))
    originals = to_the_end(one, until)
    assert units(originals) == sent(Clip.changing([*parts, parts[0]]))
    sizes = [(320, 176), (160, 96), (320, 176)] if "size" in name else [(320, 176)]
    found = [(o.parameters.width, o.parameters.height) for o in originals]
    assert [size for size, _ in itertools.groupby(found)] == sizes
    assert view_sizes(one) == sizes
    assert view_of(one, originals) == ["recorded"]
    for original in originals:
        shown = list(read_frames(original.fmp4))
        assert len(shown) == len(original.packets)
