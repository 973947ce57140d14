"""`plainview register publish`, `approve` and `revoke`: statements of one or two people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plainview.base.clock import now_ms
from plainview.base.settings import Settings
from plainview.cli.options import (
    DataFolder,
    KeyPath,
    KeyPaths,
    SettingsFile,
    load_settings,
    printable,
    say,
)
from plainview.cli.stating import Stating, check_law, shut
from plainview.errors import BadFormat, NotFound
from plainview.register.difference import differences
from plainview.register.files import Filed, read_record_file
from plainview.register.private import Sources
from plainview.register.projection import Register
from plainview.register.records import camera_record
from plainview.register.said import proposed, said_by
from plainview.tlog.entries import parse


def publish(
    file: Annotated[Path, typer.Argument(help="A camera's record or another one (TOML or JSON).")],
    key: KeyPaths,
    settings: SettingsFile = None,
    data: DataFolder = None,
) -> None:
    """Publish a record, or a new version of one; two people sign, or one proposes it."""
    filed, loaded = read_record_file(file), load_settings(settings, data)
    body = filed.body()
    with Stating(loaded, key) as stating:
        for change in differences(_before(stating.register, filed), body):
            say(printable(f"  {change.line()}"))
        if filed.is_camera:
            stated = stating.camera(filed.name, "active", filed.camera())
        else:
            stated = stating.record(filed.kind, filed.name, "active", body)
    _keep_address(loaded, filed)
    say(stated.line())


def _before(register: Register, filed: Filed) -> dict[str, object]:
    try:
        if filed.is_camera:
            return register.camera(filed.name).record
        return register.record(filed.kind, filed.name).body
    except NotFound:
        return {}


def _keep_address(settings: Settings, filed: Filed) -> None:
    if filed.stream is not None:
        Sources(settings.data).put(filed.name, filed.stream)


def approve(
    proposal: Annotated[str, typer.Argument(help="Hash of the proposal, 64 hex digits.")],
    key: KeyPath,
    settings: SettingsFile = None,
    data: DataFolder = None,
) -> None:
    """Put in force what somebody else proposed; what it changes is shown first."""
    with Stating(load_settings(settings, data), [key]) as stating:
        register = stating.register
        entry = parse(register.raw(register.find(proposal)))
        if entry.type != "propose":
            raise BadFormat(f"Entry {proposal[:16]}... is no proposal.")
        for one in said_by(proposed(entry)):
            say(f"{one.subject}: {one.type}, version {one.version or '-'}, {one.status or '-'}")
            for change in differences(_newest(register, one.type, one.subject), one.body):
                say(printable(f"  {change.line()}"))
            if one.type == "camera" and one.status == "active":
                check_law(register, camera_record(dict(one.body)))
        index = stating.approve(proposal)
    say(f"Approved; it is on the log (entry {index}).")


def _newest(register: Register, type_: str, subject: str) -> dict[str, object]:
    try:
        if type_ == "camera":
            return register.camera(subject).record
        if type_ == "record":
            return register.record(*subject.split("/", 1)).body
    except NotFound:
        return {}
    return {}


def revoke(
    record: Annotated[str, typer.Argument(help="KIND/ID, such as dpia/bridges.")],
    key: KeyPath,
    settings: SettingsFile = None,
    data: DataFolder = None,
) -> None:
    """End a record at once, and every camera that rests on it; one data protection officer."""
    kind, slash, name = record.partition("/")
    if not slash:
        raise BadFormat(f"{record!r} is no record.", hint="Write KIND/ID, such as dpia/bridges.")
    with Stating(load_settings(settings, data), [key]) as stating:
        register = stating.register
        before = _recording(register)
        stated = stating.record(kind, name, "revoked", register.record(kind, name).body)
        stopped = sorted(before - _recording(register))
    say(f"{record} is revoked (entry {stated.index}).")
    say(f"Cameras that stop within 10 seconds: {', '.join(stopped) or 'none'}.")


def _recording(register: Register) -> set[str]:
    """The cameras that may record now; a newer version may be announced, or was refused."""
    now = now_ms()
    return {one.id for one in register.cameras() if not shut(register, one.id, now)}
