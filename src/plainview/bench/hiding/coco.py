"""COCO object detection JSON: `images`, `annotations` (bbox x, y, width, height), `categories`.

Categories named face, head or person are read. Of people the head's place is estimated (`people`),
and crowds are not judged. Pictures are looked for by `file_name` beside the file, above it, and in
`images/`, `val2017/`, `train2017/` there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from plainview.bench.hiding.people import person
from plainview.bench.hiding.pictures import Row
from plainview.bench.hiding.truth import Box, Kind, Target
from plainview.errors import BadFormat, NotFound

_KINDS = {"face": Kind.FACE, "head": Kind.HEAD, "person": None}
_FOLDERS = ("", "images", "val2017", "train2017")
_PEEK = 4096


def find(folder: Path) -> list[Path]:
    """Files that look like COCO annotations, in the folder and in `annotations/`."""
    files = sorted([*folder.glob("*.json"), *(folder / "annotations").glob("*.json")])
    return [file for file in files if _looks_right(file)]


def _looks_right(file: Path) -> bool:
    """The parts of a COCO file come in any order and its first may be long: one name will do."""
    with file.open(errors="replace") as opened:
        start = opened.read(_PEEK)
    return any(f'"{part}"' in start for part in ("images", "annotations", "categories"))


def load(file: Path) -> tuple[list[Row], bool]:
    """Pictures and their heads, and whether everybody is marked (people, or heads).

    Raises `BadFormat` with file and line or entry, or `NotFound` for a picture.
    """
    body = _parsed(file)
    kinds = _categories(file, body)
    targets: dict[int, list[Target]] = defaultdict(list)
    for index, entry in enumerate(_listed(file, body, "annotations")):
        target = _target(f"{file}: annotations[{index}]", entry, kinds)
        if target is not None:
            targets[entry["image_id"]].append(target)
    rows = []
    for index, entry in enumerate(_listed(file, body, "images")):
        where = f"{file}: images[{index}]"
        if not {"id", "file_name"} <= entry.keys():
            raise BadFormat(f"{where} has no id or no file_name.")
        rows.append((_picture(file, where, str(entry["file_name"])), targets[entry["id"]]))
    if not rows:
        raise BadFormat(f"{file} names no pictures.")
    return rows, any(kind is not Kind.FACE for kind in kinds.values())


def _parsed(file: Path) -> dict[str, Any]:
    try:
        body = json.loads(file.read_text())
    except json.JSONDecodeError as error:
        raise BadFormat(f"{file}:{error.lineno}: {error.msg}.") from error
    except UnicodeDecodeError as error:
        raise BadFormat(f"{file} is not UTF-8.") from error
    if not isinstance(body, dict):
        raise BadFormat(f"{file} is no COCO file: it holds no object.")
    return body


def _listed(file: Path, body: dict[str, Any], part: str) -> list[dict[str, Any]]:
    entries = body.get(part)
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise BadFormat(f"{file} has no list of {part}.")
    return entries


def _categories(file: Path, body: dict[str, Any]) -> dict[int, Kind | None]:
    kinds = {}
    for entry in _listed(file, body, "categories"):
        name = str(entry.get("name", "")).lower()
        if name in _KINDS and "id" in entry:
            kinds[entry["id"]] = _KINDS[name]
    if not kinds:
        raise BadFormat(f"{file} marks no faces, heads or people.")
    return kinds


def _target(where: str, entry: dict[str, Any], kinds: dict[int, Kind | None]) -> Target | None:
    if not {"image_id", "category_id", "bbox"} <= entry.keys():
        raise BadFormat(f"{where} has no image_id, category_id or bbox.")
    if entry["category_id"] not in kinds:
        return None
    box = _box(where, entry["bbox"])
    who = str(entry.get("id", where))
    counts = not entry.get("iscrowd", 0)
    kind = kinds[entry["category_id"]]
    if kind is None:
        return person(who, box, counts=counts)
    return Target(who, kind, box, box, 1.0, who, counts)


def _box(where: str, given: object) -> Box:
    numbers = given if isinstance(given, list) else []
    if len(numbers) != 4 or not all(isinstance(side, int | float) for side in numbers):
        raise BadFormat(f"{where}: bbox is four numbers, not {given!r}.")
    left, top, width, height = (float(side) for side in numbers)
    return left, top, width, height


def _picture(file: Path, where: str, name: str) -> Path:
    for above in (file.parent, file.parent.parent):
        for folder in _FOLDERS:
            if (above / folder / name).is_file():
                return above / folder / name
    raise NotFound(f"{where}: the picture {name} is not there.", hint="Put it into images/.")
