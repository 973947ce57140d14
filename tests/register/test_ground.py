"""An extract of OpenStreetMap as the plan under the editor's map."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import osmium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.cli import program
from plainview.errors import BadFormat, NotFound, PlainviewError, Refused, SettingsError
from plainview.register import ground
from plainview.register.ground import Box, Plan, read_extract
from plainview.testing.extract import Extract, LonLat, Tags

HERE = (20.45, 44.81)


def at(east: float, north: float) -> LonLat:
    """So many thousandths of a degree away."""
    return HERE[0] + east / 1000, HERE[1] + north / 1000


def square(east: float, north: float, side: float) -> list[LonLat]:
    corners = [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side), (0.0, 0.0)]
    return [at(east + x, north + y) for x, y in corners]


def drawn(plan: Plan) -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = json.loads(plan.content)["features"]
    return features


def read(tmp_path: Path, extract: Extract, box: Box | None = None) -> list[dict[str, Any]]:
    return drawn(read_extract(extract.write(tmp_path / "town.osm"), box))


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"highway": "residential"}, "street"),
        ({"highway": "motorway"}, "street"),
        ({"highway": "footway"}, "path"),
        ({"highway": "steps"}, "path"),
        ({"highway": "construction"}, None),
        ({"highway": "primary", "tunnel": "yes"}, None),
        ({"highway": "pedestrian", "area": "yes"}, None),
        ({"railway": "tram"}, "rail"),
        ({"railway": "subway", "tunnel": "yes"}, None),
        ({"railway": "abandoned"}, None),
        ({"waterway": "canal"}, "stream"),
        ({"boundary": "administrative"}, None),
        ({"power": "line"}, None),
    ],
)
def test_lines(tmp_path: Path, tags: Tags, kind: str | None) -> None:
    extract = Extract()
    extract.way([at(0, 0), at(1, 0)], {"highway": "service"})
    extract.way([at(0, 1), at(1, 1)], tags)
    kinds = [one["properties"]["kind"] for one in read(tmp_path, extract)]
    assert kinds == ["street", *([] if kind is None else [kind])]


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"building": "yes"}, "building"),
        ({"building": "apartments", "leisure": "park"}, "building"),
        ({"building": "construction"}, None),
        ({"natural": "water"}, "water"),
        ({"landuse": "reservoir"}, "water"),
        ({"leisure": "park"}, "green"),
        ({"landuse": "cemetery"}, "green"),
        ({"landuse": "residential"}, None),
    ],
)
def test_areas(tmp_path: Path, tags: Tags, kind: str | None) -> None:
    extract = Extract()
    extract.way([at(0, 0), at(1, 0)], {"highway": "service"})
    extract.way(square(0, 0, 1), tags)
    areas = [one for one in read(tmp_path, extract) if one["geometry"]["type"] == "Polygon"]
    assert [one["properties"]["kind"] for one in areas] == ([] if kind is None else [kind])


def test_a_lake_with_an_island_and_a_park_of_two_parts(tmp_path: Path) -> None:
    extract = Extract()
    shore, island = extract.way(square(0, 0, 3)), extract.way(square(1, 1, 1))
    extract.multipolygon([shore], [island], {"natural": "water", "name": "Lake"})
    parts = [extract.way(square(east, 5, 1)) for east in (0, 2)]
    extract.multipolygon(parts, [], {"leisure": "park"})
    lake, park = read(tmp_path, extract)
    assert lake["properties"] == {"kind": "water", "name": "Lake"}
    assert [len(ring) for ring in lake["geometry"]["coordinates"]] == [5, 5]
    assert park["geometry"]["type"] == "MultiPolygon"
    assert len(park["geometry"]["coordinates"]) == 2


def test_nothing_but_kind_name_and_place_comes_over(tmp_path: Path) -> None:
    extract = Extract()
    tags = {
        "highway": "residential",
        "name": "Knez \x9fMihailova",
        "operator": "City",
        "lit": "yes",
    }
    extract.way([at(0, 0), (20.45123456, 44.8)], tags)
    extract.node(at(0, 0), {"place": "square", "name": "Trg"})
    extract.node(at(0, 0), {"place": "square"})
    extract.node(at(0, 0), {"amenity": "clinic", "name": "Clinic"})
    square, street = sorted(read(tmp_path, extract), key=lambda one: one["properties"]["kind"])
    assert square["geometry"] == {"type": "Point", "coordinates": [20.45, 44.81]}
    assert street["properties"] == {"kind": "street", "name": "Knez Mihailova"}
    assert street["geometry"]["coordinates"][1] == [20.451235, 44.8]


def test_a_street_that_leaves_the_extract_ends_at_its_edge(tmp_path: Path) -> None:
    extract = Extract()
    extract.way([at(0, 0), at(1, 0)], {"highway": "residential"}, lost=3)
    extract.way([at(0, 0)], {"highway": "residential"}, lost=1)
    (street,) = read(tmp_path, extract)
    assert len(street["geometry"]["coordinates"]) == 2


def test_a_box_takes_what_meets_it(tmp_path: Path) -> None:
    extract = Extract()
    extract.way([at(-50, 5), at(50, 5)], {"highway": "primary", "name": "through"})
    extract.way([at(40, 5), at(50, 5)], {"highway": "primary", "name": "beside"})
    extract.way(square(-50, -50, 100), {"natural": "water", "name": "around"})
    extract.node(at(5, 5), {"place": "square", "name": "within"})
    west, south = at(0, 0)
    east, north = at(10, 10)
    found = read(tmp_path, extract, Box(west, south, east, north))
    assert {one["properties"]["name"] for one in found} == {"through", "around", "within"}
    with pytest.raises(BadFormat, match="nothing to draw in this box"):
        read(tmp_path, extract, Box(0, 0, 1, 1))


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "20.5,44.8,20.4,44.9", "0,0,0,0", "nan,0,1,1"]
)
def test_a_box_that_is_none(text: str) -> None:
    with pytest.raises(BadFormat, match="no box"):
        Box.parse(text)


def test_the_formats_of_extracts_say_the_same(tmp_path: Path) -> None:
    extract = Extract()
    extract.way([at(0, 0), at(1, 0)], {"highway": "residential", "name": "Şoseaua <&>"})
    extract.way(square(0, 0, 1), {"building": "yes"})
    plain = extract.write(tmp_path / "town.osm")
    packed = tmp_path / "town.osm.pbf"
    with osmium.SimpleWriter(str(packed)) as writer:
        for one in osmium.FileProcessor(str(plain)):
            writer.add(one)
    assert read_extract(plain) == read_extract(packed)


def break_off(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize("spoil", [break_off, lambda _: b"", lambda _: b"\x00\x00\x01\x00xx" * 99])
@pytest.mark.parametrize("name", ["town.osm", "town.osm.pbf", "town.jpg"])
def test_what_is_no_extract_is_refused(
    tmp_path: Path, spoil: Callable[[bytes], bytes], name: str
) -> None:
    extract = Extract()
    extract.way([at(0, 0), at(1, 0)], {"highway": "residential"})
    whole = extract.write(tmp_path / "whole.osm").read_bytes()
    (tmp_path / name).write_bytes(spoil(whole))
    with pytest.raises(BadFormat):
        read_extract(tmp_path / name)


@given(data=st.binary(max_size=300), name=st.sampled_from(["a.osm", "a.osm.pbf", "a.osm.bz2"]))
def test_made_up_bytes_break_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    file = tmp_path_factory.mktemp("bytes") / name
    file.write_bytes(data)
    with pytest.raises(PlainviewError):
        read_extract(file)


def test_a_plan_that_is_too_large_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = Extract()
    for n in range(20):
        extract.way([at(0, n), at(1, n)], {"highway": "residential"})
    monkeypatch.setattr(ground, "LARGEST", 1000)
    with pytest.raises(Refused, match="larger than") as refused:
        read(tmp_path, extract)
    assert "--box" in refused.value.hint


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "osmium", None)
    extract = Extract()
    extract.way([at(0, 0), at(1, 0)], {"highway": "residential"})
    with pytest.raises(SettingsError, match="not installed"):
        read(tmp_path, extract)


def test_the_command(tmp_path: Path) -> None:
    extract = Extract()
    extract.way([at(0, 0), at(1, 0)], {"highway": "residential"})
    extract.way(square(0, 0, 1), {"building": "yes"})
    file = str(extract.write(tmp_path / "town.osm"))

    def said(*words: str) -> str:
        command = ["register", "map", *words, "--data", str(tmp_path / "data")]
        output = io.StringIO()
        with redirect_stdout(output):
            program().main(command, standalone_mode=False)
        return output.getvalue()

    plan = tmp_path / "data" / "map" / "plan.geojson"
    assert "nothing was written" in said(file, "--dry-run")
    assert not plan.exists()
    assert "the next time" in said(file)
    assert len(json.loads(plan.read_text())["features"]) == 2
    (plan.parent / "base.pmtiles").write_bytes(b"PMTiles\x03")
    assert "comes first" in said(file)
    whole = json.loads(said(file, "--json", "--box", "20.45,44.80,20.46,44.82"))
    assert whole["counts"] == {"street": 1, "building": 1}
    with pytest.raises(NotFound, match="no file"):
        said(str(tmp_path / "gone.osm"))
    with pytest.raises(BadFormat, match="no box"):
        said(file, "--box", "here")
