"""WIDER FACE annotations: `wider_face_val_bbx_gt.txt` (http://shuoyang1213.me/WIDERFACE/).

For each picture its path, a line with the number of faces, and a line a face: x, y, width, height,
blur, expression, illumination, invalid, occlusion, pose. A picture without faces has one line of
zeros. Pictures are looked for in `images/` and `WIDER_<set>/images/` beside the file or above it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from plainview.bench.hiding.pictures import Row
from plainview.bench.hiding.truth import Kind, Target
from plainview.errors import BadFormat, NotFound

PATTERN = "wider_face_*_bbx_gt.txt"
_FIELDS = 10
_INVALID, _OCCLUSION = 7, 8
_SHOWING = {0: 1.0, 1: 0.6, 2: 0.3}
"""Share that shows, for no, partial and heavy occlusion (the last: half of it and more)."""

_Lines = Iterator[tuple[int, str]]


def find(folder: Path) -> list[Path]:
    """Annotation files in the folder and one below it."""
    return sorted([*folder.glob(PATTERN), *folder.glob(f"*/{PATTERN}")])


def load(file: Path) -> list[Row]:
    """Pictures and their faces. Raises `BadFormat` with file and line, or `NotFound`."""
    lines = iter(enumerate(file.read_text(errors="replace").splitlines(), start=1))
    root = _root(file)
    rows = []
    for number, line in lines:
        if not line.strip():
            continue
        path = root / line.strip()
        if not path.is_file():
            raise NotFound(f"{file}:{number}: there is no picture {path}.")
        rows.append((path, _faces(file, lines, line.strip())))
    if not rows:
        raise BadFormat(f"{file} names no pictures.")
    return rows


def _root(file: Path) -> Path:
    part = file.name.split("_")[2]
    for above in (file.parent, file.parent.parent):
        for name in (f"WIDER_{part}/images", "images"):
            if (above / name).is_dir():
                return above / name
    raise NotFound(
        f"The pictures of {file} are not there.",
        hint=f"Put them into WIDER_{part}/images beside it.",
    )


def _faces(file: Path, lines: _Lines, picture: str) -> list[Target]:
    number, text = _next(file, lines, picture)
    if not text.strip().isdecimal():
        raise BadFormat(f"{file}:{number}: the number of faces is expected, not {text!r}.")
    count = int(text)
    faces = [_face(file, *_next(file, lines, picture), picture) for _ in range(max(1, count))]
    return [face for face in faces if face is not None] if count else []


def _next(file: Path, lines: _Lines, picture: str) -> tuple[int, str]:
    found = next(lines, None)
    if found is None:
        raise BadFormat(f"{file} ends within the faces of {picture}.")
    return found


def _face(file: Path, number: int, text: str, picture: str) -> Target | None:
    fields = text.split()
    try:
        values = [int(field) for field in fields]
    except ValueError:
        values = []
    if len(values) != _FIELDS:
        raise BadFormat(f"{file}:{number}: {_FIELDS} whole numbers are expected, not {text!r}.")
    x, y, width, height = values[:4]
    if width <= 0 or height <= 0:
        return None
    box = (float(x), float(y), float(width), float(height))
    if values[_OCCLUSION] not in _SHOWING:
        raise BadFormat(f"{file}:{number}: occlusion is 0, 1 or 2, not {values[_OCCLUSION]}.")
    who = f"{picture}:{number}"
    return Target(who, Kind.FACE, box, box, _SHOWING[values[_OCCLUSION]], who, not values[_INVALID])
