"""`plainview redact` as a person runs it: what it writes, says, and ends with."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from plainview.media.encode import ViewEncoder, as_packet
from plainview.media.files import VideoFile
from plainview.media.fmp4 import write_segment

MakeClip = Callable[..., Path]
COMMAND = [sys.executable, "-m", "plainview.cli", "redact"]
LOOK = "Look at the results before you publish them"


def redact(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def street(scene: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated street with faces, as a file."""
    made = scene(73, frames=25, actors=2)
    width, height = made.size
    encoder = ViewEncoder(width, height, made.fps, crf=18)
    packets = [as_packet(encoder.encode(frame)) for frame in made.frames()]
    path = tmp_path_factory.mktemp("clip") / "street.mov"
    path.write_bytes(write_segment(packets, encoder.parameters))
    return path


def test_a_folder_from_beginning_to_end(street: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "in" / "out"
    source.mkdir()
    (source / street.name).write_bytes(street.read_bytes())
    cv2.imwrite(str(source / "photo.jpg"), np.full((100, 120, 3), 90, np.uint8))
    (source / "broken.mp4").write_bytes(b"no video" * 50)
    (source / "notes.txt").write_text("x")
    options = ["--json", "--height", "180", "--report", tmp_path / "rep", "--sheet", tmp_path / "s"]
    done = redact(source, out, *options)
    assert done.returncode == 1, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["status"] for line in lines] == ["failed", "done", "done"]
    assert "not a video file" in lines[0]["reason"]
    assert (lines[2]["frames"], lines[2]["withheld"], lines[2]["audio"]) == (25, 0, False)
    assert lines[2]["masks"] > 20
    assert "1 of 3 files failed or are not whole:" in done.stderr
    assert "notes.txt" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(LOOK)
    assert "%" not in done.stderr  # no bars where there is no terminal
    with VideoFile(out / "street.mp4") as video:
        assert video.size == (320, 180)
    report = json.loads((tmp_path / "rep" / "street.mp4.json").read_text())
    assert len(report["frames"]) == 25
    assert cv2.imread(str(tmp_path / "s" / "street.mp4.png")) is not None
    (source / "broken.mp4").unlink()
    again = redact(source, out, *options)
    assert again.returncode == 0, again.stderr
    assert [json.loads(line)["status"] for line in again.stdout.splitlines()] == ["skipped"] * 2


def test_one_file_with_all_options(street: Path, make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mov", audio="aac", times=range(0, 500, 40))
    options = [
        "--profile", "faces", "--zone", "0%,0% 50%,0% 50%,50%", "--zone", "1,1 9,1 9,9",
        "--fill", "mosaic", "--preset", "ultrafast", "--crf", "30", "--threads", "2",
        "--keep-audio", "--report", tmp_path / "report.json", "--sheet", tmp_path / "sheet.png",
    ]  # fmt: skip
    done = redact(source, tmp_path / "out.mp4", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{tmp_path}/out.mp4: 13 frames, ")
    assert "voices identify people" in done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["audio"] is True
    settings = report["settings"]
    assert settings["encoder"] == {"preset": "ultrafast", "crf": 30}
    assert settings["rules"] == {
        "profile": "faces", "fill": "mosaic",
        "zones": [[[0, 0], [5000, 0], [5000, 5000]], [[1, 1], [9, 1], [9, 9]]],
    }  # fmt: skip
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert [stream.type for stream in file.streams] == ["video", "audio"]
    refused = redact(source, tmp_path / "out.mp4")
    assert refused.returncode == 1
    assert "exists already. Give --force to replace it." in refused.stdout
    assert LOOK not in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.mp4", "out.mp4"], "nothing.mp4 does not exist"),
        (["a.mp4", "out.avi"], "does not end in .mp4"),
        (["a.mp4", "out.mp4", "--zone", "1,2"], "Zone 1 has 1 points"),
        (["a.mp4", "out.mp4", "--zone", "here"], "'here' is no zone"),
    ],
)
def test_mistakes_are_said_in_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4"]


def test_interrupted_at_a_terminal(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", times=range(0, 60_000, 40))
    process = subprocess.Popen(
        [*COMMAND, str(source), str(tmp_path / "out.mp4")], start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A shell ignores it for what it starts in the background, such as this run of the tests.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    until = time.monotonic() + 60
    while not (tmp_path / ".out.mp4.part").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, the detector's process too
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert output == ""
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def everything(terminal: int) -> Iterator[bytes]:
    """What was written to a terminal, until nobody has it open any more."""
    while select.select([terminal], [], [], 120)[0]:
        try:
            yield os.read(terminal, 1 << 16)
        except OSError:  # how Linux says the end of a terminal
            break
    os.close(terminal)


def test_bars_are_for_the_terminal_and_lines_for_the_output(
    make_clip: MakeClip, tmp_path: Path
) -> None:
    source = make_clip(tmp_path / "in.mp4", times=range(0, 400, 40))
    terminal, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, str(source), str(tmp_path / "out.mp4"), "--json"],
        stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm", "COLUMNS": "90"},
    )  # fmt: skip
    os.close(theirs)
    shown = b"".join(everything(terminal)).decode()
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, shown
    assert json.loads(output)["frames"] == 10
    assert "frames/s" in shown
    assert LOOK in shown
