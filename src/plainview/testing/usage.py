"""What processes hold while time passes: memory, handles, threads; and whether it grows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from plainview.testing.ledger import Broken


@dataclass(frozen=True, slots=True)
class Sample:
    """One process at one moment."""

    memory_mb: float
    handles: int
    threads: int

    @classmethod
    def of(cls, pid: int) -> Sample:
        """From /proc."""
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        handles = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
        return cls(int(fields["VmRSS"].split()[0]) / 1024, handles, int(fields["Threads"]))


@dataclass(frozen=True, slots=True)
class Growth:
    """A process over a day: medians of the hours after warm-up and of the last hours."""

    name: str
    before: Sample
    after: Sample
    greatest: Sample

    @classmethod
    def of(cls, name: str, samples: list[Sample]) -> Growth:
        """The first third is warm-up; the second third is compared with the last."""
        third = len(samples) // 3
        memory, handles, threads = (max(column) for column in _columns(samples))
        greatest = Sample(memory, round(handles), round(threads))
        return cls(name, _middle(samples[third : 2 * third]), _middle(samples[-third:]), greatest)

    def line(self) -> str:
        """For a person."""
        return (
            f"{self.name} {self.before.memory_mb:.0f} -> {self.after.memory_mb:.0f} MB, "
            f"{self.before.handles} -> {self.after.handles} handles"
        )

    def check_flat(self, share: float, least_mb: float, handles: int) -> None:
        """Raises `Broken` if more than this was added to what was held after warm-up."""
        allowed = max(least_mb, self.before.memory_mb * share)
        if self.after.memory_mb - self.before.memory_mb > allowed:
            raise Broken(f"memory grows: {self.line()}")
        if self.after.handles - self.before.handles > handles:
            raise Broken(f"handles grow: {self.line()}")
        if self.after.threads - self.before.threads > handles:
            raise Broken(f"threads grow: {self.before.threads} -> {self.after.threads}")


def _columns(samples: list[Sample]) -> list[tuple[float, ...]]:
    return list(zip(*((s.memory_mb, s.handles, s.threads) for s in samples), strict=True))


def _middle(samples: list[Sample]) -> Sample:
    memory, handles, threads = (median(column) for column in _columns(samples))
    return Sample(memory, round(handles), round(threads))
