"""What the bodies of entries hold (docs/design/interfaces.md): names and JSON types, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plainview.errors import BadFormat

Shape = dict[str, object]

HEX = "hex"  # 64 lower-case hex digits
NAME = "name"  # a short name without spaces
_NONE = type(None)

PERSON: Shape = {
    "person": NAME,
    "key": str,
    "age": (str, _NONE),
    "roles": [NAME],
    "org": str,
    "outside": bool,
    "name_commitment": HEX,
}
MEMBER: Shape = {"person": NAME, "age": str, "outside": bool}
RULES: Shape = {
    "window_seconds": int,
    "key_period_seconds": int,
    "notice_seconds": int,
    "reveal_seconds": int,
}
SHARE: Shape = {"i": int, "plain": HEX, "sealed": HEX}
WINDOW: Shape = {
    **dict.fromkeys(("window", "camera", "set", "class", "period"), NAME),
    **dict.fromkeys(("start", "end", "shred", "pk"), str),
    **dict.fromkeys(("epoch", "counter", "k", "n", "register"), int),
    "shares": [SHARE],
}
CAMERA_RECORD: Shape = {
    **dict.fromkeys(("name", "place", "direction", "sees", "controller", "contact"), str),
    **dict.fromkeys(("unit", "purpose", "valid_from"), str),
    "kind": ("pole", "mobile", "dashcam", "bodycam"),
    "position": ([int], _NONE),
    "area": (str, _NONE),
    "legal_basis": dict.fromkeys(("law", "article", "decision", "valid_from", "valid_to"), str),
    "dpia": {"hash": HEX, "date": str, "review_due": str},
    "contract": {"number": str, "supplier": str, "value": (str, int), "valid_to": str},
    "retention": {"class": NAME, "seconds": int},
    "custodian_set": NAME,
    "profile": ("faces",),
    "audio": (False,),
    "biometric_identification": ("none",),
}
BODY: dict[str, Shape] = {
    "founding": {"origin": str, "profile": NAME, "rules": RULES, "people": [PERSON]},
    "enrol": PERSON,
    "custodian-set": {"set": NAME, "k": int, "n": int, "members": [MEMBER]},
    "camera": {"camera": NAME, "version": int, "status": NAME, "record": dict},
    "request": {
        "request": NAME,
        "windows": [NAME],
        **dict.fromkeys(("recipient", "purpose", "expires"), str),
        "detail_commitment": HEX,
    },
    "release": {"request": HEX, "window": NAME, "index": int, "resealed": HEX},
    "refusal": {"request": HEX, "reason": str},
    "opened": {"request": HEX, "windows": [NAME]},
    "hold": {"windows": [NAME], "until": str, "detail_commitment": HEX},
    "start": {"software": str, "log_size": int},
    "windows": {"windows": [WINDOW]},
    "roots": {"node": NAME, "minute": str, "leaves": int, "cipher_root": HEX, "plain_root": HEX},
    "act": {"actor": NAME, "role": NAME, "act": NAME, "detail_commitment": HEX},
    "reveal": {"of": int, "detail": dict, "salt": str},
    "gate": {"camera": NAME, "allowed": bool, "reason": str, "register": (int, _NONE)},
    "opening": {"request": HEX, "window": NAME, "resealed_e": HEX},
    "shred": {
        **dict.fromkeys(("period", "class"), NAME),
        "due": str,
        "count": int,
        "windows": [NAME],
        "root": HEX,
    },
}

_HEX_DIGITS = frozenset("0123456789abcdef")


def check_shape(value: Mapping[str, Any], shape: Shape, what: str) -> None:
    """`value` has exactly the names of `shape`, each of its type; raises `BadFormat`."""
    if not isinstance(value, dict) or value.keys() != shape.keys():
        raise BadFormat(f"{what} has not exactly the fields {', '.join(shape)}.")
    for name, kind in shape.items():
        if not _fits(value[name], kind, name):
            raise BadFormat(f"{what}: {name} is not what it must be.")


def _fits(value: object, kind: object, name: str) -> bool:
    if isinstance(kind, type):
        return type(value) is kind
    if kind is HEX:
        return isinstance(value, str) and len(value) == 64 and _HEX_DIGITS.issuperset(value)
    if kind is NAME:
        return isinstance(value, str) and 0 < len(value) <= 100 and value.split() == [value]
    if isinstance(kind, list):
        return isinstance(value, list) and all(_fits(item, kind[0], name) for item in value)
    if isinstance(kind, tuple):
        return any(_fits(value, option, name) for option in kind)
    if isinstance(kind, dict):
        check_shape(value, kind, name)  # type: ignore[arg-type]
        return True
    return type(value) is type(kind) and value == kind
