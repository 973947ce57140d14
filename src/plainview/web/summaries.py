"""A statement in plain words, shown before it is signed: every field of it, none left out.

The words come from this server, and what is signed is the document's hash. A server that was
broken into can show other words; docs/design/threat-model.md says what limits that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from plainview.base.ids import unb64
from plainview.errors import BadFormat, NotFound
from plainview.tlog.entries import key_id
from plainview.web.catalogue import Catalogue
from plainview.web.context import Web
from plainview.web.proposals import proposal_of

Line = dict[str, str]
KEYS = ("key", "more_keys")
FIRST = ("person", "roles", "org", "camera", "kind", "id", "set", "version", "status")
"""What says of whom or what a statement is; the rest follows in the document's order."""


def summary(web: Web, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """`{title, lines: [{label, value}]}`. Raises `NotFound` for a proposal that does not wait."""
    lines: list[Line] = []
    verb, inner_kind, inner = "state", kind, body
    if kind == "propose":
        verb, inner_kind, inner = "propose", str(body["type"]), body["body"]
    elif kind == "approve":
        found = proposal_of(web, body["proposal"])
        verb, inner_kind, inner = "approve", found.type, found.body
        lines.append(_line(web.t, "proposed_by", _named(web, found.person)))
        lines.append(_line(web.t, "proposal", found.hash))
    title = web.t(f"statement.{verb}", what=web.t(f"statement.what.{inner_kind}"))
    return {"title": title, "lines": [*lines, *_lines(web, inner)]}


def _lines(web: Web, body: dict[str, Any]) -> Iterator[Line]:
    """One line a field; fields inside fields as `outer, inner`."""
    for name, value in sorted(body.items(), key=lambda one: _place(one[0])):
        if name == "person" and isinstance(value, str):
            yield _line(web.t, name, _named(web, value))
        elif name in KEYS:
            yield _line(web.t, name, _key_ids(value))
        elif isinstance(value, dict):
            for line in _lines(web, value):
                label = f"{_label(web.t, name)}: {line['label']}"
                yield {"label": label, "value": line["value"]}
        else:
            yield _line(web.t, name, _said(web, name, value))


def _place(name: str) -> int:
    return FIRST.index(name) if name in FIRST else len(FIRST)


def _line(t: Catalogue, name: str, value: str) -> Line:
    return {"label": _label(t, name), "value": value}


def _label(t: Catalogue, name: str) -> str:
    key = f"statement.field.{name}"
    return t(key) if t.has(key) else name.replace("_", " ").capitalize()


def _said(web: Web, name: str, value: object) -> str:
    if value is None or value in ([], ""):
        return web.t("statement.none")
    if isinstance(value, bool):
        return web.t("site.yes" if value else "site.no")
    if isinstance(value, list):
        return ", ".join(_said(web, name, one) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{line['label']} {line['value']}" for line in _lines(web, value))
    words = f"statement.{name}.{value}"
    return web.t(words) if isinstance(value, str) and web.t.has(words) else str(value)


def _key_ids(value: Any) -> str:
    """Ids that people can compare, instead of keys."""
    keys = value if isinstance(value, list) else [value]
    try:
        return ", ".join(key_id(unb64(one)) for one in keys)
    except BadFormat:
        return str(value)


def _named(web: Web, person: str) -> str:
    """A name where it is known here, and the id, which is what the log will say."""
    asked = {one.card["person"]: one.asked for one in web.people.invitations.listed() if one.card}
    try:
        name = web.register.person(person).name
    except NotFound:
        name = asked[person].name if person in asked else None
    return f"{name} ({person})" if name else person
