"""`plainview web`: the web process; `serve` and `demo` start it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from plainview.base import journal
from plainview.base import settings as base_settings
from plainview.node import heartbeat, probes
from plainview.web import server


def command(
    settings: Annotated[
        Path | None, typer.Option(help="Settings file (TOML).", exists=True, dir_okay=False)
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Data folder; overrides the settings file.")
    ] = None,
) -> None:
    """Run the web process (started by serve)."""
    journal.start("web")
    given = {} if data is None else {"data": data}
    chosen = base_settings.load(settings, **given)
    journal.configure("web", node=chosen.node)
    with heartbeat.beating(partial(probes.web, chosen.port)):
        server.run(chosen)
