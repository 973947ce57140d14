"""A run over several files: one after the other, past those that fail, not again what is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

from plainview.base import software
from plainview.base.ids import sha256_hex
from plainview.errors import PlainviewError
from plainview.redact import models
from plainview.redact.detector import Detector
from plainview.redact.done import Done
from plainview.redact.filereport import FileReport
from plainview.redact.files import Choices, Progress, Redacted, becoming, check_free, redact_video
from plainview.redact.pipeline import ViewFrame
from plainview.redact.plan import Job, Plan
from plainview.redact.sheet import Sheet
from plainview.redact.stills import redact_still

OpenDetector = Callable[[], AbstractContextManager[Detector]]
"""Gives a detector for one file."""
Status = Literal["done", "incomplete", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    job: Job
    status: Status
    redacted: Redacted | None
    reason: str = ""
    """Why it failed, or what of the source is not in the result."""

    @property
    def is_good(self) -> bool:
        """The result is there and shows all of the source."""
        return self.status != "failed" and not self.reason


@dataclass(frozen=True)
class Batch:
    """One run."""

    plan: Plan
    choices: Choices
    force: bool = False

    @cached_property
    def about(self) -> dict[str, Any]:
        """With what and how results are made: software, models, settings."""
        return about(self.choices)

    def redact_all(
        self, open_detector: OpenDetector, watch: Callable[[Job], Progress]
    ) -> Iterator[Outcome]:
        """Each file's outcome as it is known; `watch` gives who follows the progress of a file."""
        record = self._record()
        for job in self.plan.jobs:
            before = None if record is None or self.force else record.find(job)
            if before is not None:
                yield Outcome(job, "skipped", before, before.flaw or "")
                continue
            progress = watch(job)
            try:
                self._check_free(job)
                with open_detector() as detector:
                    done = self._redact(job, detector, progress)
                if record is not None:
                    record.add(job, done)
            except (PlainviewError, OSError) as error:
                yield Outcome(job, "failed", None, _said(error))
            else:
                yield Outcome(job, "incomplete" if done.flaw else "done", done, done.flaw or "")

    def _record(self) -> Done | None:
        if self.plan.folder is None:
            return None
        # How many threads work changes the time that it takes, not what is shown.
        settings = {**self.about, "threads": None}
        digest = sha256_hex(json.dumps(settings, sort_keys=True).encode())
        return Done(self.plan.folder, digest)

    def _check_free(self, job: Job) -> None:
        for path in (job.target, job.report, job.sheet):
            if path is not None:
                check_free(path, force=self.force)

    def _redact(self, job: Job, detector: Detector, progress: Progress) -> Redacted:
        """Raises the errors of `redact_video` and `redact_still`."""
        sheet = Sheet()
        with closing(FileReport()) as report:

            def watch(view: ViewFrame, seconds: float) -> None:
                if job.report is not None:
                    report.note(view, seconds)
                if job.sheet is not None:
                    sheet.note(view, seconds)

            if job.is_still:
                done = redact_still(
                    job.source, job.target, detector, self.choices, force=self.force, watch=watch
                )
            else:
                done = redact_video(
                    job.source, job.target, detector, self.choices,
                    force=self.force, progress=progress, watch=watch,
                )  # fmt: skip
            if job.report is not None:
                report.save(job.report, job.source, done, self.about)
        if job.sheet is not None:
            with becoming(job.sheet, force=self.force) as partial:
                partial.write_bytes(sheet.png())
        return done


def about(choices: Choices) -> dict[str, Any]:
    """Software, models and settings, for reports and for knowing whether they have changed."""
    ours = software.installed()
    rules, style = choices.rules, choices.style
    return {
        "software": {"version": ours.version, "sha256": ours.hash},
        "models": {name: model.sha256 for name, model in models.ALLOWED.items()},
        "settings": {
            "rules": asdict(rules),
            "height": choices.max_height,
            "keep_audio": choices.keep_audio,
            "encoder": {"preset": style.preset.value, "crf": style.crf},
        },
    }


def _said(error: PlainviewError | OSError) -> str:
    return error.line() if isinstance(error, PlainviewError) else f"{error}."
