"""`plainview keeper`: the trust kernel's process (hidden; `serve` and `demo` start it)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from plainview.base import journal
from plainview.base import settings as settings_module
from plainview.base.software import installed
from plainview.keeper.process import run
from plainview.node import heartbeat, probes


def command(
    settings: Annotated[
        Path | None, typer.Option(help="Settings file (TOML).", exists=True, dir_okay=False)
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Data folder; overrides the settings file.")
    ] = None,
) -> None:
    """Run the keeper: it alone reads the keys and writes the log."""
    journal.start("keeper")
    given = {} if data is None else {"data": data}
    chosen = settings_module.load(settings, **given)
    journal.configure("keeper", node=chosen.node)
    with heartbeat.beating(partial(probes.keeper, chosen.keeper_socket)):
        run(chosen.data, installed().statement())
