"""What a folder run has finished: a line of JSON a file, in a hidden file beside the results.

It is beside them and not in them, because results are published and a hash or name of the source is
nobody's business. A file is taken as done if source, result and settings are as they were then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from plainview.base.durable import make_folder
from plainview.redact.files import Redacted
from plainview.redact.plan import Job

NAME = ".plainview-redact.jsonl"


class Done:
    """The record of one folder of results; `settings` is a hash of all that shapes a result."""

    def __init__(self, folder: Path, settings: str) -> None:
        self._folder = folder
        self._settings = settings
        self._file = folder / NAME
        self._lines: dict[str, Mapping[str, Any]] = {}
        if self._file.exists():
            for line in self._file.read_text("utf-8").splitlines():
                if line.endswith("}"):  # the last one may have been cut off: that file is not done
                    entry = json.loads(line)
                    self._lines[entry["target"]] = entry

    def find(self, job: Job) -> Redacted | None:
        """What was done for this very job before, None if it is to be done."""
        entry = self._lines.get(self._key(job))
        asked = [path for path in (job.target, job.report, job.sheet) if path is not None]
        if entry is None or not all(path.exists() for path in asked):
            return None
        now = (_state(job.source), _state(job.target), self._settings)
        if (entry["source"], entry["made"], entry["settings"]) != now:
            return None
        return Redacted(**entry["redacted"])

    def add(self, job: Job, done: Redacted) -> None:
        """Note that `job` is finished; durable on return."""
        key = self._key(job)
        entry = {
            "target": key,
            "source": _state(job.source),
            "made": _state(job.target),
            "settings": self._settings,
            "redacted": asdict(done),
        }
        make_folder(self._folder)
        new = not self._file.exists()
        with self._file.open("a", encoding="utf-8") as out:
            # A line that was cut off must not swallow this one.
            out.write(("" if new else "\n") + json.dumps(entry, sort_keys=True))
            out.flush()
            os.fsync(out.fileno())
        self._lines[key] = entry

    def _key(self, job: Job) -> str:
        return job.target.relative_to(self._folder).as_posix()


def _state(path: Path) -> list[int]:
    """Size and time of change: what tells a file from an earlier one without reading it."""
    about = path.stat()
    return [about.st_size, about.st_mtime_ns]
