"""Many cameras out of one file: rows of a CSV table, or features of a GeoJSON collection.

A column is named after the field it fills, with dots for fields inside fields (`dpia.hash`); the
docs list them (docs/ref/register-records.md). Reading finds every fault of the file's form at once;
whether the records are sound is judged in `bulk_plan`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from plainview.errors import BadFormat
from plainview.register.records import CameraRecord

OWN = ("camera", "stream", "lat", "lon")
"""Columns besides the record's fields: the id, the private address, decimal degrees."""
REMOVE = "-"
"""A cell that takes the field out of the record; an empty one leaves it as it is."""
BETWEEN = "|"
"""Between the items of a list in a cell."""
MICRO = 1_000_000
FULL_CIRCLE = 360


@dataclass
class Row:
    """What one line says of one camera: `values` by dotted path, None where a field goes."""

    number: int
    camera: str
    values: dict[str, Any]
    stream: str | None = None
    faults: list[str] = field(default_factory=list)


def read_rows(path: Path) -> list[Row]:
    """Rows of a `.csv` or `.geojson` file. Raises `BadFormat` if it is neither."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFormat(f"{path} cannot be read as UTF-8 text: {error}.") from error
    return rows_in(text, str(path))


def rows_in(text: str, name: str) -> list[Row]:
    """Rows of a file's text; what its `name` ends in says which kind it is. Raises `BadFormat`."""
    readers = {".csv": _csv_rows, ".geojson": _geojson_rows, ".json": _geojson_rows}
    reader = readers.get(Path(name).suffix.lower())
    if reader is None:
        raise BadFormat(f"{name} is neither .csv nor .geojson.")
    try:
        rows = list(reader(text.removeprefix("\ufeff")))
    except RecursionError as error:
        raise BadFormat(f"{name} is nested too deeply.") from error
    if not rows:
        raise BadFormat(f"{name} has no rows.")
    return rows


@cache
def columns() -> Mapping[str, str]:
    """Dotted path of every field of a camera's record -> JSON type of what stands there."""
    schema = CameraRecord.model_json_schema(by_alias=True)
    return dict(_typed(schema, schema.get("$defs", {}), ""))


def _typed(
    schema: Mapping[str, Any], known: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, str]]:
    for name, found in schema["properties"].items():
        options = [one for one in found.get("anyOf", [found]) if one.get("type") != "null"]
        one = options[0]
        if "$ref" in one:
            yield from _typed(known[one["$ref"].rpartition("/")[2]], known, f"{prefix}{name}.")
        elif one.get("type") == "array" and one.get("items", {}).get("type") == "string":
            yield f"{prefix}{name}", "texts"
        else:
            given = one.get("type") or type(one.get("const", "")).__name__
            yield f"{prefix}{name}", {"str": "string", "bool": "boolean"}.get(given, given)


# -- CSV


def _csv_rows(text: str) -> Iterator[Row]:
    head = text.split("\n", 1)[0]
    table = csv.reader(io.StringIO(text), delimiter=";" if ";" in head else ",", strict=True)
    try:
        lines = [(table.line_num, cells) for cells in table]
    except csv.Error as error:
        raise BadFormat(f"Line {table.line_num} is not CSV: {error}.") from error
    names = [name.strip() for name in lines[0][1]] if lines else []
    _check_columns(names)
    for number, cells in lines[1:]:
        if any(cell.strip() for cell in cells):
            yield _csv_row(number, names, [cell.strip() for cell in cells])


def _check_columns(names: list[str]) -> None:
    """Raises `BadFormat` that names every column that is wrong."""
    unknown = [name for name in names if name not in columns() and name not in OWN]
    twice = sorted({name for name in names if names.count(name) > 1})
    problems = [f"{name!r} is no field of a camera" for name in unknown]
    problems += [f"{name!r} stands there twice" for name in twice]
    if "camera" not in names:
        problems.append("there is no column camera")
    if problems:
        raise BadFormat(
            f"The columns are wrong: {'; '.join(problems)}.",
            hint="See docs/ref/register-records.md.",
        )


def _csv_row(number: int, names: list[str], cells: list[str]) -> Row:
    given = {name: cell for name, cell in zip(names, cells, strict=False) if cell}
    row = Row(number, given.pop("camera", ""), {}, given.pop("stream", None))
    if len(cells) != len(names):
        row.faults.append(f"it has {len(cells)} cells, the head has {len(names)}")
    _place(row, given.pop("lat", None), given.pop("lon", None))
    for name, cell in given.items():
        try:
            row.values[name] = None if cell == REMOVE else _value(cell, columns()[name])
        except ValueError:
            row.faults.append(f"{name}: {cell!r} is not {_WORDS[columns()[name]]}")
    return row


_WORDS = {"integer": "a whole number", "boolean": "yes or no", "array": "JSON", "object": "JSON"}


def _value(cell: str, kind: str) -> Any:
    """Raises `ValueError`."""
    if kind == "integer":
        return int(cell)
    if kind == "boolean":
        return _yes(cell)
    if kind == "texts":
        return [item.strip() for item in cell.split(BETWEEN) if item.strip() not in ("", "none")]
    return json.loads(cell) if kind in ("array", "object") else cell


def _yes(cell: str) -> bool:
    """Raises `ValueError`."""
    return bool(("no", "false", "yes", "true").index(cell.lower()) > 1)


def _place(row: Row, lat: object, lon: object) -> None:
    """Decimal degrees to the record's millionths."""
    if lat is None and lon is None:
        return
    try:
        row.values["position"] = [_micro(lat), _micro(lon)]
    except (InvalidOperation, TypeError, ValueError, OverflowError):
        row.faults.append(f"lat, lon: {lat}, {lon} are not decimal degrees")


def _micro(degrees: object) -> int:
    """Raises `ValueError`, `InvalidOperation`."""
    exact = Decimal(str(degrees))
    if not abs(exact) <= FULL_CIRCLE:  # 1e999999 would be a number of a million digits
        raise ValueError("no degrees")
    return round(exact * MICRO)


# -- GeoJSON


def _geojson_rows(text: str) -> Iterator[Row]:
    try:
        whole = json.loads(text, parse_float=Decimal)
    except (ValueError, InvalidOperation) as error:  # numbers of any length, too
        raise BadFormat(f"The file is not JSON: {error}.") from error
    features = whole.get("features") if isinstance(whole, dict) else None
    if not isinstance(features, list) or whole.get("type") != "FeatureCollection":
        raise BadFormat("The file is no FeatureCollection of GeoJSON.")
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
            raise BadFormat(f"Feature {number} has no properties.")
        yield _feature(number, feature["properties"], feature.get("geometry"))


def _feature(number: int, properties: dict[str, Any], geometry: Any) -> Row:
    flat = dict(_flat(properties, ""))
    camera, stream = flat.pop("camera", ""), flat.pop("stream", None)
    row = Row(number, str(camera), {}, None if stream is None else str(stream))
    _place(row, flat.pop("lat", None), flat.pop("lon", None))
    for name, value in flat.items():
        if name not in columns():
            row.faults.append(f"{name}: no field of a camera")
        elif isinstance(value, Decimal):
            row.faults.append(f"{name}: {value} is not a whole number")
        elif value is not None:
            row.values[name] = None if value == REMOVE else value
    _shape(row, geometry)
    return row


def _flat(values: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _shape(row: Row, geometry: Any) -> None:
    """A point is where the camera hangs, a polygon what it sees."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    try:
        if kind == "Point":
            _place(row, geometry["coordinates"][1], geometry["coordinates"][0])
        elif kind == "Polygon":
            (ring,) = geometry["coordinates"]
            corners = [[_micro(corner[1]), _micro(corner[0])] for corner in ring]
            row.values["field_of_view"] = corners[:-1] if corners[0] == corners[-1] else corners
        elif geometry is not None:
            row.faults.append("geometry: a Point (position) or a Polygon without holes")
    except (LookupError, TypeError, ValueError, InvalidOperation):
        row.faults.append("geometry: not as GeoJSON has it")
