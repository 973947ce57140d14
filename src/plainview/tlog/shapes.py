"""What the bodies of entries hold (docs/design/interfaces.md): names and JSON types, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plainview.errors import BadFormat

Shape = dict[str, object]

HEX = "hex"  # 64 lower-case hex digits
NAME = "name"  # a short name without spaces
_NONE = type(None)

_TYPES: dict[str, object] = {
    "text": str,
    "int": int,
    "bool": bool,
    "object": dict,
    "hex": HEX,
    "name": NAME,
    "names": [NAME],
    "text?": (str, _NONE),
    "int?": (int, _NONE),
}


def _shape(fields: str, **nested: object) -> Shape:
    """`name:type` words, and nested shapes by name."""
    pairs = (word.split(":") for word in fields.split())
    return {name: _TYPES[kind] for name, kind in pairs} | nested


PERSON = _shape(
    "person:name key:text age:text? roles:names org:text outside:bool name_commitment:hex"
)
MEMBER = _shape("person:name age:text outside:bool")
RULES = _shape("window_seconds:int key_period_seconds:int notice_seconds:int reveal_seconds:int")
WINDOW = _shape(
    "window:name camera:name start:text end:text epoch:int counter:int pk:text k:int n:int set:name"
    " class:name period:name shred:text register:int",
    shares=[_shape("i:int plain:hex sealed:hex")],
)
CAMERA_RECORD = _shape(
    "name:text place:text direction:text sees:text controller:text contact:text unit:text"
    " purpose:text valid_from:text area:text? custodian_set:name",
    kind=("pole", "mobile", "dashcam", "bodycam"),
    position=([int], _NONE),
    legal_basis=_shape("law:text article:text decision:text valid_from:text valid_to:text"),
    dpia=_shape("hash:hex date:text review_due:text"),
    contract=_shape("number:text supplier:text valid_to:text", value=(str, int)),
    retention=_shape("class:name seconds:int"),
    profile=("faces",),
    audio=(False,),
    biometric_identification=("none",),
)
BODY = {
    "founding": _shape("origin:text profile:name", rules=RULES, people=[PERSON]),
    "enrol": PERSON,
    "custodian-set": _shape("set:name k:int n:int", members=[MEMBER]),
    "camera": _shape("camera:name version:int status:name record:object"),
    "request": _shape(
        "request:name windows:names recipient:text purpose:text detail_commitment:hex expires:text"
    ),
    "release": _shape("request:hex window:name index:int resealed:hex"),
    "refusal": _shape("request:hex reason:text"),
    "opened": _shape("request:hex windows:names"),
    "hold": _shape("windows:names until:text detail_commitment:hex"),
    "start": _shape("software:text log_size:int"),
    "windows": _shape("", windows=[WINDOW]),
    "roots": _shape("node:name minute:text leaves:int cipher_root:hex plain_root:hex"),
    "act": _shape("actor:name role:name act:name detail_commitment:hex"),
    "reveal": _shape("of:int detail:object salt:text"),
    "gate": _shape("camera:name allowed:bool reason:text register:int?"),
    "opening": _shape("request:hex window:name resealed_e:hex"),
    "shred": _shape("period:name class:name due:text count:int windows:names root:hex"),
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
