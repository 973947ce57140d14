"""The program `plainview`: one file per command, found by name and imported only when it is run.

A command's file defines `command` (a function) or, where it has sub-commands, `app` (a Typer
application). Errors are caught here, once: one line that says what to do, and exit status 1.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

from plainview import __version__
from plainview.errors import PlainviewError


@dataclass(frozen=True)
class Listed:
    """A command as the list shows it; the file itself is read when the command is run."""

    module: str
    help: str
    hidden: bool = False


COMMANDS: dict[str, Listed] = {
    "demo": Listed("plainview.cli.demo", "Everything on one machine, with a story in six clicks."),
    "serve": Listed("plainview.cli.serve", "Run the system with a settings file."),
    "simulate": Listed("plainview.cli.simulate", "Play files or a generated street over RTSP."),
    "camera": Listed("plainview.cli.camera", "Find, add, list, show and suspend cameras."),
    "person": Listed("plainview.cli.person", "Make keys, invite and enrol people, list them."),
    "register": Listed(
        "plainview.cli.register", "Records, legal profiles, bulk import, the register's past."
    ),
    "objection": Listed("plainview.cli.objection", "List objections to cameras; answer them."),
    "redact": Listed("plainview.cli.redact", "Redact videos and pictures of your own."),
    "case": Listed("plainview.cli.case", "Open a case, draft and sign a request."),
    "custodian": Listed("plainview.cli.custodian", "Check requests; release or deny your share."),
    "open": Listed("plainview.cli.open", "Combine the shares, decrypt what was released."),
    "evidence": Listed("plainview.cli.evidence", "Make a package that a court verifies offline."),
    "verify": Listed("plainview.cli.verify", "Verify a package, a log folder or a log address."),
    "witness": Listed("plainview.cli.witness", "Run a witness of transparency logs."),
    "check": Listed("plainview.cli.check", "Check store, index and log; repair, extract."),
    "disks": Listed("plainview.cli.disks", "Show where recordings lie; adopt or forget a disk."),
    "software": Listed("plainview.cli.software", "Show or compare the hash of the software."),
    "bench": Listed("plainview.cli.bench", "Measure what this machine does."),
    "keeper": Listed("plainview.cli.keeper", "Run the keeper (started by serve).", hidden=True),
    "recorder": Listed("plainview.cli.recorder", "Run a recorder (started by serve).", hidden=True),
    "web": Listed("plainview.cli.web", "Run the web process (started by serve).", hidden=True),
    "demo-web": Listed("plainview.cli.demo_web", "The demo's web process.", hidden=True),
    "tools-page": Listed("plainview.cli.tools_page", "Serve the custodians' page.", hidden=True),
}


def load(name: str, listed: Mapping[str, Listed] = COMMANDS) -> TyperCommand | TyperGroup:
    """Import the file of the command `name` and build the command out of it."""
    module = importlib.import_module(listed[name].module)
    app: typer.Typer | None = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False)
        app.command(name)(module.command)
    app.info.name = name
    built = typer.main.get_command(app)
    built.name = name
    assert isinstance(built, TyperCommand | TyperGroup)  # noqa: S101 - narrows Typer's type
    return built


class Lazy(TyperGroup):
    """A group that lists its commands without importing them."""

    listed: ClassVar[Mapping[str, Listed]] = {}

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        waiting = {
            name: TyperCommand(name, help=entry.help, short_help=entry.help, hidden=entry.hidden)
            for name, entry in self.listed.items()
        }
        self.commands = {**waiting, **self.commands}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, found, rest = super().resolve_command(ctx, args)
        if name is None or name not in self.listed:
            return name, found, rest
        return name, load(name, self.listed), rest


class Program(Lazy):
    """All commands."""

    listed = COMMANDS


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"plainview {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Public-space video that a city can be held to account for."""


def program() -> TyperGroup:
    """The whole program as one group; commands are imported when they are run."""
    app = typer.Typer(cls=Program, no_args_is_help=True, add_completion=False)
    app.callback()(_root)
    built = typer.main.get_command(app)
    assert isinstance(built, TyperGroup)  # noqa: S101 - narrows Typer's type
    return built


def main() -> None:
    """Run the command line; never returns."""
    try:
        program()(prog_name="plainview")
    except PlainviewError as error:
        typer.echo(f"plainview: {error.line()}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
