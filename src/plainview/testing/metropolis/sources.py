"""The sources of the generated city, and what happens to each of them in its year."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from plainview.testing.metropolis.ground import slug, spots
from plainview.testing.metropolis.papers import PURPOSES, Lot, Papers

COUNTS = {"pole": 2_500, "mobile": 3_500, "dashcam": 600, "bodycam": 1_500}
DAYS = 365
NOTICE_DAYS = 7
_FIRST_WAVE, _WAVE_DAYS = 0.6, 40
_PREFIX = {"pole": "pole", "mobile": "bus", "dashcam": "car", "bodycam": "body"}
_CHANGES: tuple[tuple[str, Any], ...] = (
    ("profile", "people"),
    ("fill", "mosaic"),
    ("zones", [[[0, 0], [2400, 0], [2400, 5200], [0, 5200]]]),
    ("contact", "privacy@city.example"),
)


@dataclass
class Source:
    """One source; `plan` is what becomes of it: (day, what)."""

    id: str
    lot: Lot
    own: dict[str, Any]
    day: int
    plan: list[tuple[int, str]] = field(default_factory=list)
    versions: int = 0


def sources(papers: Papers, scale: float, chance: random.Random) -> list[Source]:
    """All of them, by kind; `scale` is the share of the full counts, at least two of a kind."""
    found = []
    for kind, full in COUNTS.items():
        number = max(2, round(full * scale))
        found += _poles(papers, number, chance) if kind == "pole" else _moving(papers, kind, number)
    for one in found:
        _fate(one, chance)
    return found


def changed(own: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """What a new version says otherwise."""
    name, value = chance.choice(_CHANGES)
    return {**own, name: value}


def _poles(papers: Papers, number: int, chance: random.Random) -> list[Source]:
    lots = {lot.area.id: lot for lot in papers.lots["pole"]}
    names: Counter[str] = Counter()
    found = []
    for count, spot in enumerate(spots(number, chance), 1):
        names[spot.name] += 1
        twice = f" ({names[spot.name]})" if names[spot.name] > 1 else ""
        own = {
            "name": spot.name + twice,
            "place": spot.place,
            "position": list(spot.position),
            "direction": spot.direction,
            "purpose": chance.choice(PURPOSES["pole"]),
        }
        found.append(Source(f"pole-{count:04d}", lots[spot.district.id], own, 0))
    return found


def _moving(papers: Papers, kind: str, number: int) -> list[Source]:
    lots, found = papers.lots[kind], []
    words = {"mobile": "Bus", "dashcam": "Patrol car", "bodycam": "Body camera"}
    for count in range(1, number + 1):
        lot = lots[count % len(lots)]
        place = f"{lot.unit}; works in {lot.area.name}"
        own = {"name": f"{words[kind]} {count}", "place": place}
        found.append(Source(f"{_PREFIX[kind]}-{count:04d}", lot, own, 0))
    return found


def _fate(one: Source, chance: random.Random) -> None:
    """When it is published, changed, objected to, suspended, removed."""
    wave = chance.random() < _FIRST_WAVE
    one.day = chance.randrange(1, _WAVE_DAYS) if wave else chance.randrange(_WAVE_DAYS, DAYS)
    last = one.day
    if chance.random() < 0.03:
        one.plan.append((one.day + chance.randrange(1, NOTICE_DAYS - 1), "objection"))
        last += 2 * NOTICE_DAYS
    if chance.random() < 0.2:
        last += chance.randrange(15, 160)
        one.plan.append((last, "change"))
    fate = chance.random()
    if fate < 0.03:
        last += chance.randrange(10, 120)
        one.plan.append((last, "suspend"))
        if fate < 0.015:
            one.plan.append((last + chance.randrange(5, 40), "resume"))
    elif fate < 0.04:
        one.plan.append((last + chance.randrange(60, 200), "remove"))


def unit_of(one: Source) -> str:
    """The id of its unit."""
    return slug(one.lot.unit)
