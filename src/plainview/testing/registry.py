"""Complete records of the register for tests: one of each kind, and a camera that rests on them."""

from __future__ import annotations

from typing import Any

from plainview.base.clock import DAY_MS, Ms, to_iso
from plainview.register.density import DORI_2014, OODPCVS_2025, class_met, pixels_per_10_metres
from plainview.register.legal import Context
from plainview.testing.town import camera_values

HASH = "cd" * 32
RESTS_ON = ["legal-basis/traffic", "dpia/bridge", "contract/c-2026-7"]
SQUARE = [[44_816_000, 20_460_000], [44_816_400, 20_460_000], [44_816_400, 20_460_500]]


def record_values(now: Ms) -> dict[str, dict[str, Any]]:
    """Kind -> a complete record of it, in force around `now`."""
    return {**_places_and_people(), **_papers(now), **_settings()}


def _places_and_people() -> dict[str, dict[str, Any]]:
    return {
        "site": {"name": "Bridge", "address": "Mill Lane 1", "place_kind": "none"},
        "area": {"name": "Old town", "description": "Within the walls", "boundary": SQUARE},
        "unit": {
            "name": "Traffic",
            "controller": "town",
            "task": "Safety",
            "contact": "t@t.example",
        },
        "controller": {
            "name": "Town",
            "address": "Main Square 1",
            "country": "RS",
            "contact": "town@town.example",
            "dpo_contact": "dpo@town.example",
            "authority": "Commissioner",
        },
        "supplier": {"name": "Lens & Sons", "country": "RS", "registration": "1234"},
    }


def _papers(now: Ms) -> dict[str, dict[str, Any]]:
    span = {"valid_from": to_iso(now - DAY_MS), "valid_to": to_iso(now + 200 * DAY_MS)}
    return {
        "legal-basis": {
            "law": "Road Safety Act",
            "article": "7(2)",
            "gazette": "41/2009",
            "decision": "D-7",
            "purpose": "Road safety",
            "law_enforcement": True,
            **span,
        },
        "contract": {
            "number": "C-2026-7",
            "subject": "Two cameras",
            "supplier": "lens-and-sons",
            "value_hundredths": 100_000,
            "currency": "EUR",
            "procurement_url": "https://tenders.example/7",
            "document_hash": HASH,
            "redactions": [{"part": "page 3", "reason": "names of staff"}],
            **span,
        },
        "dpia": {
            "title": "The bridge",
            "version": "2",
            "document_hash": HASH,
            "url": "https://town.example/dpia",
            "dpo_advice": "Hide whole people.",
            "authority_outcome": "no-objection",
            "opinion": "o-17",
            **span,
        },
        "opinion": {
            "authority": "Commissioner",
            "reference": "O-17",
            "outcome": "no-objection",
            "date": to_iso(now - 5 * DAY_MS),
            "subject": "The bridge",
        },
    }


def _settings() -> dict[str, dict[str, Any]]:
    return {
        "retention": {
            "class": "street",
            "seconds": 86_400,
            "reason": "Accidents are told in a day.",
        },
        "model": {
            "name": "faces",
            "algorithm_record": "https://town.example/algorithms",
            "weights_hash": HASH,
            "purpose": "redaction",
        },
        "policy": {"title": "Who may what", "hash": HASH},
    }


def rich_camera(now: Ms, **changes: Any) -> dict[str, Any]:
    """A pole camera's record with everything that any legal profile asks for."""
    density = pixels_per_10_metres(1920, 90, 1500, 500)
    details = {
        "address": "Mill Lane 1",
        "osm_id": "node/17",
        "site_id": "bridge",
        "unit_id": "traffic",
        "controller_id": "town",
        "place_kind": "none",
        "direction_degrees": 270,
        "angle_degrees": 90,
        "height_cm": 500,
        "width_pixels": 1920,
        "field_of_view": SQUARE,
        "sees_classes": ["people", "roads"],
        "density": {
            "nearest_cm": 1500,
            "pixels_per_10_metres": density,
            "dori_2014": class_met(density, DORI_2014),
            "oodpcvs_2025": class_met(density, OODPCVS_2025),
        },
        "hours": "always",
        "commissioned": to_iso(now - DAY_MS),
        "last_inspected": to_iso(now - DAY_MS),
        "vendor": "Lens & Sons",
        "maintainer": "Lens & Sons",
        "remote_access": {"possible": False},
        "recipients": [],
        "access_roles": ["operator"],
        "purpose_kind": "road-safety",
        "necessity": "Accidents happen at night.",
        "alternatives": "Lights and a lower limit were tried.",
        "rests_on": RESTS_ON,
        "legal_profile": "eu-gdpr",
        "storage": {"place": "Town hall", "country": "RS"},
        "transfers": [],
        "analytics": "none",
        "biometric_identification": "none",
        "profile": "heads",
        "sign": {"photo_hash": HASH, "date": to_iso(now - DAY_MS)},
        "complaints": "dpo@town.example",
        "authority": "Commissioner",
    }
    return {**camera_values(now), **details, **changes}


def rich_context(now: Ms) -> Context:
    """What that camera is judged beside, such that no profile misses anything."""
    values = record_values(now)
    records = {
        "legal-basis/traffic": values["legal-basis"],
        "dpia/bridge": values["dpia"],
        "contract/c-2026-7": values["contract"],
        "site/bridge": values["site"],
    }
    return Context(now, notice_seconds=7 * 86_400, k=2, n=3, records=records)
