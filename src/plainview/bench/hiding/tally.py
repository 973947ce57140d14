"""Counting: what share of what must be hidden is hidden, by size, and at what price.

Definitions: docs/design/redaction-recall.md. Shares are rounded down, so that 100 % means all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from plainview.bench.hiding.truth import Kind, Sequence, Target
from plainview.bench.hiding.watch import Seen
from plainview.bench.result import Result

NAME = "recall"
LEAST_PX = 16
VISIBLE = 0.5
PARTLY = 0.1
"""Less than `VISIBLE` and more than this: a face that is partly hidden by others."""
APART_S = 0.5
"""Somebody who was out of sight for this long appears anew."""
EDGES = (8, 12, 16, 24, 40, 80, math.inf)
BANDS = tuple(pairwise(EDGES))


@dataclass(slots=True)
class Count:
    """How many of how many, of how many distinct faces."""

    total: int = 0
    covered: int = 0
    looks: set[str] = field(default_factory=set)

    def add(self, target: Target, covered: bool) -> None:
        self.total += 1
        self.covered += covered
        if target.looks is not None:
            self.looks.add(target.looks)

    def merge(self, other: Count) -> None:
        self.total += other.total
        self.covered += other.covered
        self.looks |= other.looks

    def result(self, metric: str, noun: str) -> Result:
        share = math.floor(self.covered / self.total * 100_000) / 1000
        of = f"{len(self.looks)} distinct faces" if self.looks else "drawn heads"
        return Result(NAME, f"{NAME}.{metric}", share, "%", against=f"{self.total:,} {noun}, {of}")


def metric_of(band: tuple[float, float]) -> str:
    """`coverage_8_12px`, `coverage_80px_up`."""
    low, high = band
    return f"coverage_{low}px_up" if math.isinf(high) else f"coverage_{low}_{high}px"


class Tally:
    """Figures of one data set, or of several that are merged."""

    def __init__(self, *, complete: bool = True) -> None:
        self.complete = complete
        self.counts: dict[str, Count] = {}
        self.frames = self.withheld = self.false_masks = 0
        self.area = self.false_area = 0.0
        self.seconds = 0.0
        """Processor time of redaction."""
        self._shown = 0
        """Pictures that were not withheld."""

    def begin(self, sequence: Sequence) -> Appearances:
        """Forget who was in sight; call it for every sequence."""
        return Appearances(sequence.fps)

    def add(self, seen: Seen, appearances: Appearances, sequence: Sequence) -> list[Target]:
        """Count one picture; returns what is missed in it of `LEAST_PX` and more."""
        self.frames += 1
        self.withheld += seen.view.pixelated
        if not seen.view.pixelated:
            self._shown += 1
            self.area += seen.hidden.area(sequence.content)
            heads = [target.head for target in seen.targets if target.visible > 0]
            count, area = seen.hidden.false(heads)
            self.false_masks += count
            self.false_area += area
        judged = not sequence.still or seen.number == sequence.count - 1
        missed = []
        for target in seen.targets:
            covered = seen.hidden.covers(target.box)
            first = appearances.is_first(target, seen.number)
            if first:
                self._count("first_frame", target, covered)
            large = target.counts and target.visible >= VISIBLE and target.height >= LEAST_PX
            if not covered and large and (judged or first):
                missed.append(target)
            if judged and target.counts:
                self._judge(target, covered)
        return missed

    def _judge(self, target: Target, covered: bool) -> None:
        large = target.height >= LEAST_PX
        if target.visible < VISIBLE:
            if target.kind is Kind.FACE and large and target.visible > PARTLY:
                self._count("partly_hidden", target, covered)
        elif target.kind in (Kind.FACE, Kind.HEAD):
            for band in BANDS:
                if band[0] <= target.height < band[1]:
                    self._count(metric_of(band), target, covered)
            if large:
                self._count(f"coverage_{LEAST_PX}px", target, covered)
        elif large:
            self._count(f"heads_{target.kind.value}", target, covered)

    def _count(self, metric: str, target: Target, covered: bool) -> None:
        self.counts.setdefault(metric, Count()).add(target, covered)

    def merge(self, other: Tally) -> None:
        """Add another data set's figures."""
        for metric, count in other.counts.items():
            self.counts.setdefault(metric, Count()).merge(count)
        self.frames += other.frames
        self.withheld += other.withheld
        self._shown += other._shown
        self.false_masks += other.false_masks
        self.area += other.area
        self.false_area += other.false_area
        self.seconds += other.seconds
        self.complete = self.complete and other.complete

    def results(self, suffix: str, *, bands: bool) -> Iterator[Result]:
        """All figures, `suffix` (such as `.panning`) behind each name."""
        for metric, noun in _SHARES.items():
            if metric in self.counts:
                yield self.counts[metric].result(metric + suffix, noun)
        if bands:
            for metric in map(metric_of, BANDS):
                if metric in self.counts:
                    yield self.counts[metric].result(metric + suffix, "face-frames")
        yield from self._price(suffix)

    def _price(self, suffix: str) -> Iterator[Result]:
        shown, frames = max(1, self._shown), max(1, self.frames)
        figures = [
            ("masked_area", self.area / shown * 100, "% of the picture"),
            ("withheld", self.withheld / frames * 100, "% of pictures"),
            ("cpu_ms", self.seconds / frames * 1000, "ms a picture"),
        ]
        if self.complete:
            figures += [
                ("false_mask_area", self.false_area / shown * 100, "% of the picture"),
                ("false_masks", self.false_masks / shown, "a picture"),
            ]
        for metric, value, unit in figures:
            rounded = float(f"{value:.4g}")
            yield Result(
                NAME, f"{NAME}.{metric}{suffix}", rounded, unit, against=f"{self.frames:,} pictures"
            )

    def details(self) -> dict[str, object]:
        """Everything, for a machine."""
        counts = {
            metric: {"total": c.total, "covered": c.covered, "distinct": len(c.looks)}
            for metric, c in sorted(self.counts.items())
        }
        return {
            "counts": counts, "frames": self.frames, "withheld": self.withheld,
            "masked_area": self.area / max(1, self._shown), "false_masks": self.false_masks,
            "false_mask_area": self.false_area / max(1, self._shown),
            "cpu_s": self.seconds,
        }  # fmt: skip


_SHARES = {
    f"coverage_{LEAST_PX}px": "face-frames",
    "first_frame": "appearances",
    "heads_behind": "head-frames",
    "heads_side": "head-frames",
    "partly_hidden": "face-frames",
}


class Appearances:
    """Who was in sight lately in one sequence, so that first frames can be told."""

    def __init__(self, fps: float) -> None:
        self._apart = max(1, round(APART_S * fps))
        self._last: dict[str, int] = {}

    def is_first(self, target: Target, number: int) -> bool:
        """Whether a face (or head of no known side) of 16 px or more appears in this picture."""
        if (
            target.kind not in (Kind.FACE, Kind.HEAD)
            or not target.counts
            or target.visible < VISIBLE
            or target.height < LEAST_PX
        ):
            return False
        last = self._last.get(target.who)
        self._last[target.who] = number
        return last is None or number - last > self._apart
