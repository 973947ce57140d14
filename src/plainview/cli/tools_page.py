"""`plainview tools-page`: the custodians' and requesters' page, on a port of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from plainview.base import journal
from plainview.base.ports import loopback_sockets
from plainview.base.settings import load
from plainview.cli.options import SettingsFile
from plainview.errors import UnsafeStart
from plainview.release.page import create


def command(
    settings_file: SettingsFile = None,
    demo_keys: Annotated[
        Path | None, typer.Option(help="Serve these key files: for the demonstration only.")
    ] = None,
) -> None:
    """Serve the static page that checks, releases and opens in the browser."""
    journal.start("tools-page")
    settings = load(settings_file)
    if demo_keys is not None and not settings.demo:
        raise UnsafeStart("People's key files are served by a demonstration only.")
    app = create(settings.web_url, framed=settings.demo, key_files=demo_keys)
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=loopback_sockets(settings.tools_port))
