"""Files that people bring, read and written again: times, sizes, turns, colours, audio, damage."""

from __future__ import annotations

import resource
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from plainview.errors import BadFormat, StoreFull, Unavailable
from plainview.media.encode_file import FileStyle, FileWriter, Preset
from plainview.media.footage import Colours, Footage, Sound
from plainview.media.frames import Frame

MakeClip = Callable[..., Path]
Picture = NDArray[np.uint8]

FAST = FileStyle(Preset.ULTRAFAST)
VARIABLE = (0, 40, 50, 133, 500, 507, 900, 2000, 2040, 2041)
RED, GREEN, BLUE, GREY = (200, 30, 30), (30, 200, 30), (30, 30, 200), (100, 100, 100)


def copied(source: Path, target: Path, *, audio: bool = False) -> str | None:
    """Read all of `source`, write it to `target`; returns its flaw."""
    with (
        Footage(source, audio=audio) as footage,
        FileWriter(target, footage.size, footage, FAST) as out,
    ):
        for item in footage.read():
            if isinstance(item, Sound):
                out.copy(item)
            else:
                out.add(item)
        return footage.flaw


def times(path: Path) -> list[Fraction]:
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        assert stream.time_base is not None
        return [frame.pts * stream.time_base for frame in file.decode(stream)
                if frame.pts is not None]  # fmt: skip


def first(path: Path) -> av.VideoFrame:
    with av.open(str(path)) as file:
        return next(file.decode(video=0))


def colours(path: Path) -> list[tuple[int, ...]]:
    """The four quarters of the first picture, in rows."""
    picture = first(path).to_ndarray(format="rgb24").astype(int)
    height, width = picture.shape[:2]
    return [tuple(picture[y * height // 4, x * width // 4]) for y in (1, 3) for x in (1, 3)]


def close(found: list[tuple[int, ...]], wanted: list[tuple[int, ...]]) -> bool:
    return bool(np.abs(np.array(found) - np.array(wanted)).max() <= 6)


@pytest.mark.parametrize(
    ("ending", "base"),
    [("mp4", Fraction(1, 1000)), ("mkv", Fraction(1, 1000)), ("mov", Fraction(1, 90_000))],
)
def test_every_picture_keeps_its_time(
    make_clip: MakeClip, tmp_path: Path, ending: str, base: Fraction
) -> None:
    units = [round(t / base / 1000) for t in VARIABLE]
    source = make_clip(tmp_path / f"in.{ending}", times=units, base=base)
    assert copied(source, tmp_path / "out.mp4") is None
    assert times(tmp_path / "out.mp4") == [Fraction(t, 1000) for t in VARIABLE]


def test_a_film_rate_is_kept_to_the_tick(make_clip: MakeClip, tmp_path: Path) -> None:
    base = Fraction(1001, 30_000)
    source = make_clip(tmp_path / "in.avi", times=range(20), base=base, codec="mpeg4")
    copied(source, tmp_path / "out.mp4")
    assert times(tmp_path / "out.mp4") == [n * base for n in range(20)]


@pytest.mark.parametrize(
    ("turn", "wanted"),
    [
        ((90, False), [GREEN, GREY, RED, BLUE]),
        ((-90, False), [BLUE, RED, GREY, GREEN]),
        ((180, False), [GREY, BLUE, GREEN, RED]),
        ((0, True), [GREEN, RED, GREY, BLUE]),
    ],
)
def test_pictures_come_upright_and_stay_so(
    make_clip: MakeClip,
    tmp_path: Path,
    turn: tuple[int, bool],
    wanted: list[tuple[int, ...]],
) -> None:
    source = make_clip(tmp_path / "in.mp4", turn=turn, times=(0, 40, 80))
    copied(source, tmp_path / "out.mp4")
    made = first(tmp_path / "out.mp4")
    assert made.rotation == 0
    assert (made.width < made.height) is (abs(turn[0]) == 90)
    assert close(colours(tmp_path / "out.mp4"), wanted)


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "space"),
    [
        ("odd.mkv", "libx264", "yuv444p", 2),
        ("rgb.mov", "qtrle", "rgb24", 1),
        ("full.avi", "mjpeg", "yuvj420p", 6),
        ("ten.mkv", "libx264", "yuv420p10le", 2),
    ],
)
def test_odd_sizes_and_other_colours(
    make_clip: MakeClip, tmp_path: Path, name: str, codec: str, pixels: str, space: int
) -> None:
    size = (321, 241) if name == "odd.mkv" else (320, 240)
    source = make_clip(
        tmp_path / name, size=size, codec=codec, pixels=pixels, times=(0, 1), base=Fraction(1, 25)
    )
    copied(source, tmp_path / "out.mp4")
    made = first(tmp_path / "out.mp4")
    assert (made.width, made.height, made.format.name) == (320, 240, "yuv420p")
    assert made.colorspace == space
    assert made.color_range != ColorRange.JPEG
    assert close(colours(tmp_path / "out.mp4"), [RED, GREEN, BLUE, GREY])


@pytest.mark.parametrize(
    ("turn", "wanted"), [((0, False), Fraction(4, 3)), ((90, False), Fraction(3, 4))]
)
def test_pixels_that_are_not_square_stay_so(
    make_clip: MakeClip, tmp_path: Path, turn: tuple[int, bool], wanted: Fraction
) -> None:
    copied(
        make_clip(tmp_path / "in.mp4", turn=turn, shape=Fraction(4, 3), times=(0, 40)),
        tmp_path / "out.mp4",
    )
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert file.streams.video[0].sample_aspect_ratio == wanted


def test_nothing_but_pictures_comes_along(make_clip: MakeClip, tmp_path: Path) -> None:
    tags = {"location": "+44.81+020.46/", "creation_time": "2020-05-01T10:00:00Z", "title": "who"}
    source = make_clip(tmp_path / "in.mov", audio="aac", tags=tags)
    with av.open(str(source)) as file:
        assert "title" in file.metadata
    copied(source, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert [stream.type for stream in file.streams] == ["video"]
        assert set(file.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
        assert set(file.streams[0].metadata) <= {"language", "handler_name", "vendor_id"}
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert not any(word in data for word in (b"who", b"+44.81", b"Lavf"))


@pytest.mark.parametrize("ending", ["mp4", "ts"])
def test_audio_is_copied_in_time(make_clip: MakeClip, tmp_path: Path, ending: str) -> None:
    source = make_clip(tmp_path / f"in.{ending}", audio="aac")
    copied(source, tmp_path / "out.mp4", audio=True)

    def sound(path: Path) -> tuple[list[bytes], float]:
        with av.open(str(path)) as file:
            packets = [bytes(packet) for packet in file.demux(audio=0) if packet.size]
            video, audio = file.streams.video[0], file.streams.audio[0]
            begins = [(one.start_time or 0) * (one.time_base or 0) for one in (video, audio)]
            return packets, float(begins[1] - begins[0])

    (old, old_gap), (new, new_gap) = sound(source), sound(tmp_path / "out.mp4")
    assert len(new) == len(old) > 30
    # A transport stream wraps each packet of AAC in a head of its own.
    assert all(mine in theirs for mine, theirs in zip(new, old, strict=True))
    assert new_gap == pytest.approx(old_gap, abs=0.025)
    with av.open(str(tmp_path / "out.mp4")) as file:
        samples = sum(block.samples for block in file.decode(audio=0))
    assert samples >= 1024 * (len(new) - 1)


def test_a_last_picture_may_stand_for_long(make_clip: MakeClip, tmp_path: Path) -> None:
    """A file that ends in a still is not one that is cut short."""
    path = tmp_path / "in.mp4"
    source = make_clip(tmp_path / "all.mp4", codec="mpeg4", base=Fraction(1, 25), times=range(20))
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        packets = [packet for packet in old.demux(video=0) if packet.size]
        packets[-1].duration = 200 * (packets[-1].duration or 0)
        for packet in packets:
            packet.stream = stream
            new.mux(packet)
    with Footage(path) as footage:
        assert len(list(footage.read())) == 20
        assert footage.seconds == pytest.approx(19 / 25 + 8)
        assert footage.flaw is None


def test_audio_that_an_mp4_cannot_hold(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mov", audio="pcm_s16le")
    with pytest.raises(BadFormat, match="pcm_s16le") as error:
        copied(source, tmp_path / "out.mp4", audio=True)
    assert "--keep-audio" in error.value.hint
    assert copied(source, tmp_path / "out.mp4") is None


def test_what_is_cut_short_is_read_as_far_as_it_goes(make_clip: MakeClip, tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "in.mkv", times=range(0, 4000, 40))
    copied(whole, tmp_path / "index-first.mp4")
    for path in (whole, tmp_path / "index-first.mp4"):
        data = path.read_bytes()
        cut = tmp_path / f"cut{path.suffix}"
        cut.write_bytes(data[: len(data) * 6 // 10])
        flaw = copied(cut, tmp_path / "out.mp4")
        assert flaw is not None
        assert "breaks off" in flaw
        assert 10 < len(times(tmp_path / "out.mp4")) < 90


def test_damage_in_the_middle_is_passed(make_clip: MakeClip, tmp_path: Path) -> None:
    copied(make_clip(tmp_path / "in.mkv", times=range(0, 4000, 40)), tmp_path / "whole.mp4")
    data = bytearray((tmp_path / "whole.mp4").read_bytes())
    middle = (data.index(b"mdat") + len(data)) // 2
    data[middle : middle + 300] = np.random.default_rng(3).bytes(300)
    (tmp_path / "bad.mp4").write_bytes(data)
    flaw = copied(tmp_path / "bad.mp4", tmp_path / "out.mp4")
    assert flaw is not None
    assert "could not be read" in flaw
    assert len(times(tmp_path / "out.mp4")) > 80


@pytest.mark.parametrize("name", ["text", "picture", "playlist", "cut", "empty", "song"])
def test_what_is_no_video(make_clip: MakeClip, tmp_path: Path, name: str) -> None:
    path = tmp_path / "in.mp4"
    clip = make_clip(tmp_path / "clip.mp4", times=(0, 40))
    picture = cv2.imencode(".jpg", np.zeros((240, 320, 3), np.uint8))[1].tobytes()
    contents = {
        "text": b"not a video" * 100,
        "picture": picture,
        "playlist": f"#EXTM3U\n#EXTINF:1,\n{clip}\n#EXT-X-ENDLIST\n".encode(),
        "cut": clip.read_bytes()[:600],
        "empty": b"",
    }
    if name == "song":
        with av.open(str(path), "w") as file:
            file.mux(file.add_stream("aac", 48_000).encode(None))
    else:
        path.write_bytes(contents[name])
    with pytest.raises(BadFormat, match=r"in\.mp4"):
        Footage(path)


def test_a_full_disk_is_said(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", times=range(0, 4000, 40))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(StoreFull, match="could not be written"):
            copied(source, tmp_path / "out.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with pytest.raises(Unavailable, match="could not be written"):
        copied(source, tmp_path / "no" / "folder" / "out.mp4")


def test_colours_are_those_of_the_first_picture(make_clip: MakeClip, tmp_path: Path) -> None:
    with Footage(make_clip(tmp_path / "in.mp4", times=(0, 40))) as footage:
        assert footage.colours == Colours(2, 2, 2)
        assert [type(item) for item in footage.read()] == [Frame, Frame]
        assert list(footage.read()) == []
