"""The shots of the generated street as data sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from plainview.bench.hiding.truth import Box, DataSet, Kind, Pictures, Sequence, Target
from plainview.media.frames import Frame
from plainview.testing import scene_heads
from plainview.testing.scene import Truth
from plainview.testing.scene_heads import Head
from plainview.testing.scene_shots import NAMES, SECONDS, Shot, open_shot, rate

BEHIND_DEGREES = 120
"""Beyond this `scene` draws a head without an ear or a cheek."""
FEWEST = 24
"""Frames of a shot, however small the scale."""


def shots(
    scale: float, *, seed: int = 7, size: tuple[int, int] = (1280, 720),
    heads: dict[str, Head] | None = None,
) -> list[DataSet]:  # fmt: skip
    """All shots, each the first `scale` of its frames. Raises `NotFound` without photographs."""
    known = scene_heads.load() if heads is None else heads
    return [
        _set(name, partial(open_shot, name, seed, size=size, heads=known), size, scale)
        for name in NAMES
    ]


def _set(name: str, opened: Callable[[], Shot], size: tuple[int, int], scale: float) -> DataSet:
    """One shot as a data set; it is opened when its pictures are asked for."""
    fps = rate(name)
    count = max(FEWEST, round(fps * SECONDS * scale))

    def pictures() -> Pictures:
        shot = opened()
        cars = [parked(number, box) for number, box in enumerate(shot.vehicles)]
        for number in range(count):
            targets = cars + [target_of(truth) for truth in shot.truth(number)]
            yield Frame.from_bgr(shot.frame(number), wall_ms=round(number * 1000 / fps)), targets

    def sequences() -> Iterator[Sequence]:
        yield Sequence(name, size, fps, count, pictures)

    return DataSet(name, sequences, count)


def parked(number: int, box: Box) -> Target:
    """A car: its plate is hidden, which is no false mask; whether it is hidden is not judged."""
    return Target(f"car-{number}", Kind.HEAD, box, box, counts=False)


def target_of(truth: Truth) -> Target:
    """A head of the generated street as something that must be hidden."""
    if truth.face is not None:
        kind, box = Kind.FACE, truth.face
    else:
        kind = Kind.BEHIND if abs(truth.turn) > BEHIND_DEGREES else Kind.SIDE
        box = truth.head
    return Target(truth.walker, kind, box, truth.head, truth.visible, truth.photograph)
