"""`plainview register`: records besides cameras, and what a law asks of a camera."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from plainview.base.clock import now_ms
from plainview.cli import Lazy, Listed, register_state
from plainview.cli.options import (
    DataFolder,
    Json,
    SettingsFile,
    counted,
    load_settings,
    printable,
    say,
    say_json,
    say_table,
    shown,
)
from plainview.cli.stating import findings
from plainview.errors import BadFormat, SettingsError
from plainview.register import legal
from plainview.register.difference import differences
from plainview.register.files import read_record_file
from plainview.register.kind_templates import kind_template
from plainview.register.kinds import KINDS
from plainview.register.legal_profile import Profile, read_profile
from plainview.register.projection import Register


class Commands(Lazy):
    """Those that are large enough for a file of their own."""

    listed: ClassVar = {
        "at": Listed("plainview.cli.register_at", "What the register said at a moment, proved."),
        "import": Listed("plainview.cli.register_import", "Register many cameras from one file."),
        "map": Listed("plainview.cli.register_map", "The editor's map out of OpenStreetMap."),
    }


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    help="Records that cameras rest on, what a law asks of a camera, and the register's past.",
)
app.command("publish")(register_state.publish)
app.command("approve")(register_state.approve)
app.command("revoke")(register_state.revoke)

LawProfile = Annotated[
    str | None,
    typer.Option(
        "--law-profile",
        help="Name of a legal profile, or a file that ends in .toml; else the record's own.",
    ),
]


@app.command()
def template(
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(KINDS)}.")],
) -> None:
    """Print a record to fill in: plainview register template dpia > dpia.toml."""
    say(kind_template(kind))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A camera's record or another one (TOML or JSON).")],
    law_profile: LawProfile = None,
    settings: SettingsFile = None,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Say what is missing, with the article; exit status 1 if something is that blocks."""
    filed = read_record_file(file)
    problems = filed.faults()
    law: Profile | None = None
    found: list[legal.Finding] = []
    if filed.is_camera:
        body = filed.values if problems else filed.body()
        with Register(load_settings(settings, data)) as register:
            law = _law(register, law_profile, body)
            found = findings(register, body, law)
    if as_json:
        faults = [{"field": field, "message": text} for field, text in problems]
        say_json({"faults": faults, "findings": [vars(one) for one in found]})
    else:
        lines = [f"error: {field or 'record'}: {text}" for field, text in problems]
        for line in [*lines, *(one.line() for one in found)]:
            say(printable(line))
        say(_verdict(len(problems), found, None if law is None else law.name))
    raise typer.Exit(1 if problems or legal.blocks(found) else 0)


def _law(register: Register, chosen: str | None, body: Mapping[str, Any]) -> Profile:
    """Only who runs the command names a file; what a record says is a name."""
    if chosen is not None and chosen.endswith(".toml"):
        return read_profile(chosen)
    name = chosen or body.get("legal_profile")
    if not isinstance(name, str):
        raise SettingsError(
            "Which law? The record names none.",
            hint=f"Give --law-profile: {', '.join(register.laws.names())}.",
        )
    return register.laws.find(name)


def _verdict(problems: int, found: list[legal.Finding], law: str | None) -> str:
    errors = problems + sum(one.severity == "error" for one in found)
    warnings = len(found) + problems - errors
    under = f" under {law}" if law else ""
    if errors:
        return f"Not ready{under}: {counted(errors, 'error')}, {counted(warnings, 'warning')}."
    return f"Nothing is missing{under}" + (
        f"; {counted(warnings, 'warning')}." if warnings else "."
    )


@app.command("list")
def list_records(
    kind: Annotated[str | None, typer.Argument(help="Only this kind.")] = None,
    settings: SettingsFile = None,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """List the records of the register, each in its newest version."""
    with Register(load_settings(settings, data)) as register:
        records = register.records(kind)
        in_force = register.records_in_force(now_ms())
    if as_json:
        say_json([{**vars(one), "in_force": one.subject in in_force} for one in records])
        return
    rows = [
        (
            one.subject,
            one.version,
            one.status,
            "yes" if one.subject in in_force else "no",
            str(one.body.get("valid_to", ""))[:10] or "-",
            one.index,
        )
        for one in records
    ]
    columns = ("record", "version", "status", "in force", "until", "entry")
    say_table(columns, rows, empty="No record yet. Begin with: plainview register template KIND.")


@app.command()
def show(
    record: Annotated[str, typer.Argument(help="KIND/ID, such as dpia/bridges.")],
    settings: SettingsFile = None,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Show a record, and what each of its versions changed."""
    kind, slash, name = record.partition("/")
    if not slash:
        raise BadFormat(f"{record!r} is no record.", hint="Write KIND/ID, such as dpia/bridges.")
    with Register(load_settings(settings, data)) as register:
        versions = register.record_versions(kind, name)
        in_force = record in register.records_in_force(now_ms())
    if as_json:
        say_json({"versions": [vars(one) for one in versions], "in_force": in_force})
        return
    say(f"{record}: {'in force' if in_force else 'not in force'} now")
    before: dict[str, object] = {}
    for one in versions:
        say(f"version {one.version}, {one.status}, entry {one.index}, {shown(one.time_ms)}")
        for change in differences(before, one.body):
            say(printable(f"  {change.line()}"))
        before = one.body
