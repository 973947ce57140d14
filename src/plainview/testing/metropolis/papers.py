"""The papers of the generated city: who answers for cameras, by which law, bought from whom.

Records are what `record` statements carry; amounts and dates are invented, names are nobody's.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from plainview.base.clock import DAY_MS, Ms, to_iso
from plainview.base.ids import sha256_hex
from plainview.testing.metropolis.ground import District, districts, slug

Record = dict[str, Any]

KINDS = ("pole", "mobile", "dashcam", "bodycam")
YEAR_MS: Ms = 365 * DAY_MS
CONTROLLERS = {
    "city": ("City of Example", "Directorate of Traffic"),
    "police": ("Municipal Police of Example", "Municipal Police"),
    "transport": ("Example Transport", "Public transport"),
}
SUPPLIERS = (
    "Lens & Sons", "Northern Optics", "Streetworks", "Clearview Poles", "Halyard Systems",
    "Brightwater Electric", "Meridian Mobile", "Sentry Wear", "Low Voltage Cooperative",
)  # fmt: skip
DEPOTS = ("North depot", "South depot", "East depot", "West depot")
CLASSES = {"pole": ("street", 15), "mobile": ("vehicle", 7), "dashcam": ("patrol", 15),
           "bodycam": ("body", 30)}  # fmt: skip
"""Kind -> retention class and days."""
PURPOSES = {
    "pole": (
        "Road safety at a crossing with accidents",
        "Flow of traffic and public transport",
        "Safety of people on the square",
        "Protection of the underpass at night",
    ),
    "mobile": ("Safety of passengers and drivers",),
    "dashcam": ("Evidence of accidents and of stops",),
    "bodycam": ("Evidence of what officers do and what is done to them",),
}
SEES = {
    "pole": "The crossing and its pavements; no doors, no windows.",
    "mobile": "The inside of the vehicle and the doors.",
    "dashcam": "The road ahead of the car.",
    "bodycam": "What is in front of the officer, while the camera is switched on.",
}
PROFILES = {"pole": "heads", "mobile": "heads", "dashcam": "faces", "bodycam": "people"}


_BASIS = ("law", "article", "decision", "valid_from", "valid_to")


@dataclass(frozen=True)
class Lot:
    """Sources that were bought, assessed and allowed together."""

    kind: str
    controller: str
    unit: str
    area: District
    custodians: str
    basis: str
    dpia: str
    contract: str


@dataclass
class Papers:
    """Records by `kind/id`; lots by kind of source."""

    begin: Ms
    chance: random.Random
    records: dict[str, Record] = field(default_factory=dict)
    lots: dict[str, list[Lot]] = field(default_factory=dict)
    _contracts: int = 0

    def write(self) -> None:
        """Write everything that cameras rest on."""
        for area in districts():
            boundary = [list(corner) for corner in area.boundary]
            said = {"name": area.name, "description": f"The district {area.name}, all streets."}
            self.records[f"area/{area.id}"] = {**said, "boundary": boundary, "place_kind": "none"}
        for name in SUPPLIERS:
            said = {
                "name": name,
                "country": "XX",
                "registration": f"R-{sha256_hex(name.encode())[:8]}",
            }
            self.records[f"supplier/{slug(name)}"] = said
        for name, (full, _) in CONTROLLERS.items():
            self._controller(name, full)
        for kind in KINDS:
            self.lots[kind] = [self._lot(kind, area) for area in districts()]

    def _controller(self, name: str, full: str) -> None:
        self.records[f"controller/{name}"] = {
            "name": full, "address": "Town Hall Square 1", "country": "XX",
            "contact": f"{name}@city.example", "dpo_contact": "dpo@city.example",
            "authority": "Data Protection Commissioner of Example",
            "law_enforcement": name == "police",
        }  # fmt: skip

    def _lot(self, kind: str, area: District) -> Lot:
        controller = {"pole": "city", "mobile": "transport"}.get(kind, "police")
        if kind == "mobile":
            unit = f"Public transport, {DEPOTS[list(districts()).index(area) % 4]}"
        elif controller == "police":
            unit = f"Municipal police, {area.name}"
        else:
            unit = self.chance.choice(
                ("Traffic control", "Roads and crossings", "Parks and squares")
            )
        self.records.setdefault(f"unit/{slug(unit)}", {
            "name": unit, "controller": controller, "task": PURPOSES[kind][0],
            "contact": f"{slug(unit)}@city.example",
        })  # fmt: skip
        basis = self._basis(kind, controller)
        return Lot(
            kind, controller, unit, area, f"set-{controller}", basis,
            self._dpia(kind, area), self._contract(kind, area),
        )  # fmt: skip

    def _basis(self, kind: str, controller: str) -> str:
        laws = {
            "city": ("Road Safety Act", "31(2)"),
            "police": ("Municipal Police Act", "52(1)"),
            "transport": ("Public Transport Act", "18(4)"),
        }
        law, article = laws[controller]
        name = f"{slug(law)}-{kind}"
        self.records.setdefault(f"legal-basis/{name}", {
            "law": law, "article": article, "gazette": "41/2009",
            "decision": f"D-2025-{KINDS.index(kind) + 11}", "purpose": PURPOSES[kind][0],
            "law_enforcement": controller == "police",
            "valid_from": to_iso(self.begin - 30 * DAY_MS),
            "valid_to": to_iso(self.begin + 4 * YEAR_MS),
        })  # fmt: skip
        return name

    def _dpia(self, kind: str, area: District) -> str:
        name = f"{kind}-{area.id}"
        months = self.chance.randrange(14, 30)
        self.records[f"dpia/{name}"] = {
            "title": f"Impact assessment: {kind} sources in {area.name}", "version": "1",
            "document_hash": sha256_hex(f"dpia {name}".encode()),
            "url": f"https://city.example/assessments/{name}.pdf",
            "dpo_advice": "Hide heads at least; keep doors and windows out of the picture.",
            "authority_outcome": self.chance.choice(("no-objection", "conditions")),
            "valid_from": to_iso(self.begin - self.chance.randrange(40, 300) * DAY_MS),
            "valid_to": to_iso(self.begin + months * 30 * DAY_MS),
        }  # fmt: skip
        return name

    def _contract(self, kind: str, area: District) -> str:
        self._contracts += 1
        number = f"C-2025-{self._contracts:03d}"
        supplier = slug(self.chance.choice(SUPPLIERS))
        # A few end within the year: their cameras stop until somebody renews them.
        days = 340 if self._contracts % 19 == 7 else self.chance.randrange(500, 1400)
        self.records[f"contract/{slug(number)}"] = {
            "number": number, "subject": f"{kind} sources in {area.name}: supply and upkeep",
            "supplier": supplier,
            "value_hundredths": self.chance.randrange(40_000, 2_400_000) * 100,
            "currency": "EUR", "procurement_url": f"https://tenders.example/{slug(number)}",
            "document_hash": sha256_hex(number.encode()),
            "redactions": [{"part": "Annex 2", "reason": "Names and telephone numbers of staff"}],
            "valid_from": to_iso(self.begin - 20 * DAY_MS),
            "valid_to": to_iso(self.begin + days * DAY_MS),
        }  # fmt: skip
        return slug(number)

    def source(self, lot: Lot, valid_from: Ms, **own: Any) -> Record:
        """The record of one source of a lot; `own` is what is its own."""
        basis, dpia = (
            self.records[f"legal-basis/{lot.basis}"],
            self.records[f"dpia/{lot.dpia}"],
        )
        contract = self.records[f"contract/{lot.contract}"]
        supplier = self.records[f"supplier/{contract['supplier']}"]
        kept, days = CLASSES[lot.kind]
        return {
            "kind": lot.kind, "area": lot.area.name, "area_id": lot.area.id, "position": None,
            "direction": "", "sees": SEES[lot.kind],
            "controller": self.records[f"controller/{lot.controller}"]["name"],
            "controller_id": lot.controller, "contact": "dpo@city.example", "unit": lot.unit,
            "unit_id": slug(lot.unit), "purpose": PURPOSES[lot.kind][0],
            "legal_basis": {name: basis[name] for name in _BASIS},
            "dpia": {
                "hash": dpia["document_hash"], "date": dpia["valid_from"],
                "review_due": dpia["valid_to"],
            },
            "contract": {
                "number": contract["number"], "supplier": supplier["name"],
                "value": f"{contract['value_hundredths'] // 100} {contract['currency']}",
                "valid_to": contract["valid_to"],
            },
            "retention": {"class": kept, "seconds": days * 86_400},
            "custodian_set": lot.custodians, "profile": PROFILES[lot.kind], "zones": [],
            "fill": "solid", "audio": False, "biometric_identification": "none",
            "valid_from": to_iso(valid_from),
            "rests_on": [
                f"legal-basis/{lot.basis}", f"dpia/{lot.dpia}", f"contract/{lot.contract}"
            ],
            **own,
        }  # fmt: skip
