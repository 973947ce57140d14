"""Named shots of the generated street: the same faces in what cameras meet, with exact truth.

    shot = open_shot("panning", seed=7)
    shot.frame(i), shot.truth(i)          # i from 0 to shot.count

`walking` is the street as `scene` draws it. The others have casts, cameras that move, and weather
of their own. The same name and seed give the same pictures.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from plainview.errors import NotFound
from plainview.testing import scene_casts, scene_heads
from plainview.testing.scene import Scene, Truth, no_things
from plainview.testing.scene_heads import Head
from plainview.testing.scene_view import Area, Picture, View
from plainview.testing.scene_weather import Cloud, Finish, Grain, Leaves, Rain, Tone

SECONDS = 40
WALKING_FPS = 15
GRAIN = 1.3
"""Of a camera by day, as in `scene`."""
WIDER = 1.5
"""How much wider the painted street is where the camera moves over it."""

Box = tuple[float, float, float, float]
Move = Callable[[float, View, View], Box]
"""(seconds, painted view, picture's view) -> what the camera takes: x, y, width, height."""
Finishes = Callable[[View, Picture, np.random.Generator], list[Finish]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What makes a shot."""

    about: str
    cast: scene_casts.Cast
    finishes: Finishes
    fps: int = 15
    move: Move | None = None
    bus: bool = False


class Shot:
    """`count` frames of `size` (width, height) at `fps`, and what is in each."""

    def __init__(
        self, name: str, recipe: Recipe, seed: int, size: tuple[int, int], heads: dict[str, Head]
    ) -> None:
        self.name, self.seed, self.size, self.fps = name, seed, size, recipe.fps
        self._view = View(*size)
        factor = 1.0 if recipe.move is None else WIDER
        painted = View(_even(size[0] * factor), _even(size[1] * factor))
        self._scene = Scene(
            _seed(name, seed), width=painted.width, height=painted.height,
            fps=recipe.fps, seconds=SECONDS,
            cast=lambda rng: recipe.cast(heads, rng, SECONDS),
            things=scene_casts.Bus(painted) if recipe.bus else no_things,
        )  # fmt: skip
        self._painted = painted
        self._move = recipe.move
        rng = np.random.default_rng(_seed(name, seed) + 1)
        self._finishes = recipe.finishes(self._view, self._scene.street, rng)
        self._made: tuple[int, Picture, list[Truth]] | None = None

    @property
    def count(self) -> int:
        """How many frames there are."""
        return self._scene.count

    @property
    def vehicles(self) -> list[Box]:
        """Boxes of the parked cars, where the camera does not move; elsewhere none are said."""
        return self._scene.vehicles if self._move is None else []

    def frame(self, number: int) -> Picture:
        """Height x width x 3, BGR."""
        return self._make(number)[1]

    def truth(self, number: int) -> list[Truth]:
        """All heads of the frame, the farthest first; boxes in pixels of the frame."""
        return self._make(number)[2]

    def _make(self, number: int) -> tuple[int, Picture, list[Truth]]:
        if self._made is None or self._made[0] != number:
            self._made = (number, *self._draw(number))
        return self._made

    def _draw(self, number: int) -> tuple[Picture, list[Truth]]:
        t = number / self.fps
        if self._move is None:
            picture, truths = self._scene.paint(t)
        else:
            taken = self._move(t, self._painted, self._view)
            painted, truths = self._scene.paint(t, _rounded(taken))
            picture = _take(painted, taken, self._view)
            truths = [_moved(truth, taken, self._view) for truth in truths]
        for finish in self._finishes:
            picture = finish(picture, t, number)
        return picture, truths


class Walking(Shot):
    """The street just as `scene.Scene` draws it."""

    def __init__(self, seed: int, size: tuple[int, int], heads: dict[str, Head]) -> None:
        self.name, self.seed, self.size, self.fps = "walking", seed, size, WALKING_FPS
        self._scene = Scene(
            seed, width=size[0], height=size[1], fps=self.fps, seconds=SECONDS, heads=heads
        )
        self._move = None
        self._made = None

    def _draw(self, number: int) -> tuple[Picture, list[Truth]]:
        return self._scene.frame(number), self._scene.truth(number)


def _seed(name: str, seed: int) -> int:
    """Another street and other people in each shot."""
    return (seed << 32) + zlib.crc32(name.encode())


def _even(value: float) -> int:
    return round(value / 2) * 2


def _rounded(taken: Box) -> Area:
    x, y, w, h = taken
    return round(x), round(y), round(x + w), round(y + h)


def _take(painted: Picture, taken: Box, view: View) -> Picture:
    """The part of the painted street that the camera takes, at the picture's size."""
    k = view.width / taken[2]
    # Half a pixel is the centre of a pixel in both pictures.
    matrix = np.array(
        [[k, 0, (k - 1) / 2 - k * taken[0]], [0, k, (k - 1) / 2 - k * taken[1]]], np.float64
    )
    picture = cv2.warpAffine(painted, matrix, (view.width, view.height), flags=cv2.INTER_LINEAR)
    return np.asarray(picture, dtype=np.uint8)


def _moved(truth: Truth, taken: Box, view: View) -> Truth:
    k = view.width / taken[2]

    def move(box: Box) -> Box:
        return (box[0] - taken[0]) * k, (box[1] - taken[1]) * k, box[2] * k, box[3] * k

    face = None if truth.face is None else move(truth.face)
    return replace(truth, face=face, head=move(truth.head))


def _eased(t: float, keys: tuple[tuple[float, float], ...]) -> float:
    """A value between keys (seconds, value), at rest at each; repeats after the last."""
    t %= keys[-1][0]
    for (t0, a), (t1, b) in itertools.pairwise(keys):
        if t <= t1:
            share = (t - t0) / (t1 - t0)
            return a + (b - a) * (0.5 - 0.5 * float(np.cos(np.pi * share)))
    return keys[-1][1]


_PAN = ((0, 0.1), (5, 0.9), (7, 0.9), (7.8, 0.15), (10, 0.15), (16, 0.6), (18, 0.6), (20, 0.1))
"""Seconds, share of the room; from 5 to 7 it rests, then swings round in 0.8 s."""
_ZOOM = ((0, 1.0), (5, 0.45), (6.5, 0.45), (7.3, 0.9), (10, 0.9), (13, 0.52), (16, 1.0))
"""Seconds, share of the painted width that the camera takes."""


def _pan(t: float, painted: View, view: View) -> Box:
    """Sweeps, one of them fast, with the small shakes of a mast in the wind."""
    room_x, room_y = painted.width - view.width, painted.height - view.height
    shake = 0.004 * float(np.sin(9.1 * t) + np.sin(14.3 * t))
    x = room_x * min(1.0, max(0.0, _eased(t, _PAN) + shake))
    y = room_y * (0.5 + 0.25 * float(np.sin(0.7 * t)) + shake)
    return x, y, view.width, view.height


def _zoom(t: float, painted: View, view: View) -> Box:
    """In and out, between two thirds and one and a half times the painted size."""
    width = painted.width * _eased(t, _ZOOM)
    height = width * view.height / view.width
    x = (painted.width - width) * (0.45 + 0.2 * float(np.sin(0.5 * t)))
    return x, (painted.height - height) * 0.45, width, height


def _plain(view: View, street: Picture, rng: np.random.Generator) -> list[Finish]:
    return [Grain(view, rng, GRAIN)]


def _dusk(view: View, street: Picture, rng: np.random.Generator) -> list[Finish]:
    return [Tone(9, (0.27, 0.23, 0.20)), Grain(view, rng, 4.0, 1.6)]


def _rain(view: View, street: Picture, rng: np.random.Generator) -> list[Finish]:
    return [Tone(34, (0.62, 0.61, 0.58)), Rain(view, rng), Grain(view, rng, 3.0, 0.8)]


def _empty(view: View, street: Picture, rng: np.random.Generator) -> list[Finish]:
    return [Leaves(view, street, rng), Cloud(view, rng), Grain(view, rng, 2.0, 0.5)]


SHOTS: dict[str, Recipe] = {
    "crossing": Recipe(
        "people cross in front of each other and come back", scene_casts.crossing, _plain
    ),
    "turning": Recipe(
        "people stand and turn, from the back to the face and on", scene_casts.turning, _plain
    ),
    "panning": Recipe(
        "the camera sweeps, rests, and swings round", scene_casts.crowd, _plain, 25, _pan
    ),
    "zooming": Recipe("the camera zooms in and out", scene_casts.crowd, _plain, 25, _zoom),
    "dusk": Recipe("dark, low contrast, a noisy sensor", scene_casts.crowd, _dusk, 12),
    "rain": Recipe("streaks of rain, haze, noise", scene_casts.crowd, _rain),
    "near": Recipe("slow people close to the camera, faces to 120 px", scene_casts.near, _plain),
    "far": Recipe("many people far away, faces of 10 to 30 px", scene_casts.far, _plain),
    "rushing": Recipe(
        "people run past near the camera; a bus hides who is behind it",
        scene_casts.rushing, _plain, 25, bus=True,
    ),
    "empty": Recipe(
        "nobody: leaves sway and fall, the shadow of a cloud passes", scene_casts.nobody, _empty
    ),
}  # fmt: skip
"""Beside `walking`, in the order in which they are measured."""

NAMES = ("walking", *SHOTS)


def rate(name: str) -> int:
    """Frames a second of a shot, without opening it. Raises `NotFound`."""
    if name not in NAMES:
        raise NotFound(f"There is no shot {name!r}.", hint=f"Shots: {', '.join(NAMES)}.")
    return SHOTS[name].fps if name in SHOTS else WALKING_FPS


def open_shot(
    name: str, seed: int = 7, *, size: tuple[int, int] = (1280, 720),
    heads: dict[str, Head] | None = None,
) -> Shot:  # fmt: skip
    """The shot of that name. Raises `NotFound`, also if the photographs are missing."""
    rate(name)
    known = scene_heads.load() if heads is None else heads
    if name == "walking":
        return Walking(seed, size, known)
    return Shot(name, SHOTS[name], seed, size, known)
