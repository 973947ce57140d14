"""What cameras send, through the whole pipeline: codecs, settings that change, odd streams."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable
from typing import Any

import pytest

from plainview.media import codecs, nal, sps
from plainview.media.convert import ClipStyle
from plainview.media.files import read_frames
from plainview.seal.join import Joiner
from plainview.store.check import check
from plainview.store.packs import Kind
from plainview.store.spans import spans
from plainview.testing import damage
from plainview.testing.clip import Clip
from plainview.testing.one_camera import OneCamera, Original
from plainview.testing.patterns import wandering
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_mounts import ClipMount

Until = Callable[[Callable[[], object], float, str], None]
Record = Callable[..., OneCamera]
FULL = bool(os.environ.get("PLAINVIEW_BARS"))
full_only = pytest.mark.skipif(not FULL, reason="takes its time: runs with PLAINVIEW_BARS=1")


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
    assert playable(originals) == len(source.pictures)
    assert check(one.store).findings == []


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


@pytest.mark.parametrize("name", list(CHANGES) if FULL else ["size"])
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
        if original.packets[0].is_key:  # else it goes on where a window ended
            shown = list(read_frames(original.fmp4))
            assert len(shown) == len(original.packets)


SHAPES: dict[str, tuple[ClipStyle, int, dict[str, Any]]] = {
    "one GOP of minutes": (ClipStyle(gop_seconds=120, bframes=2), 200, {}),
    "open GOPs, slices, sets in band": (
        ClipStyle(gop_seconds=1, bframes=2, open_gop=True, slices=4),
        150,
        {"sprop": False},
    ),
    "H.265 open GOPs": (
        ClipStyle(codec="hevc", preset="ultrafast", gop_seconds=1, bframes=2, open_gop=True),
        150,
        {"sprop": False},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(SHAPES) if FULL else list(SHAPES)[:1])
def test_shapes_of_streams(name: str, record: Record, until: Until) -> None:
    style, count, options = SHAPES[name]
    source = wandering(style, count)
    mount = ClipMount(source, loop=False, from_start=True, speed=3.0, **options)
    one = record(mount, window_s=5)
    originals = to_the_end(one, until)
    assert units(originals) == sent(source)
    assert not any(o.row.gap_before for o in originals)
    starts = [o.packets[0].is_key for o in originals]
    assert [o.row.continues for o in originals] == [not key for key in starts]
    if "minutes" in name:
        assert starts == [True] + [False] * (len(originals) - 1)
        assert len(originals) > 1
    assert playable(originals) == count
    assert view_of(one, originals) == ["recorded"]


def playable(originals: list[Original]) -> int:
    """Pictures in the files that `plainview open` makes of the segments."""
    files: list[io.BytesIO] = []
    joiner: Joiner | None = None
    for original in originals:
        if joiner is None or not joiner.fits(original.fmp4):
            files.append(io.BytesIO())
            joiner = Joiner(files[-1])
        joiner.add(original.fmp4, original.row.start_ms)
    return sum(len(list(read_frames(file.getvalue()))) for file in files)


@full_only
def test_a_camera_of_variable_rate_has_no_false_gaps(record: Record, until: Until) -> None:
    """Between a fortieth and one and a half seconds from picture to picture."""
    steps = [2250, 3600, 9000, 135_000, 45_000, 3600, 3600, 27_000]
    source = damage.paced(wandering(H264, 40), steps)
    one = record(once(source))
    originals = to_the_end(one, until)
    assert units(originals) == sent(source)
    span = originals[-1].row.end_ms - originals[0].row.start_ms
    told = sum(o.row.end_ms - o.row.start_ms for o in originals)
    assert abs(told - span) <= len(originals)
    assert abs(span - source.pictures[-1].shown / 90) <= 1500
    for before, after in itertools.pairwise(originals):
        assert abs(after.row.start_ms - before.row.end_ms) <= 2
    assert view_of(one, originals) == ["recorded"]


@full_only
def test_another_frame_rate_is_followed(record: Record, until: Until) -> None:
    """From five pictures a second to twenty-five: an idle street at night, then day."""
    slow, fast = wandering(ClipStyle(gop_seconds=1), 25, fps=5), wandering(H264, 175)
    source = Clip.changing([slow, fast])
    one = record(once(source, 4.0))
    originals = to_the_end(one, until)
    assert units(originals) == sent(source)
    assert view_of(one, originals) == ["recorded"]
    durations = [frame.duration_ms for frame in one.frames()]
    assert 190 <= durations[10] <= 210
    assert 30 <= sorted(durations[-60:])[30] <= 90


def test_another_codec_after_a_reconnect(record: Record, server: RtspServer, until: Until) -> None:
    first, second = wandering(H264, 100), wandering(ClipStyle(codec="av1"), 100)
    one = record(ClipMount(first))
    until(lambda: one.pipeline.status()["redaction"] == "ok", 20, "pictures")
    server.add("cam", ClipMount(second))
    server.cut("cam")
    until(lambda: "av1" in {o.parameters.codec for o in one.originals()}, 20, "the other codec")
    one.stop()
    found = [codec for codec, _ in itertools.groupby(o.parameters.codec for o in one.originals())]
    assert found == ["h264", "av1"]
    assert [o.row.gap_before for o in one.originals()].count(True) == 1
    assert playable(one.originals()) == sum(len(o.packets) for o in one.originals())
    assert not any(row.pixelated for row in one.rows(Kind.VIEWS))
    assert check(one.store).findings == []


@full_only
def test_another_codec_in_the_same_session_is_withheld_until_the_camera_says_so(
    record: Record, server: RtspServer, until: Until
) -> None:
    """A rude camera sends H.265 where it has promised H.264."""
    rude = Clip.changing(
        [wandering(H264, 50), wandering(ClipStyle(codec="hevc", preset="ultrafast"), 400)]
    )
    one = record(once(rude, 3.0))
    until(lambda: one.pipeline.status()["redaction"] == "withheld", 20, "the view to end")
    assert "cannot be decoded" in str(one.pipeline.status()["redaction_reason"])
    until(lambda: one.rows(Kind.VIEWS), 5, "what was shown before")
    shown = one.rows(Kind.VIEWS)[-1].end_ms
    server.add("cam", ClipMount(wandering(ClipStyle(codec="hevc", preset="ultrafast"), 100)))
    server.cut("cam")
    until(lambda: one.rows(Kind.VIEWS)[-1].end_ms > shown + 1000, 20, "pictures again")
    assert one.pipeline.status()["redaction"] == "ok"
    one.stop()
    assert {o.parameters.codec for o in one.originals()} == {"h264", "hevc"}
