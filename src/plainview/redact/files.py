"""Redacting one video that a user brings: the same pipeline as for cameras, at full size.

Nothing is left out for speed: every picture of the source is in the result, at its own time. The
result stands under its name only when it is whole.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from plainview.errors import Refused
from plainview.media.encode_file import FileStyle, FileWriter
from plainview.media.footage import Footage, Sound
from plainview.media.frames import Frame
from plainview.redact.detector import Detector
from plainview.redact.pipeline import LOOK_AHEAD_MS, SEARCH_EVERY, Redactor, ViewFrame
from plainview.redact.rules import Rules

Progress = Callable[[float, float | None], None]
"""Seconds of video done, seconds in all (None if the file does not say); called once a frame."""
Watch = Callable[[ViewFrame, float], None]
"""Told of every finished picture and its time in seconds, for reports and sheets."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a user may choose; `style` is for videos alone."""

    rules: Rules = field(default_factory=Rules)
    max_height: int | None = None
    keep_audio: bool = False
    style: FileStyle = field(default_factory=FileStyle)


@dataclass(frozen=True, slots=True)
class Redacted:
    """What was done to one file."""

    frames: int
    withheld: int
    """Frames that had to be pixelated whole because the detector failed."""
    masks: int
    """Masks over all frames."""
    flaw: str | None = None
    """What of the source could not be read."""
    audio: bool = False
    """Whether the audio of the source is in the result."""


@dataclass(slots=True)
class Tally:
    """Counts finished pictures on their way to whoever watches."""

    watch: Watch
    frames: int = 0
    withheld: int = 0
    masks: int = 0

    def note(self, view: ViewFrame, seconds: float) -> None:
        """Count one picture."""
        self.frames += 1
        self.withheld += view.pixelated
        self.masks += 0 if view.pixelated else len(view.masks)
        self.watch(view, seconds)


def unwatched(view: ViewFrame, seconds: float) -> None:
    """The `Watch` of who wants neither report nor sheet."""


def redact_video(
    source: Path, target: Path, detector: Detector, choices: Choices | None = None, *,
    force: bool = False, progress: Progress = lambda done, total: None, watch: Watch = unwatched,
) -> Redacted:  # fmt: skip
    """Write the redacted `source` to `target`, which appears only when it is whole.

    Raises `BadFormat` for what is no video, `DetectorFault` if the detector does not start,
    `Refused` if `target` exists (without `force`), `StoreFull`.
    """
    choices = choices or Choices()
    style = choices.style
    with Footage(source, threads=style.threads, audio=choices.keep_audio) as footage:
        redactor = redactor_of(footage, detector, choices)
        redactor.warm_up()
        tally = Tally(watch)
        with (
            becoming(target, force=force) as partial,
            FileWriter(partial, (redactor.width, redactor.height), footage, style) as out,
        ):
            for frame in _frames(footage, out, progress):
                _write(redactor.push(frame), footage, out, tally)
            _write(redactor.flush(), footage, out, tally)
        kept = footage.audio is not None
        return Redacted(tally.frames, tally.withheld, tally.masks, footage.flaw, kept)


def redactor_of(footage: Footage, detector: Detector, choices: Choices) -> Redactor:
    """The redactor of a file: nobody waits for its pictures, so all the look-ahead is used."""
    fps = float(footage.rate)
    return Redactor(
        *footage.size, fps, detector,
        search_every=max(SEARCH_EVERY, round(fps * LOOK_AHEAD_MS / 1000)),
        view_height=choices.max_height, view_fps=fps, rules=choices.rules,
    )  # fmt: skip


def _frames(footage: Footage, out: FileWriter, progress: Progress) -> Iterator[Frame]:
    total = footage.seconds
    for item in footage.read():
        if isinstance(item, Sound):
            out.copy(item)
        else:
            progress(footage.reached, total)
            yield item


def _write(views: list[ViewFrame], footage: Footage, out: FileWriter, tally: Tally) -> None:
    for view in views:
        tally.note(view, float(view.frame.pts * footage.time_base))
        out.add(view.frame)


@contextmanager
def becoming(target: Path, *, force: bool) -> Iterator[Path]:
    """A hidden file to write to, which becomes `target` when all went well and goes otherwise.

    Raises `Refused` if `target` exists, unless `force`, or if another run is writing it.
    """
    check_free(target, force=force)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.part")
    with partial.open("ab") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(f"Another run is writing {target}.", hint="Wait for it.") from error
        try:
            yield partial
            os.fsync(held.fileno())
            check_free(target, force=force)
            partial.rename(target)
        finally:
            partial.unlink(missing_ok=True)


def check_free(target: Path, *, force: bool) -> None:
    """Raise `Refused` if there is something at `target`, unless `force`."""
    if target.exists() and not force:
        raise Refused(f"{target} exists already.", hint="Give --force to replace it.")
