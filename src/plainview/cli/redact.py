"""`plainview redact IN OUT`: hide people in a video or photograph, or in a folder of them."""

from __future__ import annotations

import json
import signal
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from plainview.cli.options import counted, printable
from plainview.cli.redact_bars import Bars
from plainview.errors import BadFormat
from plainview.media.encode_file import CRF, FileStyle, Preset
from plainview.redact.batch import Batch, Outcome
from plainview.redact.files import Choices
from plainview.redact.host import DetectorHost, RemoteDetector
from plainview.redact.plan import plan
from plainview.redact.rules import UNITS, FillStyle, Profile, Rules, Zone

VOICES = "The audio is kept as it is: voices identify people."
LOOK = "Look at the results before you publish them: no detector finds everybody."
MOST_SHOWN = 5


Source = Annotated[
    Path, typer.Argument(metavar="IN", help="A video or picture, or a folder of them.")
]
Target = Annotated[
    Path, typer.Argument(metavar="OUT", help="The redacted file (videos: MP4), or a folder.")
]
HowMuch = Annotated[
    Profile, typer.Option("--profile", help="How much is hidden, each more than the one before.")
]
Zones = Annotated[
    list[str] | None,
    typer.Option(
        "--zone",
        metavar="X,Y X,Y X,Y",
        help="An area that is always hidden: corners from the top left, in percent (25%,10%) "
        "or in parts of 10000. Give it once for each area.",
    ),
]
Filled = Annotated[FillStyle, typer.Option("--fill", help="What is seen instead.")]
Height = Annotated[
    int | None, typer.Option("--height", min=64, help="Make larger pictures this high.")
]
Effort = Annotated[
    Preset, typer.Option("--preset", help="Of the encoder x264: slower makes smaller files.")
]
Quality = Annotated[
    int, typer.Option("--crf", min=1, max=51, help="Quality of x264: lower is better and larger.")
]
Threads = Annotated[
    int, typer.Option("--threads", min=1, max=64, help="Threads to decode and encode with.")
]
Audio = Annotated[
    bool, typer.Option("--keep-audio", help="Copy the audio. Voices identify people.")
]
ReportTo = Annotated[
    Path | None,
    typer.Option(
        "--report", help="Write what was hidden in each frame, as JSON (IN a folder: a folder)."
    ),
]
SheetTo = Annotated[
    Path | None,
    typer.Option(
        "--sheet", help="Write a sheet of redacted frames, as PNG (IN a folder: a folder)."
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace what is there, and do again what is done.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a file.")]


def command(
    source: Source, target: Target, profile: HowMuch = Profile.HEADS, zone: Zones = None,
    fill: Filled = FillStyle.SOLID, max_height: Height = None, preset: Effort = Preset.MEDIUM,
    crf: Quality = CRF, threads: Threads = 1, keep_audio: Audio = False,
    report: ReportTo = None, sheet: SheetTo = None, force: Force = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Hide people in files, and drop the audio and everything that a camera wrote beside them.

    Every picture keeps its time. A folder that is run again skips what is done. Look at the
    result before you publish it: no detector finds everybody. Exit status 1 if a file failed or
    could not be read to its end.
    """
    style = FileStyle(preset, crf, threads)
    rules = Rules(profile, tuple(zone_of(text) for text in zone or ()), fill)
    work = plan(source, target, report=report, sheet=sheet)
    batch = Batch(work, Choices(rules, max_height, keep_audio, style), force)
    outcomes = _run(batch, as_json=as_json)
    if work.others:
        names = ", ".join(printable(path.name) for path in work.others[:MOST_SHOWN])
        more = " ..." if len(work.others) > MOST_SHOWN else ""
        _note(f"Left out, neither video nor picture: {names}{more} ({len(work.others)}).")
    _close(outcomes, keep_audio=keep_audio)
    raise typer.Exit(0 if all(outcome.is_good for outcome in outcomes) else 1)


def zone_of(text: str) -> Zone:
    """A polygon as a person types it: `10%,20% 30%,20% 30%,60%`, or in parts of `UNITS`.

    Raises `BadFormat`.
    """
    points = [point.split(",") for point in text.split()]
    try:
        return tuple((_part(x), _part(y)) for x, y in points)
    except ValueError as error:
        raise BadFormat(
            f"{printable(text)!r} is no zone.", hint='Write it as "10%,20% 30%,20% 30%,60%".'
        ) from error


def _part(text: str) -> int:
    return round(float(text[:-1]) * UNITS / 100) if text.endswith("%") else int(text)


def _run(batch: Batch, *, as_json: bool) -> list[Outcome]:
    outcomes = []
    with (
        _patient_host() as host,
        Bars(batch.plan.jobs) as bars,
    ):
        host.wait()

        def open_detector() -> closing[RemoteDetector]:
            return closing(host.open())

        for outcome in batch.redact_all(open_detector, bars.start):
            with bars.finish(outcome.job):
                typer.echo(json.dumps(_as_json(outcome)) if as_json else _line(outcome))
            outcomes.append(outcome)
    return outcomes


def _patient_host() -> DetectorHost:
    """A detector that a busy machine may keep waiting, and that Ctrl-C does not reach.

    Ctrl-C goes to all processes of a terminal. The host's thread and its process keep the signal
    blocked as it was when they began, so the detector ends only when we end it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return DetectorHost(deadline_seconds=10.0, hang_seconds=20.0)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _close(outcomes: list[Outcome], *, keep_audio: bool) -> None:
    """What a person must know at the end, on standard error: standard output is for results."""
    failed = [outcome for outcome in outcomes if not outcome.is_good]
    if len(outcomes) > 1 and failed:
        _note(f"{len(failed)} of {counted(len(outcomes), 'file')} failed or are not whole:")
        for outcome in failed:
            _note(f"  {printable(outcome.job.source)}: {printable(outcome.reason)}")
    made = [outcome.redacted for outcome in outcomes if outcome.redacted is not None]
    withheld = sum(one.withheld for one in made)
    if withheld:
        _note(f"{counted(withheld, 'frame')} pixelated whole because the detector failed.")
    if keep_audio and any(one.audio for one in made):
        _note(VOICES)
    if made:
        _note(LOOK)


def _note(text: str) -> None:
    typer.echo(text, err=True)


def _as_json(outcome: Outcome) -> dict[str, Any]:
    done = outcome.redacted
    counts = {} if done is None else {
        "frames": done.frames, "withheld": done.withheld, "masks": done.masks, "audio": done.audio
    }  # fmt: skip
    return {
        "source": str(outcome.job.source), "target": str(outcome.job.target),
        "status": outcome.status, "reason": outcome.reason, **counts,
    }  # fmt: skip


def _line(outcome: Outcome) -> str:
    done = outcome.redacted
    if done is None:
        return f"{printable(outcome.job.source)}: failed: {printable(outcome.reason)}"
    line = f"{printable(outcome.job.target)}: {counted(done.frames, 'frame')}"
    line += f", {counted(done.masks, 'mask')}"
    if done.withheld:
        line += f", {counted(done.withheld, 'frame')} pixelated whole because the detector failed"
    if outcome.status == "skipped":
        line += ", done before"
    if outcome.reason:
        line += f"; of the source, {printable(outcome.reason)}"
    return f"{line}."
