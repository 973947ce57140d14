"""Drafts of requests: the body that will be public, and the detail that only its hash reveals.

A draft is not yet anybody's act: the requester's own tool checks and signs it.
"""

from __future__ import annotations

import secrets
from typing import Any

from plainview.base.clock import Ms, to_iso
from plainview.base.ids import b64, new_id, unb64
from plainview.errors import BadFormat, BadSeal
from plainview.tlog.entries import commit

PURPOSES = {
    "offence": "Investigation of an offence",
    "accident": "Accident",
    "missing-person": "Missing person",
    "court-order": "Court order",
    "complaint": "Complaint about a recording",
    "access": "Access request of a person who was filmed",
    "test": "Test of the system",
    "other": "Another purpose, stated in the case",
}
VALID_MS: Ms = 14 * 86_400_000
MAX_NOTE = 2_000
MAX_WINDOWS = 400


def purpose_code(purpose: str) -> str:
    """The public code of a purpose; free text is `other`, as it may name somebody."""
    return purpose if purpose in PURPOSES else "other"


def make(
    *,
    person: str,
    recipient: str,
    camera: str,
    from_ms: Ms,
    to_ms: Ms,
    windows: list[str],
    purpose: str,
    case: str,
    note: str,
    now: Ms,
) -> dict[str, Any]:
    """A draft as docs/design/interfaces.md defines it. Raises `BadFormat`."""
    if len(note) > MAX_NOTE or len(case) > 200 or len(purpose) > 400:
        raise BadFormat("The note, case number or purpose is too long.", hint="Shorten it.")
    if len(windows) > MAX_WINDOWS:
        raise BadFormat(
            f"{len(windows)} windows at once are too many.", hint="Ask for a shorter time."
        )
    detail = {
        "camera": camera,
        "from": to_iso(from_ms),
        "to": to_iso(to_ms),
        "case": case,
        "note": note,
        "purpose": purpose,
        "person": person,
    }
    salt = secrets.token_bytes(32)
    body = {
        "request": new_id(),
        "windows": windows,
        "recipient": recipient,
        "purpose": purpose_code(purpose),
        "detail_commitment": commit(detail, salt),
        "expires": to_iso(now + VALID_MS),
    }
    return {"v": 1, "body": body, "detail": detail, "salt": b64(salt)}


def check_commitment(commitment: str, detail: dict[str, Any], salt: str) -> None:
    """Raises `BadSeal` unless detail and salt (base64) are what the statement commits to."""
    if commit(detail, unb64(salt)) != commitment:
        raise BadSeal(
            "The detail shown is not the one that the request commits to.",
            hint="Draft the request again.",
        )
