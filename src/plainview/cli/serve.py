"""`plainview serve`: keeper, recorder and pages of one machine, with a settings file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from plainview.base import journal, shutdown
from plainview.base.ports import require_free
from plainview.base.settings import load
from plainview.errors import UnsafeStart
from plainview.node import one_machine
from plainview.node.processes import Supervisor

KEEP_ALIVE_SECONDS = 0.5


def command(
    settings: Annotated[
        Path | None, typer.Option(help="Settings file (TOML).", exists=True, dir_okay=False)
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Data folder; overrides the settings file.")
    ] = None,
) -> None:
    """Start keeper, recorder and pages, and keep them running; Ctrl-C stops all of them."""
    journal.start("supervisor")
    given = {} if data is None else {"data": data.absolute()}
    chosen = load(settings, **given)
    if not (chosen.keys_dir / "log.key").exists():
        raise UnsafeStart(
            f"No log was founded in {chosen.data}.", hint="Run: plainview person found --help"
        )
    require_free(chosen.port, setting="PLAINVIEW_PORT=8700")
    console, end = Console(), shutdown.on_signal()
    supervisor = Supervisor(chosen.data / "run")
    try:
        for program in (one_machine.keeper, one_machine.recorder, one_machine.web):
            supervisor.start(program(chosen))
        console.print(f"Plainview is up: {chosen.web_url}", highlight=False)
        while not end.wait(KEEP_ALIVE_SECONDS):
            supervisor.keep_alive()
    finally:
        supervisor.stop()
