"""The register as a whole, kept ready for pages that many read: lines of cameras, and their gate.

It is made again when statements change the register or a gate's answer ends, and then only for what
has changed. While one thread makes it the others read the one before, which is seconds old at most.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from plainview.base.clock import LATEST, Ms
from plainview.errors import GateClosed
from plainview.register.listing import SHARED, Listed, listed, shared_names
from plainview.tlog.history import History, Version, moment

if TYPE_CHECKING:
    from plainview.register.projection import Register

RESTS = 10
"""It is made again after this many times the time that it took, at the earliest."""
SLICE = 500
"""Cameras judged while the rule book is held."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate's answer: yes or no, and when to ask again."""

    allowed: bool
    ends: Ms


@dataclass(frozen=True)
class Group:
    """What cameras share, such as a contract: its name and theirs, in the order of the list."""

    name: str
    cameras: tuple[Listed, ...]


@dataclass(frozen=True)
class View:
    """The register at one moment. `groups` by kind (`SHARED`) and slug; none is ever changed.

    `standing` are the cameras without those that were removed. `contested` are (camera, index of a
    version) with objections that wait.
    """

    cameras: tuple[Listed, ...]
    standing: tuple[Listed, ...]
    by_id: dict[str, Listed]
    gates: dict[str, Gate]
    groups: dict[str, dict[str, Group]]
    records: dict[str, list[Version]]
    contested: frozenset[tuple[str, int]]
    ends: Ms
    _versions: dict[str, Sequence[Version]]

    @cached_property
    def placed(self) -> tuple[Listed, ...]:
        """Standing cameras that have a position."""
        return tuple(line for line in self.standing if line.position is not None)

    def versions(self, camera: str) -> Sequence[Version]:
        """All versions of a camera as the rule book has them; none of an unknown one."""
        return self._versions.get(camera, ())

    def record(self, camera: str) -> Mapping[str, Any]:
        """The record of a camera in the version of its line: in force, else the newest."""
        return self._versions[camera][self.by_id[camera].version - 1].record

    def later(self, camera: str) -> Sequence[Version]:
        """Newer versions than that of its line, oldest first: announced, contested or refused."""
        return self.versions(camera)[self.by_id[camera].version :]


_Known = tuple[Sequence[Version], Listed, Gate]


class Overview:
    """Threads may share it."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._making = threading.Lock()
        self._stamp: object = None
        self._view: View | None = None
        self._due = 0.0
        self._known: dict[str, _Known] = {}
        self._records: dict[str, list[Version]] = {}
        self._contested: frozenset[tuple[str, int]] = frozenset()

    def view(self, now: Ms) -> View:
        """The register as it is now, or was a moment ago while it is being made."""
        stamp, view = self._register.stamp(), self._view
        if view is not None and stamp == self._stamp and now < view.ends:
            return view
        if view is not None and time.monotonic() < self._due:
            return view
        if not self._making.acquire(blocking=view is None):
            assert view is not None  # noqa: S101 - else it had waited
            return view
        try:
            return self._make(now)
        finally:
            self._making.release()

    def _make(self, now: Ms) -> View:
        begun, stamp = time.monotonic(), self._register.stamp()
        if self._view is not None and stamp == self._stamp and now < self._view.ends:
            return self._view  # somebody else has just made it
        with self._register.book() as book:
            cameras, records = dict(book.cameras), dict(book.records)
            contested = frozenset(book.contested.values())
        changed = records != self._records
        doubtful = {camera for camera, _ in contested | self._contested}
        again = []
        for name, versions in cameras.items():
            known = self._known.get(name)
            if (
                changed
                or known is None
                or known[0] is not versions
                or now >= known[2].ends
                or name in doubtful
            ):
                again.append(name)
        self._judge(again, records, now)
        self._records, self._contested, self._stamp = records, contested, stamp
        self._view = _assembled(self._known, records, contested)
        self._due = time.monotonic() + RESTS * (time.monotonic() - begun)
        return self._view

    def _judge(self, names: list[str], records: dict[str, list[Version]], now: Ms) -> None:
        """Lines and gates of these cameras, in slices: others need the rule book, too."""
        for first in range(0, len(names), SLICE):
            with self._register.book() as book:
                for name in names[first : first + SLICE]:
                    versions = book.cameras[name]
                    number, gate = _gate(book, name, now)
                    line = listed(name, versions[number - 1], records)
                    self._known[name] = versions, line, gate


def _gate(book: History, name: str, now: Ms) -> tuple[int, Gate]:
    """The version that allows recording, else the newest; and the gate's answer."""
    versions = book.cameras[name]
    try:
        found = book.may_record(name, now)
    except GateClosed:
        newest = versions[-1]
        times = [*_effects(book, newest, versions), *_begins(versions)]
        return newest.version, Gate(False, min((t for t in times if t > now), default=LATEST))
    if found.until > now:
        return found.version, Gate(True, found.until)
    # A newer version's time has come, but an objection to it waits, or was upheld.
    times = [time for time in _effects(book, found, versions) if time > now]
    return found.version, Gate(True, min([found.lapses, *times]))


def _effects(book: History, shown: Version, versions: Sequence[Version]) -> list[Ms]:
    """When versions of a camera, and of the records that the shown one rests on, take effect."""
    rests = (book.records.get(name, []) for name in shown.record.get("rests_on", ()))
    return [version.effect for one in (versions, *rests) for version in one]


def _begins(versions: Sequence[Version]) -> list[Ms]:
    """From when their legal bases and assessments allow anything."""
    said = [version.record for version in versions]
    days = [(one["legal_basis"]["valid_from"], one["dpia"]["date"]) for one in said]
    return [moment(day) for pair in days for day in pair]


def _assembled(
    known: dict[str, _Known],
    records: dict[str, list[Version]],
    contested: frozenset[tuple[str, int]],
) -> View:
    cameras = tuple(sorted((line for _, line, _ in known.values()), key=lambda line: line.sort))
    gates = {name: gate for name, (_, _, gate) in known.items()}
    gathered: dict[str, dict[str, list[Listed]]] = {kind: {} for kind in SHARED}
    for line in cameras:
        for kind, slug in zip(SHARED, line.shared, strict=True):
            if slug:
                gathered[kind].setdefault(slug, []).append(line)
    groups = {
        kind: {
            slug: Group(_name(kind, slug, lines[0], known, records), tuple(lines))
            for slug, lines in found.items()
        }
        for kind, found in gathered.items()
    }
    _without_cameras(groups, records)
    ends = min((gate.ends for gate in gates.values()), default=LATEST)
    by_id = {line.id: line for line in cameras}
    versions = {name: versions for name, (versions, _, _) in known.items()}
    standing = tuple(line for line in cameras if line.status != "removed")
    return View(cameras, standing, by_id, gates, groups, records, contested, ends, versions)


def _name(
    kind: str,
    slug: str,
    line: Listed,
    known: dict[str, _Known],
    records: dict[str, list[Version]],
) -> str:
    """What its record is called, else what the first camera that shares it calls it."""
    versions = records.get(f"{kind}/{slug}")
    called = _called(kind, versions[-1]) if versions else ""
    said = known[line.id][0][line.version - 1].record
    return called or shared_names(said)[SHARED.index(kind)]


def _called(kind: str, version: Version) -> str:
    record = version.record
    if kind == "contract":
        return str(record.get("number", ""))
    if kind == "legal-basis":
        return f"{record.get('law', '')}, {record.get('article', '')}"
    return str(record.get("name", ""))


def _without_cameras(
    groups: dict[str, dict[str, Group]], records: dict[str, list[Version]]
) -> None:
    """Records that no camera shares have their page as well."""
    for name, versions in records.items():
        kind, _, slug = name.partition("/")
        if kind in groups and slug not in groups[kind]:
            groups[kind][slug] = Group(_called(kind, versions[-1]) or slug, ())


def counted(lines: Iterable[Listed]) -> dict[str, int]:
    """How many cameras of each kind, without those removed."""
    found: dict[str, int] = {}
    for one in lines:
        if one.status != "removed":
            found[one.kind] = found.get(one.kind, 0) + 1
    return found
