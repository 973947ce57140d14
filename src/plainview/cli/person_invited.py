"""`plainview person invited`: who was invited, with the ids of their keys; propose one of them."""

from __future__ import annotations

from typing import Annotated

import typer

from plainview.cli.options import DEFAULT_SERVER, KeyPath, ServerAddress, printable, say, say_table
from plainview.release import appointing, keyfile
from plainview.release.client import Server


def command(
    key: KeyPath,
    propose: Annotated[
        str | None,
        typer.Option("--propose", metavar="INVITATION", help="Sign the proposal to enrol them."),
    ] = None,
    server: ServerAddress = DEFAULT_SERVER,
) -> None:
    """List who was invited and has not joined; have people read the ids of their keys to you."""
    mine = keyfile.read(key)
    with Server(server, mine) as session:
        if propose is None:
            _list(appointing.invited(session))
            return
        found, hash = appointing.propose(session, mine, propose)
    said = f"{found.name} is proposed as {', '.join(found.roles)}, keys {', '.join(found.keys)}."
    say(printable(said))
    say("Another person approves on the keeper's machine, or in the application:")
    say(f"plainview person approve {hash} --key THEIRS")


def _list(found: list[appointing.Invited]) -> None:
    rows = [
        (one.id, one.name, ", ".join(one.roles), one.state, " ".join(one.keys), one.proposal)
        for one in found
    ]
    columns = ("invitation", "name", "roles", "state", "keys", "proposal")
    say_table(columns, rows, empty="Nobody is invited. Start with: plainview person invite.")
