"""Files that hold one record of the register: a camera's, or one of another kind.

TOML or JSON with the fields of the record and, besides them, `camera` (its id) or `kind` and `id`.
A file may be unfinished: `faults` says what is missing, `body` raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plainview.base.clock import now_ms, to_iso
from plainview.errors import BadFormat
from plainview.register.details import with_density
from plainview.register.fields import faults
from plainview.register.kinds import (
    check_kind,
    check_record_id,
    record_faults,
    register_record,
)
from plainview.register.records import CameraRecord, camera_record, check_camera_id, read_values


@dataclass(frozen=True)
class Filed:
    """A record as a file has it: of a camera, or of `kind`; `stream` is never published."""

    kind: str
    name: str
    values: dict[str, Any]
    stream: str | None = None

    @property
    def is_camera(self) -> bool:
        return self.kind == "camera"

    @property
    def subject(self) -> str:
        """How the register calls it: `cam-01`, `dpia/bridges`."""
        return self.name if self.is_camera else f"{self.kind}/{self.name}"

    def faults(self) -> list[tuple[str, str]]:
        """(field, what is wrong), for everything that is wrong."""
        if self.is_camera:
            return faults(CameraRecord, self.values)
        return record_faults(self.kind, self.values)

    def camera(self) -> CameraRecord:
        """The camera's record. Raises `BadFormat`."""
        return camera_record(self.values)

    def body(self) -> dict[str, Any]:
        """The record as canonical JSON will hold it. Raises `BadFormat`."""
        if self.is_camera:
            return self.camera().body()
        return register_record(self.kind, self.values).body()


def read_record_file(path: Path) -> Filed:
    """Raises `BadFormat` if the file cannot be read or does not say what it is about."""
    values = read_values(path)
    kind, name = values.pop("kind", None), values.pop("id", None)
    camera, stream = values.pop("camera", None), values.pop("stream", None)
    if isinstance(camera, str) and name is None:
        check_camera_id(camera)
        values.setdefault("valid_from", to_iso(now_ms()))
        address = stream if isinstance(stream, str) else None
        return Filed("camera", camera, with_density({"kind": kind, **values}), address)
    if not isinstance(kind, str) or not isinstance(name, str):
        raise BadFormat(
            f"{path} does not say what it is about.",
            hint='Write camera = "cam-01"; or kind = "dpia" and id = "bridges".',
        )
    check_kind(kind)
    check_record_id(name)
    return Filed(kind, name, values)
