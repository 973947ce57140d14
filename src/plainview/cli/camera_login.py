"""Whom a camera is asked as: a user's name, and a password that stands on no command line."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from plainview.errors import SettingsError
from plainview.ingest.addresses import Login

PASSWORD = "PLAINVIEW_CAMERA_PASSWORD"  # noqa: S105 - the name of a variable

CameraUser = Annotated[
    str | None,
    typer.Option(
        "--user",
        envvar="PLAINVIEW_CAMERA_USER",
        help=f"The camera's user. Its password is asked for, or taken from {PASSWORD}.",
    ),
]


def camera_login(user: str | None) -> Login | None:
    """Who asks, or None for nobody in particular.

    Raises `SettingsError` if a password is needed and nobody can be asked for it.
    """
    if not user:
        return None
    password = os.environ.get(PASSWORD)
    if password is None:
        if not sys.stdin.isatty():
            raise SettingsError(
                f"The password of {user} cannot be asked for here.", hint=f"Set {PASSWORD}."
            )
        password = str(typer.prompt(f"Password of {user}", hide_input=True, err=True))
    return Login(user, password)
