"""What is hidden in a camera's pictures, as its public record says it.

Nothing here can hide less than every face: the profiles only add to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from plainview.errors import BadFormat

UNITS = 10_000
"""Points of zones are in these parts of the picture's width and height: the log has no floats."""
MOST_ZONES, MOST_POINTS = 32, 64
EVERYWHERE = ((0, 0), (UNITS, 0), (UNITS, UNITS), (0, UNITS))
"""The zone that is the whole picture."""

Zone = tuple[tuple[int, int], ...]
"""A polygon, at least three points (x, y) from the top left, 0 to `UNITS`."""


class Profile(StrEnum):
    """How much is hidden, each more than the one before."""

    FACES = "faces"
    """Faces and number plates."""
    HEADS = "heads"
    """Also heads from behind and in profile."""
    PEOPLE = "people"
    """Whole people."""
    MOTION = "motion"
    """Everything that moves, and everyone who stands still once seen."""


class FillStyle(StrEnum):
    """What is seen in place of what is hidden."""

    SOLID = "solid"
    """A calm colour; nothing of the picture is left."""
    MOSAIC = "mosaic"
    """A few coarse cells, frozen in time."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One camera's rules. Raises `BadFormat` for zones that are no polygons."""

    profile: Profile = Profile.HEADS
    zones: tuple[Zone, ...] = ()
    """Areas that are always hidden, such as windows and gardens."""
    fill: FillStyle = FillStyle.SOLID

    def __post_init__(self) -> None:
        check_zones(self.zones)


def strictest(several: Sequence[Rules]) -> Rules:
    """Rules that hide whatever any of these hides; of at least one.

    Where they have more different zones together than rules may have, the whole picture is one.
    """
    order = list(Profile)
    zones = tuple(dict.fromkeys(zone for rules in several for zone in rules.zones))
    solid = any(rules.fill is FillStyle.SOLID for rules in several)
    return Rules(
        profile=max((rules.profile for rules in several), key=order.index),
        zones=zones if len(zones) <= MOST_ZONES else (EVERYWHERE,),
        fill=FillStyle.SOLID if solid else FillStyle.MOSAIC,
    )


def check_zones(zones: Iterable[Zone]) -> None:
    """Raise `BadFormat`, saying which zone is wrong and how, unless all are polygons."""
    for number, zone in enumerate(zones, start=1):
        if number > MOST_ZONES:
            raise BadFormat(f"There are more than {MOST_ZONES} zones.", hint="Join some of them.")
        if not 3 <= len(zone) <= MOST_POINTS:
            raise BadFormat(
                f"Zone {number} has {len(zone)} points.",
                hint=f"A zone is a polygon of 3 to {MOST_POINTS} points.",
            )
        if any(not 0 <= side <= UNITS for point in zone for side in point):
            raise BadFormat(
                f"Zone {number} reaches out of the picture.",
                hint=f"Points are x, y from 0 to {UNITS}, in parts of the width and height.",
            )
