"""The message catalogue: every text of the pages, one TOML file a language (`messages/en.toml`).

    [cameras]
    title = "Which cameras film here, and why?"
    recording = { one = "1 records now", other = "{n} record now" }

`t("cameras.recording", n=3)`. A key that is missing is an error, not an empty string.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from plainview.errors import NotFound

FOLDER = Path(__file__).parent / "messages"


class Catalogue:
    """The texts of one language."""

    def __init__(self, texts: dict[str, Any]) -> None:
        self._texts = texts
        self._known: dict[str, Any] = {}  # found before: a page asks for hundreds of texts

    def __call__(self, key: str, /, **values: object) -> str:
        """The text under `key` with `{names}` filled in. Raises `NotFound`."""
        text = self._find(key)
        if isinstance(text, dict):
            text = text["one" if values.get("n") == 1 else "other"]
        return str(text).format(**values)

    def has(self, key: str) -> bool:
        """Whether there is a text, for lists that others extend (kinds of entries)."""
        try:
            self._find(key)
        except NotFound:
            return False
        return True

    def _find(self, key: str) -> Any:
        if key in self._known:
            return self._known[key]
        found: Any = self._texts
        for part in key.split("."):
            if not isinstance(found, dict) or part not in found:
                raise NotFound(f"No text for {key!r}.", hint="Add it to web/messages/en.toml.")
            found = found[part]
        self._known[key] = found
        return found

    def names(self) -> list[str]:
        """All keys, plural forms as one."""
        return sorted(_keys(self._texts, ""))


def _keys(texts: dict[str, Any], prefix: str) -> list[str]:
    found: list[str] = []
    for name, value in texts.items():
        if isinstance(value, dict) and set(value) != {"one", "other"}:
            found += _keys(value, f"{prefix}{name}.")
        else:
            found.append(f"{prefix}{name}")
    return found


@cache
def catalogue(language: str = "en") -> Catalogue:
    """The catalogue of a language."""
    return Catalogue(tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8")))
