"""Simulated cameras in a process of their own, which play a prepared clip.

The clip: 1080p at 25 frames a second, H.264, 3 Mbit/s, a key frame every 50 frames, and noise in
time, as a street at dusk gives it. Cameras begin at different places of it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from plainview.errors import Unavailable
from plainview.media.convert import ClipStyle, write_clip
from plainview.media.frames import Frame

WIDTH, HEIGHT, FPS = 1920, 1080, 25
BIT_RATE = 3_000_000
_STYLE = ClipStyle(gop_seconds=2.0, preset="superfast", bit_rate=BIT_RATE)
_NOISES = 8
_NOISE = 5.0


def make_clip(path: Path, seconds: float) -> Path:
    """Encode the clip; takes a third of its length."""
    write_clip(path, _pictures(round(seconds * FPS)), FPS, _STYLE)
    return path


@contextmanager
def cameras(clip: Path, count: int) -> Iterator[list[str]]:
    """Addresses of `count` cameras that play `clip`. Raises `Unavailable`."""
    streams = [f"--stream=cam-{n:02}={clip}" for n in range(count)]
    command = [sys.executable, "-m", "plainview.cli", "simulate", "--port=0", *streams]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            yield _addresses(server, count)
        finally:
            server.terminate()


def _addresses(server: subprocess.Popen[str], count: int) -> list[str]:
    found: list[str] = []
    for line in server.stdout or ():
        if line.startswith("rtsp://"):
            found.append(line.split()[0])
        if len(found) == count:
            return found
    raise Unavailable("The simulated cameras did not start.")


def _pictures(count: int) -> Iterator[Frame]:
    """A slow pan over a pattern, under noise that changes in every picture."""
    random = np.random.default_rng(1)
    down, across = np.mgrid[0:HEIGHT, 0 : WIDTH * 2]
    scene = 110 + 50 * np.sin(across / 37.0) * np.cos(down / 53.0) + 20 * np.sin(across / 5.0)
    noises = [random.normal(0, _NOISE, (HEIGHT, WIDTH)) for _ in range(_NOISES)]
    for number in range(count):
        frame = Frame.blank(WIDTH, HEIGHT)
        at = number * 2 % WIDTH
        noise = np.roll(noises[number % _NOISES], number * 17, axis=1)
        frame.planes[0][:] = np.clip(scene[:, at : at + WIDTH] + noise, 16, 235)
        yield frame
