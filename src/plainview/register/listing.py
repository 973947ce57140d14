"""One line a source: what lists, maps and searches of the register show of each camera.

Things that many cameras share (a contract, a unit, a legal basis) have an address of their own: the
id of their record where a camera names one, else a slug of what its own record says.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from plainview.base.clock import Ms
from plainview.tlog.history import Version

ORDER = {kind: number for number, kind in enumerate(("pole", "mobile", "dashcam", "bodycam"))}
SHARED = ("unit", "area", "contract", "supplier", "legal-basis", "custodian-set")
"""What cameras share, by the kind of record (a custodian set is a statement of its own)."""
Records = Mapping[str, Sequence[Version]]
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Listed:
    """A camera in one version: that by which it may record, else the newest.

    `shared` are slugs in the order of `SHARED`, "" for none.
    """

    id: str
    name: str
    kind: str
    place: str
    purpose: str
    position: tuple[int, int] | None
    direction: str
    version: int
    status: str
    index: int
    effective_ms: Ms
    lapses_ms: Ms
    shared: tuple[str, ...]
    words: str
    rests_on: tuple[str, ...]
    profile: str
    sort: tuple[int, list[tuple[int, str]], str]

    def of(self, kind: str) -> str:
        """The slug of what it shares of that kind."""
        return self.shared[SHARED.index(kind)]


def plain(text: str) -> str:
    """A text as it is searched: without case and accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c))


@lru_cache(maxsize=20_000)
def slug(text: str) -> str:
    """A text as part of an address: letters and digits, the rest as `-`."""
    spaced = "".join(c if c.isalnum() else " " for c in plain(text))
    return "-".join(spaced.split())[:_LONGEST]


def listed(name: str, version: Version, records: Records) -> Listed:
    """The line of a camera."""
    record = version.record
    position = record["position"]
    rests = tuple(record.get("rests_on", ()))
    said = _shared(record, rests, records)
    words = (name, record["name"], record["place"], record["unit"], record["area"] or "")
    return Listed(
        name,
        record["name"],
        record["kind"],
        record["place"],
        record["purpose"],
        None if position is None else (position[0], position[1]),
        record["direction"],
        version.version,
        version.status,
        version.index,
        version.effect,
        version.lapses,
        said,
        plain(" ".join(words)),
        rests,
        record["profile"],
        _order(name, record),
    )


def shared_names(record: Mapping[str, Any]) -> tuple[str, ...]:
    """What the camera's own record calls each of `SHARED`."""
    basis = record["legal_basis"]
    return (
        record["unit"],
        record["area"] or "",
        record["contract"]["number"],
        record["contract"]["supplier"],
        f"{basis['law']}, {basis['article']}",
        record["custodian_set"],
    )


def _shared(record: Mapping[str, Any], rests: tuple[str, ...], records: Records) -> tuple[str, ...]:
    basis = record["legal_basis"]
    contract = _named("contract", rests) or slug(record["contract"]["number"])
    sold = records.get(f"contract/{contract}")
    supplier = str(sold[-1].record.get("supplier", "")) if sold else ""
    return (
        str(record.get("unit_id") or slug(record["unit"])),
        str(record.get("area_id") or slug(record["area"] or "")),
        contract,
        supplier or slug(record["contract"]["supplier"]),
        _named("legal-basis", rests)
        or slug(f"{basis['law']} {basis['article']} {basis['decision']}"),
        record["custodian_set"],
    )


def _named(kind: str, rests: tuple[str, ...]) -> str:
    start = f"{kind}/"
    return next((name.removeprefix(start) for name in rests if name.startswith(start)), "")


def _order(name: str, record: Mapping[str, Any]) -> tuple[int, list[tuple[int, str]], str]:
    """Fixed cameras first, then by name, numbers as numbers."""
    parts: list[tuple[int, str]] = []
    for word in plain(record["name"]).split():
        digits = word.isdecimal() and len(word) < 10
        parts.append((int(word), "") if digits else (-1, word))
    return ORDER.get(record["kind"], len(ORDER)), parts, name
