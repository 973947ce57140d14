"""What recorders said on the log about what they redact with, and since when it is the same."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

from plainview.base.clock import Ms
from plainview.base.ids import sha256_hex
from plainview.base.software import stated
from plainview.register.projection import Register
from plainview.tlog.entries import canonical, parse

SCAN = 500
"""Entries read for one page at most; the rest follows with the next."""


@dataclass(frozen=True)
class Running:
    """The newest word of one node, in entry `entry` of `time`.

    `since` is when it first said the same models and settings without saying others since;
    `settings_hash` is the SHA-256 of their canonical JSON.
    """

    node: str
    entry: int
    time: Ms
    since: Ms
    since_entry: int
    version: str
    software: str
    models: dict[str, str]
    settings: dict[str, str]
    settings_hash: str

    def same(self, other: Running) -> bool:
        """Whether models and settings are those of `other`."""
        return (self.models, self.settings_hash) == (other.models, other.settings_hash)


class Redactions:
    """Follows the log's `redaction` entries."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._lock = threading.Lock()
        self._next = 0
        self._nodes: dict[str, Running] = {}

    def now(self) -> list[Running]:
        """The newest word of each node, by name."""
        with self._lock:
            for index in self._register.of_type("redaction", after=self._next, limit=SCAN):
                self._take(index)
                self._next = index + 1
            return [self._nodes[node] for node in sorted(self._nodes)]

    def _take(self, index: int) -> None:
        entry = parse(self._register.raw(index))
        said = _running(index, entry.time, entry.body)
        before = self._nodes.get(said.node)
        if before is not None and said.same(before):
            said = replace(said, since=before.since, since_entry=before.since_entry)
        self._nodes[said.node] = said


def _running(index: int, time: Ms, body: dict[str, Any]) -> Running:
    version, software = stated(body["software"]) or ("", "")
    return Running(
        node=body["node"],
        entry=index,
        time=time,
        since=time,
        since_entry=index,
        version=version,
        software=software,
        models={name: str(hash) for name, hash in body["models"].items()},
        settings={name: str(value) for name, value in body["settings"].items()},
        settings_hash=sha256_hex(canonical(body["settings"])),
    )
