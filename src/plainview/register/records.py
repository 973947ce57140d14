"""What a camera's record and a person's entry must say, with errors that a clerk can act on.

The fields are those of docs/design/interfaces.md ("Log entries"). A record is checked here before
it is signed; the rule book that everybody replays is `plainview.tlog.history`.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from plainview.base.clock import now_ms, to_iso
from plainview.errors import BadFormat
from plainview.register.details import CameraDetails, with_density
from plainview.register.fields import (
    Hash,
    Latitude,
    Longitude,
    Moment,
    Name,
    Strict,
    Text,
    in_words,
    named,
    ordered,
)

ROLES = (
    "operator",
    "investigator",
    "supervisor",
    "custodian",
    "dpo",
    "auditor",
    "administrator",
)


Side = Annotated[int, Field(strict=True, ge=0, le=10_000)]
"""Where a point lies, in 10,000ths of the picture's width or height: the log has no floats."""
Zone = Annotated[list[tuple[Side, Side]], Field(min_length=3, max_length=64)]
"""A polygon that is always hidden: points (x, y) from the top left of the picture."""


class LegalBasis(Strict):
    """The law that allows the camera, and for how long."""

    law: Text
    article: Text
    decision: Text
    valid_from: Moment
    valid_to: Moment

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ordered(self.valid_from, self.valid_to)
        return self


class Dpia(Strict):
    """The data protection impact assessment: SHA-256 of the document, its day, its next review."""

    hash: Hash
    date: Moment
    review_due: Moment


class Contract(Strict):
    """Who supplies or maintains the camera, and until when."""

    number: Text
    supplier: Text
    value: Text
    valid_to: Moment


class Retention(Strict):
    """How long recordings stay readable; the class names the keys that are destroyed together."""

    class_: Annotated[Name, Field(alias="class")]
    seconds: Annotated[int, Field(ge=60, le=400 * 86_400)]


class CameraRecord(CameraDetails):
    """One version of a camera's record, as it stands on the log."""

    name: Text
    kind: Literal["pole", "mobile", "dashcam", "bodycam"]
    place: Text
    position: tuple[Latitude, Longitude] | None = None
    area: Text | None = None
    direction: Annotated[str, Field(max_length=400)] = ""
    sees: Text
    controller: Text
    contact: Text
    unit: Text
    purpose: Text
    legal_basis: LegalBasis
    dpia: Dpia
    contract: Contract
    retention: Retention
    custodian_set: Name
    profile: Literal["faces", "heads", "people", "motion"] = "heads"
    zones: list[Zone] = Field(default_factory=list, max_length=32)
    fill: Literal["solid", "mosaic"] = "solid"
    audio: Literal[False] = False
    biometric_identification: Literal["none"] = "none"
    analytics: Literal["none"] = "none"
    valid_from: Moment

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if self.kind == "pole" and self.position is None:
            raise ValueError("a pole camera shows its position: give position = [lat, lon]")
        if self.kind != "pole" and self.area is None:
            raise ValueError(f"a {self.kind} shows the area that it works in: give area")
        if self.kind != "pole" and (self.position or self.field_of_view) is not None:
            raise ValueError(
                f"where a {self.kind} is is never published: leave out position and field_of_view"
            )
        return self

    def body(self) -> dict[str, Any]:
        """The record as canonical JSON will hold it: `position` and `area` in every record, what
        is optional only where it is given."""
        return {"position": None, "area": None, **super().body()}


ORGANISATIONS = ("operator", "supplier", "court", "authority", "university", "civil-society")
Organisation = Literal["operator", "supplier", "court", "authority", "university", "civil-society"]
"""What a person's organisation is; a set for sensitive places needs a member of a court."""

Key = Annotated[str, Field(pattern=r"^([A-Za-z0-9+/]{43}|[A-Za-z0-9+/]{87})=$")]
"""Base64 of a raw Ed25519 key (32 bytes) or of a passkey's uncompressed point (65 bytes)."""


SCOPE_NAME = r"^\S{1,100}$"
ScopeName = Annotated[str, Field(pattern=SCOPE_NAME)]


class Scope(Strict):
    """Which units' and which cameras' pictures somebody works with; an empty list means all."""

    units: Annotated[list[ScopeName], Field(max_length=200)] = Field(default_factory=list)
    cameras: Annotated[list[ScopeName], Field(max_length=200)] = Field(default_factory=list)


class Person(Strict):
    """One person as the log knows them: keys and roles, no name."""

    person: Annotated[str, Field(pattern=r"^p-[a-z0-9][a-z0-9-]{0,60}$")]
    key: Key
    more_keys: Annotated[list[Key], Field(min_length=1, max_length=10)] | None = None
    age: Annotated[str, Field(pattern=r"^age1[a-z0-9]{20,100}$")] | None = None
    roles: Annotated[list[str], Field(min_length=1, max_length=len(ROLES))]
    org: Text
    org_kind: Organisation | None = None
    outside: bool = False
    name_commitment: Hash
    scope: Scope | None = None

    @model_validator(mode="after")
    def _sound(self) -> Person:
        unknown = [role for role in self.roles if role not in ROLES]
        if unknown:
            raise ValueError(f"roles: {', '.join(unknown)} is none of {', '.join(ROLES)}")
        if "custodian" in self.roles and self.age is None:
            raise ValueError("a custodian needs an age recipient")
        return self

    def body(self) -> dict[str, Any]:
        """The person as canonical JSON will hold it: `age` in every one, what is optional only
        where it is given."""
        return {"age": None, **super().body()}


def camera_record(values: dict[str, Any]) -> CameraRecord:
    """Check a record. Raises `BadFormat` that names every field that is wrong."""
    try:
        return CameraRecord.model_validate(values)
    except ValidationError as error:
        raise BadFormat(
            f"The camera's record is not complete: {in_words(named(error))}.",
            hint="See docs/ref/camera-record.md.",
        ) from error


def person_entry(values: dict[str, Any]) -> Person:
    """Check a person. Raises `BadFormat` that names every field that is wrong."""
    try:
        return Person.model_validate(values)
    except ValidationError as error:
        raise BadFormat(f"The person is not complete: {in_words(named(error))}.") from error


def read_values(path: Path) -> dict[str, Any]:
    """Read a TOML or JSON file with one object. Raises `BadFormat`."""
    try:
        text = path.read_text()
    except OSError as error:
        raise BadFormat(f"{path} cannot be read: {error.strerror}.") from error
    try:
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadFormat(f"{path} is not {path.suffix.lstrip('.') or 'TOML'}: {error}.") from error
    if not isinstance(values, dict):
        raise BadFormat(f"{path} must hold one object.")
    return values


def read_camera_file(path: Path) -> tuple[str, str | None, CameraRecord]:
    """A camera's file: (id, stream address or None, record).

    The file is TOML or JSON with the fields of a record and two more, `camera` and `stream`. The
    stream's address is taken out: it never goes onto the log. `valid_from` is now if it is absent.
    """
    values = read_values(path)
    camera, stream = values.pop("camera", None), values.pop("stream", None)
    if not isinstance(camera, str) or not camera:
        raise BadFormat(f"{path}: camera is missing.", hint='Write camera = "cam-01".')
    check_camera_id(camera)
    if stream is not None and (not isinstance(stream, str) or "://" not in stream):
        raise BadFormat(f"{path}: stream must be an address like rtsp://host/path.")
    values.setdefault("valid_from", to_iso(now_ms()))
    return camera, stream, camera_record(with_density(values))


def check_camera_id(camera: str) -> None:
    """Raises `BadFormat` unless `camera` can stand in names of windows and files."""
    good = camera and len(camera) <= 63 and camera[0].isalnum()
    if not good or any(c not in "abcdefghijklmnopqrstuvwxyz0123456789-" for c in camera):
        raise BadFormat(
            f"{camera!r} cannot be a camera's id.", hint="Use a-z, 0-9 and -, at most 63."
        )
