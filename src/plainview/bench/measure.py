"""What a process costs, as its kernel counts it: processor time and memory (Linux)."""

from __future__ import annotations

import time
from pathlib import Path


def cpu_s(pid: int) -> float:
    """Processor seconds (user and system, all threads) that a process has used so far.

    Its CPU clock (clock_getcpuclockid(3)), which counts nanoseconds where /proc counts ticks.
    """
    return time.clock_gettime(~pid << 3 | 2)


def memory_mb(pid: int) -> float:
    """Memory of a process in MB (10^6): its share of what it has in common with others counted."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
