"""An algorithm's record under the field names of two standards.

`ats`: Algorithmic Transparency Standard (Eurocities), 0.3.1. `atrs`: Algorithmic Transparency
Recording Standard (United Kingdom), 3.0, tiers 1 and 2. What only the city can say (who answers
for it, by which law) comes from its register of cameras; what nobody told us is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from plainview.redact.record import REVIEW_DAYS, Algorithm, Common, Figure, performance

ATS, ATRS = "0.3.1", "3.0"
NOT_MEASURED = "Not measured yet."


@dataclass(frozen=True)
class City:
    """Who uses it and why, as the register says it; several values where cameras differ."""

    organisations: tuple[str, ...]
    units: tuple[str, ...]
    contacts: tuple[str, ...]
    laws: tuple[str, ...]
    areas: tuple[str, ...]
    website: str


def ats(
    algorithm: Algorithm, common: Common, city: City, figures: tuple[Figure, ...]
) -> dict[str, Any]:
    """The registration under the names of the Algorithmic Transparency Standard."""
    about = algorithm.about
    return {
        "standard_version": ATS,
        "lang": "en",
        "publication_date": about.published.isoformat(),
        "last_change_date": about.updated.isoformat(),
        "revision_date": (about.updated + timedelta(days=REVIEW_DAYS)).isoformat(),
        "revision_note": "yearly, and with every change of the model",
        "name": f"{about.title}: {about.purpose}",
        "organization": _all(city.organisations),
        "department": _all(city.units),
        "country": None,
        "contact_email": _all(city.contacts),
        "description_short": about.purpose,
        "website": city.website,
        "status": "operational",
        "decision_making_process": common.process,
        "domain": "public safety",
        "area": _all(city.areas),
        "goal": common.goal,
        "impact": common.impact,
        "risks": " ".join(common.risks),
        "risk_category": common.risk_category,
        "proportionality": common.proportionality,
        "lawful_basis": _all(city.laws),
        "training_data": f"{about.trained_on} {about.caveat}",
        "source_data": common.source_data,
        "data_bias": about.bias,
        "connected_data_sources": common.connections,
        "description": _description(algorithm),
        "algorithm_type": "self-learning",
        "methods_and_models": about.method,
        "performance": performance(figures) or NOT_MEASURED,
        "alternatives_considered": about.alternatives,
        "codebase_url": about.source,
        "type": "descriptive",
        "monitoring": common.monitoring,
        "human_intervention": common.human_intervention,
        "objection_procedure": common.objection,
        "rollback": common.rollback,
    }


def atrs(
    algorithm: Algorithm, common: Common, city: City, figures: tuple[Figure, ...]
) -> dict[str, Any]:
    """The record under the names of the Algorithmic Transparency Recording Standard."""
    about = algorithm.about
    return {
        "standard_version": ATRS,
        "tier_1": {
            "name": about.title,
            "description": f"{about.purpose} {common.goal}",
            "website_url": city.website,
            "contact_email": _all(city.contacts),
        },
        "tier_2": {
            "owner_and_responsibility": {
                "organisation": _all(city.organisations),
                "team": _all(city.units),
                "senior_responsible_owner": None,
                "external_supplier": about.made_by,
            },
            "description_and_rationale": {
                "detailed_description": _description(algorithm),
                "scope": common.process,
                "benefit": common.proportionality,
                "alternatives_considered": about.alternatives,
            },
            "decision_making_process": {
                "process_integration": common.process,
                "provided_information": about.output,
                "human_decisions_and_review": common.human_intervention,
                "appeals_and_review": common.objection,
            },
            "tool_specification": {
                "model_name": about.title,
                "model_version": about.version,
                "model_hashes": algorithm.hashes,
                "model_task": about.task,
                "model_input": about.input,
                "model_output": about.output,
                "model_architecture": about.method,
                "model_performance": performance(figures) or NOT_MEASURED,
                "datasets": f"{about.trained_on} {about.caveat}",
                "licence": about.licence,
            },
            "risks_mitigations_and_impact_assessments": {"risks": list(common.risks)},
        },
    }


def _description(algorithm: Algorithm) -> str:
    about = algorithm.about
    limits = " ".join(about.cannot)
    return f"{about.purpose} {about.method} Input: {about.input} Output: {about.output} {limits}"


def _all(several: tuple[str, ...]) -> str | None:
    return "; ".join(several) or None
