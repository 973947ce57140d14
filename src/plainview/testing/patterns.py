"""Clips that need no files: a gradient and noise that wander."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from plainview.media.convert import ClipStyle, encode_clip
from plainview.media.frames import Frame
from plainview.testing.clip import Clip

SIZE = (320, 176)


@functools.cache
def wandering(
    style: ClipStyle, count: int = 100, size: tuple[int, int] = SIZE, fps: int = 25
) -> Clip:
    """`count` pictures, encoded once in a process."""
    return Clip(*encode_clip(_pictures(count, *size), fps, style))


def _pictures(count: int, width: int, height: int) -> Iterator[Frame]:
    noise = np.random.default_rng(3).integers(0, 40, (height, width), dtype=np.uint8)
    ramp = np.add.outer(np.arange(height), np.arange(width))
    for number in range(count):
        frame = Frame.blank(width, height)
        frame.planes[0][:] = (ramp + number * 3) % 200 + np.roll(noise, number * 5, 1)
        yield frame
