"""The ground of the generated city: districts, streets on a grid, a river, and places for poles.

Positions are (latitude, longitude) in millionths of a degree; nothing of it exists.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

Point = tuple[int, int]

CENTRE: Point = (44_816_000, 20_460_000)
BLOCK: Point = (2_000, 2_800)
"""A block of houses, about 220 m on each side."""
SIDE = 48
"""Streets in each direction."""
PER_DISTRICT = SIDE // 4
_DISTRICTS = (
    "Northgate", "Hillside", "Orchards", "Quarry End",
    "West Quay", "Old Town", "Market Ward", "Fairfield",
    "Tannery", "Bridge Ward", "Castle Hill", "Eastfield",
    "Low Meadows", "Harbour", "Millbank", "Southgate",
)  # fmt: skip
_WORDS = (
    "Linden", "Mill", "Station", "Harbour", "Chapel", "Orchard", "Bridge", "Castle",
    "Market", "Weaver", "Garden", "Tanner", "School", "River", "Baker", "Chestnut",
    "Cooper", "Meadow", "Foundry", "Abbey", "Willow", "Ferry", "Quarry", "Vineyard",
)  # fmt: skip
EAST_WEST = tuple(f"{word} {kind}" for kind in ("Street", "Road") for word in _WORDS)
NORTH_SOUTH = tuple(f"{word} {kind}" for kind in ("Avenue", "Lane") for word in _WORDS)
DIRECTIONS = (
    "north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west",
)  # fmt: skip


@dataclass(frozen=True)
class District:
    """A quarter of the city; `boundary` are its corners in order."""

    id: str
    name: str
    boundary: tuple[Point, ...]


@dataclass(frozen=True)
class Spot:
    """Where a pole stands: a corner of two streets, or a house."""

    place: str
    name: str
    position: Point
    direction: str
    district: District


def slug(text: str) -> str:
    """A name as an id: a-z, 0-9 and -."""
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def at(row: float, column: float) -> Point:
    """A point of the grid: rows count from the north, columns from the west."""
    latitude = CENTRE[0] + round((SIDE / 2 - row) * BLOCK[0])
    return latitude, CENTRE[1] + round((column - SIDE / 2) * BLOCK[1])


def districts() -> tuple[District, ...]:
    """All sixteen, from the north-west to the south-east."""
    found = []
    for number, name in enumerate(_DISTRICTS):
        top, left = (PER_DISTRICT * part for part in divmod(number, 4))
        corners = ((0, 0), (0, 1), (1, 1), (1, 0))
        boundary = tuple(at(top + r * PER_DISTRICT, left + c * PER_DISTRICT) for r, c in corners)
        found.append(District(slug(name), name, boundary))
    return tuple(found)


def spots(number: int, chance: random.Random) -> list[Spot]:
    """Places for poles, denser in the middle, none in the river, no two of one name."""
    known, found = districts(), list[Spot]()
    taken: set[tuple[int, int, int]] = set()
    while len(found) < number:
        row = min(SIDE - 1, max(0, round(chance.gauss(SIDE / 2, SIDE / 4.2))))
        column = min(SIDE - 1, max(0, round(chance.gauss(SIDE / 2, SIDE / 4.2))))
        house = chance.randrange(4)
        if _in_river(row, column) or (row, column, house) in taken:
            continue
        taken.add((row, column, house))
        district = known[row // PER_DISTRICT * 4 + column // PER_DISTRICT]
        found.append(_spot(row, column, house, district, chance))
    return found


def _in_river(row: int, column: int) -> bool:
    """It comes from the south-west and bends to the north, two blocks wide."""
    return abs(row - (SIDE * 0.78 - column * 0.35)) < 1.0 and column < SIDE * 0.7


def _spot(row: int, column: int, house: int, district: District, chance: random.Random) -> Spot:
    street, across = EAST_WEST[row], NORTH_SOUTH[column]
    direction = chance.choice(DIRECTIONS)
    if house == 0:
        return Spot(
            f"{street}, corner of {across}", f"{street} and {across}", at(row, column), direction,
            district,
        )  # fmt: skip
    number = column * 8 + house * 2
    position = at(row + chance.uniform(-0.04, 0.04), column + house / 4)
    return Spot(f"{street} {number}", f"{street} {number}", position, direction, district)
