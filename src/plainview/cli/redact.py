"""`plainview redact IN OUT`: hide faces in a file or a folder of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from plainview.redact.files import Redacted, pairs, redact_file
from plainview.redact.host import DetectorHost


def command(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="A video file, or a folder of them.")
    ],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="The redacted file (MP4), or a folder.")
    ],
    max_height: Annotated[
        int | None, typer.Option("--height", min=64, help="Make larger pictures this high.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
) -> None:
    """Hide every face that is found, and drop the audio.

    The detector finds faces; it cannot tell whose. Look at the result before you publish it: no
    detector finds every face.
    """
    work = pairs(source, target)
    console = Console(stderr=True)
    with (
        DetectorHost(deadline_seconds=10.0, hang_seconds=20.0) as host,
        Progress(
            TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=console
        ) as bars,
    ):
        host.wait()
        for of, to in work:
            bar = bars.add_task(of.name, total=None)

            def show(done: int, total: int, bar: object = bar) -> None:
                bars.update(bar, completed=done, total=total or None)  # type: ignore[arg-type]

            detector = host.open()
            try:
                done = redact_file(of, to, detector, max_height=max_height, progress=show)
            finally:
                detector.close()
            bars.remove_task(bar)
            typer.echo(_report(done, as_json=as_json))


def _report(done: Redacted, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(
            {
                "source": str(done.source),
                "target": str(done.target),
                "frames": done.frames,
                "withheld": done.withheld,
            }
        )
    line = f"{done.target}: {done.frames} frames"
    if done.withheld:
        line += f", {done.withheld} of them pixelated whole because the detector failed"
    return f"{line}."
