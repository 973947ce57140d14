"""`plainview demo`: everything on one machine, and the story that shows it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from plainview.base import journal, shutdown
from plainview.base.settings import load
from plainview.demo import streets
from plainview.demo.city import show
from plainview.demo.run import Demo

CLIPS = Path(".cache/clips")
"""Where set-up puts the clips of the demonstration, and what is converted is kept."""
HORIZON_SECONDS = 1200
VIEW_FPS = 12
VIEW_HEIGHT = 540
"""Four redacted views and the browser showing them share what is often a machine of two cores."""


def command(
    data: Annotated[
        Path | None, typer.Option(help="Folder of the data; .demo, or .demo-city with --city.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=1024, max=65_500, help="Port of the pages; the next four are used.")
    ] = 8600,
    clips: Annotated[
        Path | None,
        typer.Option(help="Folder of your own videos, for the cameras in order of their names."),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(help="A file, an rtsp:// address or /dev/videoN, for the next camera."),
    ] = None,
    city: Annotated[
        bool,
        typer.Option("--city", help="Only public pages, of a generated city: 8,100 sources."),
    ] = False,
) -> None:
    """Start cameras, keeper, witnesses, recorder and pages; Ctrl-C stops all of them."""
    journal.start("demo")
    console = Console()
    if city:
        show((data or Path(".demo-city")).absolute(), port, partial(console.print, highlight=False))
        return
    given = [*(source or []), *(map(str, streets.videos(clips)) if clips else [])]
    settings = load(
        data=(data or Path(".demo")).absolute(),
        port=port,
        tools_port=port + 1,
        horizon_seconds=HORIZON_SECONDS,
        view_fps=VIEW_FPS,
        view_height=VIEW_HEIGHT,
        view_preset="ultrafast",
        demo=True,
    )
    end = shutdown.on_signal()
    demo = Demo(settings, CLIPS.absolute(), given)
    try:
        demo.start(lambda line: console.print(line, highlight=False))
        console.print("Ctrl-C ends it.")
        demo.watch(end)
        console.print("Stopping …")
    finally:
        demo.stop()
