"""`plainview evidence`: a package that a court verifies offline. Only HTTP, only my key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plainview.cli.options import (
    DEFAULT_SERVER,
    Json,
    KeyPath,
    ServerAddress,
    counted,
    say,
    say_json,
)
from plainview.errors import Refused
from plainview.release import keyfile, opening
from plainview.release.client import Server
from plainview.release.package import make_package
from plainview.release.trust import Trust


def command(
    request: Annotated[str, typer.Argument(help="The hash of a request released to me.")],
    out: Annotated[Path, typer.Argument(help="The package to write, for example case-17.zip.")],
    key: KeyPath,
    server: ServerAddress = DEFAULT_SERVER,
    as_json: Json = False,
) -> None:
    """Open what was released to me and write it, with every proof, into one package."""
    if out.exists():
        raise Refused(f"{out} exists.", hint="Choose another name.")
    mine = keyfile.read(key)
    trust = Trust(mine)
    with Server(server, mine) as session:
        asked, releases = opening.examine(session, trust, request)
        opening_windows = [window.record.window for window in asked.windows]
        made = make_package(session, trust, asked, releases, out)
        opening.report(session, trust, asked, opening_windows)
    if as_json:
        say_json({**vars(made), "path": str(made.path)})
        return
    windows = counted(made.windows, "window")
    say(f"{made.path}: {made.segments} segments of {windows}, {made.entries} entries.")
    say(f"Check it: plainview verify {made.path} --policy POLICY")
