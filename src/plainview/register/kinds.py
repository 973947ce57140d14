"""The records of the register besides cameras, people and custodian sets: one model a kind.

A `record` statement carries one of them (docs/ref/register-records.md). Cameras rest on them by
name, `rests_on = ["legal-basis/traffic-2026"]`, and stop when one that they rest on ends or is
revoked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from plainview.errors import BadFormat
from plainview.register.fields import (
    Country,
    Currency,
    Hash,
    LongText,
    Moment,
    Name,
    Place,
    Point,
    Polygon,
    Strict,
    Text,
    Url,
    faults,
    in_words,
    named,
    ordered,
)

_ID = re.compile("[a-z0-9][a-z0-9-]{0,62}")
STATUSES = ("active", "revoked")


class Record(Strict):
    """What every kind may say: from when and until when it counts."""

    valid_from: Moment | None = None
    valid_to: Moment | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ordered(self.valid_from, self.valid_to)
        return self


class Bounded(Record):
    """A kind whose force must end some day."""

    valid_from: Moment
    valid_to: Moment


class Site(Record):
    """A place where cameras stand, and what is there that needs more protection."""

    name: Text
    address: Text
    position: Point | None = None
    boundary: Polygon | None = None
    place_kind: Place


class Area(Record):
    """Where moving cameras work; no position of theirs is published."""

    name: Text
    description: Text
    boundary: Polygon | None = None
    place_kind: Place = "none"


class Unit(Record):
    """Who uses cameras: a unit of a controller, and what it is for."""

    name: Text
    controller: Name
    task: Text
    contact: Text


class Controller(Record):
    """Who answers for cameras, and who supervises it."""

    name: Text
    address: Text
    country: Country
    contact: Text
    dpo_contact: Text
    authority: Text
    authority_url: Url | None = None
    law_enforcement: bool = False


class LegalBasis(Bounded):
    """The law that allows recording, and for what. An internal instruction is no law."""

    law: Text
    article: Text
    gazette: Text
    decision: Text
    purpose: Text
    law_enforcement: bool
    url: Url | None = None


class Redaction(Strict):
    """A part of a published document that is blacked out, and why."""

    part: Text
    reason: Text


class Contract(Bounded):
    """What was bought, from whom, for how much; `value_hundredths` 150000 with EUR is 1500 EUR."""

    number: Text
    subject: Text
    supplier: Name
    value_hundredths: Annotated[int, Field(strict=True, ge=0, le=10**15)]
    currency: Currency
    procurement_url: Url
    document_hash: Hash
    redactions: Annotated[list[Redaction], Field(max_length=64)]


class Supplier(Record):
    """Who sells, installs or maintains."""

    name: Text
    country: Country
    registration: Text
    contact: Text | None = None
    url: Url | None = None


Outcome = Literal["not-asked", "waiting", "no-objection", "conditions", "refused"]


class Dpia(Bounded):
    """An impact assessment: `valid_from` is its day, `valid_to` the day of its next review."""

    title: Text
    version: Text
    document_hash: Hash
    url: Url
    dpo_advice: LongText
    authority_outcome: Outcome
    opinion: Name | None = None


class Opinion(Record):
    """What an authority said."""

    authority: Text
    reference: Text
    outcome: Literal["no-objection", "conditions", "refused"]
    date: Moment
    subject: Text
    document_hash: Hash | None = None
    url: Url | None = None


class Retention(Record):
    """How long recordings of a class stay readable, and why so long."""

    class_: Annotated[Name, Field(alias="class")]
    seconds: Annotated[int, Field(strict=True, ge=60, le=400 * 86_400)]
    reason: LongText


class Model(Record):
    """A model in use, by its algorithm record; only such as hide what they find."""

    name: Text
    algorithm_record: Url
    weights_hash: Hash
    purpose: Literal["redaction"]


class Policy(Record):
    """The rules of who may do what (Cedar), by the SHA-256 that stands in every decision."""

    title: Text
    hash: Hash
    url: Url | None = None


KINDS: Mapping[str, type[Record]] = {
    "site": Site,
    "area": Area,
    "unit": Unit,
    "controller": Controller,
    "legal-basis": LegalBasis,
    "contract": Contract,
    "supplier": Supplier,
    "dpia": Dpia,
    "opinion": Opinion,
    "retention": Retention,
    "model": Model,
    "policy": Policy,
}
"""Kind -> its model."""


def check_kind(kind: str) -> None:
    """Raises `BadFormat` unless there is such a kind."""
    if kind not in KINDS:
        raise BadFormat(f"{kind!r} is no kind of record.", hint=f"Kinds: {', '.join(KINDS)}.")


def check_record_id(name: str) -> None:
    """Raises `BadFormat` unless `name` can be a record's id."""
    if not _ID.fullmatch(name):
        raise BadFormat(
            f"{name!r} cannot be a record's id.", hint="Use a-z, 0-9 and -, at most 63."
        )


def record_faults(kind: str, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(field, what is wrong) for every field that is wrong; nothing for a sound record."""
    check_kind(kind)
    return faults(KINDS[kind], values)


def register_record(kind: str, values: Mapping[str, Any]) -> Record:
    """Check a record. Raises `BadFormat` that names every field that is wrong."""
    check_kind(kind)
    try:
        return KINDS[kind].model_validate(values)
    except ValidationError as error:
        raise BadFormat(
            f"The record ({kind}) is not complete: {in_words(named(error))}.",
            hint="See docs/ref/register-records.md.",
        ) from error
