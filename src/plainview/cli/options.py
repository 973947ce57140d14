"""Options that several commands share, and how commands write their answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plainview.base import settings
from plainview.base.clock import Ms, from_iso, to_iso
from plainview.base.settings import Settings

DEFAULT_SERVER = "http://localhost:8600"
WIDEST = 1000
"""Columns of a table's line, at most."""

SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", envvar="PLAINVIEW_SETTINGS", help="Settings file (TOML)."),
]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Data folder, instead of the one in the settings.")
]
KeyPath = Annotated[Path, typer.Option("--key", envvar="PLAINVIEW_KEY", help="Your own key file.")]
KeyPaths = Annotated[
    list[Path], typer.Option("--key", help="Key file of a signer; give it once for each signer.")
]
ServerAddress = Annotated[
    str, typer.Option("--server", envvar="PLAINVIEW_SERVER", help="Address of the server.")
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]


def load_settings(file: Path | None, data: Path | None) -> Settings:
    """The settings with `--data` on top. Raises `SettingsError`."""
    return settings.load(file) if data is None else settings.load(file, data=data)


def say(text: str) -> None:
    """A line to the person."""
    typer.echo(text)


def counted(number: int, noun: str) -> str:
    """`1 window`, `2 windows`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def printable(text: object) -> str:
    """Text that somebody else wrote, without the controls that could rewrite a terminal."""
    return "".join(char if char.isprintable() else "?" for char in str(text))


def say_json(value: Any) -> None:
    """One JSON document."""
    typer.echo(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True))


def say_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """A table, or what to do when there is nothing to show."""
    if not rows:
        say(empty)
        return
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(escape(printable(cell)) for cell in row))
    # A hash that is cut short cannot be typed into the next command, so lines may run on.
    Console(width=WIDEST).print(table, highlight=False)


def moment(text: str) -> Ms:
    """A time that a person typed: `2026-11-23T08:50:00Z`, or without zone and seconds (UTC)."""
    text = text.strip().replace(" ", "T")
    zone = text[10:]
    if zone and not zone.endswith("Z") and "+" not in zone and "-" not in zone:
        text += "Z"
    return from_iso(text if zone else f"{text}T00:00:00Z")


def shown(ms: Ms) -> str:
    """A time for a person: `2026-11-23 08:50:00 UTC`."""
    return to_iso(ms)[:19].replace("T", " ") + " UTC"
