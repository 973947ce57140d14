"""`plainview bench`: measured figures, each against a baseline of the same run."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.status import Status
from rich.table import Table

from plainview.base import journal
from plainview.bench.catalogue import ABOUT, CHECKS, Options, bench
from plainview.bench.result import Result, machine
from plainview.cli.options import Json
from plainview.redact.rules import Profile

Name = Annotated[str, typer.Argument(metavar="NAME", help=f"One of: {', '.join(ABOUT)}; or all.")]
Runs = Annotated[int, typer.Option(min=1, help="How often to repeat, in turn with the baseline.")]
Scale = Annotated[float, typer.Option(min=0.001, max=1.0, help="Share of the full counts.")]
Minutes = Annotated[float, typer.Option(min=0.01, help="Length of the steady run of `log`.")]
HidingProfile = Annotated[
    Profile, typer.Option("--profile", help="What is hidden, in the benches of redaction.")
]
Data = Annotated[
    Path | None,
    typer.Option(help="`recall`: a folder with WIDER FACE, COCO or MOT data, or with clips."),
]
Shots = Annotated[
    bool, typer.Option("--shots/--no-shots", help="`recall`: measure the generated street.")
]
ContactSheet = Annotated[
    Path | None, typer.Option("--sheet", help="`recall`: write misses as a contact sheet (PNG).")
]
Details = Annotated[Path | None, typer.Option(help="`recall`: write all counts and misses (JSON).")]
Checks = Annotated[
    Path, typer.Option(help="`recall`: where tools/fetch_checks.py put other detectors.")
]


def command(
    name: Name,
    runs: Runs = 3,
    scale: Scale = 1.0,
    minutes: Minutes = 0.25,
    json_: Json = False,
    profile: HidingProfile = Profile.HEADS,
    data: Data = None,
    shots: Shots = True,
    sheet: ContactSheet = None,
    details: Details = None,
    checks: Checks = CHECKS,
) -> None:
    """Measure what this machine does; ratios are against a baseline that ran in turn."""
    options = Options(
        runs, scale, minutes, profile=profile, data=data, shots=shots, sheet=sheet,
        details=details, checks=checks,
    )  # fmt: skip
    journal.configure("bench", level=logging.ERROR)  # standard output is for figures alone
    names = list(ABOUT) if name == "all" else [name]
    console, talk = Console(), Console(stderr=True)
    results: list[Result] = []
    for one in names:
        measured = bench(one)
        with talk.status(one) as status:
            for result in measured.run(options, partial(_say, status, one)):
                results.append(result)
                if json_:
                    typer.echo(result.line())
    if not json_:
        console.print(_table(results))
        console.print(machine(), markup=False, highlight=False)
        if scale < 1.0:
            console.print("Measured at less than full counts: not to be quoted.")


def _say(status: Status, name: str, text: str) -> None:
    status.update(f"{name}: {text}")


def _table(results: list[Result]) -> Table:
    table = Table()
    for title in ("metric", "value", "unit", "baseline", "ratio", "runs", "against"):
        figure = title in ("value", "baseline", "ratio", "runs")  # never cut off; words fold
        table.add_column(title, no_wrap=figure, overflow="fold")
    for one in results:
        table.add_row(
            one.metric,
            f"{one.value:g}",
            one.unit,
            "" if one.baseline is None else f"{one.baseline:g}",
            "" if one.ratio is None else f"{one.ratio:.3g}",
            str(one.runs),
            one.against or "",
        )
    return table
