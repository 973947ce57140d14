"""The progress of `plainview redact`: a bar for the file, one for a folder; quiet for machines."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from plainview.cli.options import printable
from plainview.redact import files
from plainview.redact.plan import Job


class Bars:
    """Shows how far the files are, on standard error and only if that is a terminal."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[speed]}"), TimeRemainingColumn(),
            console=console, transient=True, disable=not console.is_terminal,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        # Files go by their bytes in the bar over all: their lengths are not known without reading.
        self._sizes = {job.source: max(1, job.source.stat().st_size) for job in jobs}
        self._before = 0
        self._all: TaskID | None = None
        self._task: TaskID | None = None
        if len(jobs) > 1:
            total = sum(self._sizes.values())
            self._all = self._progress.add_task(f"{len(jobs)} files", total=total, speed="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def start(self, job: Job) -> files.Progress:
        """A bar for `job`; call the result once a frame."""
        name = escape(printable(job.source.name))
        task = self._task = self._progress.add_task(name, total=None, speed="")
        begun, frames = time.monotonic(), 0

        def show(done: float, total: float | None) -> None:
            nonlocal frames
            frames += 1
            speed = f"{frames / max(0.001, time.monotonic() - begun):.1f} frames/s"
            self._progress.update(task, completed=done, total=total or None, speed=speed)
            if self._all is not None and total:
                part = self._sizes[job.source] * min(1.0, done / total)
                self._progress.update(self._all, completed=self._before + part)

        return show

    @contextmanager
    def finish(self, job: Job) -> Iterator[None]:
        """Take the bars away while the line about `job` is printed."""
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None
        self._before += self._sizes[job.source]
        if self._all is not None:
            self._progress.update(self._all, completed=self._before)
        self._progress.stop()
        yield
        self._progress.start()
