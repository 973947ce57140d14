"""`plainview check`: read everything that is stored again; mend what can be mended; extract."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from plainview.cli.options import DataFolder, Json, SettingsFile, load_settings
from plainview.errors import SettingsError
from plainview.store.check import Result, check, extract, repair
from plainview.store.check_disks import DiskState, states
from plainview.store.store import Store

Repair = Annotated[
    bool,
    typer.Option("--repair", help="Make missing rows again, cut torn tails. Stop the recorder."),
]
Extract = Annotated[
    tuple[str, Path] | None,
    typer.Option(
        "--extract", metavar="WINDOW OUT", help="Write a window's originals as bare age files."
    ),
]


def command(
    settings: SettingsFile = None,
    data: DataFolder = None,
    repair_: Repair = False,
    extract_: Extract = None,
    json_: Json = False,
) -> None:
    """Check store, index and log roots. Exit status 0 only if all is sound."""
    chosen = load_settings(settings, data)
    if not chosen.data.is_dir():
        raise SettingsError(f"{chosen.data} is not a folder.", hint="Give --data or --settings.")
    console = Console(stderr=json_)
    with Store(chosen) as store:
        room = [] if extract_ is not None else states(store)
        if extract_ is not None:
            count = extract(store, *extract_)
            console.print(f"{count} age files written to {extract_[1]}.")
            return
        result = _checked(store, console)
        if repair_:
            repair(store, result)
            mended = _checked(store, console)
            mended.repaired = result.repaired
            result = mended
    _show(result, room, console, as_json=json_)
    result.must_be_sound()


def _checked(store: Store, console: Console) -> Result:
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("Reading packs", total=None)
        return check(
            store, progress=lambda done, total: bar.update(task, completed=done, total=total)
        )


def _show(result: Result, room: list[DiskState], console: Console, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**asdict(result), "disks": [asdict(one) for one in room]}))
        return
    for line in [*result.repaired, *result.findings]:
        console.print(line, markup=False, highlight=False)
    for one in room:
        console.print(f"{one.folder}: {one.words()}", markup=False, highlight=False)
    console.print(
        f"{result.packs} packs, {result.segments} segments, {result.bytes >> 20} MiB, "
        f"{result.leaves} logged minutes read; {len(result.findings)} things wrong."
    )
