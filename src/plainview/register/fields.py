"""The kinds of values that records of the register hold, and how a fault in one is named.

The log has no floats (RFC 8785 as `tlog.entries` writes it), so every measure is an integer of a
small unit, and its name says which: millionths of a degree, centimetres, hundredths of a euro.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from plainview.base.clock import from_iso, to_iso
from plainview.errors import BadFormat

_LATITUDES, _LONGITUDES = 90_000_000, 180_000_000


def _moment(value: object) -> str:
    """A day or a time, as the log writes it: a day means its first instant, UTC."""
    if isinstance(value, datetime):
        value = value.isoformat()
    if isinstance(value, date):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC).isoformat()
    if not isinstance(value, str):
        raise ValueError("must be a day like 2026-11-23 or a time like 2026-11-23T08:50:00Z")
    text = f"{value}T00:00:00Z" if len(value) == 10 else value
    try:
        return to_iso(from_iso(text))
    except BadFormat as error:
        raise ValueError("must be a day like 2026-11-23 or a time like 2026-11-23T08:50:00Z") from (
            error
        )


def _within(limit: int) -> Callable[[int], int]:
    def check(value: int) -> int:
        if abs(value) > limit:
            raise ValueError(f"must be in millionths of a degree, from -{limit} to {limit}")
        return value

    return check


Moment = Annotated[str, BeforeValidator(_moment)]
Text = Annotated[str, Field(min_length=1, max_length=400)]
LongText = Annotated[str, Field(min_length=1, max_length=4_000)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Url = Annotated[str, Field(pattern=r"^https?://[!-~]{1,390}$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""Two capital letters of ISO 3166-1."""
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""Three capital letters of ISO 4217."""
Latitude = Annotated[int, Field(strict=True), AfterValidator(_within(_LATITUDES))]
Longitude = Annotated[int, Field(strict=True), AfterValidator(_within(_LONGITUDES))]
Point = tuple[Latitude, Longitude]
"""A place on the ground: latitude, longitude in millionths of a degree (WGS 84)."""
Polygon = Annotated[list[Point], Field(min_length=3, max_length=64)]
"""An area on the ground, its corners in order; the last is joined to the first."""
Place = Literal[
    "assembly",
    "parliament",
    "court",
    "clinic",
    "worship",
    "school",
    "party",
    "union",
    "press",
    "none",
]
"""What is there that needs more protection than a street; `none` is an answer, too."""


class Strict(BaseModel):
    """A value that has exactly the fields it says, and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def body(self) -> dict[str, Any]:
        """The value as canonical JSON will hold it, without the fields that are not given."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def ordered(valid_from: str | None, valid_to: str | None) -> None:
    """Raises `ValueError` if a span ends before it begins."""
    if valid_from and valid_to and from_iso(valid_to) <= from_iso(valid_from):
        raise ValueError("valid_to must be after valid_from")


def faults(model: type[Strict], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(field, what is wrong with it) for everything that is wrong; nothing for sound values."""
    try:
        model.model_validate(values)
    except ValidationError as error:
        return named(error)
    return []


def named(error: ValidationError) -> list[tuple[str, str]]:
    """The faults that an error stands for."""
    return [
        (".".join(map(str, problem["loc"])), problem["msg"].removeprefix("Value error, "))
        for problem in error.errors()
    ]


def in_words(found: Iterable[tuple[str, str]], whole: str = "record") -> str:
    """Faults in one line."""
    return "; ".join(f"{field or whole}: {text}" for field, text in found)


def look_up(record: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path such as `legal_basis.law`; None where there is none."""
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
