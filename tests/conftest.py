"""What tests of several packages drive."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from hypothesis import HealthCheck, settings

# How long an example takes says something of the machine and nothing of us.
SLOW = [HealthCheck.too_slow]
# A change is judged by the same examples each time; who works on it meets others.
SAME = os.environ.get("CI") == "true"
settings.register_profile("plainview", deadline=None, suppress_health_check=SLOW, derandomize=SAME)
settings.load_profile("plainview")

HERE = Path(__file__).parent
PACKAGE = HERE.parent / ".cache" / "ipycam"

StartOnvif = Callable[..., str]


@pytest.fixture(scope="session")
def onvif_camera() -> Iterator[StartOnvif]:
    """`onvif_camera(user=, password=, ahead=, says=)`: `host:port` of a camera's ONVIF service.

    The same question gets the same camera; nothing is ever changed on one.
    """
    assert PACKAGE.is_dir(), "run: python3.11 tools/setup.py test"
    with ExitStack() as started:

        @functools.cache
        def start(
            *, user: str = "admin", password: str = "", ahead: float = 0, says: str = "127.0.0.1"
        ) -> str:
            command = [sys.executable, str(HERE / "onvif_camera.py"), str(PACKAGE), "127.0.0.1"]
            process = started.enter_context(
                subprocess.Popen(
                    [*command, user, password, str(ahead), says],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            started.callback(process.kill)
            assert process.stdout is not None
            return f"127.0.0.1:{int(process.stdout.readline())}"

        yield start


MakeClip = Callable[..., Path]


@pytest.fixture(scope="session")
def make_clip() -> MakeClip:
    """Writes a video as other programs do: four coloured quarters, the last one ever lighter.

    `make_clip(path, times=, base=, size=, codec=, pixels=, turn=, shape=, audio=, tags=)`:
    `times` in units of `base`; `turn` is (degrees, mirrored); `audio` a codec's name.
    """

    def write(
        path: Path, *, times: Sequence[int] = tuple(range(0, 1000, 40)),
        base: Fraction = Fraction(1, 1000), size: tuple[int, int] = (320, 240),
        codec: str = "libx264", pixels: str = "yuv420p", turn: tuple[int, bool] | None = None,
        shape: Fraction = Fraction(1), audio: str = "",
        tags: Mapping[str, str] = MappingProxyType({}),
    ) -> Path:  # fmt: skip
        with av.open(str(path), "w") as file:
            file.metadata.update(tags)
            video = cast("VideoStream", file.add_stream(codec, 25))
            video.width, video.height, video.pix_fmt = *size, pixels
            video.codec_context.time_base = base
            if turn is not None:
                video.set_display_rotation(turn[0], hflip=turn[1])
            video.codec_context.sample_aspect_ratio = shape
            sound = cast("AudioStream", file.add_stream(audio, 48_000)) if audio else None
            for number, time in enumerate(times):
                frame = av.VideoFrame.from_ndarray(quarters(size, number), format="rgb24")
                frame = frame.reformat(format=pixels)
                frame.pts, frame.time_base = time, base
                file.mux(video.encode(frame))
            if sound is not None:
                sound.layout = "mono"
                for block in range(int(times[-1] * base * 48_000 / 1024)):
                    file.mux(sound.encode(noise(block, sound.format.name)))
                file.mux(sound.encode(None))
            file.mux(video.encode(None))
        return path

    return write


def quarters(size: tuple[int, int], number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Red, green / blue, grey: height x width x 3, RGB."""
    width, height = size
    picture = np.full((height, width, 3), 100 + number % 100, np.uint8)
    picture[: height // 2, : width // 2] = (200, 30, 30)
    picture[: height // 2, width // 2 :] = (30, 200, 30)
    picture[height // 2 :, : width // 2] = (30, 30, 200)
    return picture


def noise(block: int, kind: str) -> av.AudioFrame:
    """1024 samples at 48 kHz."""
    values = np.random.default_rng(block).uniform(-0.3, 0.3, (1, 1024))
    if kind == "fltp":
        frame = av.AudioFrame.from_ndarray(values.astype(np.float32), format=kind, layout="mono")
    else:
        samples = (values * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format=kind, layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, block * 1024, Fraction(1, 48_000)
    return frame
