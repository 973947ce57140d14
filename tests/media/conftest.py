"""Moving pictures to encode."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from plainview.media.frames import Frame

MovingFrames = Callable[..., Iterator[Frame]]


@pytest.fixture
def moving() -> MovingFrames:
    """`moving(count, width, height)`: a gradient and noise that wander."""

    def frames(count: int, width: int = 320, height: int = 180) -> Iterator[Frame]:
        rng = np.random.default_rng(3)
        noise = rng.integers(0, 40, (height, width), dtype=np.uint8)
        ramp = np.add.outer(np.arange(height), np.arange(width))
        for number in range(count):
            frame = Frame.blank(width, height, wall_ms=number * 40)
            frame.planes[0][:] = (ramp + number * 3) % 200 + np.roll(noise, number * 5, 1)
            yield frame

    return frames
