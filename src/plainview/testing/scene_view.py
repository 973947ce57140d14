"""The eye of the generated street: a pinhole at head height, and small drawing helpers.

World: X to the right, Y up, Z into the picture, metres; the eye stands at (0, 2.2, 0) and looks
along Z. Drawing is premultiplied: colour and coverage on a black canvas, antialiased.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
"""Blue, green, red."""
Area = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""

_SHIFT = 4
EYE_HEIGHT = 2.2
_CIRCLE = np.stack([ring(np.linspace(0, 2 * np.pi, 40)) for ring in (np.cos, np.sin)], axis=1)
"""40 points round (0, 0)."""


@dataclass(frozen=True, slots=True)
class View:
    """Projects world points into a picture of `width` x `height` pixels."""

    width: int
    height: int

    @property
    def focal(self) -> float:
        return 0.703 * self.width

    @property
    def horizon(self) -> float:
        return 0.292 * self.height

    def at(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Pixel position of a world point with z > 0."""
        scale = self.focal / z
        return self.width / 2 + x * scale, self.horizon + (EYE_HEIGHT - y) * scale

    def scale(self, z: float) -> float:
        """Pixels a metre at distance `z`."""
        return self.focal / z


class Canvas:
    """Premultiplied colour and coverage of a rectangle of the picture that starts at (x, y)."""

    def __init__(self, x: int, y: int, width: int, height: int) -> None:
        self.x, self.y = x, y
        self.colour: Picture = np.zeros((height, width, 3), np.uint8)
        self.alpha: Picture = np.zeros((height, width), np.uint8)

    def polygon(
        self, points: Iterable[tuple[float, float]] | NDArray[np.float64], colour: Colour
    ) -> None:
        """Fill a polygon given in pixels of the whole picture, as pairs or n x 2."""
        given = points if isinstance(points, np.ndarray) else np.array(list(points), np.float64)
        moved = (given - (self.x, self.y)).astype(np.float32)
        fixed = np.round(moved * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(self.colour, [fixed], colour, cv2.LINE_AA, _SHIFT)
        cv2.fillPoly(self.alpha, [fixed], 255, cv2.LINE_AA, _SHIFT)

    def ellipse(
        self, centre: tuple[float, float], axes: tuple[float, float], colour: Colour
    ) -> None:
        """Fill an upright ellipse with half axes `axes`."""
        self.polygon(_CIRCLE * axes + centre, colour)

    def line(
        self, a: tuple[float, float], b: tuple[float, float], width: float, colour: Colour
    ) -> None:
        """A straight limb with round ends."""
        across = np.array([b[1] - a[1], a[0] - b[0]], np.float64)
        length = float(np.hypot(*across))
        if length < 1e-6:
            return
        across *= width / 2 / length
        corners = [
            (point[0] + sign * across[0], point[1] + sign * across[1])
            for point, sign in ((a, 1), (b, 1), (b, -1), (a, -1))
        ]
        self.polygon(corners, colour)
        self.ellipse(a, (width / 2, width / 2), colour)
        self.ellipse(b, (width / 2, width / 2), colour)

    def onto(self, picture: Picture, strength: float = 1.0) -> None:
        """Lay the canvas over `picture` where they overlap."""
        box = overlap(self.x, self.y, self.alpha.shape, picture.shape)
        if box is None:
            return
        x0, y0, x1, y1 = box
        inner = np.s_[y0 - self.y : y1 - self.y, x0 - self.x : x1 - self.x]
        blend(picture[y0:y1, x0:x1], self.colour[inner], self.alpha[inner], strength)


def overlap(
    x: int, y: int, shape: tuple[int, ...], within: tuple[int, ...]
) -> tuple[int, int, int, int] | None:
    """(x0, y0, x1, y1) of a rectangle of `shape` at (x, y) inside a picture, or None."""
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(within[1], x + shape[1]), min(within[0], y + shape[0])
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def blend(under: Picture, colour: Picture, alpha: Picture, strength: float = 1.0) -> None:
    """Premultiplied source over, in place."""
    if strength < 1:
        colour = cv2.convertScaleAbs(colour, alpha=strength).astype(np.uint8, copy=False)
        alpha = cv2.convertScaleAbs(alpha, alpha=strength).astype(np.uint8, copy=False)
    keep = cv2.merge([255 - alpha] * 3)
    under[:] = cv2.add(colour, cv2.multiply(under, keep, scale=1 / 255))


def shade(colour: Colour, factor: float) -> Colour:
    """A lighter or darker colour."""
    blue, green, red = (int(min(255, max(0, part * factor))) for part in colour)
    return blue, green, red


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`a` with a share of `b`."""
    blue, green, red = (int(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return blue, green, red
