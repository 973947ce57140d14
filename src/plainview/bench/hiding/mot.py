"""MOT Challenge ground truth: `gt/gt.txt`, `img1/`, `seqinfo.ini` (https://motchallenge.net).

A line a box: frame, id, left, top, width, height, flag, class, visibility (MOT16 and later), or
frame, id, left, top, width, height, flag, x, y, z (MOT15, people only). Flag 0: not to be judged.
The head's place is estimated from the person's box (`people`).
"""

from __future__ import annotations

import configparser
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plainview.bench.hiding.people import person
from plainview.bench.hiding.pictures import read
from plainview.bench.hiding.truth import DataSet, Pictures, Sequence, Target
from plainview.errors import BadFormat, NotFound

PEOPLE = frozenset({1, 2, 7})
"""Pedestrians, people on vehicles, people who stand still."""
_NEW, _OLD = 9, 10
"""Fields a line in MOT16 and later, and in MOT15."""


@dataclass(frozen=True, slots=True)
class _Info:
    name: str
    pictures: Path
    fps: float
    size: tuple[int, int]
    count: int
    ending: str


def find(folder: Path) -> list[Path]:
    """Folders of sequences: the folder itself, or up to three below it."""
    patterns = ("gt/gt.txt", "*/gt/gt.txt", "*/*/gt/gt.txt", "*/*/*/gt/gt.txt")
    return sorted(file.parent.parent for pattern in patterns for file in folder.glob(pattern))


def load(folder: Path, scale: float) -> DataSet:
    """One sequence, of it the first `scale`. Raises `BadFormat` with file and line, `NotFound`."""
    info = _info(folder / "seqinfo.ini")
    truth = _truth(folder / "gt" / "gt.txt")
    count = max(1, round(info.count * scale))

    def pictures() -> Pictures:
        for number in range(1, count + 1):
            path = info.pictures / f"{number:06d}{info.ending}"
            if not path.is_file():
                raise NotFound(f"{folder}: the picture {path.name} is not there.")
            frame = read(path)
            frame.wall_ms = round((number - 1) * 1000 / info.fps)
            yield frame, truth[number]

    def sequences() -> Iterator[Sequence]:
        yield Sequence(info.name, info.size, info.fps, count, pictures)

    return DataSet(f"mot-{info.name.lower()}", sequences, count)


def _info(file: Path) -> _Info:
    parser = configparser.ConfigParser()
    try:
        with file.open() as opened:
            parser.read_file(opened)
        part = parser["Sequence"]
        return _Info(
            name=part["name"], pictures=file.parent / part.get("imDir", "img1"),
            fps=part.getfloat("frameRate", fallback=25.0),
            size=((int(part["imWidth"]) + 1) // 2 * 2, (int(part["imHeight"]) + 1) // 2 * 2),
            count=int(part["seqLength"]), ending=part.get("imExt", ".jpg"),
        )  # fmt: skip
    except FileNotFoundError as error:
        raise NotFound(f"{file} is not there.") from error
    except (configparser.Error, KeyError, ValueError) as error:
        said = str(error).replace("\n", " ")
        raise BadFormat(f"{file} is no sequence's description: {said}.") from error


def _truth(file: Path) -> dict[int, list[Target]]:
    found: dict[int, list[Target]] = defaultdict(list)
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1):
        if line.strip():
            frame, target = _line(file, number, line)
            if target is not None:
                found[frame].append(target)
    return found


def _line(file: Path, number: int, line: str) -> tuple[int, Target | None]:
    try:
        values = [float(field) for field in line.split(",")]
    except ValueError:
        values = []
    if len(values) not in (_NEW, _OLD):
        raise BadFormat(f"{file}:{number}: {_NEW} or {_OLD} numbers are expected, not {line!r}.")
    frame, who = int(values[0]), f"person-{int(values[1])}"
    left, top, width, height, flag = values[2:7]
    new = len(values) == _NEW
    if new and int(values[7]) not in PEOPLE:
        return frame, None
    visible = values[8] if new else 1.0
    return frame, person(who, (left, top, width, height), visible=visible, counts=flag != 0)
