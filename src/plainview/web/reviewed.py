"""Reviews and drafts as the application gets them."""

from __future__ import annotations

from typing import Any

from plainview.base.clock import to_iso
from plainview.web.drafts import Draft
from plainview.web.review import Review

PLAIN = {"Field required": "Missing.", "Extra inputs are not permitted": "There is no such field."}
"""What the models' library says, in plain words."""


def as_json(made: Review) -> dict[str, Any]:
    """A review; `statement` is for `POST /api/statements/draft`, null while something blocks."""
    body = made.body
    type = "record" if body is not None and "kind" in body else "camera"
    return {
        "version": made.newest.version + 1,
        "published": {"version": made.newest.version, "status": made.newest.status},
        "record": made.record,
        "faults": [{"field": field, "text": PLAIN.get(text, text)} for field, text in made.faults],
        "findings": [
            {
                "field": one.field,
                "article": one.article,
                "message": one.message,
                "severity": one.severity,
            }
            for one in made.findings
        ],
        "changes": [{"field": one.field, "old": one.old, "new": one.new} for one in made.changes],
        "blocked": made.blocked,
        "statement": None
        if body is None
        else {"type": "propose", "body": {"type": type, "body": body}},
    }


def draft_json(draft: Draft) -> dict[str, Any]:
    """A draft, whole."""
    return {
        "draft": draft.id,
        "kind": draft.kind,
        "subject": draft.subject,
        "base": draft.base,
        "record": draft.record,
        "saves": draft.saves,
        "changed": to_iso(draft.changed),
    }
