"""What the register said and when: records in all their versions, and the register at a moment.

A version counts from its publication on: the keeper's clock when it was logged, or the statement's
own time where that is later. Both stand on the log, so a stranger gets the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, Select, func, select

from plainview.base.clock import Ms
from plainview.errors import GateClosed, NotFound, StoreDamaged
from plainview.register import tables as t
from plainview.register.answers import CameraAt, RegisterAt, Said
from plainview.register.legal import Context
from plainview.register.questions import Questions
from plainview.register.said import proposed, said_by
from plainview.tlog.entries import parse

_V = t.VERSIONS.c


class Moments(Questions):
    """Answered out of rows; whether a camera might record is the rule book's answer."""

    def records(self, kind: str | None = None) -> list[Said]:
        """Every record in its newest version, by kind and id; of one kind if wanted."""
        found = self._newest(_V.type == "record")
        return [one for one in found if kind is None or one.subject.startswith(f"{kind}/")]

    def record(self, kind: str, name: str) -> Said:
        """The newest version. Raises `NotFound`."""
        return self.record_versions(kind, name)[-1]

    def record_versions(self, kind: str, name: str) -> list[Said]:
        """All versions of a record, oldest first. Raises `NotFound`."""
        subject = f"{kind}/{name}"
        query = _versions(_V.type == "record", _V.subject == subject).order_by(_V.idx)
        found = [_said(row) for row in self._all(query)]
        if not found:
            raise NotFound(
                f"No {subject} is in the register.", hint="See: plainview register list."
            )
        return found

    def records_in_force(self, at_ms: Ms) -> dict[str, dict[str, Any]]:
        """`kind/id` -> record, of those that hold at that moment."""
        with self._follower.book() as book:
            found = {
                name: next((one for one in reversed(versions) if one.effect <= at_ms), None)
                for name, versions in book.records.items()
            }
        return {
            name: dict(one.record)
            for name, one in sorted(found.items())
            if one is not None and one.status == "active" and at_ms < one.lapses
        }

    def context(
        self,
        record: Mapping[str, Any],
        now: Ms,
        records: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Context:
        """What a camera's record is judged beside by a legal profile.

        `records` are those in force, if the caller has them already.
        """
        if records is None:
            records = self.records_in_force(now)
        with self._follower.book() as book:
            notice = book.rules.get("notice_seconds")
            group = book.sets.get(str(record.get("custodian_set")))
        if group is None:
            return Context(now, notice, records=records)
        people = [str(member["person"]) for member in group.members]
        enrolled = self._newest(_V.type == "person", _V.subject.in_(people))
        kinds = tuple(sorted({one.body["org_kind"] for one in enrolled if "org_kind" in one.body}))
        return Context(now, notice, group.k, group.n, kinds, records)

    def at(self, time_ms: Ms, camera: str | None = None) -> RegisterAt:
        """What the register said at that moment, about everything or one camera.

        Raises `NotFound` if the camera was not in the register by then.
        """
        then = _V.published_ms <= time_ms
        one = _V.subject == camera if camera else True
        cameras = [
            self._camera(said, time_ms) for said in self._newest(then, _V.type == "camera", one)
        ]
        if camera and not cameras:
            raise NotFound(f"The register did not have {camera} yet.")
        records = self._newest(then, _V.type == "record")
        sets = self._newest(then, _V.type == "custodian-set")
        if camera:
            named = _named_by(cameras[0].newest.body)
            records = [said for said in records if said.subject in named]
            sets = [said for said in sets if said.subject == _set_of(cameras[0].newest.body)]
        people = select(func.count(func.distinct(_V.subject)).label("number"))
        number = self._all(people.where(then, _V.type == "person"))[0].number
        return RegisterAt(time_ms, tuple(cameras), tuple(records), tuple(sets), number)

    def _camera(self, newest: Said, time_ms: Ms) -> CameraAt:
        with self._follower.book() as book:
            try:
                return CameraAt(newest, book.may_record(newest.subject, time_ms).version, "")
            except GateClosed as error:
                return CameraAt(newest, None, error.message)

    def _newest(self, *which: Any) -> list[Said]:
        """The newest version of each subject among those, by type and subject."""
        last = select(func.max(_V.idx).label("idx"), _V.type, _V.subject).where(*which)
        newest = last.group_by(_V.type, _V.subject).subquery()
        query = _versions().join(
            newest,
            (newest.c.idx == _V.idx)
            & (newest.c.type == _V.type)
            & (newest.c.subject == _V.subject),
        )
        return [_said(row) for row in self._all(query.order_by(_V.type, _V.subject))]


def _versions(*which: Any) -> Select[Any]:
    query = select(*t.VERSIONS.c, t.STATEMENTS.c.raw)
    return query.join(t.STATEMENTS, t.STATEMENTS.c.idx == _V.said).where(*which)


def _said(row: Row[Any]) -> Said:
    for content in said_by(proposed(parse(bytes(row.raw)))):
        if (content.type, content.subject) == (row.type, row.subject):
            return Said(
                row.type,
                row.subject,
                row.version,
                row.status,
                row.idx,
                row.said,
                row.published_ms,
                content.body,
            )
    raise StoreDamaged(
        f"register.db: entry {row.said} says nothing about {row.subject}.",
        hint="Delete register.db; it is made again.",
    )


def _named_by(record: dict[str, Any]) -> set[str]:
    """The records that a camera's record names."""
    refers = ("site", "area", "unit", "controller")
    named = {f"{kind}/{record[f'{kind}_id']}" for kind in refers if record.get(f"{kind}_id")}
    return named | set(record.get("rests_on") or ())


def _set_of(record: dict[str, Any]) -> str:
    return str(record["custodian_set"])
