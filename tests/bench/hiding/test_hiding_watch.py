"""The real redactor over small scenes: pictures meet their truth, and figures come out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from plainview.bench.catalogue import Options, bench
from plainview.bench.hiding.left import left, sequence_of
from plainview.bench.hiding.sheet import Sheet
from plainview.bench.hiding.shots import shots, target_of
from plainview.bench.hiding.tally import Tally
from plainview.bench.hiding.truth import Kind, Pictures, Sequence
from plainview.bench.hiding.watch import Cost, watch
from plainview.bench.result import Result
from plainview.media.convert import ClipStyle, write_clip
from plainview.media.frames import Frame
from plainview.redact import models
from plainview.redact.boxes import Boxes
from plainview.redact.host import DetectorHost
from plainview.redact.rules import Rules
from plainview.testing.scene import Truth

from .conftest import Kit

SIZE = (640, 360)
FACE = (200, 100, 72, 96)


def street(*, face: bool = True) -> np.typing.NDArray[np.uint8]:
    """A noisy wall with the known face in it, which every detector finds."""
    rng = np.random.default_rng(4)
    picture = np.full((SIZE[1], SIZE[0], 3), (150, 140, 120), np.float64)
    if face:
        x, y, w, h = FACE
        picture[y : y + h, x : x + w] = models.known_face()
    return np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def sequence(kit: Kit, *, fps: float = 12.5, count: int = 12) -> Sequence:
    picture = street()

    def pictures() -> Pictures:
        for number in range(count):
            box = tuple(float(side) for side in FACE)
            target = kit.target(f"at {number}", (box[0] + 12, box[1] + 20, 48.0, 64.0))
            yield Frame.from_bgr(picture, wall_ms=round(number * 1000 / fps)), [target]

    return Sequence("wall", SIZE, fps, count, pictures)


def test_every_picture_comes_with_its_own_truth(kit: Kit, host: DetectorHost) -> None:
    cost, tally, of = Cost(host), Tally(), sequence(kit)
    seen = list(watch(of, host, Rules(), cost, max_height=None))
    assert [one.number for one in seen] == list(range(12))
    assert [one.targets[0].who for one in seen] == [f"at {n}" for n in range(12)]
    assert all(one.hidden.covers(one.targets[0].box) for one in seen)
    assert not any(one.hidden.covers((400, 200, 60, 60)) for one in seen)
    assert np.array_equal(seen[3].raw.to_bgr(), Frame.from_bgr(street()).to_bgr())
    for one in seen:
        tally.add(one, tally.begin(of), of)
    assert 0 < tally.area / tally.frames < 0.2
    assert 0.01 < cost.seconds < 30


def test_pictures_that_the_view_leaves_out_are_left_out(kit: Kit, host: DetectorHost) -> None:
    fast = sequence(kit, fps=50, count=24)
    seen = list(watch(fast, host, Rules(), Cost(host), max_height=180))
    assert 11 <= len(seen) <= 13
    for one in seen:
        assert one.targets[0].who == f"at {one.number}"
        assert one.raw.height == 180
        assert one.targets[0].box == pytest.approx((106, 60, 24, 32))
        assert one.hidden.covers(one.targets[0].box)


class OneFace:
    """A check that knows of two faces: the one that is masked, and one that nobody sees."""

    name = "two places"

    def find(self, picture: np.typing.NDArray[np.uint8]) -> tuple[Boxes, np.ndarray]:
        factor = picture.shape[1] / SIZE[0]
        places = np.array([FACE, (400, 200, 40, 50)], np.float32) * factor
        return places + np.array([10, 20, -20, -40], np.float32), np.full(2, 0.9, np.float32)


def test_what_is_left_in_a_clip_is_what_lies_under_no_mask(
    host: DetectorHost, tmp_path: Path
) -> None:
    clip = tmp_path / "wall.mp4"
    write_clip(clip, (Frame.from_bgr(street()) for _ in range(10)), 12.5, ClipStyle(crf=16))
    assert sequence_of(clip).size == SIZE
    sheet = Sheet()
    found = {one.metric: one for one in left(clip, host, Rules(), [OneFace()], 0.5, sheet)}
    counted = found["recall.left_16px.wall"]
    assert (counted.value, counted.baseline, counted.ratio) == (5, 10, 0.5)
    assert counted.against is not None
    assert "5 of 10 pictures" in counted.against
    assert [tile.lines[0].split()[0] for tile in sheet.chosen()] == ["wall"] * 5
    assert found["recall.cpu_ms.wall"].value > 0
    unlooked = [one.metric for one in left(clip, host, Rules(), [], 1.0, sheet)]
    assert "recall.left_16px.wall" not in unlooked


def test_shots_become_sequences_with_targets() -> None:
    sets = {one.name: one for one in shots(0.001, size=(320, 180))}
    assert {"walking", "panning", "empty"} <= set(sets)
    (of,) = sets["turning"].sequences()
    pictures = list(of.pictures())
    assert (len(pictures), of.count, of.size) == (24, 24, (320, 180))
    assert pictures[1][0].wall_ms == 67
    kinds = {target.kind for _, targets in pictures for target in targets if target.counts}
    assert kinds == {Kind.FACE, Kind.SIDE, Kind.BEHIND}


def test_heads_are_told_apart_by_their_turn() -> None:
    face = Truth("a", "hopper", (5, 6, 7, 8), (1, 2, 20, 24), 0.9, 10.0)
    assert target_of(face).box == (5, 6, 7, 8)
    behind = target_of(replace(face, photograph=None, face=None, turn=-170.0))
    assert (behind.kind, behind.box, behind.looks) == (Kind.BEHIND, (1, 2, 20, 24), None)
    assert target_of(replace(face, face=None, turn=80.0)).kind is Kind.SIDE


def wider_folder(root: Path) -> Path:
    """Two pictures: one with the known face, one where a face is claimed that is not there."""
    images = root / "WIDER_val" / "images" / "0--Wall"
    images.mkdir(parents=True)
    x, y = FACE[0] + 12, FACE[1] + 20
    lines = []
    for name, shown in (("a", True), ("b", False)):
        cv2.imwrite(str(images / f"{name}.png"), street(face=shown))
        lines += [f"0--Wall/{name}.png", "1", f"{x} {y} 48 64 0 0 0 0 0 0"]
    split = root / "wider_face_split"
    split.mkdir()
    (split / "wider_face_val_bbx_gt.txt").write_text("\n".join(lines) + "\n")
    return root


def test_the_bench_measures_a_data_set(tmp_path: Path) -> None:
    options = Options(
        data=wider_folder(tmp_path), shots=False, profile="faces",
        sheet=tmp_path / "sheet.png", details=tmp_path / "details.json",
    )  # fmt: skip
    said: list[str] = []
    found = {one.metric: one for one in results(options, said)}
    assert any("wider-val" in text for text in said)
    assert found["recall.coverage_16px.wider-val"].value == 50.0
    assert found["recall.first_frame.wider-val"].value == 50.0
    assert found["recall.coverage_40_80px.wider-val"].against == "2 face-frames, 2 distinct faces"
    assert found["recall.withheld.wider-val"].value == 0.0
    assert "recall.false_masks.wider-val" not in found
    details = json.loads((tmp_path / "details.json").read_text())
    assert [miss["part"] for miss in details["misses"]] == ["b", "b"]
    assert details["sets"]["wider-val"]["counts"]["coverage_16px"]["covered"] == 1
    assert (tmp_path / "sheet.png").stat().st_size > 1000


def test_the_bench_says_when_what_is_left_was_not_measured(tmp_path: Path) -> None:
    write_clip(tmp_path / "wall.mp4", (Frame.from_bgr(street()) for _ in range(4)), 12.5)
    found = {
        one.metric: one
        for one in results(Options(data=tmp_path, shots=False, checks=tmp_path / "none"), [])
    }
    assert found["recall.checks"].value == 0
    assert "not measured" in (found["recall.checks"].against or "")
    assert "recall.masked_area.wall" in found
    assert "recall.left_16px.wall" not in found


@pytest.mark.timeout(600)
def test_the_bench_measures_generated_shots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two shots of eleven, small: all run in `bench recall`."""
    few = [one for one in shots(0.001, size=SIZE) if one.name in ("near", "empty")]
    monkeypatch.setattr("plainview.bench.recall.shots", lambda scale: few)
    found = {one.metric: one for one in results(Options(scale=0.001), [])}
    assert found["recall.coverage_16px"].value > 90
    assert found["recall.coverage_16px"] == replace(
        found["recall.coverage_16px.near"], metric="recall.coverage_16px"
    )
    assert found["recall.first_frame"].value > 90
    assert "recall.heads_behind.near" in found
    assert found["recall.false_mask_area"].value == found["recall.false_mask_area.empty"].value < 1
    assert "recall.coverage_16px.empty" not in found


def results(options: Options, said: list[str]) -> Iterator[Result]:
    for one in bench("recall").run(options, said.append):
        assert Result(**json.loads(one.line())) == one
        yield one
