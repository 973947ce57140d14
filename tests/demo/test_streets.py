"""What the cameras of the demonstration play."""

from __future__ import annotations

from pathlib import Path

import pytest

from plainview.demo.streets import STREETS, sources, videos
from plainview.errors import NotFound

CAMERAS = [street.camera for street in STREETS]


def test_clips_where_they_are_and_the_generated_street_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "bikes.mp4").touch()
    chosen = sources(tmp_path, [])
    assert list(chosen) == CAMERAS
    assert chosen["cam-03"] == str(tmp_path / "bikes.mp4")
    assert {chosen[name] for name in CAMERAS if name != "cam-03"} == {"scene"}


def test_what_is_given_comes_first(tmp_path: Path) -> None:
    (tmp_path / "vtest.mp4").touch()
    chosen = sources(tmp_path, ["", "rtsp://10.0.0.9/main", "/dev/video0"])
    assert chosen["cam-01"] == str(tmp_path / "vtest.mp4")
    assert (chosen["cam-02"], chosen["cam-03"]) == ("rtsp://10.0.0.9/main", "/dev/video0")


def test_a_folder_of_own_videos_in_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.MP4", "a.mkv", "notes.txt", ".hidden"):
        (tmp_path / name).touch()
    assert videos(tmp_path) == [tmp_path / "a.mkv", tmp_path / "b.MP4"]


def test_a_folder_without_videos_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="holds no video file"):
        videos(tmp_path / "none")
