"""`plainview objection`: list objections to cameras, and answer them for everybody to read."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from plainview.cli.options import (
    DataFolder,
    Json,
    KeyPath,
    SettingsFile,
    load_settings,
    say,
    say_json,
    say_table,
    shown,
)
from plainview.keys.client import KeeperClient
from plainview.register import statements
from plainview.register.objections import Objections
from plainview.register.projection import Register
from plainview.release import keyfile

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="List objections to cameras; answer them for everybody to read.",
)


class Outcome(StrEnum):
    """What an answer says. Only what is upheld never begins."""

    REJECTED = "rejected"
    PARTLY = "partly"
    UPHELD = "upheld"


MEANS = (
    "rejected or partly: the version begins as it is, once all objections to it are answered. "
    "upheld: it never begins, and that is final. If something must change, choose upheld and "
    "publish a new version."
)


@app.command("list")
def list_objections(
    settings: SettingsFile = None, data: DataFolder = None, as_json: Json = False
) -> None:
    """List objections, the newest first. What was written is in the application, for officers."""
    with Register(load_settings(settings, data)) as register:
        found = Objections(register).all()
    if as_json:
        say_json([asdict(one) for one in found])
        return
    rows = [
        (one.number, one.camera, one.version, shown(one.time_ms),
         one.answer.outcome if one.answer else "waits")
        for one in found
    ]  # fmt: skip
    columns = ("number", "camera", "version", "received", "answer")
    say_table(columns, rows, empty="Nobody has objected.")


@app.command()
def answer(
    number: Annotated[list[int], typer.Argument(help="Numbers of the objections.")],
    outcome: Annotated[Outcome, typer.Option("--outcome", help=MEANS)],
    text: Annotated[str, typer.Option("--text", help="The reasons, for everybody to read.")],
    key: KeyPath,
    settings: SettingsFile = None,
    data: DataFolder = None,
) -> None:
    """Answer one or several objections; a data protection officer signs."""
    signer = keyfile.read(key)
    entry = statements.answer(number, outcome.value, text, [signer.signing])
    with KeeperClient(load_settings(settings, data).keeper_socket) as keeper:
        index = keeper.append(entry.raw)
    say(f"Answered: {outcome.value} (entry {index}).")
