"""The child that cuts clips: only what was asked for, numbered, in its own time, least priority."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
from collections.abc import Sequence

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.errors import BadFormat
from plainview.media.encode import ViewEncoder
from plainview.media.frames import Frame
from plainview.testing.hall import frame_message
from plainview.watch import frames, label
from plainview.watch.cutting import LOWEST, cut, messages

START = 1_700_000_000_000
Picture = NDArray[np.uint8]


def filmed(
    count: int,
    *,
    first: int = 0,
    size: tuple[int, int] = (320, 180),
    flags: int = 0,
    grey: int = 90,
) -> list[bytes]:
    """Frame messages, a picture each 200 ms, in GOPs of five; `flags` for those with a key."""
    encoder, found = ViewEncoder(*size, fps=5), []
    for number in range(first, first + count):
        picture = np.full((size[1], size[0], 3), grey, np.uint8)
        frame = Frame.from_bgr(picture, wall_ms=START + number * 200)
        unit = encoder.encode(frame, key=number % 5 == 0)
        mark = (frames.KEY | flags) if unit.is_key else 0
        found.append(frame_message(mark, unit.wall_ms, number, unit.data))
    return found


def asked(said: Sequence[bytes], first: int, last: int) -> bytes:
    """What the child reads, for the pictures from `first` up to `last`."""
    wish = {"number": 4711, "title": "Plainview clip 4711", "comment": "A test"}
    line = json.dumps({**wish, "from": START + first * 200, "to": START + last * 200})
    return line.encode() + b"\n" + b"".join(struct.pack(">I", len(one)) + one for one in said)


def made(said: Sequence[bytes], first: int, last: int) -> bytes:
    out = io.BytesIO()
    cut(io.BytesIO(asked(said, first, last)), out)
    return out.getvalue()


def pictures(data: bytes) -> list[tuple[int, Picture]]:
    with av.open(io.BytesIO(data), "r") as file:
        return [
            (
                round(float(one.time or 0) * 1000),
                np.asarray(one.to_ndarray(format="gray"), np.uint8),
            )
            for one in file.decode(video=0)
        ]


def test_only_the_pictures_asked_for_are_in_it_at_their_own_times() -> None:
    # The clip begins in the middle of a GOP, and there is a gap of two seconds.
    said = filmed(10) + filmed(10, first=20, flags=frames.DISCONTINUITY)
    found = pictures(made(said, 3, 27))
    times = [number * 200 for number in [*range(3, 10), *range(20, 27)]]
    assert [ms for ms, _ in found] == [ms - 600 for ms in times]


def test_what_was_withheld_stays_so() -> None:
    rng = np.random.default_rng(1)
    blocks = np.kron(rng.integers(40, 200, (9, 16)), np.ones((20, 20))).astype(np.uint8)
    encoder, said = ViewEncoder(320, 180, fps=5), []
    for number in range(5):
        frame = Frame.from_bgr(np.dstack([blocks] * 3), wall_ms=START + number * 200)
        unit = encoder.encode(frame, key=number == 0)
        flags = frames.PIXELATED | (frames.KEY if number == 0 else 0)
        said.append(frame_message(flags, unit.wall_ms, number, unit.data))
    for _, picture in pictures(made(said, 0, 5)):
        cells = picture[:160].reshape(8, 20, 16, 20)
        assert float(cells.std(axis=(1, 3)).mean()) < 6  # a cell is still one even grey
        assert float(cells.mean(axis=(1, 3)).std()) > 20


def test_pictures_of_another_size_are_fitted_into_the_first() -> None:
    said = filmed(5) + filmed(5, first=5, size=(160, 90), flags=frames.DISCONTINUITY)
    found = pictures(made(said, 0, 10))
    assert {picture.shape for _, picture in found} == {(180, 320)}
    assert len(found) == 10


@pytest.mark.parametrize("size", [(64, 36), (160, 90), (320, 180), (1280, 720), (1920, 1080)])
def test_the_number_can_be_told_from_others_in_pictures_of_every_size(
    size: tuple[int, int],
) -> None:
    frame = Frame.blank(*size, wall_ms=START)
    label.put(frame, 4711)
    shown = frame.planes[0].copy()
    assert (
        int((shown != 128).sum()) < 0.25 * shown.size or size[0] < 200
    )  # small beside the picture
    for other in (4712, 4111, 471):
        again = Frame.blank(*size, wall_ms=START)
        label.put(again, other)
        assert not np.array_equal(shown, again.planes[0])


def test_nothing_in_that_time_and_broken_messages_are_said() -> None:
    with pytest.raises(BadFormat, match="no picture"):
        made(filmed(5), 50, 60)
    with pytest.raises(BadFormat, match="cut short"):
        list(messages(io.BytesIO(b"\0\0\1\0half")))
    with pytest.raises(BadFormat, match="too long"):
        list(messages(io.BytesIO(b"\xff\xff\xff\xff")))
    with pytest.raises(BadFormat, match="cut short"):
        list(messages(io.BytesIO(b"\0\0")))


def test_the_child_has_the_least_priority_and_says_what_is_wrong() -> None:
    command = [sys.executable, "-m", "plainview.watch.cutting"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdin.write(asked(filmed(20), 0, 60))
        child.stdin.flush()
        assert child.stdout.read(8)[4:] == b"ftyp"
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == LOWEST
        child.stdin.write(b"\0\0\1\0half")
        child.stdin.close()
        child.stdout.read()
        assert b"cut short" in child.stderr.read()
    assert child.returncode == 1


def test_a_reader_that_left_ends_the_child() -> None:
    command = [sys.executable, "-m", "plainview.watch.cutting"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as child:
        assert child.stdout is not None
        child.stdout.close()
        assert child.stdin is not None
        child.stdin.write(asked(filmed(40), 0, 40))
        child.stdin.close()
        assert child.wait(30) == 2
