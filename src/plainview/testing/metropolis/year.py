"""The log of the generated city: 8,100 sources and what was done with them in a year.

Statements are really signed and pass `History`, as in the keeper. What `History` only notes (acts
and what discloses them) is written as text, so that a year is made in a minute or two. Everything
follows from the scale and the end: the same log each time. Windows are a sample, three a day: all
of them would be 300 million.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from plainview.base import durable
from plainview.base.clock import DAY_MS, Ms, from_iso, to_iso
from plainview.base.ids import sha256_hex
from plainview.errors import GateClosed
from plainview.testing.city import City, digest, person
from plainview.testing.metropolis.papers import Papers, Record
from plainview.testing.metropolis.sources import DAYS, NOTICE_DAYS, Source, changed, sources
from plainview.tlog import cosign, shown
from plainview.tlog.beginning import open_log
from plainview.tlog.entries import Entry

END: Ms = from_iso("2026-11-23T00:00:00Z")
ACTS = 100_000
"""In the year, at full counts; each is disclosed a day later."""
OPERATORS = 120
WINDOW_MS: Ms = 900_000
RULES = {
    "window_seconds": WINDOW_MS // 1000,
    "key_period_seconds": 86_400,
    "notice_seconds": NOTICE_DAYS * 86_400,
    "reveal_seconds": 86_400,
    "publishers": 2,
}
_CITY, _COURT = "City of Example", "District Court"
FOUNDERS: dict[str, tuple[tuple[str, ...], str, bool]] = {
    "p-dpo": (("dpo", "custodian"), "Data protection office", False),
    "p-dpo-2": (("dpo",), "Data protection office", False),
    "p-clerk": (("administrator",), _CITY, False),
    "p-supervisor": (("supervisor", "custodian"), "Control room", False),
    "p-police": (("supervisor", "custodian"), "Municipal Police of Example", False),
    "p-investigator": (("investigator",), "Municipal Police of Example", False),
    "p-court": (("custodian",), _COURT, True),
    "p-ombudsman": (("custodian",), "Ombudsman", True),
    "p-assembly": (("custodian",), "Residents' assembly", True),
}
SETS = {
    "set-city": (2, ("p-dpo", "p-court", "p-ombudsman")),
    "set-transport": (2, ("p-supervisor", "p-court", "p-assembly")),
    "set-police": (3, ("p-dpo", "p-police", "p-court", "p-ombudsman", "p-assembly")),
}
_ROLES = ("operator",) * 8 + ("supervisor", "investigator")
_DEEDS = ("live",) * 6 + ("playback",) * 3 + ("snapshot",)
_PURPOSES = (
    "Accident reported by telephone", "Traffic jam", "Match day", "Patrol asked for help",
    "Lost child", "Fire brigade under way", "Complaint about an officer", "Camera inspected",
)  # fmt: skip
_ANSWERS = (
    ("rejected", "No door or window is in the picture; the record shows what is seen."),
    ("partly", "The ground floor is hidden by a fixed area from the next version on."),
    ("upheld", "The camera is not put into use as published."),
)


class Year(City):
    """`write` puts the city's log into a folder, week by week. `sources` are its cameras."""

    def __init__(self, scale: float = 1.0, end: Ms = END) -> None:
        super().__init__(
            witnesses=("university", "newsroom", "ombudsman"), start=end - DAYS * DAY_MS
        )
        self._chance = random.Random(20261127)  # noqa: S311 - the same city each time, no secret
        self._scale, self._made = scale, 0
        self.papers = Papers(self.start, self._chance)
        self.papers.write()
        self.sources = sources(self.papers, scale, self._chance)
        self._days: list[list[Callable[[], object]]] = [[] for _ in range(DAYS)]
        self._seen: list[Source] = []
        self._known: set[str] = set()
        self._hidden: deque[tuple[Ms, int, str, str]] = deque()
        self._windows: deque[str] = deque(maxlen=30)
        for one in self.sources:
            self._on(one.day, partial(self._publish, one))
            for day, what in one.plan:
                self._on(day, partial(getattr(self, f"_{what}"), one))

    def log(self, entry: Entry) -> int:
        """Apply and append; unlike its parent's, `raws` holds one week only."""
        index = self.history.size
        self.history.apply(index, entry)
        self.raws.append(entry.raw)
        self.now += 3
        return index

    def write(self, folder: Path) -> Iterator[int]:
        """Write the log week by week, each witnessed; the number of entries after each."""
        durable.make_folder(folder / "leaves")
        writer = open_log(folder, self.signer)
        self.found()
        for day, events in enumerate(self._days):
            self.now = max(self.now, self.start + day * DAY_MS + DAY_MS // 4)
            for event in events:
                event()
            self._people(day)
            self._usual(day)
            if day % 7 == 6 or day == DAYS - 1:
                writer.append(self.raws)
                self.raws = []
                lines = self.cosign(writer.head)
                shown.publish(folder, self.signer.verifier, writer.head, lines)
                yield writer.size

    def policy_text(self) -> str:
        """The trust policy of the log, as a file."""
        lines = [f"log {self.signer.verifier.vkey()}"]
        for name, key in self.witnesses.items():
            lines.append(f"witness {name} {cosign.verifier(f'{name}.example', key).vkey()}")
        return "\n".join([*lines, f"group most 2 {' '.join(self.witnesses)}", "quorum most", ""])

    # -- the beginning

    def found(self) -> None:
        """Founding entry, custodian sets, and the papers."""
        people = [
            person(name, roles=list(roles), org=org, outside=outside)
            for name, (roles, org, outside) in FOUNDERS.items()
        ]
        body = {"origin": self.signer.name, "profile": "demo", "rules": RULES, "people": people}
        self.state("founding", *FOUNDERS, **body)
        for name, (k, members) in SETS.items():
            listed = [
                {"person": who, "age": f"age1{who}", "outside": FOUNDERS[who][2]} for who in members
            ]
            said = {"set": name, "k": k, "n": len(listed), "members": listed}
            self.state("custodian-set", "p-dpo", "p-clerk", **said)
        self.keep("start", software=digest("software"), log_size=len(self.raws))
        for name, record in self.papers.records.items():
            kind, _, ident = name.partition("/")
            said = {"kind": kind, "id": ident, "version": 1, "status": "active"}
            self.state("record", "p-dpo", "p-clerk", **said, record=record)

    # -- what happens to a source

    def _on(self, day: int, event: Callable[[], object]) -> None:
        if day < DAYS:
            self._days[day].append(event)

    def _day(self) -> int:
        return (self.now - self.start) // DAY_MS

    def _camera(self, one: Source, status: str = "active", *, two_steps: bool = True) -> None:
        """The next version: proposed by one and approved by another, or signed by both."""
        one.versions += 1
        record: Record = self.papers.source(one.lot, self.start, **one.own)
        body = {"camera": one.id, "version": one.versions, "status": status, "record": record}
        if two_steps:
            self.approve("p-dpo", self.propose("p-clerk", "camera", **body))
        else:
            self.state("camera", "p-clerk", "p-dpo", **body)

    def _publish(self, one: Source) -> None:
        self._camera(one, two_steps=False)
        self._on(self._day() + NOTICE_DAYS + 1, partial(self._gate, one))

    def _gate(self, one: Source) -> None:
        """What the gate says to the recorder now."""
        try:
            index = self.history.may_record(one.id, self.now).index
        except GateClosed as error:
            said = {"camera": one.id, "allowed": False, "reason": error.message[:200]}
            self.keep("gate", **said, register=None)
            return
        self.keep("gate", camera=one.id, allowed=True, reason="open", register=index)
        if one.id not in self._known:
            self._known.add(one.id)
            self._seen.append(one)

    def _change(self, one: Source) -> None:
        if self._stands(one):
            one.own = changed(one.own, self._chance)
            self._camera(one)

    def _suspend(self, one: Source) -> None:
        if self._stands(one):
            self._camera(one, "suspended")
            self._gate(one)

    def _resume(self, one: Source) -> None:
        if self.history.cameras[one.id][-1].status == "suspended":
            self._camera(one)
            self._on(self._day() + NOTICE_DAYS + 1, partial(self._gate, one))

    def _remove(self, one: Source) -> None:
        if self._stands(one):
            self._camera(one, "removed")
            self._gate(one)

    def _stands(self, one: Source) -> bool:
        return self.history.cameras[one.id][-1].status == "active"

    def _objection(self, one: Source) -> None:
        """A resident objects while the notice runs; an answer follows within days."""
        body = {"camera": one.id, "version": 1, "commitment": digest(f"objection {one.id}")}
        number = self.keep("objection", **body)
        outcome, text = self._chance.choices(_ANSWERS, (7, 2, 1))[0]
        self._on(
            self._day() + self._chance.randrange(1, 6),
            partial(self._answer, one, number, outcome, text),
        )

    def _answer(self, one: Source, number: int, outcome: str, text: str) -> None:
        self.state("answer", "p-dpo-2", objections=[number], outcome=outcome, text=text)
        if outcome != "rejected":
            one.own = {**one.own, "profile": "people"}
            self._camera(one)
            self._on(self._day() + NOTICE_DAYS + 1, partial(self._gate, one))

    # -- what happens each day

    def _people(self, day: int) -> None:
        """Operators are enrolled over the year."""
        number = max(2, round(OPERATORS * self._scale))
        for count in range(day * number // DAYS, (day + 1) * number // DAYS):
            body = person(f"p-operator-{count}", roles=["operator"], org="Control room", age=None)
            self.approve("p-dpo", self.propose("p-clerk", "enrol", **body))

    def _usual(self, day: int) -> None:
        """Windows, what is due of them, looks and what discloses them."""
        self._disclose()
        if not self._seen:
            return
        self._sample()
        self._destroy()
        if day % 3 == 0:
            self._opened()
        for _ in range(max(1, round(ACTS * self._scale / DAYS))):
            self.now += 1 + 40_000_000 // max(1, round(ACTS * self._scale / DAYS))
            self._act(day)

    def _sample(self) -> None:
        """Windows of three sources that may record."""
        start = self.now - self.now % WINDOW_MS + WINDOW_MS
        for one in self._chance.sample(self._seen, min(3, len(self._seen))):
            try:
                end = to_iso(start + WINDOW_MS)
                record = self.window(one.id, start, end=end)
                self.keep("windows", windows=[record])
            except GateClosed:
                continue  # suspended or expired since: it does not record
            self._windows.append(record["window"])

    def _destroy(self) -> None:
        for period in list(self.history.due(self.now)):
            self.shred(period)

    def _opened(self) -> None:
        """A request for one of the newest windows, with its releases and its end."""
        if not self._windows:
            return
        name = self._windows[-1]
        group = self.history.window(name).set
        asked = self.request(name)
        self.release(asked, name, *[member["person"] for member in group.members][-group.k :])
        self.keep("opening", request=asked, window=name, resealed_e=digest(asked))
        self.state("opened", "p-investigator", request=asked, windows=[name])

    def _act(self, day: int) -> None:
        one = self._seen[
            min(int(self._chance.expovariate(6) * len(self._seen)), len(self._seen) - 1)
        ]
        role, deed = self._chance.choice(_ROLES), self._chance.choice(_DEEDS)
        actor = sha256_hex(f"{day} {self._chance.randrange(OPERATORS)}".encode())[:12]
        at, purpose = to_iso(self.now), self._chance.choice(_PURPOSES)
        detail = f'{{"camera":"{one.id}","from":"{at}","purpose":"{purpose}","to":null}}'
        salt = sha256_hex(f"salt {self._made}".encode())
        committed = sha256_hex(bytes.fromhex(salt) + detail.encode())
        self._hidden.append((self.now + DAY_MS, self.history.size, detail, salt))
        self._text(
            f'{{"act":"{deed}","actor":"{actor}","detail_commitment":"{committed}","role":"{role}"}}',
            "act",
        )

    def _disclose(self) -> None:
        while self._hidden and self._hidden[0][0] <= self.now + DAY_MS // 4:
            _due, of, detail, salt = self._hidden.popleft()
            self._text(f'{{"detail":{detail},"of":{of},"salt":"{salt}"}}', "reveal")

    def _text(self, body: str, kind: str) -> None:
        """An entry of the keeper whose shape and place are known to be right."""
        self._made += 1
        ident = sha256_hex(f"text {self._made}".encode())[:32]
        at = to_iso(self.now)
        raw = f'{{"body":{body},"id":"{ident}","time":"{at}","type":"{kind}","v":1}}'
        self.raws.append(raw.encode())
        self.history.size += 1
        self.history.clock = self.now
