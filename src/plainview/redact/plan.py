"""Which files a run reads and what it writes: one file, or a folder with everything below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from plainview.errors import BadFormat, NotFound
from plainview.redact import stills

VIDEOS = frozenset({
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg",
    ".3gp", ".flv", ".wmv", ".mxf", ".ogv",
})  # fmt: skip
PICTURES = frozenset(stills.ENDINGS)
WRITTEN: tuple[str, ...] = (".mp4", ".m4v")
"""Endings of videos that are written."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be redacted, and what else to write about it."""

    source: Path
    target: Path
    report: Path | None = None
    sheet: Path | None = None

    @property
    def is_still(self) -> bool:
        """A photograph; everything else is read as a video."""
        return self.source.suffix.lower() in PICTURES


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does; `folder` is the folder of the results, if it is one."""

    jobs: tuple[Job, ...]
    folder: Path | None
    others: tuple[Path, ...] = ()
    """Files in the source's folder that are neither video nor picture: they are left out."""


def plan(
    source: Path, target: Path, *, report: Path | None = None, sheet: Path | None = None
) -> Plan:
    """What to read and write. Raises `NotFound` or `BadFormat`, saying what to do.

    For a folder, `report` and `sheet` are folders too.
    """
    if source.is_file():
        found = _one(source, target, report, sheet)
    elif source.is_dir():
        found = _folder(source, target, report, sheet)
    else:
        raise NotFound(f"{source} does not exist.", hint="Name a file or a folder.")
    _check(found.jobs)
    return found


def _one(source: Path, target: Path, report: Path | None, sheet: Path | None) -> Plan:
    folder = target if target.is_dir() else None
    job = Job(source, target / _name(source) if folder else target, report, sheet)
    ending, wanted = job.target.suffix.lower(), WRITTEN
    if job.is_still:
        kind = stills.ENDINGS[source.suffix.lower()]
        wanted = tuple(one for one, of in stills.ENDINGS.items() if of == kind)
    if ending not in wanted:
        raise BadFormat(
            f"{job.target.name} does not end in {' or '.join(wanted)}, as what is written would.",
            hint="Name another file, or a folder that exists.",
        )
    return Plan((job,), folder)


def _folder(source: Path, target: Path, report: Path | None, sheet: Path | None) -> Plan:
    if target.exists() and not target.is_dir():
        raise BadFormat(f"{target} is a file.", hint="Name a folder for the results.")
    if target.resolve() == source.resolve():
        raise BadFormat(f"{target} is the folder to be redacted.", hint="Name another folder.")
    ours = [one.resolve() for one in (target, report, sheet) if one is not None]
    files = sorted(path for path in source.rglob("*") if _is_wanted(path, source, ours))
    found = [path for path in files if path.suffix.lower() in VIDEOS | PICTURES]
    if not found:
        kinds = " ".join(sorted(VIDEOS | PICTURES))
        raise NotFound(f"{source} holds no videos or pictures.", hint=f"Endings: {kinds}.")
    jobs = [
        Job(
            of, target / to,
            report / f"{to}.json" if report else None, sheet / f"{to}.png" if sheet else None,
        )
        for of, to in _named([path.relative_to(source) for path in found], source)
    ]  # fmt: skip
    return Plan(tuple(jobs), target, tuple(path for path in files if path not in set(found)))


def _is_wanted(path: Path, source: Path, ours: list[Path]) -> bool:
    """Not hidden (unfinished results, what other systems leave), not a result of ours."""
    parts = path.relative_to(source).parts
    if any(part.startswith(".") for part in parts) or not path.is_file():
        return False
    real = path.resolve()
    return not any(folder in real.parents for folder in ours)


def _named(files: Iterable[Path], source: Path) -> list[tuple[Path, Path]]:
    """(source file, name of its result below the results' folder), no name twice.

    Of files that differ only in their ending, those that are not MP4 keep it: `a.avi.mp4`.
    """
    files = list(files)
    plain = Counter(str(of.with_name(_name(of))).lower() for of in files)
    pairs = []
    for of in files:
        to = of.with_name(_name(of))
        if plain[str(to).lower()] > 1 and of.suffix.lower() != ".mp4":
            to = of.with_name(f"{of.name}.mp4")
        pairs.append((source / of, to))
    return pairs


def _name(source: Path) -> str:
    return source.name if source.suffix.lower() in PICTURES else f"{source.stem}.mp4"


def _check(jobs: Iterable[Job]) -> None:
    """No file is written twice, none that is read."""
    jobs = list(jobs)
    written = [
        path for job in jobs for path in (job.target, job.report, job.sheet) if path is not None
    ]
    twice = [name for name, n in Counter(str(path).lower() for path in written).items() if n > 1]
    if twice:
        raise BadFormat(f"{twice[0]} would be written twice.", hint="Rename a file.")
    read = {job.source.resolve() for job in jobs}
    for path in written:
        if path.resolve() in read:
            raise BadFormat(f"{path} is a file to be redacted.", hint="Name another one.")
