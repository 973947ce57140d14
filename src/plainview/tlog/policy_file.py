"""The file of a trust policy (c2sp.org/tlog-policy): which log, which witnesses, which quorum.

The keeper needs no more of it; `policy` checks checkpoints by it, for everybody who reads the log.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Self

from plainview.errors import BadFormat
from plainview.tlog.notes import COSIGNATURE, ED25519, Verifier


class PolicyFile:
    """`groups[name] = (k, members)`; `quorum` is a witness, a group, or `none`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.logs: list[Verifier] = []
        self.witnesses: dict[str, Verifier] = {}
        self.urls: dict[str, str] = {}
        self.groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.quorum = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a policy file; raises `BadFormat` naming the line."""
        if any(char < " " and char not in "\t\n" for char in text):
            raise BadFormat("the policy has control characters.")
        reading = cls(text)
        for number, line in enumerate(text.split("\n"), 1):
            words = [word for word in line.replace("\t", " ").split(" ") if word]
            if words and not words[0].startswith("#"):
                try:
                    reading._take_line(words)
                except BadFormat as error:
                    raise BadFormat(f"policy, line {number}: {error.message}") from error
        if not reading.quorum or not reading.logs:
            raise BadFormat("the policy needs a log and exactly one quorum line.")
        return reading

    def reached(self, seen: Collection[str], name: str | None = None) -> bool:
        """Whether the witnesses in `seen` make up the quorum (or the group `name`)."""
        name = self.quorum if name is None else name
        if name not in self.groups:
            return name == "none" or name in seen
        k, members = self.groups[name]
        return sum(self.reached(seen, member) for member in members) >= k

    def _take_line(self, words: list[str]) -> None:
        """One line; raises `BadFormat`."""
        match words:
            case ["log", vkey, *url] if len(url) < 2:
                self.logs.append(self._key(vkey, ED25519))
            case ["witness", name, vkey, *url] if len(url) < 2:
                self._new(name)
                self.witnesses[name] = self._key(vkey, COSIGNATURE)
                self.urls.update((name, address) for address in url)
            case ["group", name, count, *members] if members:
                self._new(name)
                self.groups[name] = (_count(count, len(members)), self._take(members))
            case ["quorum", name] if not self.quorum and (name == "none" or self._has(name)):
                self.quorum = name
            case _:
                raise BadFormat(f"{' '.join(words)[:100]!r} is not understood.")

    def _key(self, vkey: str, kind: int) -> Verifier:
        known = Verifier.parse(vkey)
        before = [*self.logs, *self.witnesses.values()]
        if known.kind != kind or any(known.public == other.public for other in before):
            raise BadFormat("a key of the wrong type, or a key named twice.")
        return known

    def _has(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _new(self, name: str) -> None:
        if name == "none" or self._has(name):
            raise BadFormat(f"the name {name!r} is taken.")

    def _take(self, members: list[str]) -> tuple[str, ...]:
        """Names for a group: each is known, and in no other group."""
        grouped = [*members, *(name for _, group in self.groups.values() for name in group)]
        for name in members:
            if not self._has(name) or grouped.count(name) > 1:
                raise BadFormat(f"{name!r} is unknown or already in a group.")
        return tuple(members)


def _count(text: str, size: int) -> int:
    """How many of `size` members a group needs; raises `BadFormat`."""
    number = {"any": "1", "all": str(size)}.get(text, text)
    if not re.fullmatch("[0-9]{1,9}", number) or not 1 <= int(number) <= size:
        raise BadFormat(f"a group of {size} cannot need {text!r}.")
    return int(number)
