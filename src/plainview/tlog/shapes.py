"""What entries and their bodies hold (docs/design/interfaces.md): names and JSON types, exactly."""

from __future__ import annotations

import re
from typing import Any

from plainview.errors import BadFormat

Shape = dict[str, object]

HEX = re.compile("[0-9a-f]{64}")  # a SHA-256
ID = re.compile("[0-9a-f]{32}")
NAME = re.compile(r"\S{1,100}")

_TYPES: dict[str, object] = {
    "text": str,
    "int": int,
    "bool": bool,
    "object": dict,
    "hex": HEX,
    "name": NAME,
    "names": [NAME],
    "text?": (str, None),
    "int?": (int, None),
}


def shape(fields: str, **nested: object) -> Shape:
    """`name:type` words, and nested shapes by name."""
    pairs = (word.split(":") for word in fields.split())
    return {name: _TYPES[kind] for name, kind in pairs} | nested


PERSON = shape(
    "person:name key:text age:text? roles:names org:text outside:bool name_commitment:hex"
)
MEMBER = shape("person:name age:text outside:bool")
RULES = shape("window_seconds:int key_period_seconds:int notice_seconds:int reveal_seconds:int")
SHARE = shape("i:int plain:hex sealed:hex")
WINDOW = shape(
    "window:name camera:name start:text end:text epoch:int counter:int pk:text k:int n:int set:name"
    " class:name period:name shred:text register:int",
    shares=[SHARE],
)
STATUSES = ("active", "suspended", "removed")
CAMERA_RECORD = shape(
    "name:text place:text direction:text sees:text controller:text contact:text unit:text"
    " purpose:text valid_from:text area:text? custodian_set:name",
    kind=("pole", "mobile", "dashcam", "bodycam"), position=([int], None),
    legal_basis=shape("law:text article:text decision:text valid_from:text valid_to:text"),
    dpia=shape("hash:hex date:text review_due:text"), retention=shape("class:name seconds:int"),
    contract=shape("number:text supplier:text valid_to:text", value=(str, int)),
    profile=("faces", "heads", "people", "motion"), fill=("solid", "mosaic"),
    # At most 32 polygons of 3 to 64 points (x, y), in 10,000ths of the picture's width and height.
    zones=[[[range(10_001), range(2, 3)], range(3, 65)], range(33)],
    audio=(False,), biometric_identification=("none",),
)  # fmt: skip
ENTRY = shape("type:text time:text body:object", v=1, id=ID)
STATEMENT = ENTRY | {"by": [str], "sigs": dict}
BODY = {
    "founding": shape("origin:text profile:name", rules=RULES, people=[PERSON]),
    "enrol": PERSON,
    "custodian-set": shape("set:name k:int n:int", members=[MEMBER]),
    "camera": shape("camera:name version:int record:object", status=STATUSES),
    "request": shape(
        "request:name windows:names recipient:text purpose:text detail_commitment:hex expires:text"
    ),
    "release": shape("request:hex window:name index:int resealed:hex"),
    "refusal": shape("request:hex reason:text"),
    "opened": shape("request:hex windows:names"),
    "hold": shape("windows:names until:text detail_commitment:hex"),
    "start": shape("software:text log_size:int"),
    "windows": shape("", windows=[WINDOW]),
    "roots": shape("node:name minute:text leaves:int cipher_root:hex plain_root:hex"),
    "act": shape("actor:name role:name act:name detail_commitment:hex"),
    "reveal": shape("of:int detail:object salt:text"),
    "gate": shape("camera:name allowed:bool reason:text register:int?"),
    "redaction": shape("node:name software:text models:object settings:object"),
    "opening": shape("request:hex window:name resealed_e:hex"),
    "shred": shape("period:name class:name due:text count:int windows:names root:hex"),
}


def check_shape(value: Any, shape: Shape, what: str) -> None:
    """`value` has exactly the names of `shape`, each of its type; raises `BadFormat`."""
    if not isinstance(value, dict) or value.keys() != shape.keys():
        raise BadFormat(f"{what} has not exactly the fields {', '.join(shape)}.")
    for name, kind in shape.items():
        if type(value[name]) is not kind and not _fits(value[name], kind, name):
            raise BadFormat(f"{what}: {name} is not what it must be.")


def _fits(value: object, kind: object, name: str) -> bool:
    """A list is `[kind of its items]`, or with a range behind it of so many items."""
    if isinstance(kind, type):
        return type(value) is kind
    if isinstance(kind, re.Pattern):
        return isinstance(value, str) and kind.fullmatch(value) is not None
    if isinstance(kind, range):
        return type(value) is int and value in kind
    if isinstance(kind, list) and isinstance(value, list):
        sized = all(len(value) in size for size in kind[1:])
        return sized and all(_fits(item, kind[0], name) for item in value)
    if isinstance(kind, tuple):
        return any(_fits(value, option, name) for option in kind)
    if isinstance(kind, dict):
        check_shape(value, kind, name)
        return True
    return type(value) is type(kind) and value == kind
