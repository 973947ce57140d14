"""The generated street itself: sky, facades, pavement, road, parked cars, trees, lamps.

Everything is drawn once, at twice the size, and scaled down. Cars, trunks and lamps are also kept
apart, so that walkers can pass behind them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from plainview.testing.scene_view import Canvas, Colour, Picture, View, mix, shade

HAZE: Colour = (226, 220, 208)
_PLASTER: tuple[Colour, ...] = (
    (168, 200, 226), (150, 178, 214), (186, 206, 216), (158, 190, 186), (176, 188, 206),
)  # fmt: skip
_GLASS: Colour = (138, 118, 96)
_CARS: tuple[Colour, ...] = ((120, 84, 58), (206, 208, 210), (64, 62, 140), (92, 98, 90))
WALL_LEFT, KERB, ROAD_END, WALL_RIGHT = -4.2, 1.3, 7.6, 10.0
_DEPTH = 70.0


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that walkers farther away than `z` pass behind."""

    z: float
    canvas: Canvas
    vehicle: bool = False


def draw(view: View, rng: np.random.Generator) -> tuple[Picture, list[Obstacle]]:
    """The empty street and what stands in it, farthest first."""
    double = View(view.width * 2, view.height * 2)
    canvas = Canvas(0, 0, double.width, double.height)
    _sky(canvas, double, rng)
    _ground(canvas, double, rng)
    _facades(canvas, double, rng, WALL_RIGHT)
    _facades(canvas, double, rng, WALL_LEFT)
    picture = _half(canvas.colour, view)
    obstacles = [_small(item, view) for item in _objects(double, rng)]
    obstacles.sort(key=lambda item: -item.z)
    for item in obstacles:
        item.canvas.onto(picture)
    return picture, obstacles


def _half(colour: Picture, view: View) -> Picture:
    small = cv2.resize(colour, (view.width, view.height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def _small(item: Obstacle, view: View) -> Obstacle:
    """Scaled down and cropped to what is drawn."""
    alpha = cv2.resize(item.canvas.alpha, (view.width, view.height), interpolation=cv2.INTER_AREA)
    x, y, w, h = cv2.boundingRect(alpha)
    crop = Canvas(x, y, w, h)
    crop.alpha = np.ascontiguousarray(alpha[y : y + h, x : x + w], dtype=np.uint8)
    crop.colour = np.ascontiguousarray(_half(item.canvas.colour, view)[y : y + h, x : x + w])
    return Obstacle(item.z, crop, item.vehicle)


def _hazed(colour: Colour, z: float) -> Colour:
    return mix(colour, HAZE, min(0.75, z / _DEPTH * 0.9))


def _sky(canvas: Canvas, view: View, rng: np.random.Generator) -> None:
    rows = np.linspace(0, 1, int(view.horizon) + 2)[:, None, None]
    sky = np.array([232, 198, 150]) * (1 - rows) + np.array([236, 232, 226]) * rows
    canvas.colour[: sky.shape[0]] = sky.astype(np.uint8)
    clouds = np.zeros(canvas.alpha.shape, np.uint8)
    for _ in range(26):
        x, y = rng.uniform(0, view.width), rng.uniform(0, view.horizon * 0.8)
        axes = (int(rng.uniform(60, 260)), int(rng.uniform(8, 26)))
        cv2.ellipse(clouds, (int(x), int(y)), axes, 0, 0, 360, int(rng.uniform(60, 150)), -1)
    soft = cv2.GaussianBlur(clouds, (0, 0), 26)[: sky.shape[0], :, None].astype(np.float32) / 255
    top = canvas.colour[: sky.shape[0]].astype(np.float32)
    canvas.colour[: sky.shape[0]] = (top * (1 - soft) + 250 * soft).astype(np.uint8)
    for x in np.arange(-26, 27, 3.0):
        height = rng.uniform(6, 13)
        base = [(x - 2, 0.0), (x - 2, height), (x + 2, height), (x + 2, 0.0)]
        canvas.polygon(
            [view.at(px, py, _DEPTH) for px, py in base], mix(HAZE, (190, 180, 168), 0.5)
        )


def _ground(canvas: Canvas, view: View, rng: np.random.Generator) -> None:
    near = 2.0
    _strip(canvas, view, -60, 60, near, (172, 178, 180))
    _strip(canvas, view, KERB, ROAD_END, near, (112, 108, 104))
    _strip(canvas, view, KERB - 0.18, KERB, near, (196, 198, 198))
    for z in np.geomspace(2.2, 60, 46):
        _flat(canvas, view, WALL_LEFT, KERB - 0.18, z, z * 1.006, shade((172, 178, 180), 0.93), z)
    for x in np.arange(WALL_LEFT, KERB - 0.2, 0.8):
        _strip(canvas, view, x - 0.012, x + 0.012, near, (160, 166, 168))
    for z in np.arange(4, 60, 5.0):
        middle = (KERB + ROAD_END) / 2
        _flat(canvas, view, middle - 0.07, middle + 0.07, z, z + 2.2, (206, 210, 212), z)
    for x in np.arange(KERB + 0.4, ROAD_END - 0.4, 0.9):
        _flat(canvas, view, x, x + 0.5, 10.6, 13.4, (214, 218, 220), 12)
    grain = rng.normal(0, 5, (view.height // 4, view.width // 4, 1)).astype(np.float32)
    large = cv2.resize(grain, (view.width, view.height), interpolation=cv2.INTER_LINEAR)
    top = int(view.horizon)
    lower = canvas.colour[top:].astype(np.float32) + large[top:, :, None]
    canvas.colour[top:] = np.clip(lower, 0, 255).astype(np.uint8)


def _strip(canvas: Canvas, view: View, x0: float, x1: float, near: float, colour: Colour) -> None:
    """A band along the street, hazier with distance."""
    for z0, z1 in zip((near, 8.0, 16.0, 30.0), (8.0, 16.0, 30.0, _DEPTH), strict=True):
        _flat(canvas, view, x0, x1, z0, z1, colour, z0)


def _flat(
    canvas: Canvas, view: View, x0: float, x1: float, z0: float, z1: float, colour: Colour, z: float
) -> None:
    corners = [(x0, z0), (x1, z0), (x1, z1), (x0, z1)]
    canvas.polygon([view.at(x, 0, d) for x, d in corners], _hazed(colour, z))


def _wall(
    canvas: Canvas, view: View, x: float, y: tuple[float, float], z: tuple[float, float],
    colour: Colour,
) -> None:  # fmt: skip
    corners = [(y[0], z[0]), (y[1], z[0]), (y[1], z[1]), (y[0], z[1])]
    canvas.polygon([view.at(x, py, pz) for py, pz in corners], _hazed(colour, z[0]))


def _facades(canvas: Canvas, view: View, rng: np.random.Generator, x: float) -> None:
    """A row of houses along the wall at `x`, farthest first."""
    starts = list(np.arange(1.0, _DEPTH, 8.0))
    for z in reversed(starts):
        colour = _PLASTER[int(rng.integers(len(_PLASTER)))]
        if x > 0:
            colour = shade(colour, 0.88)
        height = float(rng.uniform(8.5, 11.5))
        _wall(canvas, view, x, (0, height), (z, z + 8.0), colour)
        _wall(canvas, view, x, (0, 0.7), (z, z + 8.0), shade(colour, 0.72))
        _wall(canvas, view, x, (3.3, 3.5), (z, z + 8.0), shade(colour, 1.12))
        _wall(canvas, view, x, (height - 0.4, height), (z, z + 8.0), shade(colour, 0.8))
        _windows(canvas, view, rng, x, z, colour)


def _windows(
    canvas: Canvas, view: View, rng: np.random.Generator, x: float, z: float, colour: Colour
) -> None:
    for place in (6.3, 4.1, 1.9, 0.2):
        at = z + place + 0.3
        shop = rng.random() < 0.5
        bottom, top = (0.8, 2.7) if shop else (0.0, 2.4)
        _pane(canvas, view, x, (bottom, top), (at, at + (1.5 if shop else 1.0)), colour, rng)
        for low in (4.3, 7.0):
            _pane(canvas, view, x, (low, low + 1.6), (at, at + 1.0), colour, rng)


def _pane(
    canvas: Canvas, view: View, x: float, y: tuple[float, float], z: tuple[float, float],
    colour: Colour, rng: np.random.Generator,
) -> None:  # fmt: skip
    light = float(rng.uniform(0.75, 1.35))
    _wall(canvas, view, x, (y[0] - 0.12, y[1] + 0.1), (z[0] - 0.1, z[1] + 0.1), shade(colour, 1.14))
    _wall(canvas, view, x, y, z, shade(_GLASS, light))
    middle = (z[0] + z[1]) / 2
    _wall(canvas, view, x, y, (middle - 0.03, middle + 0.03), shade(colour, 1.1))
    _wall(canvas, view, x, (y[1] - 0.55, y[1]), z, shade(_GLASS, light * 1.25))
    _wall(canvas, view, x, (y[1] - 0.5, y[1] - 0.45), z, shade(colour, 1.1))


def _objects(view: View, rng: np.random.Generator) -> list[Obstacle]:
    objects = [_tree(view, rng, 0.85, z) for z in (9.2, 16.5, 24.0, 32.0)]
    objects += [_lamp(view, 0.95, z) for z in (20.0, 36.0)]
    for number, z in enumerate((15.8, 21.6, 27.0, 33.5)):
        objects.append(_car(view, 2.1, z, _CARS[number % len(_CARS)]))
    objects += [_car(view, 6.6, z, _CARS[(int(z) + 1) % len(_CARS)]) for z in (16.5, 23.5)]
    return objects


def _tree(view: View, rng: np.random.Generator, x: float, z: float) -> Obstacle:
    canvas = Canvas(0, 0, view.width, view.height)
    bark = _hazed((62, 76, 92), z)
    foot, fork = view.at(x, 0, z), view.at(x, 3.2, z)
    _flat(canvas, view, x - 0.45, x + 0.45, z - 0.45, z + 0.45, (96, 112, 124), z)
    s = view.scale(z)
    canvas.polygon(
        [(foot[0] - 0.16 * s, foot[1]), (foot[0] + 0.16 * s, foot[1]),
         (fork[0] + 0.09 * s, fork[1]), (fork[0] - 0.09 * s, fork[1])], bark,
    )  # fmt: skip
    for side in (-0.9, -0.3, 0.4, 1.0):
        canvas.line(view.at(x, 2.8, z), view.at(x + side, 4.4, z), 0.07 * s, bark)
    for layer in range(90):
        angle, far = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 1))
        centre = view.at(x + 1.7 * far * np.cos(angle), 4.5 + 1.35 * far * np.sin(angle), z)
        radius = float(rng.uniform(0.16, 0.42)) * s
        lit = 0.72 + 0.4 * layer / 90 + 0.1 * float(rng.uniform(-1, 1))
        leaf = _hazed(shade((84, 142, 118), lit), z)
        canvas.ellipse(centre, (radius, radius * 0.8), leaf)
    return Obstacle(z, canvas)


def _lamp(view: View, x: float, z: float) -> Obstacle:
    canvas = Canvas(0, 0, view.width, view.height)
    iron = _hazed((66, 64, 58), z)
    s = view.scale(z)
    canvas.line(view.at(x, 0, z), view.at(x, 4.6, z), 0.09 * s, iron)
    canvas.line(view.at(x, 0, z), view.at(x, 0.8, z), 0.18 * s, iron)
    canvas.line(view.at(x, 4.6, z), view.at(x + 0.8, 4.9, z), 0.07 * s, iron)
    canvas.ellipse(view.at(x + 0.95, 4.85, z), (0.3 * s, 0.12 * s), _hazed((214, 226, 232), z))
    return Obstacle(z, canvas)


def _car(view: View, x: float, z: float, colour: Colour) -> Obstacle:
    """A parked car, seen from its end; `x` is its left side, `z` its near end."""
    canvas = Canvas(0, 0, view.width, view.height)
    paint, dark, glass = _hazed(colour, z), _hazed((40, 38, 36), z), _hazed((120, 104, 88), z)
    s, width, length = view.scale(z), 1.7, 4.1
    left, right = view.at(x - 0.1, 0.02, z), view.at(x + width + 0.1, 0.02, z)
    canvas.ellipse(((left[0] + right[0]) / 2, left[1]), (width * 0.62 * s, 0.12 * s),
                   _hazed((92, 90, 88), z))  # fmt: skip

    def side(profile: list[tuple[float, float]], tone: Colour) -> None:
        canvas.polygon([view.at(x, y, z + d) for d, y in profile], tone)

    side([(0, 0.3), (0, 0.85), (0.4, 0.95), (3.3, 0.95), (length, 0.8), (length, 0.3)],
         shade(paint, 0.78))  # fmt: skip
    side([(0.4, 0.95), (0.8, 1.42), (2.4, 1.42), (3.1, 0.95)], glass)
    for wheel in (0.8, 3.3):
        centre = view.at(x - 0.01, 0.3, z + wheel)
        radius = 0.3 * view.scale(z + wheel)
        canvas.ellipse(centre, (radius * 0.35, radius), dark)

    def end(low: float, high: float, inset: tuple[float, float], tone: Colour, d: float) -> None:
        corners = [(x + inset[0], low), (x + inset[1], high),
                   (x + width - inset[1], high), (x + width - inset[0], low)]  # fmt: skip
        canvas.polygon([view.at(px, py, z + d) for px, py in corners], tone)

    end(0.9, 1.45, (0.08, 0.25), paint, 0.5)
    end(0.95, 1.38, (0.16, 0.3), glass, 0.45)
    end(0.28, 0.95, (0.0, 0.06), paint, 0.0)
    end(0.28, 0.42, (0.02, 0.02), dark, 0.0)
    for lamp in (0.22, width - 0.22):
        canvas.ellipse(view.at(x + lamp, 0.7, z), (0.15 * s, 0.07 * s), _hazed((196, 206, 214), z))
    return Obstacle(z, canvas, vehicle=True)
