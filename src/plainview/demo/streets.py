"""The four streets of the demonstration: what is public about them, and what plays there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plainview.base.clock import DAY_MS, Ms, to_iso
from plainview.base.ids import sha256_hex
from plainview.errors import NotFound
from plainview.register.legal_profile import DEMO

DPIA = Path(__file__).parent / "assets" / "impact-assessment.md"
"""The document whose hash the register demands, served at /demo/assets/impact-assessment.md."""
VIDEOS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm"})
RETENTION_SECONDS = 60
YEAR_MS = 365 * DAY_MS
WINDOWS = (
    ((0, 1640), (800, 1850), (800, 5620), (0, 6130)),
    ((1050, 1900), (1810, 2090), (1810, 5000), (1050, 5460)),
)
"""The two nearest windows of the generated street, in 10,000ths of its width and height."""


@dataclass(frozen=True)
class Street:
    """One camera: its public story and the clip behind it (None: the generated street)."""

    camera: str
    name: str
    place: str
    kind: str
    sees: str
    purpose: str
    clip: str | None
    position: tuple[int, int] | None
    direction: str
    area: str | None = None
    zones: tuple[tuple[tuple[int, int], ...], ...] = ()


STREETS = (
    Street("cam-01", "Station forecourt", "Station forecourt, west side", "pole",
           "A pavement and the crossing paths in front of the station.",
           "Road safety at the forecourt crossings", "vtest.mp4", (44_816_000, 20_460_000), "east"),
    Street("cam-02", "Market passage", "Market passage, north entrance", "pole",
           "The entrance of the passage and its steps.",
           "Crowd safety at the passage entrance", "vtest-part.mp4",
           (44_817_200, 20_458_900), "south"),
    Street("cam-03", "Bicycle patrol 3", "Old town", "mobile",
           "Streets on the patrol's way.",
           "Protection of the bicycle patrol", "bikes.mp4", None, "", "Old town, district 1"),
    Street("cam-04", "Linden Street", "Linden Street 14", "pole",
           "A pavement, a bus stop and a pedestrian crossing. The picture is generated: the faces "
           "in it are from free photographs.",
           "Safety at the pedestrian crossing", None, (44_815_100, 20_462_300), "north-east",
           zones=WINDOWS),
)  # fmt: skip


def record(street: Street, now: Ms) -> dict[str, Any]:
    """The public camera record, as the register demands it."""
    return {
        "name": street.name,
        "kind": street.kind,
        "place": street.place,
        "position": list(street.position) if street.position else None,
        "area": street.area,
        "direction": street.direction,
        "sees": street.sees,
        "controller": "City of Plainview (demonstration)",
        "contact": "dpo@city.example",
        "unit": "Traffic unit",
        "purpose": street.purpose,
        "legal_profile": DEMO,
        "legal_basis": {
            "law": "Demonstration Act on Public-Space Video",
            "article": "12(1)",
            "decision": f"D-2026-{street.camera[-2:]}",
            "valid_from": to_iso(now - DAY_MS),
            "valid_to": to_iso(now + YEAR_MS),
        },
        "dpia": {
            "hash": sha256_hex(DPIA.read_bytes()),
            "date": to_iso(now - 30 * DAY_MS),
            "review_due": to_iso(now + YEAR_MS),
        },
        "contract": {
            "number": "C-2026-7",
            "supplier": "Plainview demonstration",
            "value": "0 EUR",
            "valid_to": to_iso(now + YEAR_MS),
        },
        "retention": {"class": "demo", "seconds": RETENTION_SECONDS},
        "custodian_set": "set-1",
        "profile": "heads",
        "zones": [[list(point) for point in zone] for zone in street.zones],
        "fill": "solid",
        "audio": False,
        "biometric_identification": "none",
        "valid_from": to_iso(now),
    }


def videos(folder: Path) -> list[Path]:
    """The video files of a folder, by name. Raises `NotFound` if it has none."""
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in VIDEOS)
    if not found:
        raise NotFound(
            f"{folder} holds no video file ({', '.join(sorted(VIDEOS))}).",
            hint="Name a folder with videos, or leave --clips out.",
        )
    return [path.absolute() for path in found]


def sources(clips: Path, given: list[str]) -> dict[str, str]:
    """What each camera plays: what was given for it, else its own clip, else `scene`."""
    chosen = {}
    for street, own in zip(STREETS, given + [""] * len(STREETS), strict=False):
        clip = clips / street.clip if street.clip else None
        chosen[street.camera] = own or (str(clip) if clip and clip.exists() else "scene")
    return chosen
