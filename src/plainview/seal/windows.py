"""Windows: their ids, the record that the log holds, and the header that a pack begins with.

Formats: docs/design/interfaces.md, "Log entries". A window is the span whose segments share one
sealing key. Its period (and so the moment of its shredding) follows from its start alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from plainview.base.clock import Ms, from_iso, to_compact
from plainview.base.days import from_compact
from plainview.errors import BadFormat

_ID = re.compile(r"([a-z0-9][a-z0-9-]{0,62})\.(\d{8}T\d{6}Z)\.(\d{1,9})\.(\d{1,9})", re.ASCII)

Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Small = Annotated[int, Field(ge=0, lt=10**9)]
Index = Annotated[int, Field(ge=0, lt=2**53)]


class Format(BaseModel):
    """Base of the frozen formats: unknown fields are refused, errors are ours."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @classmethod
    def from_dict(cls, value: Any) -> Self:
        """Read JSON that was parsed; raises `BadFormat` naming the wrong field."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or cls.__name__
            raise BadFormat(f"{cls.__name__}: {where}: {first['msg']}.") from error

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump()


@dataclass(frozen=True, order=True)
class WindowId:
    """`<camera>.<start compact>.<epoch>.<counter>`; starts are whole seconds."""

    camera: str
    start: Ms
    epoch: int
    counter: int

    @classmethod
    def parse(cls, text: str) -> WindowId:
        """Raises `BadFormat`."""
        found = _ID.fullmatch(text)
        if found is None:
            raise BadFormat(f"{text[:100]!r} is not a window id like cam-01.20261123T085000Z.1.0.")
        return cls(found[1], from_compact(found[2]), int(found[3]), int(found[4]))

    def __str__(self) -> str:
        return f"{self.camera}.{to_compact(self.start)}.{self.epoch}.{self.counter}"


class ShareHashes(Format):
    """Share `i`: SHA-256 of its JSON and of the age file around it."""

    i: Annotated[int, Field(ge=1, le=255)]
    plain: Hex
    sealed: Hex


class WindowRecord(Format):
    """What the log says of a window before it may be used. Times are RFC 3339."""

    window: str
    camera: str
    start: str
    end: str
    epoch: Small
    counter: Small
    pk: Annotated[str, Field(pattern=r"^age1[0-9a-z]{58}$")]
    k: Annotated[int, Field(ge=2, le=255)]
    n: Annotated[int, Field(ge=2, le=255)]
    set: str
    shares: list[ShareHashes]
    class_: Annotated[str, Field(alias="class", pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
    period: str
    shred: str
    register_: Annotated[Index, Field(alias="register")]

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True)

    @property
    def id(self) -> WindowId:
        return WindowId.parse(self.window)

    @property
    def start_ms(self) -> Ms:
        return from_iso(self.start)

    @property
    def end_ms(self) -> Ms:
        return from_iso(self.end)

    @property
    def shred_ms(self) -> Ms:
        return from_iso(self.shred)

    def share(self, i: int) -> ShareHashes:
        """The hashes of share `i`; raises `BadFormat`."""
        for share in self.shares:
            if share.i == i:
                return share
        raise BadFormat(f"Window {self.window} has no share {i}.")


class SealedShare(Format):
    """Share `i`, an age file (base64) that `person` can open."""

    i: Annotated[int, Field(ge=1, le=255)]
    person: str
    sealed: str


class WindowHeader(Format):
    """What a pack begins with; `entry` is the log index of the entry that holds `record`."""

    record: WindowRecord
    shares: list[SealedShare]
    wrapped_e: str
    wrapped_view: str
    entry: Index

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True)


@dataclass(frozen=True)
class Period:
    """A retention class and the span whose windows share one key of the keeper."""

    id: str
    end: Ms
    due: Ms


def period_of(start: Ms, retention_class: str, retention_s: int, key_period_s: int) -> Period:
    """The period of a window: due at the period's end plus the retention."""
    begin = start - start % (key_period_s * 1000)
    end = begin + key_period_s * 1000
    return Period(f"{retention_class}.{to_compact(begin)}", end, end + retention_s * 1000)
