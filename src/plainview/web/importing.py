"""Many cameras out of one file in the browser: what it would change, then a draft for each change.

The same reading and planning as `plainview register import`. Nothing is published from here: a
draft is proposed and approved like any other. Addresses of streams are not taken: they are
nobody's business but the recorder's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plainview.errors import BadFormat, Forbidden, Refused
from plainview.register.answers import Camera
from plainview.register.bulk import Row, rows_in
from plainview.register.bulk_plan import Planned, Planner, sound
from plainview.web.context import Web
from plainview.web.drafts import CAMERA, Draft, Start, to_change
from plainview.web.permissions import Permission
from plainview.web.sessions import SignedIn

LARGEST = 1_000_000
"""Bytes of a file."""


@dataclass(frozen=True)
class Plan:
    """What a file would do. `kept` are cameras of which the reader has a draft, which stays."""

    rows: Sequence[Row]
    planned: Sequence[Planned]
    known: Mapping[str, Camera]
    kept: frozenset[str]

    def state(self, one: Planned) -> str:
        """`wrong`, `unchanged`, `changed` or `new`."""
        if one.faults:
            return "wrong"
        if one.camera not in self.known:
            return "new"
        return "changed" if one.changed else "unchanged"

    def as_json(self) -> dict[str, Any]:
        """For the page; what is wrong is not repeated, it may be anything."""
        return {
            "rows": [self._row(one) for one in self.planned],
            "streams": sum(one.stream is not None for one in self.planned),
            "sound": sound(self.planned),
        }

    def _row(self, one: Planned) -> dict[str, Any]:
        changes = [] if one.record is None else one.changes
        return {
            "row": one.number,
            "camera": one.camera[:80],
            "name": "" if one.record is None else one.record.name,
            "version": one.version,
            "state": self.state(one),
            "changes": [
                {"field": change.field, "old": change.old, "new": change.new} for change in changes
            ],
            "faults": [fault[:400] for fault in one.faults],
            "draft": one.camera in self.kept,
        }


def planned(web: Web, session: SignedIn, name: str, data: bytes, law: str) -> Plan:
    """What a file would do. Raises `BadFormat`, and `NotFound` for a law that there is none."""
    if len(data) > LARGEST:
        raise BadFormat(
            f"The file has more than {LARGEST:,} bytes.",
            hint="Split it, or use: plainview register import.",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFormat("The file is not UTF-8 text.", hint="Save it as CSV, UTF-8.") from error
    rows = rows_in(text, name)
    plans = Planner(web.register, web.now(), law=law or None).plan(rows)
    known = {camera.id: camera for camera in web.register.cameras()}
    kept = frozenset(one.subject for one in web.drafts.of(session.person) if one.kind == CAMERA)
    return Plan(rows, [_scoped(web, session, one) for one in plans], known, kept)


def _scoped(web: Web, session: SignedIn, one: Planned) -> Planned:
    """The same, wrong if the camera is none of the reader's."""
    if one.record is None:
        return one
    try:
        where = web.rights.written(one.camera, one.record.body())
        web.rights.check(session, Permission.REGISTER_DRAFT, where)
    except Forbidden as error:
        faults = (f"camera: {error.message}",)
        return Planned(one.number, one.camera, one.version, (), faults, None, one.stream)
    return one


def begun(web: Web, session: SignedIn, plan: Plan) -> list[Draft]:
    """A draft for each row that changes something, all or none.

    Raises `Refused` while a row is wrong, or if there would be too many drafts.
    """
    if not sound(plan.planned):
        raise Refused("Something is wrong with the file.", hint="Mend it and choose it again.")
    given = {row.camera: row.values for row in plan.rows}
    starts = [
        Start(CAMERA, one.camera, one.version - 1, _record(one, given[one.camera]))
        for one in plan.planned
        if one.changed and one.camera not in plan.kept
    ]
    return web.drafts.begin_all(session.person, starts)


def _record(one: Planned, given: dict[str, Any]) -> dict[str, Any]:
    assert one.record is not None  # noqa: S101 - every row is sound
    started = to_change(CAMERA, one.record.body())
    if given.get("valid_from"):
        started["valid_from"] = given["valid_from"]
    return started
