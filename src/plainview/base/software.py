"""Which software this is: one hash over all files of the package, and what is installed with it.

The list of files is written as `sha256sum` writes it, a line `<SHA-256>  plainview/<file>` for
each, sorted by the bytes of the names. The software hash is the SHA-256 of that list. Compiled
copies (`__pycache__`) are not in it: Python makes them on each machine. So anybody gets the same
number out of a wheel, with our tool or without (docs/guide/auditor.md).

It says what lies on the disk when a process starts. It is a statement, not a proof: a machine that
lies about what it runs can lie about this too, but then in public.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import IO

from plainview import __version__
from plainview.base.ids import sha256_hex
from plainview.errors import BadFormat

NAME = "plainview"
PACKAGE = Path(__file__).parent.parent
WEIGHTS = f"{NAME}/redact/weights"
LARGEST = 1 << 30
"""Bytes of all files of a wheel; ours has 33 million."""
_BESIDE = re.compile(rf"{NAME}-[^/]+\.dist-info/.+")
_STATED = re.compile(rf"({NAME}) (\S+) sha256:([0-9a-f]{{64}})(?: .*)?")


@dataclass(frozen=True)
class File:
    """A file of the package; its name begins with `plainview/`."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Model:
    """A file of weights, and the first line of the licence that lies beside it."""

    name: str
    sha256: str
    licence: str


@dataclass(frozen=True)
class Software:
    """The package as it lies on the disk, with the Python and the packages around it."""

    version: str
    files: tuple[File, ...]
    models: tuple[Model, ...]
    python: str
    packages: tuple[tuple[str, str], ...]

    @cached_property
    def hash(self) -> str:
        """The software hash."""
        return sha256_hex(self.listing().encode())

    def listing(self) -> str:
        """What the software hash is over; `sha256sum --check` reads it."""
        return listed(self.files)

    def statement(self) -> str:
        """What a process logs when it starts, as `stated` reads it."""
        return f"{NAME} {self.version} sha256:{self.hash}"


def installed(package: Path = PACKAGE) -> Software:
    """The software of this process."""
    around = {one.metadata["Name"]: one.version for one in metadata.distributions()}
    around.pop(NAME, None)
    return Software(
        version=__version__,
        files=tuple(files_of(package)),
        models=tuple(_models(package)),
        python=platform.python_version(),
        packages=tuple(sorted(around.items(), key=lambda one: one[0].lower())),
    )


def files_of(package: Path) -> list[File]:
    """The files of a package's folder."""
    found = []
    for path in package.rglob("*"):
        inner = path.relative_to(package)
        if path.is_file() and "__pycache__" not in inner.parts:
            with path.open("rb") as data:
                found.append(File(f"{NAME}/{inner.as_posix()}", _digest(data)))
    return _sorted(found)


def files_of_wheel(wheel: Path) -> list[File]:
    """The files of the package in a wheel.

    Raises `BadFormat` if it is none, or installs anything outside the package.
    """
    try:
        with zipfile.ZipFile(wheel) as packed:
            members = [one for one in packed.infolist() if not one.is_dir()]
            _check_members(wheel, members)
            found = []
            for one in members:
                if one.filename.startswith(f"{NAME}/"):
                    with packed.open(one) as data:
                        found.append(File(one.filename, _digest(data)))
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise BadFormat(f"{wheel} cannot be read as a wheel: {error}.") from error
    return _sorted(found)


def _check_members(wheel: Path, members: list[zipfile.ZipInfo]) -> None:
    names = [one.filename for one in members]
    strange = [name for name in names if not name.startswith(f"{NAME}/")]
    strange = [name for name in strange if not _BESIDE.fullmatch(name)]
    if strange or len(set(names)) != len(names):
        what = f"has {strange[0]!r}" if strange else "holds a file twice"
        raise BadFormat(f"{wheel} is not a wheel of {NAME}: it {what}.")
    if sum(one.file_size for one in members) > LARGEST:
        raise BadFormat(f"{wheel} is larger than any wheel of {NAME}.")


def listed(files: Iterable[File]) -> str:
    """Files as a list in the form of `sha256sum`."""
    return "".join(f"{file.sha256}  {file.name}\n" for file in files)


def stated(text: str) -> tuple[str, str] | None:
    """Version and software hash out of a statement; None if it names no hash."""
    found = _STATED.fullmatch(text)
    return (found[2], found[3]) if found else None


def _digest(data: IO[bytes]) -> str:
    total = hashlib.sha256()
    while piece := data.read(1 << 20):
        total.update(piece)
    return total.hexdigest()


def _sorted(files: Iterable[File]) -> list[File]:
    return sorted(files, key=lambda file: file.name.encode())


def _models(package: Path) -> list[Model]:
    """The weights that the manifest beside them names, with the hash of what is really there."""
    folder = package / Path(WEIGHTS).relative_to(NAME)
    if not (folder / "manifest.json").is_file():
        return []
    found = []
    for name in sorted(json.loads((folder / "manifest.json").read_bytes())):
        licence = (folder / name).with_suffix(".LICENSE").read_text().partition("\n")[0]
        with (folder / name).open("rb") as data:
            found.append(Model(name, _digest(data), licence))
    return found
