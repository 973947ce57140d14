"""Contracts, suppliers, legal bases, custodian sets, units and areas as pages show them.

Each is a record of the register where somebody stated one; of older logs, what cameras' own records
say of it. Facts come as (label, value, address or ""), every label out of the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from plainview.errors import BadFormat
from plainview.register.overview import View
from plainview.tlog.history import Version, moment
from plainview.web import words
from plainview.web.catalogue import Catalogue

Fact = tuple[str, str, str]


@dataclass(frozen=True)
class Collection:
    """One kind: its address, its kind in the register, and the fields shown, in their order."""

    path: str
    kind: str
    fields: tuple[str, ...]


COLLECTIONS = (
    Collection("units", "unit", ("task", "controller", "contact")),
    Collection("areas", "area", ("description",)),
    Collection(
        "contracts",
        "contract",
        ("subject", "supplier", "value", "valid", "procurement_url", "document_hash", "redactions"),
    ),
    Collection("suppliers", "supplier", ("country", "registration", "contact", "url")),
    Collection(
        "legal-bases",
        "legal-basis",
        ("law", "article", "gazette", "decision", "purpose", "valid", "url"),
    ),
    Collection("custodian-sets", "custodian-set", ()),
)
PATHS = {one.kind: one.path for one in COLLECTIONS}


def facts(
    t: Catalogue, view: View, collection: Collection, record: Mapping[str, Any]
) -> list[Fact]:
    """What a record says, of the fields that are shown and given."""
    found = []
    for field in collection.fields:
        value = _WAYS.get(field, _text)(t, view, field, record)
        if value[0]:
            found.append((t(f"paper.{field}"), *value))
    return found


def embedded(collection: Collection, record: Mapping[str, Any]) -> dict[str, Any]:
    """What a camera's own record says, in the fields of a record of its kind."""
    if collection.kind == "contract":
        contract = record["contract"]
        return {**contract, "supplier_name": contract["supplier"], "supplier": ""}
    if collection.kind == "legal-basis":
        return dict(record["legal_basis"])
    if collection.kind == "unit":
        return {"contact": record["contact"]}
    return {}


def span(record: Mapping[str, Any]) -> tuple[str, str]:
    """From when and until when, in words; empty where a record does not say."""
    return _day(record.get("valid_from")), _day(record.get("valid_to"))


def newest(versions: list[Version]) -> Version:
    """The newest version of a record."""
    return versions[-1]


def _day(value: object) -> str:
    if not isinstance(value, str):
        return ""
    try:
        return words.day(moment(value))
    except BadFormat:
        return value


def _text(t: Catalogue, view: View, field: str, record: Mapping[str, Any]) -> tuple[str, str]:
    value = record.get(field)
    return (str(value) if isinstance(value, str | int) else ""), ""


def _link(t: Catalogue, view: View, field: str, record: Mapping[str, Any]) -> tuple[str, str]:
    value = str(record.get(field) or "")
    return value, value if value.startswith(("https://", "http://")) else ""


def _valid(t: Catalogue, view: View, field: str, record: Mapping[str, Any]) -> tuple[str, str]:
    start, end = span(record)
    if start and end:
        return t("camera.valid_text", start=start, end=end), ""
    return (t("paper.until", end=end) if end else ""), ""


def _supplier(t: Catalogue, view: View, field: str, record: Mapping[str, Any]) -> tuple[str, str]:
    name = str(record.get("supplier") or "")
    group = view.groups["supplier"].get(name)
    if group is None:
        return str(record.get("supplier_name") or name), ""
    return group.name, f"/suppliers/{name}"


def _controller(t: Catalogue, view: View, field: str, record: Mapping[str, Any]) -> tuple[str, str]:
    name = str(record.get("controller") or "")
    versions = view.records.get(f"controller/{name}")
    return (str(versions[-1].record.get("name", name)) if versions else name), ""


def _value(t: Catalogue, view: View, field: str, record: Mapping[str, Any]) -> tuple[str, str]:
    hundredths = record.get("value_hundredths")
    if not isinstance(hundredths, int):
        return str(record.get("value") or ""), ""
    whole, rest = divmod(hundredths, 100)
    amount = words.thousands(whole) + (f".{rest:02d}" if rest else "")
    return f"{amount} {record.get('currency', '')}".strip(), ""


def _redactions(t: Catalogue, view: View, field: str, record: Mapping[str, Any]) -> tuple[str, str]:
    listed = record.get("redactions") or ()
    said = [t("paper.redaction", part=one["part"], reason=one["reason"]) for one in listed]
    return "; ".join(said), ""


_WAYS: Mapping[str, Callable[[Catalogue, View, str, Mapping[str, Any]], tuple[str, str]]] = {
    "valid": _valid,
    "supplier": _supplier,
    "controller": _controller,
    "value": _value,
    "redactions": _redactions,
    "procurement_url": _link,
    "url": _link,
}
