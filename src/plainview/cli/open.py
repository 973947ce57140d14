"""`plainview open`: combine what custodians released and decrypt it. Only HTTP, only my key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plainview.base.clock import Ms
from plainview.cli.options import DEFAULT_SERVER, Json, KeyPath, ServerAddress, say, say_json
from plainview.errors import NotLogged
from plainview.release import keyfile, opening
from plainview.release.checks import Asked
from plainview.release.client import Server
from plainview.release.files import Kept, keep_window
from plainview.release.record import Record, check_logged, fetch_record
from plainview.release.trust import Trust


def command(
    request: Annotated[str, typer.Argument(help="The request's hash.")],
    key: KeyPath,
    out: Annotated[Path, typer.Option("--out", help="Folder for what is opened.")] = Path(),
    server: ServerAddress = DEFAULT_SERVER,
    raw: Annotated[bool, typer.Option("--raw", help="Also keep each segment by itself.")] = False,
    sealed: Annotated[
        bool, typer.Option("--sealed", help="Also keep the sealed segments (bare age files).")
    ] = False,
    keep_identity: Annotated[
        bool,
        typer.Option("--keep-identity", help="Also keep each window's key, for `age -d -i`."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Combine the shares released to you, decrypt on this machine, write playable files."""
    mine = keyfile.read(key)
    trust = Trust(mine)
    with Server(server, mine) as session:
        asked, releases = opening.examine(session, trust, request)
        kept: list[Kept] = []
        for window in asked.windows:
            opened = opening.open_window(session, trust, asked, releases, window.record.window)
            found = opening.segments(session, asked, opened)
            kept.append(
                keep_window(out, opened, found, raw=raw, sealed=sealed, identity=keep_identity)
            )
        opening.report(session, trust, asked, [one.window for one in kept])
        record = fetch_record(session, trust, asked)
        waiting = _check_logged(record, asked, kept, trust.clock())
    if as_json:
        say_json(
            [
                {
                    "window": one.window,
                    "videos": [str(path) for path in one.videos],
                    "segments": one.segments,
                    "bytes": one.bytes,
                    "gaps_ms": one.gaps_ms,
                    "logged": one.window not in waiting,
                }
                for one in kept
            ]
        )
        return
    for one in kept:
        _say(one, waiting.get(one.window, "every hash is as logged."))


def _check_logged(record: Record, asked: Asked, kept: list[Kept], now: Ms) -> dict[str, str]:
    """Hold what was opened against what was logged when it was recorded.

    Raises `BadProof`; windows whose newest minute is not logged yet come back with a message.
    """
    waiting = {}
    for one in kept:
        window = asked.window(one.window).record
        try:
            check_logged(window, record.minutes(window), one.hashes, now=now)
        except NotLogged as error:
            waiting[one.window] = error.line()
    return waiting


def _say(kept: Kept, logged: str) -> None:
    videos = ", ".join(str(path) for path in kept.videos)
    gaps = f"{kept.gaps_ms / 1000:.1f} s missing" if kept.gaps_ms else "without gaps"
    say(f"{kept.window}: {kept.segments} segments, {gaps}: {videos}")
    say(f"  {logged}")
