"""Which fields a legal profile may speak of: so that a misspelt one is found when it is read."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel

from plainview.register.kinds import KINDS
from plainview.register.records import CameraRecord

OUTSIDE = frozenset({"log.notice_seconds", "set.k", "set.n", "set.organisations", "places"})
"""What is no field of a record: the log's rules, the custodian set, and what all records say of
the place together."""


def known_field(path: str) -> bool:
    """Whether `dpia.hash` of a camera's record, `dpia/valid_to` of a record that it rests on, or
    one of `OUTSIDE` exists."""
    kind, slash, name = path.partition("/")
    if slash:
        return kind in KINDS and _leads(KINDS[kind], name)
    return path in OUTSIDE or _leads(CameraRecord, path)


def _leads(model: type[BaseModel], path: str) -> bool:
    name, _, rest = path.partition(".")
    fields = {field.alias or own: field for own, field in model.model_fields.items()}
    if name not in fields:
        return False
    return not rest or any(_leads(inner, rest) for inner in _models(fields[name].annotation))


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
