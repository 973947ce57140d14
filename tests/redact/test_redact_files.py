"""Files, real clips and the encoded view."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plainview.errors import BadFormat, Refused
from plainview.media.encode import ViewEncoder, as_packet
from plainview.media.files import VideoFile
from plainview.media.fmp4 import write_segment
from plainview.media.frames import Frame
from plainview.redact.files import becoming, redact_video
from plainview.redact.host import DetectorHost, RemoteDetector
from plainview.redact.pipeline import Redactor
from plainview.redact.view import ViewItem, ViewPipeline

ROOT = Path(__file__).resolve().parents[2]
CLIPS = sorted((ROOT.parent / "shared" / "data" / "clips").glob("*.mp4"))


@pytest.fixture(scope="session")
def clip(scene: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated street as a file."""
    street = scene(71, frames=75, actors=2)
    width, height = street.size
    encoder = ViewEncoder(width, height, street.fps, crf=18)
    packets = [as_packet(encoder.encode(frame)) for frame in street.frames()]
    path = tmp_path_factory.mktemp("clip") / "street.mp4"
    path.write_bytes(write_segment(packets, encoder.parameters))
    return path


@pytest.fixture
def clips(clip: Path) -> list[Path]:
    """Real clips where they are at hand, the generated one otherwise."""
    return CLIPS or [clip]


def test_clips_are_redacted_without_a_fault(clips: list[Path], detector: RemoteDetector) -> None:
    for path in clips:
        with VideoFile(path) as video:
            made = Redactor(*video.size, video.fps, detector)
            made.warm_up()
            frames = [frame for frame, _ in zip(video.frames(), range(36), strict=False)]
            views = [view for frame in frames for view in made.push(frame)] + made.flush()
        assert len(views) == len(frames)
        assert made.state.faults == 0
        assert not any(view.pixelated for view in views)


def test_a_file_keeps_frames_times_and_size(
    clip: Path, tmp_path: Path, detector: RemoteDetector, scene: Callable[..., Any], kit: Any
) -> None:
    steps: list[float] = []
    seen: list[float] = []
    done = redact_video(
        clip,
        tmp_path / "out.mp4",
        detector,
        progress=lambda at, total: steps.append(at),
        watch=lambda view, seconds: seen.append(seconds),
    )
    assert (done.frames, done.withheld, done.flaw, done.audio) == (75, 0, None, False)
    assert done.masks >= 75
    assert len(steps) == 75
    assert steps == sorted(steps)
    assert seen == [pytest.approx(0.04 * i) for i in range(75)]
    street = scene(71, frames=75, actors=2)
    with VideoFile(tmp_path / "out.mp4") as video:
        assert video.size == street.size
        assert video.fps == pytest.approx(25, abs=0.1)
        views = list(video.frames())
    assert [view.wall_ms for view in views] == [40 * i for i in range(75)]
    for index, view in enumerate(views):
        for left, top, width, height in street.boxes(index):
            inner = view.planes[0][top : top + height, left : left + width].astype(int)
            assert (abs(inner - 112) < 14).mean() > 0.8
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


def test_pictures_without_a_sound_search_are_withheld_and_counted(
    clip: Path, tmp_path: Path, detector: RemoteDetector, kit: Any
) -> None:
    flawed = kit.flawed(detector, "raises", 13)
    done = redact_video(clip, tmp_path / "out.mp4", flawed)
    assert done.frames == 75
    assert 30 < done.withheld < 75


def test_a_broken_file_leaves_nothing_behind(tmp_path: Path, detector: RemoteDetector) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"not a video" * 100)
    with pytest.raises(BadFormat, match="not a video file"):
        redact_video(tmp_path / "bad.mp4", tmp_path / "out.mp4", detector)
    assert [p.name for p in tmp_path.iterdir()] == ["bad.mp4"]


def test_an_interrupt_leaves_nothing_behind(
    clip: Path, tmp_path: Path, detector: RemoteDetector
) -> None:
    seen: list[list[str]] = []

    def interrupt(done: float, total: float | None) -> None:
        seen.append([path.name for path in tmp_path.iterdir()])
        if len(seen) == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        redact_video(clip, tmp_path / "out.mp4", detector, progress=interrupt)
    assert seen[0] == [".out.mp4.part"]
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_or_written_by_two(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    with becoming(target, force=False) as partial:
        partial.write_text("one")
        with pytest.raises(Refused, match="Another run"), becoming(target, force=False):
            pass
    assert target.read_text() == "one"
    with pytest.raises(Refused, match="exists already"), becoming(target, force=False):
        pass
    with becoming(target, force=True) as partial:
        partial.write_text("two")
    assert target.read_text() == "two"
    with pytest.raises(Refused), becoming(tmp_path / "late", force=False) as partial:
        (tmp_path / "late").write_text("somebody's")
    assert (tmp_path / "late").read_text() == "somebody's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["late", "out.mp4"]


@pytest.fixture(scope="module")
def items(scene: Callable[..., Any], host: DetectorHost, kit: Any) -> list[ViewItem]:
    """A view of 4.8 s with a fault from its second second on, then recovered."""
    street = scene(72, frames=120, actors=1)
    width, height = street.size
    made = Redactor(width, height, street.fps, kit.flawed(host.open(), "nan", 13, count=2))
    made.warm_up()
    pipeline = ViewPipeline(made)
    out = [item for frame in street.frames() for item in pipeline.push(frame)]
    return out + pipeline.flush()


def test_the_view_is_gops_of_two_seconds_that_change_with_the_mark(items: list[ViewItem]) -> None:
    assert len(items) == 120
    assert {item.duration_ms for item in items} == {40}
    keys = [index for index, item in enumerate(items) if item.key]
    assert keys[0] == 0
    changes = [i for i in range(1, 120) if items[i].pixelated is not items[i - 1].pixelated]
    assert len(changes) == 2
    assert set(changes) <= set(keys)
    assert max(np.diff([*keys, 120])) <= 50
    assert all(items[index].annexb.startswith(b"\x00\x00\x00\x01\x67") for index in keys)


def test_the_view_decodes_frame_by_frame(items: list[ViewItem], tmp_path: Path) -> None:
    from_key = next(i for i, item in enumerate(items) if item.key and i > 0)
    path = tmp_path / "view.h264"
    path.write_bytes(b"".join(item.annexb for item in items[from_key:]))
    with VideoFile(path) as video:
        pictures: list[Frame] = list(video.frames())
    assert len(pictures) == 120 - from_key
