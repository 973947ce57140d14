"""Tables and maps of cameras: what is written comes back, and no file makes the reader fall."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plainview.base.clock import now_ms
from plainview.errors import BadFormat
from plainview.register.bulk import OWN, columns, read_rows
from plainview.register.bulk_plan import Planner, filled, sound, with_values
from plainview.register.difference import differences
from plainview.register.legal_profile import FOLDER
from plainview.register.projection import Register
from plainview.register.records import CameraRecord, camera_record
from plainview.testing.registry import rich_camera
from plainview.testing.town import CAMERA, Town, camera_values

NOW = 1_800_000_000_000
FREE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def flat(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted path -> value."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        elif value is not None:
            found[f"{prefix}{name}"] = value
    return found


def cell(value: Any, kind: str) -> str:
    if kind == "texts":
        return "|".join(value) or "none"
    if kind == "array":
        return json.dumps(value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def table(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    names = sorted({name for row in rows for name in row})
    text = io.StringIO()
    writer = csv.DictWriter(text, names, delimiter=delimiter)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: cell(row[name], columns().get(name, "string")) for name in row})
    return text.getvalue()


def read(folder: Path, name: str, text: str) -> list[Any]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_rows(path)


def test_every_field_of_a_record_has_a_column() -> None:
    record = flat(camera_record(rich_camera(NOW)).body())
    assert record.keys() <= columns().keys()
    assert {name.split(".")[0] for name in columns()} == set(CameraRecord.model_fields)
    assert not columns().keys() & set(OWN)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_record_through_a_table_is_the_same_record(tmp_path: Path, delimiter: str) -> None:
    expected = camera_record(rich_camera(NOW))
    values = flat(expected.body())
    (row,) = read(tmp_path, "a.csv", table([{"camera": "cam-11", **values}], delimiter))
    assert row.faults == []
    assert camera_record(with_values({}, row.values)) == expected


def test_a_record_through_a_map_is_the_same_record(tmp_path: Path) -> None:
    expected = camera_record(rich_camera(NOW))
    feature = {"type": "Feature", "properties": {"camera": "cam-11", **expected.body()}}
    whole = {"type": "FeatureCollection", "features": [{**feature, "geometry": None}]}
    (row,) = read(tmp_path, "a.geojson", json.dumps(whole))
    assert row.faults == []
    assert camera_record(with_values({}, row.values)) == expected


@given(st.integers(-90_000_000, 90_000_000), st.integers(-180_000_000, 180_000_000))
@FREE
def test_degrees_are_exact(tmp_path: Path, latitude: int, longitude: int) -> None:
    lat, lon = (f"{one / 1_000_000:.6f}" for one in (latitude, longitude))
    (row,) = read(tmp_path, "a.csv", f"camera,lat,lon\ncam-11,{lat},{lon}\n")
    assert row.values == {"position": [latitude, longitude]}
    point = f'{{"type": "Point", "coordinates": [{lon}, {lat}]}}'
    feature = f'{{"properties": {{}}, "geometry": {point}}}'
    text = f'{{"type": "FeatureCollection", "features": [{feature}]}}'
    (row,) = read(tmp_path, "a.geojson", text)
    assert row.values == {"position": [latitude, longitude]}


@given(st.text(max_size=60))
@FREE
def test_no_table_makes_the_reader_fall(tmp_path: Path, text: str) -> None:
    names = ",".join(["camera", *columns()])
    for content in (text, f"camera,height_cm\n{text}", f"{names}\ncam-11{',' + text}\n"):
        try:
            rows = read(tmp_path, "a.csv", content)
        except (BadFormat, UnicodeEncodeError):
            continue
        assert all(isinstance(row.camera, str) for row in rows)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(JSON, JSON)
@FREE
def test_no_map_makes_the_reader_fall(tmp_path: Path, properties: Any, geometry: Any) -> None:
    for made in (
        geometry,
        {"type": "Point", "coordinates": geometry},
        {"type": "Polygon", "coordinates": geometry},
    ):
        feature = {"properties": properties, "geometry": made}
        whole = {"type": "FeatureCollection", "features": [feature]}
        if isinstance(properties, dict):
            (row,) = read(tmp_path, "a.geojson", json.dumps(whole))
            assert isinstance(row.camera, str)
        else:
            with pytest.raises(BadFormat, match="no properties"):
                read(tmp_path, "a.geojson", json.dumps(whole))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "", "no rows|columns are wrong"),
        ("a.csv", "camera\n", "no rows"),
        (
            "a.csv",
            "colour,lat,lat\nred,1,1\n",
            "'colour' is no field.*'lat' stands there twice.*no column",
        ),
        ("a.csv", 'camera\n"a', "is not CSV"),
        ("a.txt", "camera\n", "neither"),
        ("a.geojson", "[]", "no FeatureCollection"),
        ("a.geojson", "{", "not JSON"),
        (
            "a.geojson",
            '{"type": "FeatureCollection", "features": [1]}',
            "Feature 1 has no properties",
        ),
    ],
)
def test_files_that_are_neither(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(BadFormat, match=said):
        read(tmp_path, name, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadFormat, match="cannot be read"):
        read_rows(tmp_path / "a.csv")


def test_a_plan_is_the_difference_to_the_register(tmp_path: Path) -> None:
    town = Town(tmp_path)
    text = f"camera,purpose,place_kind\n{CAMERA},Another,school\ncam-02,New,\n"
    rows = read(tmp_path, "a.csv", text)
    with Register(town.settings) as register:
        plans = Planner(register, town.now, common=camera_values(town.now)).plan(rows)
        assert not sound(plans)
        first, second = plans
        assert [one.field for one in first.changes] == ["place_kind", "purpose"]
        assert (first.version, second.version) == (2, 1)
        # Neither names a law; a school needs more, whatever law it is.
        assert [fault.split(":")[0] for fault in first.faults] == [
            "legal_profile", "profile", "set.k", "set.n", "set.organisations",
        ]  # fmt: skip
        (fault,) = second.faults
        assert fault.startswith("legal_profile: Missing.")
        town.settings.laws_dir.mkdir()  # a city's own law, which asks for no notice
        own = town.settings.laws_dir / "ours.toml"
        own.write_text((FOLDER / "demo.toml").read_text().replace("seconds = 1\n", "seconds = 0\n"))
        given = {**camera_values(town.now), "retention_reason": "Accidents are told late."}
        (plan,) = Planner(register, town.now, law="ours", common=given).plan(rows[1:])
        assert plan.faults == ()
        assert plan.record is not None
        assert (plan.record.purpose, plan.record.legal_profile) == ("New", "ours")
        law = Planner(register, now_ms(), law="uk-scc", common=camera_values(town.now))
        found = law.plan(rows)[1].faults
        assert any("Surveillance Camera Code" in fault for fault in found)
        named = read(tmp_path, "a.csv", f"camera,legal_profile\n{CAMERA},moon\n")
        (plan,) = Planner(register, town.now).plan(named)
        assert "There is no legal profile moon" in plan.faults[0]


def test_a_removed_camera_stays_removed(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.state_camera(status="removed")
    rows = read(tmp_path, "a.csv", f"camera,purpose\n{CAMERA},Another\n")
    with Register(town.settings) as register:
        (plan,) = Planner(register, town.now).plan(rows)
    assert "was removed" in plan.faults[0]


FIELDS = st.dictionaries(
    st.sampled_from("abcd"),
    st.none() | st.integers(0, 3) | st.dictionaries(st.sampled_from("xy"), st.integers(0, 3)),
)


@given(FIELDS, FIELDS)
def test_differences_lead_from_one_record_to_the_other(old: Any, new: Any) -> None:
    changes = differences(old, new)
    changed = with_values(old, {one.field: one.new for one in changes})
    assert flat(changed) == flat(new)
    assert differences(new, new) == []
    for one in changes:
        assert one.line()[0] in "+-~"


def test_what_is_common_fills_only_what_is_not_said() -> None:
    record = {"a": 1, "b": {"x": 1}, "d": None}
    assert filled(record, {"a": 2, "b": {"x": 2, "y": 2}, "c": 3}) == {
        "a": 1,
        "b": {"x": 1, "y": 2},
        "c": 3,
    }
