"""`plainview camera discover`: cameras on the networks of this machine, and their streams."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from plainview.base.clock import Ms
from plainview.cli.camera_login import CameraUser, camera_login
from plainview.cli.options import Json, counted, printable, say, say_json, say_table
from plainview.errors import PlainviewError
from plainview.ingest import discovery, onvif
from plainview.ingest.addresses import Login, service_address, short, without_secrets
from plainview.media.timing import MAX_CLOCK_ERROR_MS

SMALL_ERROR_MS: Ms = 2_000
"""A camera tells its time in whole seconds; less than this is no difference."""
NONE_FOUND = (
    "No camera answered. They answer only on their own network: name the interface with "
    "--interface, or ask a camera at its address: plainview camera discover 10.0.0.7"
)


def command(
    addresses: Annotated[
        list[str] | None,
        typer.Argument(help="Cameras to ask, instead of all that answer: 10.0.0.7, 10.0.0.8:8080"),
    ] = None,
    interface: Annotated[
        list[str] | None,
        typer.Option("--interface", help="Network interface to search on; else on all. Repeat it."),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.5, max=60, help="How long to wait for answers.")
    ] = 4.0,
    user: CameraUser = None,
    as_json: Json = False,
) -> None:
    """Find cameras over ONVIF: make, clock, profiles and the addresses of their streams.

    With --user, every camera that answers is asked with that name and a digest of the password, so
    search only networks that are yours. Nothing is changed on a camera and nothing is stored here.
    """
    login = camera_login(user)
    services = (
        [service_address(address) for address in addresses]
        if addresses
        else _search(interface or discovery.networks(), seconds)
    )
    answers = onvif.ask_all(services, login, told=lambda address: _tell(f"asked {address}"))
    if as_json:
        say_json([_as_json(address, answer, login) for address, answer in answers.items()])
        return
    columns = ("camera", "make", "firmware", "clock", "profile", "picture", "stream")
    cameras = [answer for answer in answers.values() if isinstance(answer, onvif.Device)]
    if cameras or not answers:
        rows = [row for camera in cameras for row in _rows(camera, login)]
        say_table(columns, rows, empty=NONE_FOUND)
    if cameras:
        say("* The largest that is recorded as it is.")
        if any(abs(camera.clock_error_ms or 0) > MAX_CLOCK_ERROR_MS for camera in cameras):
            say("A clock that is more than 10 s off is not used: set it, best by NTP.")
        say("Next: plainview camera add FILE --key KEY --onvif CAMERA [--profile PROFILE]")
    errors = [answer for answer in answers.values() if isinstance(answer, PlainviewError)]
    for error in errors:
        say(printable(error.line()))
    if errors and not cameras:
        raise typer.Exit(1)


def _search(interfaces: list[str], seconds: float) -> list[str]:
    _tell(f"searching on {', '.join(interfaces) or 'no network'} for {seconds:g} s")
    found = []
    for camera in discovery.probe(interfaces, seconds):
        _tell(f"found {camera.address} {camera.name}")
        found.append(camera.address)
    _tell(f"{counted(len(found), 'camera')} answered")
    return sorted(found)


def _tell(text: str) -> None:
    """Progress: apart from the answer, so that the answer can go into a file."""
    typer.echo(printable(text), err=True)


def _rows(camera: onvif.Device, login: Login | None) -> list[tuple[str, ...]]:
    make = f"{camera.maker} {camera.model}".strip()
    first = (short(camera.address), make, camera.firmware, clock_words(camera.clock_error_ms))
    best = camera.best() if camera.profiles else None
    rows = [
        (
            f"{profile.name} *" if profile is best else profile.name,
            f"{profile.width} x {profile.height} {profile.codec}, {profile.fps} fps",
            without_secrets(profile.stream, login),
        )
        for profile in camera.profiles
    ] or [("", "no video", "")]
    return [(*(first if number == 0 else ("",) * 4), *row) for number, row in enumerate(rows)]


def clock_words(error: Ms | None) -> str:
    """How wrong a camera's clock is: `right`, `1 h 2 min fast`, or `unknown`."""
    if error is None:
        return "unknown"
    if abs(error) < SMALL_ERROR_MS:
        return "right"
    minutes, seconds = divmod(abs(error) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    words = [f"{number} {unit}" for number, unit in parts if number][:2]
    return f"{' '.join(words)} {'fast' if error > 0 else 'slow'}"


def _as_json(
    address: str, answer: onvif.Device | PlainviewError, login: Login | None
) -> dict[str, Any]:
    if isinstance(answer, PlainviewError):
        return {"address": address, "error": {"code": answer.code, "message": answer.line()}}
    best = answer.best() if answer.profiles else None
    profiles = [
        asdict(one) | {"stream": without_secrets(one.stream, login), "best": one is best}
        for one in answer.profiles
    ]
    return asdict(answer) | {"profiles": profiles}
