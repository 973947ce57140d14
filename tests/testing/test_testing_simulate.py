"""`plainview simulate` as a process."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from plainview.media.fmp4 import write_segment
from plainview.media.rtsp import open_stream
from plainview.testing.clip import Clip


@pytest.fixture
def file(tmp_path: Path, clip: Clip) -> Path:
    path = tmp_path / "corner.mp4"
    path.write_bytes(write_segment(list(clip.packets()), clip.parameters))
    return path


def _run(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "plainview.cli", "simulate", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_file_is_served_until_the_process_is_asked_to_stop(file: Path, tmp_path: Path) -> None:
    process = _run(str(file), "--stream", f"two={file}", "--port", "0", "--cache", str(tmp_path))
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    assert lines[0].startswith("listening on rtsp://127.0.0.1:")
    addresses = sorted(line.split()[0] for line in lines[1:])
    assert [address.rpartition("/")[2] for address in addresses] == ["corner", "two"]
    for address in addresses:
        stream = open_stream(address)
        assert next(stream.packets()).is_key
        stream.close()
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=10)
    assert process.returncode == 0
    assert complaints.strip() == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["absent.mp4", "--port", "0"], "absent.mp4 is not a file"),
        (["--stream", "nonsense", "--port", "0"], "is not NAME=FILE"),
        (["a/x.mp4", "b/x.mp4", "--port", "0"], "Two streams are called x"),
    ],
)
def test_mistakes_are_said_in_one_line(arguments: list[str], said: str) -> None:
    process = _run(*arguments)
    _, complaints = process.communicate(timeout=20)
    assert process.returncode == 1
    assert said in " ".join(complaints.split())
    assert "Traceback" not in complaints


def test_the_list_names_what_would_be_served(file: Path) -> None:
    process = _run(str(file), "--list")
    answer, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "corner" in answer
    assert "192x112" in answer
