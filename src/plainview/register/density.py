"""How much of a person a camera shows: pixels per metre at a distance, and what that suffices for.

EN/IEC 62676-4 names classes by pixels per metre: its 2014 edition from `monitor` to `inspect`
(known as DORI), its 2025 edition from `overview` to `scrutinise` (OODPCVS). A record keeps both, in
pixels per ten metres, since 12.5 and 62.5 are no integers. Pure geometry; nothing is read here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

_WIDEST_FLAT = 120
TARGET_CM = 160
"""Height above the ground of what the density is stated for: an adult's face."""

DORI_2014: Mapping[str, int] = {
    "monitor": 125,
    "detect": 250,
    "observe": 625,
    "recognise": 1_250,
    "identify": 2_500,
    "inspect": 10_000,
}
"""Class -> pixels per ten metres from which on it is met, IEC 62676-4:2014."""
OODPCVS_2025: Mapping[str, int] = {
    "overview": 200,
    "outline": 400,
    "discern": 800,
    "perceive": 1_250,
    "characterise": 2_500,
    "validate": 5_000,
    "scrutinise": 15_000,
}
"""The same for IEC 62676-4:2025."""
BELOW = "below"
"""What a density is called that meets no class."""


def pixels_per_10_metres(
    width: int, angle_degrees: int, distance_cm: int, height_cm: int = TARGET_CM
) -> int:
    """Density at a face, rounded down.

    `width` is the picture's in pixels, `angle_degrees` the lens's horizontal angle of view,
    `distance_cm` along the ground from below the camera, `height_cm` the camera's above the ground.
    Lenses wider than 120 degrees do not draw a flat picture: they are taken to spread their pixels
    evenly over the angle. Raises `ValueError` for what no lens has.
    """
    _check(width, angle_degrees)
    away = math.hypot(distance_cm, height_cm - TARGET_CM)
    if away <= 0:
        raise ValueError("the distance must be more than nothing")
    return math.floor(width * 1_000 / (away * _metres_across(angle_degrees)))


def reach_cm(
    density: int, width: int, angle_degrees: int, height_cm: int = TARGET_CM
) -> int | None:
    """How far along the ground at least `density` (pixels per ten metres) is reached.

    None where it is reached nowhere. Raises `ValueError`.
    """
    _check(width, angle_degrees)
    away = width * 1_000 / (density * _metres_across(angle_degrees))
    drop = abs(height_cm - TARGET_CM)
    return math.floor(math.sqrt(away * away - drop * drop)) if away > drop else None


def class_met(density: int, scale: Mapping[str, int]) -> str:
    """The most detailed class of `scale` that `density` (pixels per ten metres) meets."""
    met = [name for name, least in scale.items() if density >= least]
    return met[-1] if met else BELOW


def more_detailed(one: str, other: str, scale: Mapping[str, int]) -> bool:
    """Whether class `one` shows more than class `other`. Raises `ValueError` for unknown ones."""
    names = [BELOW, *scale]
    return names.index(one) > names.index(other)


def _check(width: int, angle_degrees: int) -> None:
    if width <= 0 or not 1 <= angle_degrees <= 360:
        raise ValueError("a picture is at least a pixel wide, an angle is 1 to 360 degrees")


def _metres_across(angle_degrees: int) -> float:
    """Width of what is seen at a distance of one."""
    flat = 2 * math.tan(math.radians(min(angle_degrees, _WIDEST_FLAT)) / 2)
    return max(flat, math.radians(angle_degrees)) if angle_degrees > _WIDEST_FLAT else flat
