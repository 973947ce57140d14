"""The generated street: deterministic, looping, and truthful about its faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from plainview.errors import NotFound
from plainview.media.files import VideoFile
from plainview.testing import clips, scene_heads
from plainview.testing.scene import Scene, Truth, load_truth, render
from plainview.testing.scene_heads import Head


@pytest.fixture(scope="module")
def scene(heads: dict[str, Head]) -> Scene:
    return Scene(heads=heads)


def _faces(scene: Scene, step: int = 10) -> list[tuple[int, Truth]]:
    return [
        (number, truth)
        for number in range(0, scene.count, step)
        for truth in scene.truth(number)
        if truth.face is not None
    ]


def test_the_same_seed_gives_the_same_pictures(scene: Scene, heads: dict[str, Head]) -> None:
    again = Scene(heads=heads)
    other = Scene(8, heads=heads)
    for number in (0, 133, 420):
        assert np.array_equal(scene.frame(number), again.frame(number))
        assert scene.truth(number) == again.truth(number)
        assert not np.array_equal(scene.frame(number), other.frame(number))


def test_faces_come_in_all_sizes_and_turn(scene: Scene) -> None:
    faces = [truth for _, truth in _faces(scene) if truth.visible > 0.5]
    heights = [truth.face[3] for truth in faces if truth.face]
    assert min(heights) < 11
    assert max(heights) > 85
    assert sum(height >= 16 for height in heights) > 100
    assert max(abs(truth.turn) for truth in faces if truth.photograph != "varshney") > 25
    assert {truth.photograph for truth in faces} == {"collins", "hopper", "varshney"}


def test_some_heads_are_seen_from_behind_and_some_are_hidden(scene: Scene) -> None:
    truths = [truth for number in range(0, scene.count, 10) for truth in scene.truth(number)]
    assert any(truth.face is None for truth in truths)
    assert any(0.05 < truth.visible < 0.8 for truth in truths)
    assert all(0 <= truth.visible <= 1 for truth in truths)


def test_the_truth_is_where_the_photograph_was_drawn(scene: Scene, heads: dict[str, Head]) -> None:
    """Inside a visible face the picture is not that of the empty street."""
    empty = Scene(heads=heads, crowd=0)
    checked = 0
    for number, truth in _faces(scene, 30):
        if truth.visible < 0.99 or truth.face is None:
            continue
        x, y, w, h = truth.face
        inner = np.s_[int(y + 0.25 * h) : int(y + 0.75 * h), int(x + 0.3 * w) : int(x + 0.7 * w)]
        change = np.abs(scene.frame(number)[inner].astype(int) - empty.frame(number)[inner])
        if change.size:
            assert np.median(change.max(axis=2)) > 8, (number, truth)
            checked += 1
    assert checked > 20


def test_the_loop_closes(scene: Scene) -> None:
    assert np.array_equal(scene.frame(0), scene.frame(scene.count))
    last, first, second = scene.frame(scene.count - 1), scene.frame(0), scene.frame(1)
    seam = np.abs(last.astype(int) - first).mean()
    usual = np.abs(first.astype(int) - second).mean()
    assert seam < 1.6 * usual


def test_the_rendered_clip_and_its_truth(heads: dict[str, Head], tmp_path: Path) -> None:
    small = Scene(width=320, height=180, fps=10, seconds=3, heads=heads)
    truth_file = render(small, tmp_path / "street.mp4")
    with VideoFile(tmp_path / "street.mp4") as file:
        assert (file.size, file.fps, file.duration_ms) == ((320, 180), 10.0, 3000)
        assert sum(packet.is_key for packet in file.packets()) == 2
    truths = load_truth(truth_file)
    assert len(truths) == small.count
    for number in (0, 17):
        assert [t.walker for t in truths[number]] == [t.walker for t in small.truth(number)]


def test_without_faces_the_street_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        scene_heads.load(tmp_path)
    assert "fetch_faces.py" in caught.value.hint


def test_a_clip_is_made_fit_for_streaming(heads: dict[str, Head], tmp_path: Path) -> None:
    small = Scene(width=192, height=108, fps=10, seconds=2, heads=heads)
    render(small, tmp_path / "source.mp4")
    assert clips.sendable(tmp_path / "source.mp4", tmp_path) == tmp_path / "source.mp4"
    seen: list[tuple[int, int]] = []
    made = clips.convert(
        tmp_path / "source.mp4",
        tmp_path / "part.mp4",
        part=clips.Part((20, 10, 96, 54), (192, 108)),
        start_s=1.0,
        progress=lambda what, done, total: seen.append((done, total)),
    )
    assert seen[-1] == (20, 20)
    with VideoFile(made) as file:
        assert (file.size, len(list(file.frames()))) == ((192, 108), 20)
