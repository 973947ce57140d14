"""What the register knows and never publishes: stream addresses and people's names.

Two small files beside the databases, mode 0600: `sources.json` {camera: {url}} and `people.json`
{person: {name, salt}}; the salt opens the commitment that stands on the log.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from plainview.base.durable import make_folder, write_file
from plainview.errors import StoreDamaged


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    make_folder(file.parent)
    handle = os.open(file.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if os.geteuid() == 0 and file.exists():  # the process whose file it is locks it, too
            os.fchown(handle, file.stat().st_uid, file.stat().st_gid)
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read(file: Path) -> dict[str, dict[str, Any]]:
    if not file.exists():
        return {}
    try:
        values = json.loads(file.read_bytes())
    except json.JSONDecodeError as error:
        raise StoreDamaged(f"{file} is not JSON: {error}.", hint="Restore it from backup.") from (
            error
        )
    if not isinstance(values, dict):
        raise StoreDamaged(f"{file} must hold one object.", hint="Restore it from backup.")
    return values


def _put(file: Path, key: str, value: dict[str, Any]) -> None:
    with _locked(file):
        values = {**_read(file), key: value}
        owner = file.stat() if file.exists() and os.geteuid() == 0 else None
        write_file(file, json.dumps(values, indent=1, sort_keys=True).encode(), mode=0o600)
        if owner is not None:  # an administrator writes for the process whose file it is
            os.chown(file, owner.st_uid, owner.st_gid)


class Sources:
    """Where each camera's pictures come from."""

    def __init__(self, data: Path) -> None:
        self._file = data / "sources.json"

    def url(self, camera: str) -> str | None:
        """The stream's address, credentials and all: for the recorder only."""
        found = _read(self._file).get(camera)
        return None if found is None else str(found["url"])

    def all(self) -> dict[str, str]:
        """{camera: address}."""
        return {camera: str(source["url"]) for camera, source in _read(self._file).items()}

    def put(self, camera: str, url: str, how: dict[str, str] | None = None) -> None:
        """Store or replace an address, durably; `how` it is reached as `media.access` writes it."""
        _put(self._file, camera, {"url": url, **(how or {})})

    def how(self, camera: str) -> dict[str, str]:
        """How its address is reached, where that differs from the usual."""
        entry = _read(self._file).get(camera, {})
        return {name: str(value) for name, value in entry.items() if name != "url"}


class Names:
    """Who stands behind a person's id."""

    def __init__(self, data: Path) -> None:
        self._file = data / "people.json"

    def name(self, person: str) -> str | None:
        """The name, or None if it was never entered here."""
        found = _read(self._file).get(person)
        return None if found is None else str(found["name"])

    def all(self) -> dict[str, str]:
        """{person: name}."""
        return {person: str(known["name"]) for person, known in _read(self._file).items()}

    def put(self, person: str, name: str, salt: str) -> None:
        """Store a name and the base64 salt of its commitment, durably."""
        _put(self._file, person, {"name": name, "salt": salt})


def without_credentials(url: str) -> str:
    """An address that may be shown: user, password and query are left out."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme, f"{host}{port}", parts.path, "", ""))
