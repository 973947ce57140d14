"""Readers of data sets that may not be redistributed: small ones of the same form, and bad ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from plainview.bench.hiding import coco, folder, mot, wider
from plainview.bench.hiding.people import person
from plainview.bench.hiding.pictures import SHOWN, SIZES, stills
from plainview.bench.hiding.truth import Kind, Target
from plainview.errors import BadFormat, NotFound

FACE = "20 30 40 50 0 0 0 0 0 0"


def picture(path: Path, size: tuple[int, int] = (101, 60)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((size[1], size[0], 3), 90, np.uint8))
    return path


def wider_file(root: Path, text: str, pictures: tuple[str, ...] = ("0--Parade/a.jpg",)) -> Path:
    for name in pictures:
        picture(root / "WIDER_val" / "images" / name)
    file = root / "wider_face_split" / "wider_face_val_bbx_gt.txt"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def test_wider_faces_are_read(tmp_path: Path) -> None:
    text = (
        f"0--Parade/a.jpg\n3\n{FACE}\n5 6 7 8 0 0 0 1 0 0\n9 9 20 20 0 0 0 0 2 0\n"
        "0--Parade/b.jpg\n0\n0 0 0 0 0 0 0 0 0 0\n"
    )
    file = wider_file(tmp_path, text, ("0--Parade/a.jpg", "0--Parade/b.jpg"))
    assert wider.find(tmp_path) == [file]
    (first, faces), (_, none) = wider.load(file)
    assert first.name == "a.jpg"
    assert [one.box for one in faces] == [(20, 30, 40, 50), (5, 6, 7, 8), (9, 9, 20, 20)]
    assert [one.counts for one in faces] == [True, False, True]
    assert [one.visible for one in faces] == [1.0, 1.0, 0.3]
    assert none == []
    (data_set,) = folder.data_sets(tmp_path, 1.0)
    assert (data_set.name, data_set.complete, data_set.frames) == ("wider-val", False, 2 * SHOWN)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"0--Parade/a.jpg\nmany\n{FACE}\n", ":2: the number of faces"),
        ("0--Parade/a.jpg\n1\n20 30 40\n", ":3: 10 whole numbers"),
        ("0--Parade/a.jpg\n1\n20 30 40 x 0 0 0 0 0 0\n", ":3: 10 whole numbers"),
        ("0--Parade/a.jpg\n1\n20 30 40 50 0 0 0 0 7 0\n", ":3: occlusion"),
        (f"0--Parade/a.jpg\n2\n{FACE}\n", "ends within the faces of 0--Parade/a.jpg"),
        ("\n", "names no pictures"),
    ],
)
def test_bad_wider_lines_are_named(text: str, says: str, tmp_path: Path) -> None:
    file = wider_file(tmp_path, text)
    with pytest.raises(BadFormat) as caught:
        wider.load(file)
    assert says in str(caught.value)
    assert file.name in str(caught.value)


def test_wider_pictures_that_are_not_there_are_named(tmp_path: Path) -> None:
    file = wider_file(tmp_path, f"0--Parade/z.jpg\n1\n{FACE}\n")
    with pytest.raises(NotFound, match=r"gt\.txt:1: there is no picture .*z\.jpg"):
        wider.load(file)
    alone = tmp_path / "alone" / file.name
    alone.parent.mkdir()
    alone.write_text(file.read_text())
    (tmp_path / "WIDER_val").rename(tmp_path / "elsewhere")
    with pytest.raises(NotFound) as caught:
        wider.load(alone)
    assert "WIDER_val/images" in caught.value.hint


def coco_body() -> dict[str, Any]:
    return {
        "images": [{"id": 5, "file_name": "a.jpg"}, {"id": 6, "file_name": "b.jpg"}],
        "categories": [
            {"id": 1, "name": "person"}, {"id": 2, "name": "face"}, {"id": 3, "name": "dog"},
        ],
        "annotations": [
            {"id": 1, "image_id": 5, "category_id": 1, "bbox": [10, 0, 20, 60], "iscrowd": 0},
            {"id": 2, "image_id": 5, "category_id": 2, "bbox": [14.5, 2, 8, 9]},
            {"id": 3, "image_id": 5, "category_id": 3, "bbox": [0, 0, 9, 9]},
            {"id": 4, "image_id": 6, "category_id": 1, "bbox": [0, 0, 9, 30], "iscrowd": 1},
        ],
    }  # fmt: skip


def coco_file(root: Path, body: object) -> Path:
    for name in ("a.jpg", "b.jpg"):
        picture(root / "val2017" / name)
    file = root / "annotations" / "instances_val2017.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(body if isinstance(body, str) else json.dumps(body))
    return file


def test_coco_people_and_faces_are_read(tmp_path: Path) -> None:
    file = coco_file(tmp_path, coco_body())
    (tmp_path / "settings.json").write_text("{}")
    assert coco.find(tmp_path) == [file]
    ((_, first), (_, second)), complete = coco.load(file)
    assert complete
    assert [(one.kind, one.counts) for one in first] == [(Kind.HEAD, True), (Kind.FACE, True)]
    assert first[1].box == (14.5, 2, 8, 9)
    assert [one.counts for one in second] == [False]
    assert [one.name for one in folder.data_sets(tmp_path, 1.0)] == ["coco-instances-val2017"]


def _without(part: str) -> Callable[[dict[str, Any]], None]:
    return lambda body: body.pop(part)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_without("images"), "no list of images"),
        (lambda b: b["annotations"][1].pop("bbox"), "annotations[1] has no"),
        (lambda b: b["annotations"][1].update(bbox=[1, 2, 3]), "annotations[1]: bbox"),
        (lambda b: b["annotations"][1].update(bbox="wide"), "annotations[1]: bbox"),
        (lambda b: b["images"][1].pop("file_name"), "images[1] has no id or no file_name"),
        (lambda b: b.update(categories=[{"id": 3, "name": "dog"}]), "marks no faces"),
        (lambda b: b.update(annotations=[3]), "no list of annotations"),
    ],
)
def test_bad_coco_entries_are_named(
    spoil: Callable[[dict[str, Any]], object], says: str, tmp_path: Path
) -> None:
    body = coco_body()
    spoil(body)
    file = coco_file(tmp_path, body)
    with pytest.raises(BadFormat) as caught:
        coco.load(file)
    assert says in str(caught.value)
    assert file.name in str(caught.value)


def test_broken_json_is_named_by_its_line(tmp_path: Path) -> None:
    file = coco_file(tmp_path, '{"images": [],\n "annotations": [1,}\n')
    with pytest.raises(BadFormat, match=r"instances_val2017\.json:2: "):
        coco.load(file)


def test_coco_pictures_that_are_not_there_are_named(tmp_path: Path) -> None:
    file = coco_file(tmp_path, coco_body())
    (tmp_path / "val2017" / "b.jpg").unlink()
    with pytest.raises(NotFound, match=r"images\[1\]: the picture b\.jpg"):
        coco.load(file)


INI = (
    "[Sequence]\nname=MOT17-02\nimDir=img1\nframeRate=30\nseqLength=2\nimWidth=101\nimHeight=60\n"
    "imExt=.jpg\n"
)


def mot_folder(root: Path, lines: str, ini: str = INI) -> Path:
    sequence = root / "train" / "MOT17-02"
    for number in (1, 2):
        picture(sequence / "img1" / f"{number:06d}.jpg")
    (sequence / "gt").mkdir()
    (sequence / "gt" / "gt.txt").write_text(lines)
    (sequence / "seqinfo.ini").write_text(ini)
    return sequence


def targets_of(sequence: Path) -> list[list[Target]]:
    (opened,) = mot.load(sequence, 1.0).sequences()
    return [targets for _, targets in opened.pictures()]


def test_mot_people_are_read(tmp_path: Path) -> None:
    lines = (
        "1,7,10,2,20,50,1,1,0.8\n1,8,40,2,20,50,0,1,1\n1,9,60,2,20,50,1,3,1\n"
        "2,7,12,2,20,50,1,1,0.2\n\n"
    )
    sequence = mot_folder(tmp_path, lines)
    assert mot.find(tmp_path) == [sequence]
    first, second = targets_of(sequence)
    assert [(one.who, one.counts, one.visible) for one in first] == [
        ("person-7", True, 0.8), ("person-8", False, 1.0),
    ]  # fmt: skip
    assert [one.who for one in second] == ["person-7"]
    (data_set,) = folder.data_sets(tmp_path, 1.0)
    assert (data_set.name, data_set.frames, data_set.complete) == ("mot-mot17-02", 2, True)
    (opened,) = data_set.sequences()
    assert (opened.size, opened.fps, opened.still) == ((102, 60), 30.0, False)
    frames = [frame for frame, _ in opened.pictures()]
    assert [(f.width, f.height, f.wall_ms) for f in frames] == [(102, 60, 0), (102, 60, 33)]


def test_mot15_lines_are_people(tmp_path: Path) -> None:
    first, second = targets_of(mot_folder(tmp_path, "1,7,10,2,20,50,1,-1,-1,-1\n"))
    assert [(one.who, one.counts) for one in first] == [("person-7", True)]
    assert second == []


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("1,7,10,2,20,50,1,1,0.8\n1,7,ten,2,20,50,1,1,1\n", "gt.txt:2: 9 or 10 numbers"),
        ("1,7,10\n", "gt.txt:1: 9 or 10 numbers"),
    ],
)
def test_bad_mot_lines_are_named(lines: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(BadFormat) as caught:
        mot.load(mot_folder(tmp_path, lines), 1.0)
    assert says in str(caught.value)


@pytest.mark.parametrize("ini", ["seqLength=2\n", "[Sequence]\nname=a\n", "[Other]\nname=a\n"])
def test_a_bad_description_is_named(ini: str, tmp_path: Path) -> None:
    with pytest.raises(BadFormat, match=r"seqinfo\.ini"):
        mot.load(mot_folder(tmp_path, "", ini), 1.0)


def test_missing_parts_of_a_sequence_are_named(tmp_path: Path) -> None:
    sequence = mot_folder(tmp_path, "")
    (sequence / "img1" / "000002.jpg").unlink()
    with pytest.raises(NotFound, match=r"000002\.jpg"):
        targets_of(sequence)
    (sequence / "seqinfo.ini").unlink()
    with pytest.raises(NotFound, match=r"seqinfo\.ini"):
        mot.load(sequence, 1.0)


def test_a_head_is_at_the_top_of_somebody_who_stands() -> None:
    stands = person("a", (100, 50, 60, 200))
    assert stands.counts
    assert stands.box == pytest.approx((120, 50, 20, 26))
    assert stands.head == (100, 50, 60, 200)
    assert not person("b", (100, 50, 120, 200)).counts


@pytest.mark.parametrize("size", [(300, 200), (641, 480), (1024, 700), (500, 1500), (2600, 1000)])
def test_pictures_are_padded_to_few_sizes_and_never_enlarged(
    size: tuple[int, int], tmp_path: Path
) -> None:
    path = picture(tmp_path / "a.png", size)
    face = Target("a", Kind.FACE, (0, 0, size[0], size[1]), (0, 0, size[0], size[1]))
    (sequence,) = stills("set", [(path, [face])], 1.0, complete=False).sequences()
    assert sequence.size in SIZES
    assert sequence.content is not None
    frames = list(sequence.pictures())
    assert len(frames) == SHOWN
    frame, (moved,) = frames[0]
    assert (frame.width, frame.height) == sequence.size
    width, height = sequence.content
    assert moved.box[2:] == pytest.approx((width, height), abs=2)
    assert width <= size[0] + 1
    luma = frame.planes[0]
    shown = luma[: height - 4, : width - 4]
    assert (shown.min(), shown.max()) == (luma[0, 0], luma[0, 0])
    assert luma[0, 0] != 114
    assert height == sequence.size[1] or luma[-1, -1] == 114


def test_a_scale_chooses_evenly(tmp_path: Path) -> None:
    rows: list[tuple[Path, list[Target]]] = [
        (picture(tmp_path / f"{number}.png"), []) for number in range(9)
    ]
    chosen = [one.part for one in stills("set", rows, 0.34, complete=False).sequences()]
    assert chosen == ["0", "3", "6"]


def test_a_picture_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("text")
    data_set = stills("set", [(tmp_path / "a.jpg", [])], 1.0, complete=False)
    with pytest.raises(BadFormat, match=r"a\.jpg is not a picture"):
        list(data_set.sequences())


def test_a_folder_without_anything_says_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is not a folder"):
        folder.check(tmp_path / "none")
    (tmp_path / "notes.json").write_text("[1]")
    with pytest.raises(NotFound) as caught:
        folder.check(tmp_path)
    assert "gt/gt.txt" in caught.value.hint
    (tmp_path / "a.MP4").write_bytes(b"")
    folder.check(tmp_path)
    assert [path.name for path in folder.clips(tmp_path)] == ["a.MP4"]
