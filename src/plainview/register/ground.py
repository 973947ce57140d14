"""An extract of OpenStreetMap becomes the plan under the editor's map: `map/plan.geojson`.

Read by pyosmium, an extra that only this needs. Out of the extract come streets, paths, rails,
water, green, buildings and the names of places, each with its kind and name and nothing else of its
tags. It is one file that the browser loads whole, made for a town or a district; the map of a large
city is a PMTiles file, read in pieces.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from plainview.base.durable import make_folder, write_file
from plainview.errors import BadFormat, NotFound, Refused, SettingsError

KINDS = ("street", "path", "rail", "water", "stream", "green", "building", "place")
LARGEST = 48_000_000
"""Bytes. Ten times that takes a browser a minute, and more memory than a desk may have."""
_DECIMALS = 6
"""0.1 m: what the register keeps of a camera's position."""
_LONGEST = 120

_AREAS = ("building", "landuse", "leisure", "natural", "waterway")
_PATHS = frozenset({"bridleway", "corridor", "cycleway", "footway", "path", "steps", "track"})
_NOT_THERE = frozenset({"abandoned", "construction", "demolished", "no", "planned", "proposed"})
_RAILS = frozenset({"light_rail", "narrow_gauge", "rail", "tram"})
_STREAMS = frozenset({"canal", "ditch", "drain", "river", "stream"})
_WATER = {
    "natural": frozenset({"water"}),
    "waterway": frozenset({"dock", "riverbank"}),
    "landuse": frozenset({"basin", "reservoir"}),
}
_GREEN = {
    "leisure": frozenset({"dog_park", "garden", "park", "pitch", "playground"}),
    "landuse": frozenset(
        {
            "allotments", "cemetery", "forest", "grass", "meadow", "orchard", "recreation_ground",
            "village_green",
        }
    ),
    "natural": frozenset({"grassland", "heath", "scrub", "wood"}),
}  # fmt: skip
_PLACES = frozenset(
    {"city", "hamlet", "locality", "neighbourhood", "quarter", "square", "suburb", "town"}
    | {"village"}
)


@dataclass(frozen=True)
class Box:
    """Degrees, west before east and south before north."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def parse(cls, text: str) -> Box:
        """ "20.40,44.78,20.52,44.84". Raises `BadFormat`."""
        hint = "Give west,south,east,north in degrees, as 20.40,44.78,20.52,44.84."
        try:
            west, south, east, north = (float(one) for one in text.split(","))
        except ValueError as error:
            raise BadFormat(f"{text} is no box.", hint=hint) from error
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise BadFormat(f"{text} is no box on the globe.", hint=hint)
        return cls(west, south, east, north)

    def meets(self, points: Iterable[list[float]]) -> bool:
        """Whether the box around these (lon, lat) overlaps."""
        lons, lats = zip(*points, strict=True)
        return bool(
            min(lons) <= self.east
            and max(lons) >= self.west
            and min(lats) <= self.north
            and max(lats) >= self.south
        )


@dataclass(frozen=True)
class Plan:
    """The file's bytes, and how many features of each kind are in it."""

    content: bytes
    counts: Mapping[str, int]

    def write(self, folder: Path, name: str) -> Path:
        """Put it in place of the one before, whole or not at all."""
        make_folder(folder)
        write_file(folder / name, self.content)
        return folder / name


def read_extract(path: Path, box: Box | None = None) -> Plan:
    """The plan of an extract (.osm.pbf, .osm, .osm.bz2), or of what of it meets the box.

    Raises `SettingsError` without pyosmium, `NotFound`, `BadFormat` if the file is no extract or
    holds nothing to draw, and `Refused` if the plan is too large.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    lines: list[bytes] = []
    counts: Counter[str] = Counter()
    size = 0
    for kind, name, geometry in _features(path, box):
        lines.append(_feature(kind, name, geometry))
        counts[kind] += 1
        size += len(lines[-1]) + 2
        if size > LARGEST:
            raise Refused(
                f"The plan of {path.name} is larger than {LARGEST // 1_000_000} MB.",
                hint="Draw a part of it with --box, or give the editor a PMTiles file.",
            )
    if not lines:
        raise BadFormat(
            f"{path.name} holds nothing to draw{'' if box is None else ' in this box'}.",
            hint="It needs streets, buildings, water or green; see the box's order of numbers.",
        )
    head = b'{"type":"FeatureCollection","features":[\n'
    return Plan(head + b",\n".join(lines) + b"\n]}\n", counts)


def _feature(kind: str, name: str, geometry: Mapping[str, Any]) -> bytes:
    whole = {"type": "Feature", "properties": {"kind": kind}, "geometry": geometry}
    if name:
        whole["properties"] = {"kind": kind, "name": name}
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode()


Feature = tuple[str, str, dict[str, Any]]


def _features(path: Path, box: Box | None) -> Iterator[Feature]:
    try:
        osmium = import_module("osmium")  # an extra
    except ImportError as error:
        raise SettingsError(
            "Extracts are read by pyosmium, which is not installed.",
            hint="Install it with: pip install 'plainview[osm]'.",
        ) from error
    areas = osmium.filter.KeyFilter(*_AREAS)
    try:
        found = osmium.FileProcessor(str(path)).with_areas(areas)
        for one in found.with_filter(osmium.filter.EmptyTagFilter()):
            feature = _drawn(one)
            if feature is not None and (box is None or box.meets(_points(feature[2]))):
                yield feature
    except (RuntimeError, ValueError) as error:
        raise BadFormat(
            f"{path.name} cannot be read: {error}", hint="Give an extract as .osm.pbf or .osm."
        ) from error


def _drawn(one: Any) -> Feature | None:
    tags = one.tags
    name = "".join(c for c in tags.get("name", "") if c.isprintable())[:_LONGEST]
    if one.is_area():
        kind = _kind_of_area(tags)
        return None if kind is None else (kind, name, _polygons(one))
    if one.is_way():
        kind = _kind_of_way(tags)
        points = [_point(node) for node in one.nodes if node.location.valid()]
        if kind is None or len(points) < 2:
            return None
        return kind, name, {"type": "LineString", "coordinates": points}
    if one.is_node() and tags.get("place") in _PLACES and name:
        return "place", name, {"type": "Point", "coordinates": _point(one)}
    return None


def _kind_of_area(tags: Any) -> str | None:
    if tags.get("building", "no") not in _NOT_THERE:
        return "building"
    for kind, wanted in (("water", _WATER), ("green", _GREEN)):
        if any(tags.get(key) in values for key, values in wanted.items()):
            return kind
    return None


def _kind_of_way(tags: Any) -> str | None:
    if tags.get("tunnel", "no") != "no" or tags.get("area") == "yes":
        return None  # below the ground, or no line
    highway = tags.get("highway", "no")
    if highway not in _NOT_THERE:
        return "path" if highway in _PATHS else "street"
    if tags.get("railway") in _RAILS:
        return "rail"
    return "stream" if tags.get("waterway") in _STREAMS else None


def _polygons(area: Any) -> dict[str, Any]:
    rings = [
        [_ring(outer), *(_ring(inner) for inner in area.inner_rings(outer))]
        for outer in area.outer_rings()
    ]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings[0]}
    return {"type": "MultiPolygon", "coordinates": rings}


def _ring(nodes: Any) -> list[list[float]]:
    return [_point(node) for node in nodes]


def _point(node: Any) -> list[float]:
    return [round(node.lon, _DECIMALS), round(node.lat, _DECIMALS)]


def _points(geometry: Mapping[str, Any]) -> list[list[float]]:
    """Those of a point, a line, or outer rings; holes lie within them."""
    told = geometry["coordinates"]
    match geometry["type"]:
        case "Point":
            return [told]
        case "LineString":
            return list(told)
        case "Polygon":
            return list(told[0])
    return [point for polygon in told for point in polygon[0]]
