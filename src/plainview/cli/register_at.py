"""`plainview register at TIME`: what the register said at a moment, and the proof of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plainview.base.clock import now_ms
from plainview.base.settings import Settings
from plainview.cli.options import (
    DataFolder,
    Json,
    SettingsFile,
    counted,
    load_settings,
    moment,
    printable,
    say,
    say_json,
    say_table,
    shown,
)
from plainview.cli.verify import OWN_POLICY, read_policy
from plainview.register.answers import RegisterAt
from plainview.register.projection import Register
from plainview.register.proved import POLICY, answer, check_folder, write_folder


def command(
    time: Annotated[str, typer.Argument(help="2026-05-03T14:00:00Z; a day means its 00:00 UTC.")],
    camera: Annotated[
        str | None, typer.Option("--camera", help="Only this camera, and what it names.")
    ] = None,
    proof: Annotated[
        Path | None,
        typer.Option("--proof", help="Write the statements and their proofs into this new folder."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", help="With --proof: a trust policy from a source that you trust."),
    ] = None,
    settings: SettingsFile = None,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Say what the register said at a moment, with the entry of the log behind each part."""
    loaded = load_settings(settings, data)
    with Register(loaded) as register:
        at = register.at(moment(time), camera)
        said = None if proof is None else _proved(register, at, proof, policy, loaded)
    if as_json:
        say_json({**answer(at), **({} if said is None else {"proved": said})})
        return
    _show(at)
    if said is not None:
        say(said)
        if policy is None:
            say(OWN_POLICY)


def _proved(
    register: Register, at: RegisterAt, folder: Path, policy: Path | None, settings: Settings
) -> str:
    """Write the proof, then read it again as a stranger would."""
    path = policy or settings.policy_file
    trusted = read_policy(path)
    write_folder(register, at, folder, path.read_text())
    found = check_folder(folder, trusted, now=now_ms())
    return (
        f"Proved: {counted(found.statements, 'statement')} in {counted(found.entries, 'entry')}"
        f" of {found.origin}, under a witnessed checkpoint of {found.size}; see {folder}, with"
        f" {POLICY}. That nothing newer was said by then is shown by: plainview verify LOG."
    ).replace(" entrys", " entries")


def _show(at: RegisterAt) -> None:
    say(f"The register at {shown(at.time_ms)}: {at.people} people enrolled.")
    rows: list[tuple[object, ...]] = [
        (
            one.newest.subject,
            one.newest.version,
            one.newest.status,
            f"by version {one.recording}" if one.recording else printable(one.reason),
            one.newest.index,
        )
        for one in at.cameras
    ]
    say_table(("camera", "version", "status", "might record", "entry"), rows, empty="No camera.")
    rows = [
        (said.subject, said.version or "-", said.status or "-", shown(said.time_ms), said.index)
        for said in (*at.records, *at.sets)
    ]
    say_table(("record or set", "version", "status", "since", "entry"), rows, empty="No record.")
