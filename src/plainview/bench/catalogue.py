"""The benches by name. Each is a module with `run(options, say)`, imported only when it runs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from plainview.bench.result import Result
from plainview.errors import NotFound

Say = Callable[[str], None]
"""Tells the person who waits what is being measured."""
CHECKS = Path(".cache/models")


@dataclass(frozen=True, slots=True)
class Options:
    """How thoroughly to measure."""

    runs: int = 3
    """How often each measurement is repeated, in turn with its baseline."""
    scale: float = 1.0
    """Share of the full length or number; tests use a small one. Figures are for 1.0."""
    minutes: float = 0.25
    """How long a steady run lasts, where a bench has one."""
    profile: str = "heads"
    """What is hidden, for the benches of redaction."""
    data: Path | None = None
    """A data set or clips on disk, for `recall`."""
    shots: bool = True
    """Whether `recall` measures the generated shots."""
    sheet: Path | None = None
    """Where `recall` writes its contact sheet of misses (PNG)."""
    details: Path | None = None
    """Where `recall` writes all counts and misses (JSON)."""
    checks: Path = CHECKS
    """Where detectors lie that are no part of redaction (`tools/fetch_checks.py`)."""

    def scaled(self, full: float, least: float) -> float:
        """`full` times the scale, but at least `least`."""
        return max(full * self.scale, least)


class Bench(Protocol):
    """What a bench's module offers."""

    def run(self, options: Options, say: Say) -> Iterator[Result]:
        """Measure; a result as soon as it is known."""
        ...


ABOUT: dict[str, str] = {
    "ingest": "What a camera costs to receive and to seal, beside `ffmpeg -c copy`.",
    "seal": "Making windows and sealing segments.",
    "open": "Opening released segments on the requester's machine.",
    "log": "Durable entries a second, and the time to a checkpoint.",
    "verify": "Verifying a log, entries a second.",
    "redact": "What redaction costs, beside a plain transcode and beside deface.",
    "recall": "How much of what must be hidden is hidden, and at what price.",
    "portal": "Public pages of a city of 8,100 sources, with 50 readers.",
    "live": "What viewers cost, and whether slow ones disturb others.",
}


def bench(name: str) -> Bench:
    """The bench of that name. Raises `NotFound`."""
    if name not in ABOUT:
        raise NotFound(f"There is no bench {name!r}.", hint=f"Benches: {', '.join(ABOUT)}.")
    return cast(Bench, importlib.import_module(f"plainview.bench.{name}"))
