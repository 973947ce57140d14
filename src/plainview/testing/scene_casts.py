"""Who walks through which shot of the generated street: paths, speeds, turning, a bus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from plainview.testing.scene_backdrop import Obstacle
from plainview.testing.scene_heads import Head
from plainview.testing.scene_view import Canvas, View, shade
from plainview.testing.scene_walkers import Stop, Walker, dressed, path_of, street_paths

Cast = Callable[[dict[str, Head], np.random.Generator, float], list[Walker]]
"""(heads, rng, seconds of the loop) -> the walkers."""
Path = tuple[Stop, ...]

_AGAIN_M = 0.05
"""Where a path ends that comes back: not where it began, so that its direction is known. Across
the street (in X) it gets the face in profile, along it (in Z) one from the front."""


def nobody(heads: dict[str, Head], rng: np.random.Generator, seconds: float) -> list[Walker]:
    """The empty street."""
    return []


def crowd(heads: dict[str, Head], rng: np.random.Generator, seconds: float) -> list[Walker]:
    """Twice the street's regular paths, each at its own pace."""
    return dressed([*street_paths(rng), *street_paths(rng)], heads, rng, seconds)


def crossing(heads: dict[str, Head], rng: np.random.Generator, seconds: float) -> list[Walker]:
    """Pairs who cross in front of each other, and people across the street in front of them."""
    paths: list[Path] = []
    for _ in range(10):
        near, pace = float(rng.uniform(2.6, 6.0)), float(rng.uniform(0.9, 1.3))
        for side in (-1, 1):
            far_end = (2.4 * side - 0.4, near + 5.0)
            near_end = (-1.7 * side - 0.4, near + 0.3 * side)
            paths.append(
                path_of([far_end, near_end, (far_end[0], far_end[1] + _AGAIN_M)], pace, {})
            )
    pairs = dressed(paths, heads, rng, seconds)
    begun = [replace(one, start=pairs[at - at % 2].start) for at, one in enumerate(pairs)]
    return begun + _named(dressed(_across(rng, 5, (3.0, 8.0), 1.2, 2), heads, rng, seconds), "x")


def turning(heads: dict[str, Head], rng: np.random.Generator, seconds: float) -> list[Walker]:
    """People who stand and turn all the way round; some come, turn, and go."""
    spots = [(-1.3, 2.6), (0.5, 3.0), (-0.4, 4.2), (1.0, 4.6), (-2.2, 5.4), (0.2, 6.4),
             (-1.2, 8.0), (0.6, 9.5), (-2.6, 10.5), (-1.6, 13.0)]  # fmt: skip
    paths: list[Path] = []
    for number, (x, z) in enumerate(spots):
        aside = _AGAIN_M if number % 5 == 4 else 0.0
        paths.append((Stop(0.0, x, z), Stop(seconds, x + aside, z)))
    for x in (-0.9, 0.2, -1.8, -0.2):
        stands = float(rng.uniform(3.2, 7.0))
        paths.append(path_of([(x, 17.0), (x - 0.3, stands), (x, 15.0)], 1.2, {1: 8.0}))
    return [
        replace(one, spin=float(rng.uniform(25, 75)) * (1 if number % 2 else -1), glance=0.0)
        for number, one in enumerate(dressed(paths, heads, rng, seconds))
    ]


def near(heads: dict[str, Head], rng: np.random.Generator, seconds: float) -> list[Walker]:
    """Slow people close to the camera: faces up to 120 pixels at a width of 1280."""
    paths: list[Path] = []
    for number in range(12):
        side = -1 if number % 2 else 1
        x, z = float(rng.uniform(0.15, 0.9)) * side, float(rng.uniform(1.68, 2.4))
        points = [(x * 1.6, 6.5), (x, z + 0.8), (x * 0.8, z), (x * 1.5, 6.0)]
        paths.append(path_of(points, float(rng.uniform(0.55, 0.9)), {2: 2.5}))
    return dressed([*paths, *_across(rng, 4, (1.9, 3.2), 0.9, 2)], heads, rng, seconds)


def far(heads: dict[str, Head], rng: np.random.Generator, seconds: float) -> list[Walker]:
    """Many people far away: faces of 10 to 30 pixels at a width of 1280."""
    paths: list[Path] = []
    for number in range(26):
        start = (float(rng.uniform(-3.4, 0.6)), float(rng.uniform(17, 20)))
        end = (float(rng.uniform(-3.4, 0.6)), float(rng.uniform(6.8, 9)))
        points = [end, start] if number % 5 == 4 else [start, end]
        paths.append(path_of(points, float(rng.uniform(0.8, 1.3)), {}))
    return dressed([*paths, *_across(rng, 4, (8.0, 14.0), 1.2, 2)], heads, rng, seconds)


def rushing(heads: dict[str, Head], rng: np.random.Generator, seconds: float) -> list[Walker]:
    """People who run past near the camera, and some who walk farther away."""
    towards: list[Path] = []
    for _ in range(10):
        x, z = float(rng.uniform(-0.8, 0.8)), float(rng.uniform(1.8, 2.4))
        points = [(x - 0.6, 15.0), (x, z), (x * 0.5 + 3.0, z - 0.5)]
        towards.append(path_of(points, float(rng.uniform(3.0, 5.5)), {}))
    runners = [*towards, *_across(rng, 8, (1.9, 3.6), 5.0, 6)]
    walkers = _named(dressed(street_paths(rng), heads, rng, seconds), "w")
    return dressed(runners, heads, rng, seconds) + walkers


def _across(
    rng: np.random.Generator, count: int, depth: tuple[float, float], speed: float, times: int
) -> list[Path]:
    """People who go across the picture and back, `times` times, at `speed` metres a second."""
    paths = []
    for number in range(count):
        z = float(rng.uniform(*depth))
        reach = 0.75 * z + 0.9
        side = -1 if number % 2 else 1
        points = [(reach * side * (-1) ** turn, z + 0.1 * turn) for turn in range(times)]
        last = (points[0][0] * (1 if times % 2 == 0 else -1) + 1.2 * side, points[-1][1])
        paths.append(path_of([*points, last], speed * float(rng.uniform(0.8, 1.2)), {}))
    return paths


def _named(cast: list[Walker], mark: str) -> list[Walker]:
    """The same people, with names of their own within the clip."""
    return [replace(one, name=f"{one.name}{mark}") for one in cast]


class Bus:
    """A bus that crosses the picture every `every` seconds and hides who is behind it."""

    def __init__(self, view: View, *, z: float = 6.4, speed: float = 9.0, every: float = 9.0):
        self._view, self._z, self._speed, self._every = view, z, speed, every
        s = view.scale(z)
        self._length = 10.0
        width, height = round(self._length * s), round(3.1 * s)
        self._canvas = Canvas(0, 0, width, height)
        self._paint(s, width, height)

    def __call__(self, t: float) -> list[Obstacle]:
        """The bus at `t` seconds, if it is to be seen."""
        gone = (t % self._every) * self._speed
        reach = self._view.width / 2 / self._view.scale(self._z)
        left, _ = self._view.at(-reach - self._length + gone, 0, self._z)
        if left >= self._view.width:
            return []
        _, top = self._view.at(0, 3.1, self._z)
        moved = Canvas(round(left), round(top), 1, 1)
        moved.colour, moved.alpha = self._canvas.colour, self._canvas.alpha
        return [Obstacle(self._z, moved)]

    def _paint(self, s: float, width: int, height: int) -> None:
        paint, glass, dark = (72, 92, 168), (112, 98, 84), (40, 38, 38)

        def box(x0: float, y0: float, x1: float, y1: float, tone: tuple[int, int, int]) -> None:
            self._canvas.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], tone)

        box(0, 0, width, height - 0.35 * s, paint)
        box(0, 0, width, 0.25 * s, shade(paint, 1.25))
        for pane in range(6):
            left = (0.4 + 1.6 * pane) * s
            box(left, 0.55 * s, left + 1.35 * s, 1.55 * s, shade(glass, 0.9 + 0.05 * (pane % 3)))
        for wheel in (1.9, 7.8):
            self._canvas.ellipse((wheel * s, height - 0.5 * s), (0.48 * s, 0.48 * s), dark)
