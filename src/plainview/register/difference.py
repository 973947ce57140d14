"""What changes from one version of a record to the next, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """One field, by its dotted path; None stands for: not said."""

    field: str
    old: Any
    new: Any

    def line(self) -> str:
        """`purpose: "Road safety" -> "Traffic"`, `+` what is new, `-` what goes."""
        if self.old is None:
            return f"+ {self.field}: {_word(self.new)}"
        if self.new is None:
            return f"- {self.field}: {_word(self.old)}"
        return f"~ {self.field}: {_word(self.old)} -> {_word(self.new)}"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Every field that differs, by path; objects are entered, lists are compared whole."""
    return list(_changes(old, new, ""))


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        one, other = ({} if value is None else value for value in (before, after))
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _changes(one, other, f"{prefix}{name}.")
        else:
            yield Change(f"{prefix}{name}", before, after)


def _word(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
