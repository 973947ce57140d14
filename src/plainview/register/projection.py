"""The register: what the log says about cameras, people, keys and requests, ready to be asked.

The log is the truth and `tlog.history` the rule book; this is a projection that answers quickly
with 100,000 entries and more. Seam: docs/design/interfaces.md, "`register` and `cases` in Python".
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Self

from plainview.base.clock import Ms
from plainview.base.ids import b64
from plainview.base.settings import Settings
from plainview.errors import NotFound
from plainview.register.answers import Camera, PersonOnLog, SetOnLog
from plainview.register.follow import Follower
from plainview.register.legal_profile import DEMO, Laws
from plainview.register.moments import Moments
from plainview.register.private import Names
from plainview.tlog.entries import key_id
from plainview.tlog.history import CustodianSet, History, Person, Proposal, Version


class Register(Moments):
    """Threads may share it; close it after use."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(Follower(settings))
        self._names = Names(settings.data)
        self._laws_dir = settings.laws_dir
        self._laws: Laws | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._follower.close()

    def sync(self) -> int:
        """Apply what is new on the log; how many entries. Raises `LogAway`."""
        return self._follower.sync()

    def book(self) -> AbstractContextManager[History]:
        """The rule book itself, to read many things at once; hold it for milliseconds only."""
        return self._follower.book()

    def stamp(self) -> tuple[int, int]:
        """Changes whenever a statement or an objection does, and seldom besides."""
        with self._follower.book() as book:
            return len(book.statements), len(book.contested)

    @property
    def size(self) -> int:
        """How many entries were applied."""
        with self._follower.book() as book:
            return book.size

    def rules(self) -> dict[str, int]:
        """`window_seconds`, `key_period_seconds`, `notice_seconds`, `reveal_seconds`."""
        with self._follower.book() as book:
            return dict(book.rules)

    def origin(self) -> str:
        """The log's name, from its founding entry; empty before it."""
        with self._follower.book() as book:
            return book.origin

    @property
    def laws(self) -> Laws:
        """The legal profiles here; `demo` where the log was founded as a demonstration's."""
        if self._laws is None:
            if self.size == 0:
                return Laws(self._laws_dir, demo=False)
            demo = self.stated(0).body["profile"] == DEMO
            self._laws = Laws(self._laws_dir, demo=demo)
        return self._laws

    def may_record(self, camera: str, at: Ms) -> Version:
        """The gate: by which version, and until when. Raises `GateClosed` with the reason."""
        with self._follower.book() as book:
            return book.may_record(camera, at)

    def cameras(self) -> list[Camera]:
        """Every camera in its newest version, by id."""
        with self._follower.book() as book:
            newest = {name: versions[-1] for name, versions in sorted(book.cameras.items())}
        times = self._times([version.index for version in newest.values()])
        return [_camera(name, version, times) for name, version in newest.items()]

    def camera(self, name: str) -> Camera:
        """The newest version. Raises `NotFound`."""
        return self.versions(name)[-1]

    def versions(self, name: str) -> list[Camera]:
        """All versions of a camera, oldest first. Raises `NotFound`."""
        with self._follower.book() as book:
            versions = list(book.cameras.get(name, ()))
        if not versions:
            raise NotFound(
                f"No camera {name} is in the register.", hint="See: plainview camera list."
            )
        times = self._times([version.index for version in versions])
        return [_camera(name, version, times) for version in versions]

    def published(self, name: str) -> list[Version]:
        """The same as the rule book has them, out of memory; none of an unknown camera."""
        with self._follower.book() as book:
            return list(book.cameras.get(name, ()))

    def ends(self) -> dict[str, Ms | None]:
        """When each record (`kind/id`) in its newest version ends; None if it does not say."""
        with self._follower.book() as book:
            newest = {name: versions[-1] for name, versions in book.records.items()}
        return {
            name: one.lapses if "valid_to" in one.record else None for name, one in newest.items()
        }

    def proposals(self) -> dict[str, Proposal]:
        """What waits for a second person, by the hash of its entry; some may have ended."""
        with self._follower.book() as book:
            return dict(book.proposals)

    def people(self) -> list[PersonOnLog]:
        """Everybody enrolled, by id."""
        with self._follower.book() as book:
            people = sorted(book.people.values(), key=lambda person: person.id)
        names, orgs = self._names.all(), self._orgs({person.index for person in people})
        return [_person(one, orgs[one.id, one.index], names.get(one.id)) for one in people]

    def person(self, name: str) -> PersonOnLog:
        """Raises `NotFound`."""
        with self._follower.book() as book:
            found = book.people.get(name)
        return self._known(found, name)

    def person_by_key(self, key: str) -> PersonOnLog:
        """Who holds the key with this id (16 hex digits) now, with that key. Raises `NotFound`."""
        with self._follower.book() as book:
            found = book.keys.get(key)
        person = self._known(found, key)
        held = next(one for one in found.keys if key_id(one) == key) if found else b""
        return replace(person, key=b64(held), key_id=key)

    def enrolled_after(self, person: str, index: int) -> bool:
        """Whether somebody was enrolled anew behind the entry `index`: an enrolment proposed there
        would bring back keys and roles that were taken away since."""
        with self._follower.book() as book:
            found = book.people.get(person)
        return found is not None and found.index > index

    def sets(self) -> list[SetOnLog]:
        """Every custodian set in its newest version."""
        with self._follower.book() as book:
            return [_set(one) for _, one in sorted(book.sets.items())]

    def custodian_set(self, name: str) -> SetOnLog:
        """Raises `NotFound`."""
        with self._follower.book() as book:
            found = book.sets.get(name)
        if found is None:
            raise NotFound(f"No custodian set {name} is on the log.")
        return _set(found)

    def _known(self, found: Person | None, asked: str) -> PersonOnLog:
        if found is None:
            raise NotFound(f"{asked} is not enrolled.", hint="See: plainview person list.")
        orgs = self._orgs({found.index})
        return _person(found, orgs[found.id, found.index], self._names.name(found.id))

    def _orgs(self, indexes: set[int]) -> dict[tuple[str, int], str]:
        found = {}
        for index in indexes:
            body = self.stated(index).body
            for person in body.get("people", [body]):
                found[person["person"], index] = str(person["org"])
        return found

    def _times(self, indexes: list[int]) -> dict[int, Ms]:
        return {line.index: line.time_ms for line in self.lines(indexes)}


def _camera(name: str, version: Version, times: dict[int, Ms]) -> Camera:
    return Camera(
        name,
        version.version,
        version.status,
        dict(version.record),
        version.index,
        times[version.index],
        version.effect,
        version.lapses,
    )


def _person(person: Person, org: str, name: str | None) -> PersonOnLog:
    return PersonOnLog(
        person.id,
        b64(person.keys[0]),
        key_id(person.keys[0]),
        person.age,
        tuple(sorted(person.roles)),
        org,
        person.outside,
        person.index,
        name,
    )


def _set(found: CustodianSet) -> SetOnLog:
    members = tuple(dict(member) for member in found.members)
    return SetOnLog(found.id, found.k, found.n, members, found.index)
