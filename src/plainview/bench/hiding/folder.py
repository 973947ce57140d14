"""What lies in a folder that somebody names with `--data`: which data sets, or which clips."""

from __future__ import annotations

from pathlib import Path

from plainview.bench.hiding import coco, mot, wider
from plainview.bench.hiding.pictures import stills
from plainview.bench.hiding.truth import DataSet
from plainview.errors import NotFound
from plainview.redact.plan import VIDEOS


def data_sets(folder: Path, scale: float) -> list[DataSet]:
    """All data sets with truth. Raises `BadFormat` and `NotFound`, saying where."""
    sets = [
        stills(_name("wider", file.stem.split("_")[2]), wider.load(file), scale, complete=False)
        for file in wider.find(folder)
    ]
    for file in coco.find(folder):
        rows, complete = coco.load(file)
        sets.append(stills(_name("coco", file.stem), rows, scale, complete=complete))
    return sets + [mot.load(one, scale) for one in mot.find(folder)]


def clips(folder: Path) -> list[Path]:
    """Video files in a folder without truth."""
    return sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in VIDEOS)


def check(folder: Path) -> None:
    """Raise `NotFound` unless something that can be measured lies in the folder."""
    if not folder.is_dir():
        raise NotFound(f"{folder} is not a folder.", hint="Name the data set's folder.")
    if not any((wider.find(folder), coco.find(folder), mot.find(folder), clips(folder))):
        raise NotFound(
            f"{folder} holds nothing that can be measured.",
            hint=(
                f"Wanted: {wider.PATTERN}, COCO JSON, gt/gt.txt with img1/ and seqinfo.ini, or "
                "video files."
            ),
        )


def _name(kind: str, stem: str) -> str:
    """A data set's name in figures: letters, digits and dashes."""
    plain = "".join(char if char.isalnum() else "-" for char in stem.lower()).strip("-")
    return f"{kind}-{plain}"
