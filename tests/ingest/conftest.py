"""Clips and cameras."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from plainview.ingest import session
from plainview.media import timing
from plainview.media.convert import ClipStyle, encode_clip
from plainview.media.frames import Frame
from plainview.media.packets import Packet, Parameters
from plainview.testing.rtsp import RtspServer

PASSWORD = "open:sesame/1"  # noqa: S105 - of a camera that exists only here
Encoded = tuple[Parameters, list[Packet]]


@functools.cache
def _encoded(seconds: int, style: ClipStyle) -> Encoded:
    return encode_clip(_frames(seconds * 25), 25, style)


def _frames(count: int) -> Iterator[Frame]:
    width, height = 320, 180
    noise = np.random.default_rng(3).integers(0, 40, (height, width), dtype=np.uint8)
    ramp = np.add.outer(np.arange(height), np.arange(width))
    for number in range(count):
        frame = Frame.blank(width, height)
        frame.planes[0][:] = (ramp + number * 3) % 200 + np.roll(noise, number * 5, 1)
        yield frame


@pytest.fixture
def encoded() -> Callable[[int, ClipStyle], Encoded]:
    """`encoded(seconds, style)`: 320x180 at 25 frames a second; made once."""
    return _encoded


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`patient(speed)`: clocks of tests that run faster than time may differ as many times more.

    Where a machine stands still for a second, ten seconds pass on a clock that runs tenfold.
    """

    def apply(speed: int) -> None:
        for module, name in (
            (timing, "MAX_CLOCK_ERROR_MS"),
            (timing, "BELIEVED_AGAIN_MS"),
            (session, "CLOCK_STEP_MS"),
        ):
            monkeypatch.setattr(module, name, getattr(module, name) * speed)

    return apply


@pytest.fixture
def camera() -> Iterator[RtspServer]:
    """A simulated camera that wants a password."""
    with RtspServer(user="viewer", password=PASSWORD) as server:
        yield server
