"""Random histories of a register while cameras record: nothing is stored outside validity.

Real: the rule book, the gate, the stock of windows, the thread's work that fills it, and `plainview
verify` at the end. Played: time, the camera (a key frame a second), and the child that draws a
window's secrets. A second, much plainer reading of the statements says when recording was lawful.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from plainview.base.clock import Ms, to_compact, to_iso
from plainview.base.ids import b64
from plainview.errors import GateClosed, KeeperAway, LogAway, PlainviewError, Unavailable
from plainview.recorder import making
from plainview.recorder.gate import Gate
from plainview.recorder.making import Maker
from plainview.recorder.windows import Cursor, WindowStock
from plainview.seal.draft import CustodianSet, Spec
from plainview.testing.city import ORIGIN, PEOPLE, RULES, City, camera_record, digest, person
from plainview.tlog import leaves
from plainview.tlog.entries import canonical
from plainview.tlog.history import Version
from plainview.tlog.reader import LogReader
from plainview.tlog.segments import segments_root
from plainview.verify.log import verify_log

HISTORIES = 1_000 if os.environ.get("PLAINVIEW_BARS") else 40
MINUTES = 25
NOTICE_S = 45
HORIZON_S = 600
REFRESH_S = 2
"""`recorder.service.CLERK_S`."""
STOPS_WITHIN_S = 10
CAMERAS = ("cam-01", "cam-02")
BASES = ("legal-basis/act", "dpia/square", "contract/c-1")
HIDDEN = "age1" + "q" * 58


@dataclass
class Away:
    """Who cannot be reached now, and until when (ms)."""

    register: Ms = 0
    keeper: Ms = 0


@dataclass
class SomeDraft:
    """A window's secrets, of which nothing here needs to be secret."""

    spec: Spec
    view: str = b64(bytes(32))


class SomeDrafter:
    """Stands for the child that draws secrets (`seal.draft.Drafter`)."""

    def draft(self, specs: Sequence[Spec], custodians: CustodianSet) -> list[SomeDraft]:
        return [SomeDraft(spec) for spec in specs]

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Office:
    """Register and keeper of a city, as a recorder sees them."""

    city: City
    away: Away

    def may_record(self, camera: str, at: Ms) -> Version:
        if self.city.now < self.away.register:
            raise LogAway("The register cannot be asked.")
        return self.city.history.may_record(camera, at)

    def custodian_set(self, name: str) -> Any:
        found = self.city.history.sets[name]
        return type("Known", (), {"set": name, "k": found.k, "members": found.members})()

    def gate(self, camera: str, allowed: bool, reason: str, register: int | None) -> int:
        self._reach()
        body = {"camera": camera, "allowed": allowed, "reason": reason, "register": register}
        return self.city.keep("gate", **body)

    def make_windows(
        self, camera: str, register_index: int, drafts: Sequence[SomeDraft]
    ) -> list[dict[str, Any]]:
        self._reach()
        records = [self._record(draft.spec, register_index) for draft in drafts]
        index = self.city.keep("windows", windows=records)
        wrapped = {"wrapped_e": "", "wrapped_view": "", "entry": index, "shares": []}
        return [{"record": record, **wrapped} for record in records]

    def _reach(self) -> None:
        if self.city.now < self.away.keeper:
            raise KeeperAway("The keeper cannot be reached.")

    def _record(self, spec: Spec, register: int) -> dict[str, Any]:
        answer = self.city.history.may_record(spec.camera, spec.start)
        group = self.city.history.sets[answer.record["custodian_set"]]
        name = f"{spec.camera}.{to_compact(spec.start)}.{spec.epoch}.{spec.counter}"
        shares = [{"i": i, "plain": digest(f"{i}"), "sealed": digest(name)} for i in (1, 2, 3)]
        return {
            "window": name, "camera": spec.camera, "start": to_iso(spec.start),
            "end": to_iso(spec.end), "epoch": spec.epoch, "counter": spec.counter, "pk": HIDDEN,
            "k": group.k, "n": group.n, "set": group.id, "shares": shares, "register": register,
            **self.city.history.fate(answer.record["retention"], spec.start),
        }  # fmt: skip


# -- when recording is lawful, said a second time and plainly


@dataclass
class Said:
    """What was stated of a camera's version or of a record: it counts from `begins` to `ends`."""

    active: bool
    begins: Ms
    ends: Ms
    version: int = 0
    waits: set[int] = field(default_factory=set)  # objections without an answer
    upheld: bool = False


@dataclass
class Plain:
    """Lists of what was stated, in its order."""

    cameras: dict[str, list[Said]] = field(default_factory=dict)
    records: dict[str, list[Said]] = field(default_factory=dict)

    def lawful(self, camera: str, now: Ms) -> bool:
        counts = [s for s in self.cameras.get(camera, []) if not s.waits and not s.upheld]
        return self._stands(counts, now) and all(
            self._stands(self.records[name], now) for name in BASES
        )

    @staticmethod
    def _stands(said: list[Said], now: Ms) -> bool:
        begun = [one for one in said if one.begins <= now]
        return bool(begun) and begun[-1].active and now < begun[-1].ends


# -- a history


class Story:
    """A city's random half hour, second by second."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a seeded story, no secret
        self.city, self.plain, self.away = City(), Plain(), Away()
        people = [person(name) for name in PEOPLE]
        rules = RULES | {"notice_seconds": NOTICE_S, "publishers": 2}
        body = {"origin": ORIGIN, "profile": "demo", "rules": rules, "people": people}
        self.city.state("founding", *PEOPLE, **body)
        self.city.custodians("set-1", 2, "p-dpo", "p-court", "p-ombudsman")
        self.office = Office(self.city, self.away)
        self.maker = Maker(self.office, self.office, lambda: self.city.now)  # type: ignore[arg-type]
        self.sources = {name: Source(name, self) for name in CAMERAS}
        self.stopped: list[Ms] = []
        self.unreached = False
        for name in BASES:
            self.publish_record(name)

    # what people do

    def publish_record(self, name: str) -> None:
        kind, _, ident = name.partition("/")
        now, said = self.city.now, self.plain.records.setdefault(name, [])
        begins = now + 1000 * self.random.choice([0, 0, 0, 90])
        ends = now + 60_000 * self.random.choice([3, 9, 60, 60, 60])
        self.city.register(kind, ident, valid_from=to_iso(begins), valid_to=to_iso(ends))
        said.append(Said(True, max(now, begins), ends))

    def revoke_record(self, name: str) -> None:
        kind, _, ident = name.partition("/")
        dates = {"valid_from": to_iso(self.city.now), "valid_to": to_iso(self.city.now + 1)}
        self.city.register(kind, ident, "revoked", **dates)
        self.plain.records[name].append(Said(False, self.city.now, self.city.now))

    def publish_camera(self, camera: str) -> None:
        said, now = self.plain.cameras.setdefault(camera, []), self.city.now
        ends = now + 60_000 * self.random.choice([4, 12, 60, 60])
        basis = {**camera_record()["legal_basis"], "valid_to": to_iso(ends)}
        later = now + 1000 * self.random.choice([0, 0, 200])
        record = camera_record(
            rests_on=list(BASES), legal_basis=basis, valid_from=to_iso(later),
            sees=f"view {len(said)}",
        )  # fmt: skip
        body = {"camera": camera, "version": len(said) + 1, "status": "active", "record": record}
        self.city.approve("p-supervisor", self.city.propose("p-dpo", "camera", **body))
        said.append(Said(True, max(later, now + NOTICE_S * 1000), ends, len(said) + 1))

    def suspend_camera(self, camera: str) -> None:
        said = self.plain.cameras.get(camera)
        if said:
            record = self.city.history.cameras[camera][-1].record
            body = {"camera": camera, "version": len(said) + 1, "record": record}
            self.city.state("camera", "p-dpo", **body, status="suspended")
            said.append(Said(False, self.city.now, self.city.now, len(said) + 1))

    def object(self, camera: str) -> None:
        for said in self.plain.cameras.get(camera, []):
            if said.active and said.begins > self.city.now and not said.upheld:
                body = {"camera": camera, "version": said.version, "commitment": digest("why")}
                said.waits.add(self.city.keep("objection", **body))

    def answer(self, camera: str) -> None:
        for said in self.plain.cameras.get(camera, []):
            if said.waits:
                outcome = self.random.choice(["rejected", "partly", "upheld"])
                body = {"objections": sorted(said.waits), "outcome": outcome, "text": "Why."}
                self.city.state("answer", "p-dpo", **body)
                said.upheld = outcome == "upheld"
                said.begins = max(said.begins, self.city.now)
                said.waits.clear()

    def leave(self, who: str) -> None:
        setattr(self.away, who, self.city.now + 1000 * self.random.choice([5, 40, 300]))

    def act(self) -> None:
        camera, name = self.random.choice(CAMERAS), self.random.choice(BASES)
        deeds: list[tuple[int, Callable[[], None]]] = [
            (5, lambda: self.publish_camera(camera)),
            (2, lambda: self.suspend_camera(camera)),
            (2, lambda: self.object(camera)),
            (3, lambda: self.answer(camera)),
            (3, lambda: self.publish_record(name)),
            (1, lambda: self.revoke_record(name)),
            (1, lambda: self.leave("register")),
            (1, lambda: self.leave("keeper")),
        ]
        weights = [weight for weight, _ in deeds]
        self.random.choices([deed for _, deed in deeds], weights)[0]()

    # what happens by itself

    def run(self) -> None:
        for name in CAMERAS:
            self.publish_camera(name)
        for second in range(MINUTES * 60):
            if self.random.random() < 0.03:
                self.act()
            for source in self.sources.values():
                source.second(second)
            self.city.now += 1000
            if self.city.now % 60_000 == 0:
                self.count_minute()

    def count_minute(self) -> None:
        """Leaves of what was stored in the minute that ended, as `recorder.roots` logs them."""
        minute = to_iso(self.city.now - 60_000)
        listed = [leaf for one in self.sources.values() for leaf in one.leaves(minute)]
        if listed:
            cipher, plain = leaves.roots(listed)
            body = {"node": "node-1", "minute": minute, "leaves": len(listed)}
            entry = self.city.draft("roots", {**body, "cipher_root": cipher, "plain_root": plain})
            self.city.leaves[leaves.path(entry.id)] = canonical(listed)
            self.city.log(entry)


class Source:
    """A camera and its recorder: what `recorder.reading` and `recorder.service` do each second."""

    def __init__(self, name: str, story: Story) -> None:
        self.name, self.story = name, story
        office = story.office
        self.gate = Gate(name, office, office, HORIZON_S)
        self.stock = WindowStock(name, 1, horizon_s=HORIZON_S, window_s=RULES["window_seconds"])
        self.cursor: Cursor | None = None
        self.stored: dict[str, list[Ms]] = {}
        self.lawful_until: Ms = 0
        self.number = 0

    def second(self, second: int) -> None:
        now = self.story.city.now
        if second % REFRESH_S == 0:
            self.gate.refresh(lambda: now)
        self.story.maker.fill(self.stock, self.gate)
        lawful = self.story.plain.lawful(self.name, now)
        if lawful:
            self.lawful_until = now
        try:
            self.gate.check(now)
        except GateClosed:
            if self.cursor is not None:
                self.cursor = None
                self.stock.renew()
            return
        self.cursor = self.cursor or Cursor(self.stock)
        try:
            window = self.cursor.pick(now)
        except Unavailable:
            return
        self.stored.setdefault(window.id, []).append(now)
        self.number += 1
        if not lawful:
            self._check_excuse(now)

    def _check_excuse(self, now: Ms) -> None:
        """What was revoked may be recorded for 10 s; or, unreachable, until its answer's end.

        The 10 s count from when the register can be asked: it may come back just after a question.
        """
        late = now - self.lawful_until
        askable = now - max(self.lawful_until, self.story.away.register)
        assert askable <= STOPS_WITHIN_S * 1000, f"{late} ms after its end"
        assert late <= (HORIZON_S + STOPS_WITHIN_S) * 1000
        if late > STOPS_WITHIN_S * 1000:
            self.story.unreached = True
        else:
            self.story.stopped.append(late)

    def leaves(self, minute: str) -> list[dict[str, Any]]:
        found = []
        for window, times in self.stored.items():
            hashes = [digest(f"{window} {at}") for at in times]
            root = segments_root(hashes)
            register = self.story.city.history.windows[window].record["register"]
            body = {"camera": self.name, "window": window, "segments": len(times), "cipher": root}
            found.append({**body, "plain": root, "register": register, "minute": minute})
        self.stored = {}
        return found


@pytest.mark.bar("gate")
def test_nothing_is_stored_outside_validity(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setattr(making, "Drafter", SomeDrafter)
    stored, late, told = 0, [0], 0
    for seed in range(HISTORIES):
        story = Story(seed)
        try:
            story.run()
        except (AssertionError, PlainviewError) as error:
            raise AssertionError(f"history {seed}: {error}") from error
        stored += sum(source.number for source in story.sources.values())
        late += story.stopped
        folder = tmp_path / f"log-{seed}"
        story.city.publish(folder)
        report = verify_log(LogReader.folder(folder), story.city.policy())
        wrong = [one for one in report.findings if one.code != "overdue"]  # nobody shreds here
        if story.unreached:  # it went on to its answer's end, and strangers are told
            assert {one.code for one in wrong} <= {"gate"}, f"history {seed}: {wrong[:3]}"
            told += len(wrong)
        else:
            assert not wrong, f"history {seed}: {wrong[:3]}"
    assert stored > HISTORIES * 300, "hardly anything was recorded"
    assert told > 0, "no recorder was out of reach when it should have stopped"
    measured = (
        f"{stored} segments in {HISTORIES} histories, none outside validity but up to "
        f"{max(late) / 1000:g} s after a revocation; {told} minutes of recorders out of reach told"
    )
    record_property("bar", json.dumps({"measured": measured}))
