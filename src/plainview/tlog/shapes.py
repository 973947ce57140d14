"""What entries and their bodies hold (docs/design/interfaces.md): names and JSON types, exactly."""

from __future__ import annotations

import re
from typing import Any

from plainview.errors import BadFormat

Shape = dict[str, object]


class Open(Shape):
    """A shape that allows more names than its own."""


class Maybe(tuple[object, ...]):
    """One of these, or absent."""

    __slots__ = ()


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
    "hex~": Maybe([HEX]),
    "names~": Maybe([[NAME]]),
}


def shape(fields: str, **nested: object) -> Shape:
    """`name:type` words, and nested shapes by name."""
    pairs = (word.split(":") for word in fields.split())
    return {name: _TYPES[kind] for name, kind in pairs} | nested


ORGANISATIONS = ("operator", "supplier", "court", "authority", "university", "civil-society")
SCOPE = shape("units:names cameras:names")
PERSON = shape(
    "person:name key:text age:text? roles:names org:text outside:bool name_commitment:hex"
    " more_keys:names~", scope=Maybe([SCOPE]), org_kind=Maybe(ORGANISATIONS),
)  # fmt: skip
MEMBER = shape("person:name age:text outside:bool")
RULES = shape(
    "window_seconds:int key_period_seconds:int notice_seconds:int reveal_seconds:int",
    publishers=Maybe([1, 2]),
)
SHARE = shape("i:int plain:hex sealed:hex")
WINDOW = shape(
    "window:name camera:name start:text end:text epoch:int counter:int pk:text k:int n:int set:name"
    " class:name period:name shred:text register:int",
    shares=[SHARE],
)
STATUSES = ("active", "suspended", "removed")
DATED = ("legal-basis", "dpia", "contract")
KINDS = (*DATED, "site", "area", "unit", "controller", "supplier", "opinion", "retention", "model",
         "policy")  # fmt: skip
CAMERA_RECORD = Open(shape(
    "name:text place:text direction:text sees:text controller:text contact:text unit:text"
    " purpose:text valid_from:text area:text? custodian_set:name rests_on:names~",
    kind=("pole", "mobile", "dashcam", "bodycam"), position=([int], None),
    legal_basis=Open(shape("law:text article:text decision:text valid_from:text valid_to:text")),
    dpia=Open(shape("hash:hex date:text review_due:text")),
    contract=Open(shape("number:text supplier:text valid_to:text", value=(str, int))),
    retention=Open(shape("class:name seconds:int")),
    profile=("faces", "heads", "people", "motion"), fill=("solid", "mosaic"),
    # At most 32 polygons of 3 to 64 points (x, y), in 10,000ths of the picture's width and height.
    zones=[[[range(10_001), range(2, 3)], range(3, 65)], range(33)],
    audio=(False,), biometric_identification=("none",),
))  # fmt: skip
ENTRY = shape("type:text time:text body:object", v=1, id=ID)
STATEMENT = ENTRY | {"by": [str], "sigs": dict}
BODY = {
    "founding": shape("origin:text profile:name", rules=RULES, people=[PERSON]),
    "enrol": PERSON,
    "custodian-set": shape("set:name k:int n:int", members=[MEMBER]),
    "camera": shape("camera:name version:int record:object", status=STATUSES),
    "record": shape("id:name version:int record:object", kind=KINDS, status=("active", "revoked")),
    "propose": shape("type:name body:object"),
    "approve": shape("proposal:hex"),
    "objection": shape("camera:name version:int commitment:hex"),
    "answer": shape("text:text", objections=[int], outcome=("upheld", "partly", "rejected")),
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
    "act": shape("actor:name role:name act:name detail_commitment:hex policy:hex~"),
    "reveal": shape("of:int detail:object salt:text"),
    "gate": shape("camera:name allowed:bool reason:text register:int?"),
    "redaction": shape("node:name software:text models:object settings:object"),
    "opening": shape("request:hex window:name resealed_e:hex"),
    "shred": shape("period:name class:name due:text count:int windows:names root:hex"),
}


def check_shape(value: Any, shape: Shape, what: str) -> None:
    """`value` has exactly the names of `shape`, each of its type; raises `BadFormat`."""
    if not isinstance(value, dict) or (value.keys() != shape.keys() and not _named(value, shape)):
        raise BadFormat(f"{what} has not exactly the fields {', '.join(shape)}.")
    for name, given in value.items():
        kind = shape.get(name, object)
        if type(given) is not kind and not _fits(given, kind, name):
            raise BadFormat(f"{what}: {name} is not what it must be.")


def _named(value: dict[str, Any], shape: Shape) -> bool:
    """No name is missing that must be there, and none is there that may not."""
    missing = all(isinstance(shape[name], Maybe) for name in shape.keys() - value.keys())
    return missing and (isinstance(shape, Open) or value.keys() <= shape.keys())


def _fits(value: object, kind: object, name: str) -> bool:
    """A list is `[kind of its items]`, or with a range behind it of so many items."""
    if isinstance(kind, type):
        return type(value) is kind or kind is object
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
