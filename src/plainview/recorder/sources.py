"""Where the cameras are: `data/sources.json`, with their passwords, readable by its owner alone.

    {"<camera>": {"url": "rtsp://user:password@host/path", "transport": "udp"}, ...}

Beside `url` there may be `transport`, `fingerprint` and `ca_file` (`media.access`).

`plainview.register.private.Sources` writes it. It is read again when it changes, so that adding a
camera needs no restart. Addresses never reach log, index or pages; `url` is left out of `repr`.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from plainview.errors import BadFormat, UnsafeStart
from plainview.media.access import Access
from plainview.media.streams import DEFAULT

FILE = "sources.json"


@dataclass(frozen=True, slots=True)
class Address:
    """How to reach one camera."""

    camera: str
    url: str = field(repr=False)
    access: Access = DEFAULT


def read_sources(data: Path) -> dict[str, Address]:
    """All cameras with an address; none if there is no file. Raises `BadFormat`, `UnsafeStart`."""
    file = data / FILE
    try:
        with file.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            text = opened.read()
    except FileNotFoundError:
        return {}
    if mode & 0o077:
        raise UnsafeStart(f"{file} may be read by others.", hint=f"Run: chmod 600 {file}")
    try:
        found = {
            name: Address(name, entry["url"], Access.from_dict(entry))
            for name, entry in json.loads(text).items()
        }
    except BadFormat as error:
        raise BadFormat(f"{file}: {error.message}", hint=error.hint) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadFormat(
            f"{file} is not JSON of the form {{camera: {{url}}}}.", hint="Correct it."
        ) from None
    if not all(isinstance(one.url, str) for one in found.values()):
        raise BadFormat(f"{file}: an url is not text.", hint="Correct it.")
    return found


class SourcesFile:
    """Watches the file by its time stamp and size. `trouble` says why the newest is not used."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._seen: tuple[int, int, int, int] | None = None
        self._sources: dict[str, Address] = {}
        self.trouble = ""

    def now(self) -> dict[str, Address]:
        """The cameras of the newest sound file."""
        try:
            found = (self._data / FILE).stat()
            seen = (found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode)
        except FileNotFoundError:
            seen = (0, 0, 0, 0)
        if seen != self._seen:
            self._seen = seen
            try:
                self._sources, self.trouble = read_sources(self._data), ""
            except (BadFormat, UnsafeStart) as error:
                self.trouble = error.line()
        return self._sources
