"""`plainview camera`: find, add, list, show and suspend cameras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from plainview.base.clock import now_ms
from plainview.base.settings import Settings
from plainview.cli import Lazy, Listed
from plainview.cli.options import (
    DataFolder,
    Json,
    KeyPath,
    KeyPaths,
    SettingsFile,
    load_settings,
    say,
    say_json,
    say_table,
    shown,
)
from plainview.cli.stating import Stating, shut
from plainview.register.private import Sources, without_credentials
from plainview.register.projection import Register
from plainview.register.records import camera_record
from plainview.register.template import record_template


class Kind(StrEnum):
    """Kinds of camera."""

    POLE = "pole"
    MOBILE = "mobile"
    DASHCAM = "dashcam"
    BODYCAM = "bodycam"


class Commands(Lazy):
    """Those that talk to cameras load a SOAP library, so they have files of their own."""

    listed: ClassVar[Mapping[str, Listed]] = {
        "add": Listed("plainview.cli.camera_add", "Register a camera, or a new version of one."),
        "discover": Listed("plainview.cli.camera_discover", "Find cameras and their streams."),
    }


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    help="Find, add, list, show and suspend cameras.",
)


@app.command()
def template(
    camera: Annotated[str, typer.Argument(help="The new camera's id.")] = "cam-01",
    kind: Annotated[
        Kind, typer.Option("--kind", help="pole, mobile, dashcam or bodycam.")
    ] = Kind.POLE,
) -> None:
    """Print a record to fill in: plainview camera template cam-01 > cam-01.toml."""
    say(record_template(camera, kind.value))


@app.command()
def suspend(
    camera: Annotated[str, typer.Argument(help="The camera's id.")],
    key: KeyPath,
    settings: SettingsFile = None,
    data: DataFolder = None,
) -> None:
    """Stop a camera at once; a data protection officer signs."""
    _restate(load_settings(settings, data), camera, "suspended", [key])


@app.command()
def resume(
    camera: Annotated[str, typer.Argument(help="The camera's id.")],
    key: KeyPaths,
    settings: SettingsFile = None,
    data: DataFolder = None,
) -> None:
    """Let a suspended camera record again, after the notice period."""
    _restate(load_settings(settings, data), camera, "active", key)


@app.command()
def remove(
    camera: Annotated[str, typer.Argument(help="The camera's id.")],
    key: KeyPath,
    settings: SettingsFile = None,
    data: DataFolder = None,
) -> None:
    """End a camera for good; its id is never used again."""
    _restate(load_settings(settings, data), camera, "removed", [key])


@app.command("list")
def list_cameras(
    settings: SettingsFile = None, data: DataFolder = None, as_json: Json = False
) -> None:
    """List every camera, and whether it may record now."""
    now = now_ms()
    with Register(load_settings(settings, data)) as register:
        cameras = [(camera, shut(register, camera.id, now)) for camera in register.cameras()]
    if as_json:
        say_json([{**vars(camera), "gate": gate or "open"} for camera, gate in cameras])
        return
    rows = [
        (camera.id, camera.record["name"], camera.record["kind"], camera.status, gate or "yes")
        for camera, gate in cameras
    ]
    columns = ("id", "name", "kind", "status", "may record")
    say_table(columns, rows, empty="No camera yet. Add one with: plainview camera add FILE.")


@app.command()
def show(
    camera: Annotated[str, typer.Argument(help="The camera's id.")],
    settings: SettingsFile = None,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Show a camera's record, its versions, and whether it may record now."""
    loaded = load_settings(settings, data)
    with Register(loaded) as register:
        versions = register.versions(camera)
        gate = shut(register, camera, now_ms())
    if as_json:
        say_json({"versions": [vars(one) for one in versions], "gate": gate or "open"})
        return
    newest = versions[-1]
    address = Sources(loaded.data).url(camera)
    say(f"{camera}: {newest.record['name']}, {newest.record['place']}")
    say(f"May it record now? {gate or 'Yes.'}")
    say(f"Stream: {without_credentials(address) if address else 'none given'}")
    for option, text in Sources(loaded.data).how(camera).items():
        say(f"  {option}: {text}")
    for name, value in _flat(newest.record):
        say(f"  {name}: {value}")
    rows = [
        (one.version, one.status, one.index, shown(one.time_ms), shown(one.effective_ms))
        for one in versions
    ]
    say_table(("version", "status", "entry", "stated", "in effect from"), rows, empty="")


def _restate(settings: Settings, camera: str, status: str, keys: Sequence[Path]) -> None:
    with Stating(settings, keys) as stating:
        if status == "active":
            record = camera_record(stating.register.camera(camera).record)
            stated = stating.camera(camera, status, record)
        else:
            stated = stating.stop(camera, status)
    if stated.proposal:
        say(stated.line())
    else:
        say(f"{camera} is {status} from version {stated.version} on (entry {stated.index}).")


def _flat(record: dict[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, value in record.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{name}.")
        else:
            rows.append((f"{prefix}{name}", value))
    return rows
