"""What an import would do: for each row the difference against the register, and every fault.

Pure, but for the register that it asks. Nothing is stated unless every row is sound.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plainview.base.clock import Ms, to_iso
from plainview.errors import BadFormat, PlainviewError
from plainview.register import legal
from plainview.register.answers import Camera
from plainview.register.bulk import Row
from plainview.register.details import with_density
from plainview.register.difference import Change, differences
from plainview.register.fields import faults, in_words
from plainview.register.legal import Context
from plainview.register.legal_profile import Profile
from plainview.register.projection import Register
from plainview.register.records import CameraRecord, camera_record, check_camera_id
from plainview.register.strange import known, strange


@dataclass(frozen=True)
class Planned:
    """What one row would do; `record` is None where something is wrong with it."""

    number: int
    camera: str
    version: int
    changes: tuple[Change, ...]
    faults: tuple[str, ...]
    record: CameraRecord | None
    stream: str | None

    @property
    def changed(self) -> bool:
        return bool(self.changes)


class Planner:
    """Plans rows against one state of the register."""

    def __init__(
        self,
        register: Register,
        now: Ms,
        *,
        common: Mapping[str, Any] | None = None,
        law: str | None = None,
    ) -> None:
        """`common` fills what neither a row nor the register says; `law` names the legal profile
        of rows that name none. Raises what `Laws.find` raises."""
        self._register, self._now = register, now
        self._common = dict(common or {})
        self._known = {camera.id: camera for camera in register.cameras()}
        self._records = register.records_in_force(now)
        self._there = known(register)
        self._contexts: dict[str, Context] = {}  # by custodian set
        self._laws: dict[str, Profile | PlainviewError] = {}
        if law is not None:
            self._common["legal_profile"] = register.laws.find(law).name

    def plan(self, rows: Sequence[Row]) -> list[Planned]:
        """One plan for each row, in their order."""
        often = Counter(row.camera for row in rows)
        return [self._row(row, often[row.camera] > 1) for row in rows]

    def _row(self, row: Row, twice: bool) -> Planned:
        known = self._known.get(row.camera)
        before = known.record if known else {}
        after = with_density(with_values(filled(before, self._common), row.values))
        after.setdefault("valid_from", to_iso(self._now))
        wrong = [*row.faults, *self._faults(row.camera, known, after)]
        if twice:
            wrong.append("camera: it stands in the file more than once")
        record = None if wrong else camera_record(after)
        changes = differences(before, after if record is None else record.body())
        version = known.version + 1 if known else 1
        return Planned(
            row.number, row.camera, version, tuple(changes), tuple(wrong), record, row.stream
        )

    def _faults(self, name: str, known: Camera | None, after: Mapping[str, Any]) -> Iterator[str]:
        try:
            check_camera_id(name)
        except BadFormat as error:
            yield f"camera: {error.line()}"
        if known and known.status == "removed":
            yield f"camera: {name} was removed; register it under a new id"
        wrong = faults(CameraRecord, after)
        if wrong:
            yield from (in_words([one]) for one in wrong)
            return
        record = camera_record(dict(after))
        yield from self._strangers(record)
        yield from self._law_faults(record)

    def _strangers(self, record: CameraRecord) -> Iterator[str]:
        """What the rule book would refuse; rows before this one name classes, too."""
        self._there.classes.setdefault(record.retention.class_, record.retention.seconds)
        for field, text in strange(record.body(), self._there):
            yield f"{field}: {text}"

    def _law_faults(self, record: CameraRecord) -> Iterator[str]:
        body, law = record.body(), record.legal_profile
        profile = None if law is None else self._law(law)
        if isinstance(profile, PlainviewError):
            yield f"legal_profile: {profile.line()}"
            return
        context = self._contexts.get(record.custodian_set)
        if context is None:
            context = self._register.context(body, self._now, self._records)
            self._contexts[record.custodian_set] = context
        for one in legal.check(profile, body, context):
            if one.severity == "error":
                yield f"{one.field}: {one.message} ({one.article})"

    def _law(self, name: str) -> Profile | PlainviewError:
        if name not in self._laws:
            try:
                self._laws[name] = self._register.laws.find(name)
            except PlainviewError as error:
                self._laws[name] = error
        return self._laws[name]


def sound(plans: Iterable[Planned]) -> bool:
    """Whether nothing is wrong with any row."""
    return not any(one.faults for one in plans)


def with_values(record: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The record with values put in by dotted path; None takes a field out."""
    changed = copy.deepcopy(record)
    for path, value in values.items():
        *folders, last = path.split(".")
        inner = changed
        for name in folders:
            found = inner.get(name)
            inner[name] = found = dict(found) if isinstance(found, Mapping) else {}
            inner = found
        if value is None:
            inner.pop(last, None)
        else:
            inner[last] = value
    return changed


def filled(record: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    """The record with what it does not say taken from `common`."""
    whole = dict(common)
    for name, value in record.items():
        other = common.get(name)
        both = isinstance(value, Mapping) and isinstance(other, Mapping)
        whole[name] = filled(value, other or {}) if both else value
    return {name: value for name, value in whole.items() if value is not None}
