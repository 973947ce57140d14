"""What a camera's record may say besides what every record must: how it sees, and who and why.

All of it is optional, so that records from before stay valid; which of it is needed where is said
by a legal profile (`legal`). None of it has a default: what a record does
not say, it does not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from plainview.register.density import (
    BELOW,
    DORI_2014,
    OODPCVS_2025,
    class_met,
    pixels_per_10_metres,
)
from plainview.register.fields import (
    Country,
    Hash,
    LongText,
    Moment,
    Name,
    Place,
    Polygon,
    Strict,
    Text,
)

Whole = Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
Degrees = Annotated[int, Field(strict=True, ge=0, le=359)]
Reference = Annotated[str, Field(pattern=r"^[a-z]{1,20}(-[a-z]{1,20})?/[a-z0-9][a-z0-9-]{0,62}$")]
"""A record that another one rests on: `legal-basis/traffic-2026`."""
PURPOSES = (
    "traffic-flow",
    "road-safety",
    "crowd-safety",
    "property",
    "public-order",
    "crime",
)
Purpose = Literal[
    "traffic-flow", "road-safety", "crowd-safety", "property", "public-order", "crime"
]
Seen = Literal[
    "people",
    "vehicles",
    "roads",
    "pavements",
    "squares",
    "parks",
    "entrances",
    "homes",
    "gardens",
    "workplaces",
]


class Density(Strict):
    """How much of a person is seen where people come nearest, in both scales of the standard."""

    nearest_cm: Whole
    pixels_per_10_metres: Annotated[int, Field(strict=True, ge=0, le=10_000_000)]
    dori_2014: str
    oodpcvs_2025: str

    @model_validator(mode="after")
    def _classed(self) -> Self:
        for name, given, scale in (
            ("dori_2014", self.dori_2014, DORI_2014),
            ("oodpcvs_2025", self.oodpcvs_2025, OODPCVS_2025),
        ):
            met = class_met(self.pixels_per_10_metres, scale)
            if given != met:
                known = ", ".join([BELOW, *scale])
                raise ValueError(
                    f"{name} of {self.pixels_per_10_metres} pixels per 10 m is {met}, not {given}"
                    f" (classes: {known})"
                )
        return self


def with_density(values: Mapping[str, Any]) -> dict[str, Any]:
    """The record's values with the density worked out, where the lens, the camera's height and
    `density.nearest_cm` are given and the rest of `density` is not; else as they are."""
    lens = [values.get(name) for name in ("width_pixels", "angle_degrees", "height_cm")]
    given = values.get("density")
    numbers = [*lens, given.get("nearest_cm") if isinstance(given, Mapping) else None]
    if not all(type(one) is int for one in numbers) or set(given or ()) != {"nearest_cm"}:
        return dict(values)
    width, angle, height, nearest = map(int, numbers)  # type: ignore[arg-type]
    try:
        pixels = pixels_per_10_metres(width, angle, nearest, height)
    except ValueError:
        return dict(values)  # the model says what is wrong with the lens
    classes = {
        "dori_2014": class_met(pixels, DORI_2014),
        "oodpcvs_2025": class_met(pixels, OODPCVS_2025),
    }
    density = {"nearest_cm": nearest, "pixels_per_10_metres": pixels, **classes}
    return {**values, "density": density}


class Sign(Strict):
    """That a sign hangs: SHA-256 of a photograph of it, and its day."""

    photo_hash: Hash
    date: Moment


class RemoteAccess(Strict):
    """Whether somebody outside reaches the camera, and who."""

    possible: bool
    who: Text | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.possible and self.who is None:
            raise ValueError("remote access is possible: say who has it")
        return self


class Storage(Strict):
    """Where pictures lie."""

    place: Text
    country: Country


class Firmware(Strict):
    """What runs in the camera."""

    version: Text
    hash: Hash | None = None


class CameraDetails(Strict):
    """Optional fields of a camera's record."""

    # where and what
    address: Text | None = None
    osm_id: Annotated[str, Field(pattern=r"^(node|way)/[1-9][0-9]{0,18}$")] | None = None
    site_id: Name | None = None
    area_id: Name | None = None
    place_kind: Place | None = None
    direction_degrees: Degrees | None = None
    angle_degrees: Annotated[int, Field(strict=True, ge=1, le=360)] | None = None
    height_cm: Annotated[int, Field(strict=True, ge=1, le=50_000)] | None = None
    width_pixels: Annotated[int, Field(strict=True, ge=16, le=65_536)] | None = None
    field_of_view: Polygon | None = None
    sees_classes: Annotated[list[Seen], Field(max_length=10)] | None = None
    density: Density | None = None
    hours: Text | None = None
    commissioned: Moment | None = None
    last_inspected: Moment | None = None
    firmware: Firmware | None = None
    # who
    unit_id: Name | None = None
    controller_id: Name | None = None
    joint_controllers: Annotated[list[Text], Field(max_length=16)] | None = None
    vendor: Text | None = None
    maintainer: Text | None = None
    remote_access: RemoteAccess | None = None
    recipients: Annotated[list[Text], Field(max_length=32)] | None = None
    access_roles: Annotated[list[Text], Field(max_length=16)] | None = None
    # why
    purpose_kind: Purpose | None = None
    necessity: LongText | None = None
    alternatives: LongText | None = None
    retention_reason: LongText | None = None
    rests_on: Annotated[list[Reference], Field(max_length=32)] | None = None
    legal_profile: Name | None = None
    # how pictures are kept, and what residents need
    storage: Storage | None = None
    transfers: Annotated[list[Text], Field(max_length=32)] | None = None
    sign: Sign | None = None
    complaints: Text | None = None
    authority: Text | None = None

    @model_validator(mode="after")
    def _dense(self) -> Self:
        """The density stated is the one that its geometry gives."""
        lens = (self.width_pixels, self.angle_degrees, self.height_cm)
        width, angle, height = lens
        if self.density is None or width is None or angle is None or height is None:
            return self
        expected = pixels_per_10_metres(width, angle, self.density.nearest_cm, height)
        if expected != self.density.pixels_per_10_metres:
            raise ValueError(
                f"density: {width} pixels over {angle} degrees, {height} cm up, give {expected}"
                f" pixels per 10 m at {self.density.nearest_cm} cm"
            )
        return self
