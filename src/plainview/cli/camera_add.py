"""`plainview camera add`: register a camera; where its stream is may be asked of the camera."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from plainview.cli.camera_login import CameraUser, camera_login
from plainview.cli.options import (
    DataFolder,
    KeyPaths,
    SettingsFile,
    load_settings,
    printable,
    say,
    shown,
)
from plainview.cli.stating import state_camera
from plainview.errors import Invalid, SettingsError
from plainview.ingest import addresses, onvif
from plainview.media.access import Access
from plainview.register.private import Sources
from plainview.register.projection import Register
from plainview.register.records import read_camera_file


class TransportName(StrEnum):
    """Transports of a camera's stream (`media.access`)."""

    TCP = "tcp"
    UDP = "udp"


TransportOption = Annotated[
    TransportName | None,
    typer.Option(
        "--transport",
        help="tcp (the default); udp, for cameras that offer nothing else: every lost packet is "
        "declared.",
    ),
]
FingerprintOption = Annotated[
    str | None,
    typer.Option(
        "--fingerprint",
        help="SHA-256 of the certificate that an rtsps:// camera must show (64 hex digits); '' "
        "takes it away.",
    ),
]
CaFileOption = Annotated[
    Path | None,
    typer.Option(
        "--ca-file",
        resolve_path=True,
        help="PEM file of the authorities trusted for this rtsps:// camera; without it and "
        "--fingerprint, those of the system.",
    ),
]


def command(
    file: Annotated[Path, typer.Argument(help="The camera's record (TOML or JSON).")],
    key: KeyPaths,
    stream: Annotated[
        str | None, typer.Option("--stream", help="Address of the stream; never published.")
    ] = None,
    address: Annotated[
        str | None,
        typer.Option("--onvif", help="Ask the camera at this address where its stream is."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="With --onvif: which of its streams. Else the largest."),
    ] = None,
    user: CameraUser = None,
    transport: TransportOption = None,
    fingerprint: FingerprintOption = None,
    ca_file: CaFileOption = None,
    settings: SettingsFile = None,
    data: DataFolder = None,
) -> None:
    """Register a camera, or a new version of its record.

    A data protection officer signs, and somebody else where the log's rules demand two: give --key
    twice, or once, which proposes it.
    """
    if stream and address:
        raise SettingsError("Give --stream or --onvif, not both.")
    name, written, record = read_camera_file(file)
    loaded = load_settings(settings, data)
    given = {"transport": transport, "fingerprint": fingerprint, "ca_file": ca_file}
    how = Access.from_dict(
        {option: str(value) for option, value in given.items() if value is not None}
    )
    found = _asked(address, profile, user) if address else stream or written
    stated = state_camera(loaded, name, "active", record, key)
    store_address(Sources(loaded.data), name, found, how, given)
    say(stated.line())
    if not stated.proposal:
        with Register(loaded) as register:
            say(f"It may record from {shown(register.camera(name).effective_ms)}.")


def _asked(address: str, profile: str | None, user: str | None) -> str:
    """The address of a camera's stream, with the login in it. Raises what `onvif.ask` raises."""
    service, login = addresses.service_address(address), camera_login(user)
    device = onvif.ask(service, login)
    chosen = device.profile(profile) if profile else device.best()
    whole = addresses.with_login(chosen.stream, service, login)
    size = f"{chosen.width} x {chosen.height}, {chosen.codec}"
    say(printable(f"Stream: {chosen.name} of {device.maker} {device.model}, {size}"))
    return whole


def store_address(
    sources: Sources, camera: str, url: str | None, how: Access, given: Mapping[str, object]
) -> None:
    """Keep the address and how it is reached; what is not given again stays as it is."""
    known = sources.url(camera)
    if url is None and all(one is None for one in given.values()):
        return
    if not (url or known):
        raise Invalid(
            f"No address is known for {camera}.", hint="Give --stream, or stream in the record."
        )
    stays = {key: text for key, text in sources.how(camera).items() if given.get(key) is None}
    sources.put(camera, str(url or known), stays | how.to_dict())
