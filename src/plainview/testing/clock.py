"""A wall clock for a whole small system, driven by a test: a day passes in minutes.

The time stands still until the driver sets it, and is the same in all processes at every moment, so
that the checks between them (a keeper and a witness that must agree within five minutes) hold as
they do on a real machine. Only the wall clock is driven. Sleeps and time limits run in real time:
to the system they seem longer, never shorter, by as much as the clock runs faster.
"""

from __future__ import annotations

import json
import mmap
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from plainview.base.clock import Ms, from_iso, now_ms, to_iso
from plainview.errors import Unavailable

VARIABLE = "PLAINVIEW_DRIVEN_CLOCK"
SITE = Path(__file__).parent / "driven"


class DrivenClock:
    """The driver's side of the clock in `file`."""

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            self._now = mmap.mmap(opened.fileno(), 8)

    @classmethod
    def create(cls, file: Path, now: Ms) -> Self:
        """A new clock that stands at `now`."""
        file.write_bytes(bytes(8))
        made = cls(file)
        made.set(now)
        return made

    @classmethod
    def own(cls) -> Self:
        """The clock that this very process was started with."""
        return cls(Path(os.environ[VARIABLE]))

    @property
    def now(self) -> Ms:
        """What it shows."""
        return int.from_bytes(self._now[:8], "little") // 1_000_000

    def set(self, now: Ms) -> None:
        """Let it show this, everywhere at once."""
        self._now[:8] = (now * 1_000_000).to_bytes(8, "little")


def environment(file: Path) -> dict[str, str]:
    """What a process must be started with to live by the clock in `file`."""
    path = [str(SITE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(path), VARIABLE: str(file)}


def live_by(folder: Path, start: Ms) -> DrivenClock:
    """Make this process live by a clock in `folder` that begins at `start`.

    Unless it does already, the process is begun anew, with the same words.
    """
    if VARIABLE not in os.environ:
        file = folder / "clock"
        DrivenClock.create(file, start)
        words = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, words, {**os.environ, **environment(file)})  # noqa: S606
    return DrivenClock.own()


def run(module: str, folder: Path, *words: str) -> dict[str, Any]:
    """Run a story that lives by a clock of its own, in a process of its own; what it measured.

    Raises `Unavailable` with its last words if a promise did not hold.
    """
    command = [sys.executable, "-m", module, str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise Unavailable(f"{module} ended with {done.returncode}: {done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> int:
    """The clock's own proof: what a process and its child tell before and after a midnight."""
    driven = live_by(Path(sys.argv[1]), from_iso("2027-03-09T23:59:58Z"))
    command = [sys.executable, "-c", _TELL]
    found: dict[str, list[str]] = {}
    for when, step in (("before", 0), ("after", 4_000)):
        driven.set(driven.now + step)
        told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
        found[when] = sorted({to_iso(now_ms()), to_iso(driven.now), *told.stdout.split()})
    sys.stdout.write(json.dumps(found))
    return 0


_TELL = """
import time
from plainview.base.clock import now_ms, to_iso
for _ in range(2):
    print(to_iso(now_ms()), to_iso(round(time.time() * 1000)))
    time.sleep(0.05)
"""

if __name__ == "__main__":
    sys.exit(main())
