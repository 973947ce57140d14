"""What a bench says: one figure, what it was compared with, and on which machine.

A time alone says little, since machines differ and neighbours come and go. So each figure has a
baseline that ran in the same call, in turn with it, and what is quoted is the ratio of the medians.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path


@cache
def machine() -> str:
    """Processor, number of CPUs this process may use, kernel, Python; for people who compare."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = " ".join(line.partition(":")[2].split())
                break
    except OSError:
        model = platform.machine()  # not Linux: the architecture must do
    cpus = len(os.sched_getaffinity(0))
    kernel = f"{platform.system()} {platform.release()}"
    return f"{model}, {cpus} CPUs, {kernel}, Python {platform.python_version()}"


@dataclass(frozen=True, slots=True)
class Result:
    """One measured figure. `baseline` and `ratio` are None where nothing was compared."""

    bench: str
    metric: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    runs: int = 1
    against: str | None = None
    """What the baseline is, with its version."""
    machine: str = field(default_factory=machine)

    def line(self) -> str:
        """One JSON object, on one line."""
        return json.dumps(asdict(self))


def alone(bench: str, metric: str, values: list[float], unit: str) -> Result:
    """The median of `values`, compared with nothing."""
    return Result(bench, metric, _round(statistics.median(values)), unit, runs=len(values))


def compared(
    bench: str, metric: str, unit: str, ours: list[float], theirs: list[float], against: str
) -> Result:
    """Medians of runs that took turns, and their ratio (ours over theirs)."""
    value, baseline = statistics.median(ours), statistics.median(theirs)
    ratio = _round(value / baseline) if baseline else None
    return Result(
        bench, metric, _round(value), unit, _round(baseline), ratio, min(len(ours), len(theirs)),
        against,
    )  # fmt: skip


def in_turn(
    ours: Callable[[], float], theirs: Callable[[], float], runs: int
) -> tuple[list[float], list[float]]:
    """Run both `runs` times, in turn, so that a slow minute of the machine hits both."""
    mine, other = [], []
    for _ in range(runs):
        other.append(theirs())
        mine.append(ours())
    return mine, other


def _round(value: float) -> float:
    """Four significant digits; more would be a promise that no machine keeps."""
    return float(f"{value:.4g}")
