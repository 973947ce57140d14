"""`plainview register map FILE`: an extract of OpenStreetMap becomes the editor's map."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plainview.cli.options import (
    DataFolder,
    Json,
    SettingsFile,
    load_settings,
    say,
    say_json,
    say_table,
)
from plainview.register.ground import KINDS, Box, read_extract
from plainview.web.basemap import PLAN, pmtiles_file


def command(
    file: Annotated[Path, typer.Argument(help="An extract of OpenStreetMap: .osm.pbf or .osm.")],
    box: Annotated[
        str | None,
        typer.Option("--box", help="Only what meets this: west,south,east,north in degrees."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is in it.")] = False,
    settings: SettingsFile = None,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Draw the ground under the editor's map from an extract of OpenStreetMap, on this machine."""
    loaded = load_settings(settings, data)
    plan = read_extract(file, None if box is None else Box.parse(box))
    written = None if dry_run else plan.write(loaded.map_dir, PLAN)
    if as_json:
        told = None if written is None else str(written)
        say_json({"counts": plan.counts, "bytes": len(plan.content), "file": told})
        return
    rows = [(kind, plan.counts[kind]) for kind in KINDS if kind in plan.counts]
    say_table(("kind", "number"), rows, empty="Nothing.")
    size = f"{len(plan.content) / 1e6:.1f} MB"
    if written is None:
        say(f"The plan would have {size}; nothing was written.")
        return
    say(f"{written}, {size}: the editor draws it when its page is loaded the next time.")
    if pmtiles_file(loaded) is not None:
        say("It is not shown yet: a PMTiles file is there, and comes first.")
