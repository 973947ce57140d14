"""What a statement says about the register: one or more subjects, each with a body.

Used where rows are written and, by strangers, where a proof of the register is checked: both read
the same bytes in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from plainview.tlog.entries import Entry


@dataclass(frozen=True)
class Content:
    """What is said about one subject: a camera, `kind/id` of a record, a set or a person."""

    type: str
    subject: str
    version: int | None
    status: str | None
    body: dict[str, Any]


def proposed(entry: Entry) -> Entry:
    """What a proposal would state once it is approved; any other statement as it is."""
    if entry.type != "propose":
        return entry
    return replace(entry, type=entry.body["type"], body=entry.body["body"])


def said_by(stated: Entry) -> Iterator[Content]:
    """What a statement says; a proposal by itself says nothing yet."""
    type_, body = stated.type, stated.body
    if type_ in ("founding", "enrol"):
        for person in body.get("people", [body]):
            yield Content("person", person["person"], None, None, person)
    elif type_ == "custodian-set":
        yield Content(type_, body["set"], None, None, body)
    elif type_ == "camera":
        yield Content(type_, body["camera"], body["version"], body["status"], body["record"])
    elif type_ == "record":
        subject = f"{body['kind']}/{body['id']}"
        yield Content(type_, subject, body["version"], body["status"], body["record"])
