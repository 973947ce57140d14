"""The fields of each kind of record, as an editor asks for them: one question a field."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from plainview.register.kind_templates import kind_template
from plainview.register.kinds import KINDS, check_kind

LONG_FROM = 1_000
"""A text of this many characters and more is written in several lines."""
_LINE = re.compile(r"^(?:# )?([a-z_]+) = .*?(?:\s# (.*))?$")
_MORE = re.compile(r"^\s+# (.*)$")


@cache
def fields_of(kind: str) -> tuple[dict[str, Any], ...]:
    """`{field, type, required, choices, help}` of each field, in their order.

    `type`: text, long, number, yesno, choice, moment, hash, or json for what has parts. Raises
    `BadFormat` for a kind that there is not.
    """
    check_kind(kind)
    schema = KINDS[kind].model_json_schema(by_alias=True)
    helps, needed = _helps(kind), set(schema.get("required", ()))
    # When a record holds is asked last, as in the templates.
    named = sorted(schema["properties"].items(), key=lambda one: one[0].startswith("valid_"))
    return tuple(
        {
            "field": name,
            "type": _type(name, _inner(said)),
            "required": name in needed,
            "choices": _choices(_inner(said)),
            "help": helps.get(name, ""),
        }
        for name, said in named
    )


def _inner(said: dict[str, Any]) -> dict[str, Any]:
    """The schema of a value that may be left out."""
    options = [one for one in said.get("anyOf", ()) if one.get("type") != "null"]
    return options[0] if options else said


def _type(name: str, said: dict[str, Any]) -> str:
    if _choices(said):
        return "choice"
    if name in ("valid_from", "valid_to", "date"):
        return "moment"
    plain = {"boolean": "yesno", "integer": "number"}.get(str(said.get("type")))
    if plain:
        return plain
    if said.get("type") != "string":
        return "json"
    if str(said.get("pattern", "")).startswith("^[0-9a-f]{64}"):
        return "hash"
    return "long" if said.get("maxLength", 0) >= LONG_FROM else "text"


def _choices(said: dict[str, Any]) -> list[str]:
    return [said["const"]] if "const" in said else list(said.get("enum", ()))


def _helps(kind: str) -> dict[str, str]:
    """The comments of the kind's template, by field."""
    found: dict[str, str] = {}
    last = ""
    for line in kind_template(kind).splitlines():
        if match := _LINE.match(line):
            last = match[1]
            found[last] = match[2] or ""
        elif match := _MORE.match(line):
            found[last] = f"{found[last]} {match[1]}"
    return found
