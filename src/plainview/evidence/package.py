"""Writes an evidence package: docs/ref/evidence-package.md is the format.

Nothing is decided here: who makes a package has checked everything before. Files are hashed as they
are written; the manifest comes last and is signed by its maker.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from plainview.base.clock import Ms
from plainview.base.durable import sync_folder
from plainview.errors import BadFormat
from plainview.evidence.readme import readme
from plainview.verify.manifest import (
    DETAIL,
    MANIFEST,
    POLICY,
    SIGNATURE,
    Manifest,
    PackedWindow,
    entry_name,
    proof_name,
)

_BLOCK = 1 << 20
_DATE = (1980, 1, 1, 0, 0, 0)
"""Every file carries this date: two packages of the same content are the same bytes."""


@dataclass(frozen=True)
class Facts:
    """What the manifest and the README say besides the files."""

    made: Ms
    software: str
    origin: str
    request: str
    windows: tuple[PackedWindow, ...]


class PackageWriter:
    """A package in the making at `path`; it appears whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            self._file = self._temporary.open("xb")
        except OSError as error:
            raise BadFormat(f"{path} cannot be written: {error.strerror}.") from error
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED, allowZip64=True)
        self._hashes: dict[str, str] = {}
        self._entries: set[int] = set()
        self._done = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()
        self._file.close()
        if not self._done:
            self._temporary.unlink(missing_ok=True)

    def add(self, name: str, data: bytes) -> None:
        """Add a small file. Raises `BadFormat` for a name that is there already."""
        self._check_new(name)
        self._zip.writestr(_info(name), data)
        self._hashes[name] = hashlib.sha256(data).hexdigest()

    def add_file(self, name: str, source: Path) -> None:
        """Add a file of any size."""
        self._check_new(name)
        found = hashlib.sha256()
        with source.open("rb") as file, self._zip.open(_info(name), "w", force_zip64=True) as out:
            while block := file.read(_BLOCK):
                found.update(block)
                out.write(block)
        self._hashes[name] = found.hexdigest()

    def add_entry(self, index: int, raw: bytes, proof: bytes) -> None:
        """Add a log entry with its tlog-proof."""
        self.add(entry_name(index), raw)
        self.add(proof_name(index), proof)
        self._entries.add(index)

    def add_policy(self, text: str) -> None:
        """Add the maker's own trust policy."""
        self.add(POLICY, text.encode())

    def add_detail(self, canonical: bytes) -> None:
        """Add what the request's commitment hides: canonical JSON {detail, salt in hex}."""
        self.add(DETAIL, canonical)

    def finish(self, facts: Facts, sign: Callable[[bytes], bytes]) -> None:
        """Write README and manifest, sign it (`sign` gives the bytes of `manifest.sig`), rename."""
        self.add("README.txt", readme(facts.request, facts.origin, facts.windows).encode())
        manifest = Manifest(
            made=facts.made,
            software=facts.software,
            origin=facts.origin,
            request=facts.request,
            entries=tuple(sorted(self._entries)),
            windows=facts.windows,
            files=dict(sorted(self._hashes.items())),
        ).to_bytes()
        self._zip.writestr(_info(MANIFEST), manifest)
        self._zip.writestr(_info(SIGNATURE), sign(manifest))
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._temporary.rename(self._path)
        sync_folder(self._path.parent)
        self._done = True

    def _check_new(self, name: str) -> None:
        if name in self._hashes or name in (MANIFEST, SIGNATURE):
            raise BadFormat(f"The package holds {name} already.")


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.external_attr = 0o600 << 16
    return info
