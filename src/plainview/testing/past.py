"""A city with a random past: statements of every kind, one after the other, at odd times.

What was said is written down a second time, plainly, as it is said; so is by which version each
camera might record at the moments that are asked for. Both are compared with the register later.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from plainview.base.clock import Ms
from plainview.errors import GateClosed, PlainviewError
from plainview.testing.city import City, camera_record, digest, person
from plainview.testing.registry import record_values
from plainview.tlog.entries import make

CAMERAS = ("cam-01", "cam-02", "cam-03")
STEPS = 40
_BASIS = "legal-basis/traffic"

Word = tuple[str, str, int | None, str | None, dict[str, Any]]
"""Type, subject, version, status and body of something that was said."""


@dataclass
class Moment:
    """What was known then: the newest word about each subject, and what each camera might do."""

    time: Ms
    words: dict[tuple[str, str], Word]
    recording: dict[str, int | None]


@dataclass
class _Waiting:
    """A proposal that somebody may approve, and what it would say."""

    proposal: str
    word: Word


@dataclass
class Past:
    """Everything once (`City.story`), then `STEPS` random things; `moments` to compare with."""

    seed: int
    city: City = field(default_factory=City)
    moments: list[Moment] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)  # noqa: S311 - to be repeated, not to be secret
        self._words: dict[tuple[str, str], Word] = {}
        self._waiting: list[_Waiting] = []
        self.city.story()
        for name, versions in self.city.history.cameras.items():
            newest = versions[-1]
            self._say(("camera", name, newest.version, newest.status, dict(newest.record)))
        steps = [
            self._camera, self._camera, self._record, self._record, self._record, self._set,
            self._enrol, self._propose, self._propose, self._approve, self._object, self._answer,
            self._keeper, self._refuse, self._break_rules,
        ]  # fmt: skip
        chosen = [
            *steps,
            *[self._record] * len(record_values(0)),
            *self._rng.choices(steps, k=STEPS),
        ]
        self._kinds = sorted(record_values(0))
        self._rng.shuffle(chosen)
        for step in chosen:
            step()
            passed = self._rng.choice([0, 1, 999, 20_000, 90_000])
            self.city.now += passed
            if passed:
                self._remember(self.city.now - 1)
        self._remember(self.city.now)

    # -- written down a second time

    def _say(self, word: Word) -> None:
        self._words[word[:2]] = word

    def _remember(self, now: Ms) -> None:
        """The last millisecond in which no more was said."""
        recording = {camera: self._may_record(camera, now) for camera in self.city.history.cameras}
        self.moments.append(Moment(now, dict(self._words), recording))

    def _may_record(self, camera: str, now: Ms) -> int | None:
        try:
            return self.city.history.may_record(camera, now).version
        except GateClosed:
            return None

    # -- what people do

    def _next_camera(self) -> Word:
        name = self._rng.choice(CAMERAS)
        known = self.city.history.cameras.get(name, [])
        status = self._rng.choice(["active", "active", "suspended"]) if known else "active"
        rests = [_BASIS] if _BASIS in self.city.history.records and self._rng.random() < 0.5 else []
        record = camera_record(self.city.start, sees=f"view {len(self.city.raws)}", rests_on=rests)
        return "camera", name, len(known) + 1, status, record

    def _camera(self) -> None:
        word = self._next_camera()
        _, name, version, status, record = word
        body = {"camera": name, "version": version, "status": status, "record": record}
        self.city.state("camera", "p-dpo", **body)
        self._say(word)

    def _next_record(self, kind: str = "") -> Word:
        kind = kind or self._rng.choice(sorted(record_values(0)))
        values = record_values(self.city.start)[kind]
        name = "traffic" if kind == "legal-basis" else self._rng.choice(["one", "other"])
        known = self.city.history.records.get(f"{kind}/{name}", [])
        status = self._rng.choice(["active", "active", "revoked"]) if known else "active"
        record = {**values, "note": f"as of {len(self.city.raws)}"}
        return "record", f"{kind}/{name}", len(known) + 1, status, record

    def _record(self) -> None:
        word = self._next_record(self._kinds.pop() if self._kinds else "")
        _, subject, version, status, record = word
        kind, name = subject.split("/")
        body = {"kind": kind, "id": name, "version": version, "status": status, "record": record}
        self.city.state("record", "p-dpo", "p-admin", **body)
        self._say(word)

    def _set(self) -> None:
        name = self._rng.choice(["set-1", "set-2"])
        people = self._rng.sample(["p-dpo", "p-court", "p-ombudsman"], 3)
        self.city.custodians(name, self._rng.choice([2, 3]), *people)
        body = self.city.history.sets[name]
        members = [dict(member) for member in body.members]
        said = {"set": name, "k": body.k, "n": body.n, "members": members}
        self._say(("custodian-set", name, None, None, said))

    def _enrol(self) -> None:
        body = person(f"p-{len(self.city.raws)}", roles=["operator"])
        self.city.state("enrol", "p-dpo", "p-admin", **body)

    def _propose(self) -> None:
        word = self._rng.choice([self._next_camera, self._next_record])()
        type_, subject, version, status, record = word
        body: dict[str, Any] = {"version": version, "status": status, "record": record}
        if type_ == "camera":
            body["camera"] = subject
        else:
            body["kind"], body["id"] = subject.split("/")
        self._waiting.append(_Waiting(self.city.propose("p-dpo", type_, **body), word))

    def _approve(self) -> None:
        """One that is overtaken, since another version came first, is refused and stays away."""
        if not self._waiting:
            self._propose()
        waiting = self._waiting.pop()
        self._try(
            lambda: self.city.approve("p-admin", waiting.proposal), lambda: self._say(waiting.word)
        )

    def _object(self) -> None:
        name = self._rng.choice(CAMERAS)
        version = len(self.city.history.cameras.get(name, [])) or 1
        body = {"camera": name, "version": version, "commitment": digest(f"{self.city.now}")}
        self._try(lambda: self.city.keep("objection", **body))

    def _answer(self) -> None:
        numbers = [
            index for index, raw in enumerate(self.city.raws) if b'"type":"objection"' in raw
        ]
        outcome = self._rng.choice(["rejected", "partly", "upheld"])
        for number in numbers:
            body = {"objections": [number], "outcome": outcome, "text": "Doors are hidden."}
            self._try(lambda body=body: self.city.state("answer", "p-dpo", **body))  # type: ignore[misc]

    def _try(self, step: Callable[[], object], then: Callable[[], None] = lambda: None) -> None:
        """What the rule book refuses is not logged."""
        try:
            step()
        except PlainviewError:
            return
        then()

    # -- what else is on a log

    def _keeper(self) -> None:
        camera = self._rng.choice(sorted(self.city.history.cameras))
        act = {"actor": "a-1", "role": "operator", "act": self._rng.choice(["live", "playback"])}
        self.city.keep("act", **act, detail_commitment=digest(f"{self.city.now}"))
        self.city.keep("gate", camera=camera, allowed=False, reason="suspended", register=None)
        self._try(lambda: self.city.windows(camera, 2))

    def _refuse(self) -> None:
        windows = [*self.city.history.windows]
        if windows:
            asked = self.city.request(self._rng.choice(windows))
            body = {"request": asked, "reason": "No reason is given."}
            self.city.state("refusal", "p-court", **body)

    def _break_rules(self) -> None:
        """An entry that no rule allows, as a keeper in false hands could log it."""
        camera = camera_record(self.city.start)
        body = {"camera": "cam-09", "version": 7, "status": "active", "record": camera}
        self.city.raws.append(make("camera", body, time=self.city.now).raw)
        self.city.history.size += 1
