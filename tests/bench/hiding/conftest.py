"""Noisy pictures, masks in them, and a detector process that the slow tests share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from plainview.bench.hiding.cover import Hidden
from plainview.bench.hiding.truth import Box, Kind, Target
from plainview.bench.hiding.watch import Seen
from plainview.media.frames import Frame
from plainview.redact import fill
from plainview.redact.host import DetectorHost
from plainview.redact.pipeline import ViewFrame

SIZE = (320, 180)


def noisy(size: tuple[int, int] = SIZE, *, seed: int = 1) -> Frame:
    """A picture like a camera's: shades, with noise."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(40, 220, size[0])[None, :, None]
    picture = ramp + rng.normal(0, 3, (size[1], size[0], 3))
    return Frame.from_bgr(np.clip(picture, 0, 255).astype(np.uint8))


def filled(raw: Frame, boxes: list[Box]) -> Hidden:
    """What is hidden after the boxes have been filled as the redactor fills."""
    view = raw.copy()
    masks = np.array(boxes, np.float32).reshape(-1, 4)
    fill.fill(view, masks)
    return Hidden(ViewFrame(view, pixelated=False, masks=masks), raw)


def seen_with(
    number: int, targets: list[Target], masks: list[Box], *, pixelated: bool = False
) -> Seen:
    """A finished picture with these masks."""
    raw = noisy()
    view = raw.copy()
    boxes = np.array(masks, np.float32).reshape(-1, 4)
    fill.fill(view, boxes)
    done = ViewFrame(view, pixelated=pixelated, masks=boxes)
    return Seen(number, done, raw, targets, Hidden(done, raw))


def target(
    who: str, box: Box, kind: Kind = Kind.FACE, *, visible: float = 1.0, counts: bool = True
) -> Target:
    return Target(who, kind, box, box, visible, who, counts)


class Kit:
    """What the tests of this folder share."""

    noisy = staticmethod(noisy)
    filled = staticmethod(filled)
    seen = staticmethod(seen_with)
    target = staticmethod(target)


@pytest.fixture(scope="session")
def kit() -> Kit:
    """Pictures, masks, targets."""
    return Kit()


@pytest.fixture(scope="session")
def host() -> Iterator[DetectorHost]:
    """One detector process; patient, for busy machines."""
    with DetectorHost(deadline_seconds=20, hang_seconds=40) as host:
        host.wait()
        yield host
