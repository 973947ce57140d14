"""Runs over several files: what is read and written, what is skipped, reports and sheets."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from plainview.cli.redact import zone_of
from plainview.errors import BadFormat, NotFound
from plainview.media.encode_file import FileStyle, Preset
from plainview.media.frames import Frame
from plainview.redact.batch import Batch, Outcome
from plainview.redact.done import NAME
from plainview.redact.filereport import FileReport
from plainview.redact.files import Choices, Redacted
from plainview.redact.host import DetectorHost
from plainview.redact.pipeline import ViewFrame
from plainview.redact.plan import Job, plan
from plainview.redact.rules import Profile, Rules
from plainview.redact.sheet import MOST, Sheet, clock

FAST = Choices(style=FileStyle(Preset.ULTRAFAST))


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def names(jobs: tuple[Job, ...], folder: Path) -> dict[str, str]:
    return {job.source.name: job.target.relative_to(folder).as_posix() for job in jobs}


def test_one_file(tmp_path: Path) -> None:
    folder = touch(tmp_path, "in/a.MOV", "in/b.jpg", "out/x")
    one, out = folder / "in/a.MOV", folder / "out"
    assert plan(one, folder / "x.mp4").jobs == (Job(one, folder / "x.mp4"),)
    assert plan(one, out).jobs == (Job(one, out / "a.mp4"),)
    assert plan(folder / "in/b.jpg", out / "c.jpeg").jobs[0].is_still
    with pytest.raises(BadFormat, match=r"\.mp4 or \.m4v"):
        plan(one, folder / "x.avi")
    with pytest.raises(BadFormat, match=r"\.jpg or \.jpeg"):
        plan(folder / "in/b.jpg", folder / "b.png")
    with pytest.raises(NotFound, match="does not exist"):
        plan(folder / "nothing", out)
    same = touch(tmp_path, "in/c.mp4") / "in/c.mp4"
    with pytest.raises(BadFormat, match="to be redacted"):
        plan(same, same)
    with pytest.raises(BadFormat, match="to be redacted"):
        plan(one, folder / "x.mp4", report=one)
    with pytest.raises(BadFormat, match="twice"):
        plan(one, folder / "x.mp4", sheet=folder / "x.mp4")


def test_a_folder(tmp_path: Path) -> None:
    source = touch(
        tmp_path / "in",
        "a.mp4",
        "sub/b.AVI",
        "sub/c.JPG",
        "notes.txt",
        ".hidden.mp4",
        ".bin/e.mp4",
        "d.heic",
    )
    found = plan(source, tmp_path / "out", report=tmp_path / "rep")
    assert names(found.jobs, tmp_path / "out") == {
        "a.mp4": "a.mp4", "b.AVI": "sub/b.mp4", "c.JPG": "sub/c.JPG",
    }  # fmt: skip
    assert found.jobs[1].report == tmp_path / "rep" / "sub" / "b.mp4.json"
    assert [path.name for path in found.others] == ["d.heic", "notes.txt"]
    with pytest.raises(NotFound, match="no videos or pictures"):
        plan(touch(tmp_path / "empty", "x.txt"), tmp_path / "out")
    with pytest.raises(BadFormat, match="is a file"):
        plan(source, touch(tmp_path, "file") / "file")
    with pytest.raises(BadFormat, match="folder to be redacted"):
        plan(source, source)


def test_results_inside_the_source_are_not_read_again(tmp_path: Path) -> None:
    source = touch(tmp_path / "in", "a.mp4", "out/a.mp4", "rep/b.mp4", "output/c.mp4")
    found = plan(source, source / "out", report=source / "rep")
    assert names(found.jobs, source / "out") == {"a.mp4": "a.mp4", "c.mp4": "output/c.mp4"}


def test_names_that_differ_only_in_their_ending(tmp_path: Path) -> None:
    source = touch(tmp_path / "in", "a.mp4", "a.avi", "A.mov", "a.jpg", "b.mkv")
    assert names(plan(source, tmp_path / "out").jobs, tmp_path / "out") == {
        "a.mp4": "a.mp4", "a.avi": "a.avi.mp4", "A.mov": "A.mov.mp4", "a.jpg": "a.jpg",
        "b.mkv": "b.mp4",
    }  # fmt: skip
    touch(source, "a.avi.mkv")
    with pytest.raises(BadFormat, match="twice"):
        plan(source, tmp_path / "out")


def test_zones_as_they_are_typed() -> None:
    assert zone_of("0%,0% 12.5%,0% 12.5%,100%") == ((0, 0), (1250, 0), (1250, 10_000))
    assert zone_of("0,0  100,0 100,9000") == ((0, 0), (100, 0), (100, 9000))
    for text in ("1,2 3", "a,b c,d e,f", "1;2 3;4 5;6", "1.5,2 3,4 5,6"):
        with pytest.raises(BadFormat, match="is no zone"):
            zone_of(text)


def picture(index: int, *, withheld: bool = False) -> ViewFrame:
    frame = Frame.blank(64, 48)
    frame.planes[0][:] = index
    masks = np.array([[-3.5, 4.2, 10, 8.1], [60, 40, 20, 20], [70, 1, 5, 5]], np.float32)
    return ViewFrame(frame, withheld, masks)


@pytest.mark.parametrize("count", [1, 3, MOST, 57, 400])
def test_a_sheet_is_evenly_chosen(count: int) -> None:
    sheet = Sheet()
    for index in range(count):
        sheet.note(picture(index * 200 // count + 16), float(index))
    made = cv2.imdecode(np.frombuffer(sheet.png(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert made is not None
    rows = -(-min(count, MOST) // 4)
    cells = made.reshape(rows, made.shape[0] // rows, min(4, count), -1)
    shown = np.median(cells[:, 40:300, :, 20:400], axis=(1, 3)).reshape(-1)[: min(count, MOST)]
    shown = shown.astype(int).tolist()
    assert shown == sorted(shown)
    if count >= MOST:
        steps = np.diff(shown)
        assert steps.max() <= 3 * max(1, steps.mean())


def test_a_sheet_needs_pictures_and_times_are_read_by_people() -> None:
    with pytest.raises(BadFormat):
        Sheet().png()
    assert [clock(t) for t in (0, 59.999, 83.456, 3600)] == [
        "0:00:00.00", "0:01:00.00", "0:01:23.46", "1:00:00.00",
    ]  # fmt: skip


@pytest.fixture
def run(host: DetectorHost) -> Callable[..., list[Outcome]]:
    """Runs a batch over a folder; `seen` gets the files that are worked on."""

    @contextmanager
    def opened() -> Iterator[Any]:
        detector = host.open()
        try:
            yield detector
        finally:
            detector.close()

    def started(
        source: Path, target: Path, *, choices: Choices = FAST, force: bool = False, **also: Path
    ) -> list[Outcome]:
        batch = Batch(plan(source, target, **also), choices, force)
        return list(batch.redact_all(opened, lambda job: lambda done, total: None))

    return started


def statuses(outcomes: list[Outcome]) -> dict[str, str]:
    return {outcome.job.source.name: outcome.status for outcome in outcomes}


def test_a_folder_goes_on_and_is_done_once(
    run: Callable[..., list[Outcome]], make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    source, out = touch(tmp_path / "in", "bad.mp4"), tmp_path / "out"
    make_clip(source / "a.mp4", times=(0, 40, 500))
    make_clip(source / "b.mov", times=(0, 40))
    cv2.imwrite(str(source / "c.png"), np.full((80, 120, 3), 90, np.uint8))
    first = run(source, out)
    assert statuses(first) == {
        "a.mp4": "done",
        "b.mov": "done",
        "bad.mp4": "failed",
        "c.png": "done",
    }
    assert "bad.mp4 is not a video file" in first[2].reason
    assert sorted(path.name for path in out.iterdir()) == [NAME, "a.mp4", "b.mp4", "c.png"]
    assert set(statuses(run(source, out)).values()) == {"skipped", "failed"}
    # Another source, a result that somebody changed, a record that was cut off, other settings.
    os.utime(source / "a.mp4")
    (out / "c.png").write_bytes(b"edited")
    again = run(source, out)
    assert statuses(again) == {
        "a.mp4": "failed", "b.mov": "skipped", "bad.mp4": "failed", "c.png": "failed",
    }  # fmt: skip
    assert "--force" in again[0].reason
    assert (out / "c.png").read_bytes() == b"edited"
    assert statuses(run(source, out, force=True))["c.png"] == "done"
    record = (out / NAME).read_bytes()
    (out / NAME).write_bytes(record[:-20])
    assert statuses(run(source, out))["c.png"] == "failed"
    (out / "c.png").unlink()
    assert statuses(run(source, out))["c.png"] == "done"
    assert statuses(run(source, out))["c.png"] == "skipped"
    other = dataclasses.replace(FAST, rules=Rules(Profile.PEOPLE))
    assert set(statuses(run(source, out, choices=other)).values()) == {"failed"}


def test_what_is_cut_short_is_kept_and_said_each_time(
    run: Callable[..., list[Outcome]], make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    data = make_clip(tmp_path / "whole.mkv", times=range(0, 4000, 40)).read_bytes()
    source = touch(tmp_path / "in", "cut.mkv")
    (source / "cut.mkv").write_bytes(data[: len(data) // 2])
    for status in ("incomplete", "skipped"):
        (outcome,) = run(source, tmp_path / "out")
        assert outcome.status == status
        assert "breaks off" in outcome.reason
        assert not outcome.is_good
    assert (tmp_path / "out" / "cut.mp4").exists()


def test_boxes_of_a_report_are_whole_pixels_inside_the_picture(tmp_path: Path) -> None:
    source = touch(tmp_path, "a.mp4") / "a.mp4"
    with closing(FileReport()) as report:
        report.note(picture(90), 0.0)
        report.note(picture(90, withheld=True), 0.04)
        report.save(tmp_path / "new" / "a.json", source, Redacted(2, 1, 3, "it breaks off"), {})
    made = json.loads((tmp_path / "new" / "a.json").read_text())
    assert made["frames"] == [
        {"time": 0.0, "withheld": False, "masks": [[0, 4, 7, 9], [60, 40, 4, 8]]},
        {"time": 0.04, "withheld": True, "masks": []},
    ]
    assert (made["incomplete"], made["totals"]["withheld"]) == ("it breaks off", 1)


def test_a_report_says_what_was_hidden_and_nothing_else(
    run: Callable[..., list[Outcome]], make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    make_clip(source / "a.mp4", times=(0, 40, 50, 133))
    (outcome,) = run(source, tmp_path / "out", report=tmp_path / "rep", sheet=tmp_path / "sheets")
    assert outcome.redacted is not None
    report = json.loads((tmp_path / "rep" / "a.mp4.json").read_text())
    assert [frame["time"] for frame in report["frames"]] == [0, 0.04, 0.05, 0.133]
    assert all(set(frame) == {"time", "withheld", "masks"} for frame in report["frames"])
    assert report["totals"] == {"frames": 4, "withheld": 0, "masks": outcome.redacted.masks}
    assert (report["width"], report["height"]) == (320, 240)
    assert report["settings"]["rules"] == {"profile": "heads", "zones": [], "fill": "solid"}
    assert all(len(digest) == 64 for digest in report["models"].values())
    assert len(report["software"]["sha256"]) == len(report["source"]["sha256"]) == 64
    assert (tmp_path / "sheets" / "a.mp4.png").read_bytes().startswith(b"\x89PNG")
    # Without its report a file is not done, and the result is not overwritten for it.
    (tmp_path / "rep" / "a.mp4.json").unlink()
    (outcome,) = run(source, tmp_path / "out", report=tmp_path / "rep", sheet=tmp_path / "sheets")
    assert outcome.status == "failed"
