"""The map as a drawing: positions, areas and a scale, laid out here so that it needs no script.

Latitudes and longitudes are millionths of a degree. A city is small enough for an equirectangular
projection at its middle. What lies close together is one circle with a number; a link goes nearer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plainview.register.listing import Listed

WIDTH, HEIGHT = 1_000, 640
CELL = 62
"""Side of a square whose cameras are one circle, in units of the drawing."""
DEEPEST = 7
MARGIN = 1.08
LEAST_SPAN = 4_000
_METRES = 0.111_32  # of a millionth of a degree of latitude
_SCALES = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
_TURNS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
Point = tuple[int, int]


@dataclass(frozen=True)
class Dot:
    """A place on the drawing with its cameras; `wedge` is where one looks, a triangle, if known."""

    x: float
    y: float
    cameras: tuple[Listed, ...]
    at: Point
    wedge: str

    @property
    def radius(self) -> float:
        """Of the circle."""
        return 7.0 if len(self.cameras) == 1 else min(13 + 2.2 * math.sqrt(len(self.cameras)), 30)


@dataclass(frozen=True)
class Outline:
    """An area with its name."""

    name: str
    points: str
    x: float
    y: float


@dataclass(frozen=True)
class Window:
    """The part of the ground that is shown: its middle, and how deep (0: everything)."""

    at: Point
    zoom: int
    span: tuple[float, float]

    def place(self, point: Point) -> tuple[float, float]:
        """Where a point lies on the drawing."""
        y = HEIGHT / 2 - (point[0] - self.at[0]) / self.span[0] * HEIGHT
        x = WIDTH / 2 + (point[1] - self.at[1]) / self.span[1] * WIDTH
        return round(x, 1), round(y, 1)

    def moved(self, right: float, down: float) -> Point:
        """The middle after moving by these parts of the drawing."""
        return round(self.at[0] - down * self.span[0]), round(self.at[1] + right * self.span[1])

    def scale(self) -> tuple[int, float]:
        """A bar of the map's scale: metres, and its length on the drawing."""
        per_unit = self.span[0] * _METRES / HEIGHT
        metres = next((m for m in _SCALES if m / per_unit >= 90), _SCALES[-1])
        return metres, round(metres / per_unit, 1)


def window(points: Sequence[Point], at: Point | None, zoom: int) -> Window:
    """What is shown: all of `points` at depth 0, half as much with each step."""
    zoom = min(max(zoom, 0), DEEPEST)
    low, high = [(min(axis), max(axis)) for axis in zip(*points, strict=True)]
    middle = (sum(low) // 2, sum(high) // 2)
    squeeze = max(math.cos(math.radians(middle[0] / 1e6)), 0.05)
    tall = max((low[1] - low[0]) * MARGIN, LEAST_SPAN)
    wide = max((high[1] - high[0]) * MARGIN, LEAST_SPAN / squeeze)
    latitudes = max(tall, wide * squeeze * HEIGHT / WIDTH) / 2**zoom
    span = latitudes, latitudes * WIDTH / HEIGHT / squeeze
    return Window(middle if at is None or not zoom else at, zoom, span)


def dots(cameras: Iterable[Listed], shown: Window) -> list[Dot]:
    """Cameras on the drawing, gathered in squares; singly where alone, or at the deepest."""
    cells: dict[tuple[int, int], list[Listed]] = {}
    (north, west), (south, east) = shown.moved(-0.5, -0.5), shown.moved(0.5, 0.5)
    tall, wide = shown.span[0] * CELL / HEIGHT, shown.span[1] * CELL / WIDTH
    alone = shown.zoom == DEEPEST
    for one in cameras:
        point = one.position
        if point is None or not (south <= point[0] <= north and west <= point[1] <= east):
            continue
        row, column = int((north - point[0]) // tall), int((point[1] - west) // wide)
        cells.setdefault((-point[0], point[1]) if alone else (row, column), []).append(one)
    return [_dot(found, shown) for _, found in sorted(cells.items(), key=lambda cell: cell[0])]


def _dot(found: list[Listed], shown: Window) -> Dot:
    points = [one.position for one in found if one.position is not None]
    latitudes, longitudes = zip(*points, strict=True)
    at = sum(latitudes) // len(found), sum(longitudes) // len(found)
    x, y = shown.place(at)
    wedge = _wedge(x, y, found[0].direction) if len(found) == 1 and shown.zoom > 1 else ""
    return Dot(x, y, tuple(found), at, wedge)


def _wedge(x: float, y: float, direction: str) -> str:
    """A triangle towards where a camera looks; nothing if its record says none that we know."""
    if direction not in _TURNS:
        return ""
    turn = math.radians(_TURNS.index(direction) * 45)
    ends = [(x + 34 * math.sin(turn + way), y - 34 * math.cos(turn + way)) for way in (-0.5, 0.5)]
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in [(x, y), *ends])


def outline(name: str, boundary: Sequence[Point], shown: Window) -> Outline | None:
    """An area if a corner of it, or its middle, is shown."""
    placed = [shown.place((point[0], point[1])) for point in boundary]
    x, y = (sum(axis) / len(placed) for axis in zip(*placed, strict=True))
    if not any(-WIDTH <= a <= 2 * WIDTH and -HEIGHT <= b <= 2 * HEIGHT for a, b in placed):
        return None
    return Outline(name, " ".join(f"{a},{b}" for a, b in placed), round(x, 1), round(y, 1))
