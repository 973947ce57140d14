"""The public record of every model that redaction runs, in words and for machines.

Fields follow the Algorithmic Transparency Standard of Eurocities 0.3.1 (`ats`) and the United
Kingdom's Algorithmic Transparency Recording Standard 3.0 (`atrs`). Texts stand in
`algorithms.toml`; hashes are those of `models.ALLOWED`; measured figures are read from
`measured.json`, which is filled from the output of `plainview bench recall --json`.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from plainview.errors import BadFormat
from plainview.redact import models

TEXTS = Path(__file__).parent / "algorithms.toml"
MEASURED = Path(__file__).parent / "measured.json"
PROFILE = "profile/"
"""Figures of what a profile hides, all models together, stand under this and its name."""
REVIEW_DAYS = 365

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Texts = Annotated[list[Text], Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Strict):
    """One thing that was measured, with the command that measures it again."""

    metric: Text
    value: float | int | str
    unit: str = ""
    """`share`: the value is a part of 1. Else it is written behind the value."""
    size: str = ""
    """Of which faces, by their height in pixels, such as `16 to 24 px`."""
    faces: Annotated[int, Field(ge=0)]
    """How many different faces are in it: a share of few faces says little."""
    data: Text
    date: date
    command: Text


class Common(_Strict):
    """What is true of all models."""

    goal: Text
    process: Text
    impact: Text
    proportionality: Text
    risks: Texts
    risk_category: Text
    human_intervention: Text
    objection: Text
    rollback: Text
    monitoring: Text
    source_data: Text
    connections: Text


class About(_Strict):
    """What is written about one model; `files` are patterns of names in `models.ALLOWED`."""

    title: Text
    files: Texts
    made_by: Text
    source: Text
    taken_from: Text
    licence: Text
    version: Text
    purpose: Text
    task: Text
    input: Text
    output: Text
    method: Text
    trained_on: Text
    caveat: Text
    bias: Text
    alternatives: Text
    cannot: Texts
    published: date
    updated: date


@dataclass(frozen=True)
class Algorithm:
    """One model's record; `hashes` are the allowed files and their SHA-256."""

    name: str
    about: About
    hashes: dict[str, str]
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Records:
    """All of it. `algorithms` are the models in use; `profiles` the figures of each profile."""

    common: Common
    algorithms: dict[str, Algorithm]
    profiles: dict[str, tuple[Figure, ...]]


class _File(_Strict):
    common: Common
    models: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")], About]


def load(texts: Path = TEXTS, measured: Path = MEASURED) -> Records:
    """Read and check both files. Raises `BadFormat`, also for an allowed model without record."""
    file, figures = _texts(texts), _figures(measured)
    allowed = hashes()
    algorithms = {}
    for name, about in file.models.items():
        mine = {one: allowed[one] for one in allowed if covers(about, one)}
        if mine:
            algorithms[name] = Algorithm(name, about, mine, figures.get(name, ()))
    for one in allowed:
        owners = [name for name, algorithm in algorithms.items() if one in algorithm.hashes]
        if len(owners) != 1:
            raise BadFormat(f"The model {one} has {len(owners)} algorithm records.")
    unknown = [key for key in figures if key not in file.models and not key.startswith(PROFILE)]
    if unknown:
        raise BadFormat(f"Figures of what has no algorithm record: {', '.join(unknown)}.")
    profiles = {
        key.removeprefix(PROFILE): rows for key, rows in figures.items() if key.startswith(PROFILE)
    }
    return Records(file.common, algorithms, profiles)


def hashes() -> dict[str, str]:
    """The allowed files with their SHA-256."""
    return {name: model.sha256 for name, model in models.ALLOWED.items()}


def covers(about: About, file: str) -> bool:
    """Whether this record is about that file of the allow-list."""
    return any(fnmatchcase(file, pattern) for pattern in about.files)


def _texts(path: Path) -> _File:
    try:
        return _File.model_validate(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise BadFormat(f"{path.name} is no algorithm record: {error}") from error


def _figures(path: Path) -> dict[str, tuple[Figure, ...]]:
    try:
        read = TypeAdapter(dict[str, list[Figure]]).validate_python(json.loads(path.read_text()))
    except (OSError, json.JSONDecodeError, ValidationError) as error:
        raise BadFormat(f"{path.name} does not hold measured figures: {error}") from error
    return {name: tuple(rows) for name, rows in read.items()}


def performance(figures: tuple[Figure, ...]) -> str:
    """Figures in one text, as the standards have it."""
    return " ".join(
        f"{one.metric}{f' ({one.size})' if one.size else ''}: {shown(one)},"
        f" {one.faces} faces, {one.data}, {one.date} ({one.command})."
        for one in figures
    )


def shown(figure: Figure) -> str:
    """The value as people read it."""
    if figure.unit == "share" and not isinstance(figure.value, str):
        return f"{figure.value * 100:.2f} %"
    return f"{figure.value} {figure.unit}".strip()


def to_dict(algorithm: Algorithm) -> dict[str, Any]:
    """Our own fields: the texts, the hashes and the figures."""
    about = algorithm.about.model_dump(mode="json", exclude={"files"})
    files = [{"file": name, "sha256": hash} for name, hash in algorithm.hashes.items()]
    figures = [one.model_dump(mode="json") for one in algorithm.figures]
    return {"name": algorithm.name, **about, "files": files, "measured": figures}
