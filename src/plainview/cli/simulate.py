"""`plainview simulate`: cameras out of files, or out of a generated street."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from plainview.errors import PlainviewError, SettingsError
from plainview.media.files import VideoFile
from plainview.testing import clips
from plainview.testing.clip import Clip
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_mounts import ClipMount

SCENE = "scene"


def command(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Video files; each is served under its own name.")
    ] = None,
    scene: Annotated[bool, typer.Option("--scene", help="Serve the generated street.")] = False,
    stream: Annotated[
        list[str] | None, typer.Option(help="NAME=FILE or NAME=scene; may be repeated.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8554,
    cache: Annotated[
        Path, typer.Option(help="Folder for converted files and the rendered street.")
    ] = Path(".cache/clips"),
    login: Annotated[str, typer.Option(help="NAME:PASSWORD that clients must give.")] = "",
    audio: Annotated[
        bool, typer.Option(help="Offer an audio track too, which Plainview never asks for.")
    ] = False,
    show: Annotated[
        bool, typer.Option("--list", help="Say what would be served, and stop.")
    ] = False,
) -> None:
    """Be one or more cameras: serve files in a loop, or a generated street, over RTSP."""
    wanted = _wanted(files or [], scene, stream or [])
    if show:
        _list(wanted)
        return
    user, _, password = login.partition(":")
    server = RtspServer(host=host, port=port, user=user or None, password=password)
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    with server:
        typer.echo(f"listening on rtsp://{server.host}:{server.port}")
        served = _serve(server, wanted, cache, audio, end)
        if not served and not end.is_set():
            raise SettingsError("None of these can be served.", hint="The reasons stand above.")
        end.wait()


def _wanted(files: list[Path], scene: bool, streams: list[str]) -> dict[str, str]:
    """Stream names and what plays there. Raises `SettingsError`."""
    wanted: dict[str, str] = {}
    pairs = [(file.stem, str(file)) for file in files]
    pairs += [(SCENE, SCENE)] if scene or not (files or streams) else []
    for text in streams:
        name, equals, source = text.partition("=")
        if not equals or not name or not source:
            raise SettingsError(f"--stream {text} is not NAME=FILE.", hint="Or NAME=scene.")
        pairs.append((name, source))
    for name, source in pairs:
        if name in wanted:
            raise SettingsError(f"Two streams are called {name}.", hint="Use --stream NAME=FILE.")
        wanted[name] = source
    return wanted


def _serve(
    server: RtspServer, wanted: dict[str, str], cache: Path, audio: bool, end: threading.Event
) -> int:
    """Make each stream ready and add it, the quick ones first; how many are served."""
    served = 0
    for name, source in sorted(wanted.items(), key=lambda item: item[1] == SCENE):
        if end.is_set():
            break
        try:
            clip = Clip.load(_prepared(source, cache))
        except PlainviewError as error:
            typer.echo(f"{name}: {error.line()}", err=True)
            continue
        address = server.add(name, ClipMount(clip, audio=audio))
        served += 1
        size = f"{clip.parameters.width}x{clip.parameters.height}"
        typer.echo(f"{address}  {size} {clip.parameters.codec}, {clip.length / 90_000:.0f} s loop")
    return served


def _prepared(source: str, cache: Path) -> Path:
    """The clip to send; shows progress while one has to be made first."""
    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(f"preparing {what}", total=total or None)
            bar.update(tasks[what], completed=done)

        if source == SCENE:
            return clips.street(cache, progress=report)
        return clips.sendable(Path(source), cache, progress=report)


def _list(wanted: dict[str, str]) -> None:
    table = Table("stream", "plays", "picture", "codec", "length")
    for name, source in wanted.items():
        if source == SCENE:
            table.add_row(name, "the generated street", "1280x720", "h264", "40 s")
            continue
        with VideoFile(Path(source)) as file:
            length = f"{file.duration_ms / 1000:.0f} s" if file.duration_ms else "?"
            table.add_row(name, source, "{}x{}".format(*file.size), file.codec, length)
    Console().print(table)
