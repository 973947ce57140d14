"""`plainview person invite`: a link by which somebody gets a passkey, made with a key file."""

from __future__ import annotations

from typing import Annotated

import typer

from plainview.cli.options import DEFAULT_SERVER, KeyPath, ServerAddress, printable, say
from plainview.errors import BadFormat
from plainview.release import keyfile
from plainview.release.client import Server


def command(
    name: Annotated[str, typer.Option("--name", help="The person's name; it stays private.")],
    role: Annotated[list[str], typer.Option("--role", help="A role; may be given several times.")],
    org: Annotated[str, typer.Option("--org", help="The organisation; public.")],
    key: KeyPath,
    outside: Annotated[
        bool, typer.Option("--outside", help="Not of the operator, its units or suppliers.")
    ] = False,
    person: Annotated[
        str, typer.Option("--person", help="Id of somebody enrolled, who gets further keys.")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="With --person: instead of the keys of before.")
    ] = False,
    unit: Annotated[list[str] | None, typer.Option("--unit", help="Only cameras of it.")] = None,
    camera: Annotated[list[str] | None, typer.Option("--camera", help="Only this one.")] = None,
    server: ServerAddress = DEFAULT_SERVER,
) -> None:
    """Invite somebody; an administrator or data protection officer. The link is shown once."""
    wish = {
        "name": name, "roles": role, "org": org, "outside": outside, "person": person,
        "replace": replace, "units": unit or [], "cameras": camera or [],
    }  # fmt: skip
    with Server(server, keyfile.read(key)) as session:
        made = session.post("/api/invitations", wish)
    if not isinstance(made, dict) or not isinstance(made.get("link"), str):
        raise BadFormat("The server did not answer with an invitation.")
    say(printable(made["link"]))
    say(printable(f"For one person, until {made.get('ends')}; hand it over by a way you trust."))
    say(f"When they have handed in: plainview person invited --key {key} --server {server}")
