"""`plainview register import FILE`: many cameras from a table or a map, with a dry run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plainview.base.clock import now_ms
from plainview.base.settings import Settings
from plainview.cli.options import (
    DataFolder,
    Json,
    SettingsFile,
    counted,
    load_settings,
    printable,
    say,
    say_json,
)
from plainview.cli.stating import Stating
from plainview.errors import SettingsError
from plainview.register.bulk import read_rows
from plainview.register.bulk_plan import Planned, Planner, sound
from plainview.register.private import Sources
from plainview.register.projection import Register
from plainview.register.records import read_values


def command(
    file: Annotated[Path, typer.Argument(help="A .csv or .geojson file; columns: see the docs.")],
    key: Annotated[
        list[Path] | None, typer.Option("--key", help="Key file of a signer; once for each.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would change, and what is wrong.")
    ] = False,
    common: Annotated[
        Path | None,
        typer.Option("--with", help="TOML with what neither a row nor the register says."),
    ] = None,
    law_profile: Annotated[
        str | None, typer.Option("--law-profile", help="Law of the rows that name none.")
    ] = None,
    settings: SettingsFile = None,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Register cameras, or new versions of them; nothing is stated unless every row is sound."""
    if not dry_run and not key:
        raise SettingsError("Who signs?", hint="Give --key, or --dry-run to look first.")
    rows = read_rows(file)
    loaded = load_settings(settings, data)
    with Register(loaded) as register:
        shared = None if common is None else read_values(common)
        plans = Planner(register, now_ms(), common=shared, law=law_profile).plan(rows)
    if as_json:
        say_json([_as_json(one) for one in plans])
    else:
        _show(plans)
    if not sound(plans):
        raise typer.Exit(1)
    if not dry_run:
        _state(loaded, plans, key or [], quiet=as_json)


def _state(settings: Settings, plans: list[Planned], keys: list[Path], *, quiet: bool) -> None:
    sources = Sources(settings.data)
    with Stating(settings, keys) as stating:
        for one in plans:
            if one.changed and one.record is not None:
                stated = stating.camera(one.camera, "active", one.record)
                if not quiet:
                    say(stated.line())
            if one.stream is not None:
                sources.put(one.camera, one.stream)


def _show(plans: list[Planned]) -> None:
    for one in plans:
        what = f"version {one.version}" if one.changed else "no change"
        say(printable(f"row {one.number}: {one.camera or '(no id)'}: {what}"))
        for change in one.changes:
            say(printable(f"  {change.line()}"))
        for fault in one.faults:
            say(printable(f"  error: {fault}"))
    wrong = sum(bool(one.faults) for one in plans)
    changed = sum(one.changed for one in plans)
    say(f"{counted(len(plans), 'row')}: {changed} would change, {wrong} with errors.")
    if wrong:
        say("Nothing is stated until every row is sound.")


def _as_json(one: Planned) -> dict[str, object]:
    return {
        "row": one.number,
        "camera": one.camera,
        "version": one.version,
        "changes": [vars(change) for change in one.changes],
        "errors": list(one.faults),
    }
