"""A small city's log, made entry by entry: the double behind the tests of log and verification.

It plays every part with keys of its own: people who sign, the keeper who logs, the witnesses who
cosign. Time is its own clock. Nothing is refused here unless `History` refuses it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plainview.base import durable
from plainview.base.clock import DAY_MS, Ms, from_iso, to_compact, to_iso
from plainview.tlog import cosign, leaves, merkle, notes
from plainview.tlog.beginning import open_log
from plainview.tlog.entries import Entry, canonical, commit, make
from plainview.tlog.history import History
from plainview.tlog.policy import Policy
from plainview.tlog.segments import segments_root
from plainview.tlog.shown import publish
from plainview.tlog.signing import SigningKey, sign
from plainview.tlog.writer import LogWriter

START: Ms = from_iso("2026-11-23T08:00:00Z")
ORIGIN = "city.example/log"
PEOPLE: dict[str, tuple[str, ...]] = {
    "p-dpo": ("dpo", "custodian"),
    "p-admin": ("administrator",),
    "p-operator": ("operator",),
    "p-investigator": ("investigator",),
    "p-supervisor": ("supervisor",),
    "p-court": ("custodian",),
    "p-ombudsman": ("custodian",),
}
OUTSIDE = frozenset({"p-court", "p-ombudsman"})
RULES = {
    "window_seconds": 60,
    "key_period_seconds": 600,
    "notice_seconds": 30,
    "reveal_seconds": 300,
}
SALT = bytes(32)


def digest(text: str) -> str:
    """Some hex SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()


def key_of(name: str) -> SigningKey:
    """The key of a person, the log or a witness: always the same for the same name."""
    return SigningKey.from_seed(hashlib.sha256(name.encode()).digest())


def person(name: str, **changes: Any) -> dict[str, Any]:
    """A person's body for `founding` or `enrol`."""
    return {
        "person": name,
        "key": key_of(name).public_b64,
        "age": f"age1{name}",
        "roles": list(PEOPLE.get(name, ())),
        "org": "court" if name in OUTSIDE else "city",
        "outside": name in OUTSIDE,
        "name_commitment": digest(name),
        **changes,
    }


def camera_record(start: Ms = START, **changes: Any) -> dict[str, Any]:
    """A register record that is lawful from a day before `start`, for most of a year."""
    year = {"valid_from": to_iso(start - DAY_MS), "valid_to": to_iso(start + 365 * DAY_MS)}
    assessed, review = to_iso(start - 53 * DAY_MS)[:10], to_iso(start + 312 * DAY_MS)[:10]
    return {
        "name": "Bridge square, north",
        "kind": "pole",
        "place": "Bridge square",
        "position": [44816667, 20460000],
        "area": None,
        "direction": "south",
        "sees": "the square, not the doors",
        "controller": "City of Example",
        "contact": "dpo@city.example",
        "unit": "Traffic",
        "purpose": "accidents",
        "legal_basis": {"law": "Road act", "article": "12", "decision": "7/2026", **year},
        "dpia": {"hash": digest("dpia"), "date": assessed, "review_due": review},
        "contract": {
            "number": "C-1",
            "supplier": "Example Ltd",
            "value": "1000 EUR",
            "valid_to": year["valid_to"],
        },
        "retention": {"class": "street", "seconds": 1800},
        "custodian_set": "set-1",
        "profile": "heads",
        "zones": [],
        "fill": "solid",
        "audio": False,
        "biometric_identification": "none",
        "valid_from": year["valid_from"],
        **changes,
    }


class City:
    """The log of a city, in memory until `publish`; `now` is its clock, which begins at `start`."""

    def __init__(
        self,
        *,
        witnesses: Sequence[str] = ("w1", "w2", "w3"),
        quorum: int = 2,
        start: Ms = START,
    ) -> None:
        self.start = self.now = start
        self.history = History()
        self.raws: list[bytes] = []
        self.leaves: dict[str, bytes] = {}
        self.witnesses = {name: key_of(name) for name in witnesses}
        self.signer = notes.Signer(ORIGIN, key_of("log").private)
        self._quorum = quorum
        self._counter = 0

    # -- entries

    def log(self, entry: Entry) -> int:
        """Apply and append; raises what `History` raises."""
        index = len(self.raws)
        self.history.apply(index, entry)
        self.raws.append(entry.raw)
        return index

    def keep(self, type: str, /, **body: Any) -> int:
        """An entry of the keeper, now."""
        return self.log(self.draft(type, body))

    def state(self, type: str, /, *people: str, **body: Any) -> int:
        """A statement by `people`, now."""
        return self.log(sign(self.draft(type, body), [key_of(name) for name in people]))

    def draft(self, type: str, body: Mapping[str, Any]) -> Entry:
        """An unsigned entry whose id follows from its place, so that vectors stay the same."""
        self._counter += 1
        return make(type, body, time=self.now, id=digest(f"entry {self._counter}")[:32])

    def pass_time(self, seconds: int) -> None:
        """Let the clock run."""
        self.now += seconds * 1000

    # -- chapters of a story

    def found(self) -> None:
        """Founding entry and the routine custodian set (2 of 3, two from outside)."""
        body = {
            "origin": ORIGIN,
            "profile": "demo",
            "rules": RULES,
            "people": [person(name) for name in PEOPLE],
        }
        self.state("founding", *PEOPLE, **body)
        self.custodians("set-1", 2, "p-dpo", "p-court", "p-ombudsman")

    def custodians(self, name: str, k: int, *people: str) -> int:
        """A custodian set, signed by the DPO and the administrator."""
        members = [
            {"person": who, "age": f"age1{who}", "outside": who in OUTSIDE} for who in people
        ]
        body = {"set": name, "k": k, "n": len(members), "members": members}
        return self.state("custodian-set", "p-dpo", "p-admin", **body)

    def camera(self, name: str, status: str = "active", **changes: Any) -> int:
        """The next version of a camera, signed by the DPO."""
        version = len(self.history.cameras.get(name, [])) + 1
        body = {"camera": name, "version": version, "status": status}
        return self.state("camera", "p-dpo", **body, record=camera_record(self.start, **changes))

    def propose(self, who: str, type: str, /, **body: Any) -> str:
        """A statement that waits for somebody else; its hash."""
        self.state("propose", who, type=type, body=body)
        return next(reversed(self.history.proposals))

    def approve(self, who: str, proposal: str) -> int:
        """Put it in force."""
        return self.state("approve", who, proposal=proposal)

    def register(self, kind: str, name: str, status: str = "active", /, **record: Any) -> int:
        """The next version of a record, signed by the DPO and the administrator."""
        version = len(self.history.records.get(f"{kind}/{name}", [])) + 1
        body = {"kind": kind, "id": name, "version": version, "status": status}
        return self.state("record", "p-dpo", "p-admin", **body, record=record)

    def window(self, camera: str, start: Ms, *, counter: int = 0, **changes: Any) -> dict[str, Any]:
        """A window record that agrees with the register."""
        answer = self.history.may_record(camera, start)
        group = self.history.sets[answer.record["custodian_set"]]
        name = f"{camera}.{to_compact(start)}.1.{counter}"
        return {
            "window": name,
            "camera": camera,
            "start": to_iso(start),
            "end": to_iso(start - start % 60_000 + 60_000),
            "epoch": 1,
            "counter": counter,
            "pk": f"age1{digest(name)[:20]}",
            "k": group.k,
            "n": group.n,
            "set": group.id,
            "shares": [
                {"i": i, "plain": digest(f"{name} {i}"), "sealed": digest(f"{name} {i} sealed")}
                for i in range(1, group.n + 1)
            ],
            "register": answer.index,
            **self.history.fate(answer.record["retention"], start),
            **changes,
        }

    def windows(self, camera: str, count: int = 3) -> list[str]:
        """The next `count` windows from the next full minute; their ids."""
        first = self.now - self.now % 60_000 + 60_000
        records = [self.window(camera, first + 60_000 * i) for i in range(count)]
        self.keep("windows", windows=records)
        return [record["window"] for record in records]

    def record(self, *windows: str) -> int:
        """A minute's leaves for these windows (30 segments each) and their roots."""
        listed = [self.leaf(name) for name in windows]
        cipher, plain = leaves.roots(listed)
        body = {"node": "node-1", "minute": listed[0]["minute"], "leaves": len(listed)}
        entry = self.draft("roots", {**body, "cipher_root": cipher, "plain_root": plain})
        self.leaves[leaves.path(entry.id)] = canonical(listed)
        return self.log(entry)

    def leaf(self, name: str, **changes: Any) -> dict[str, Any]:
        """The leaf of a window's first minute."""
        made = self.history.window(name).record
        return {
            "camera": made["camera"],
            "window": name,
            "segments": 30,
            "cipher": segments_root([digest(f"{name} c{i}") for i in range(30)]),
            "plain": segments_root([digest(f"{name} p{i}") for i in range(30)]),
            "register": made["register"],
            "minute": made["start"],
            **changes,
        }

    def request(self, *windows: str) -> str:
        """A request of the investigator for an hour; its hash."""
        body = {
            "request": f"r-{len(self.history.requests) + 1}",
            "windows": list(windows),
            "recipient": "age1investigator",
            "purpose": "accident",
            "detail_commitment": commit({"case": "K 12/26"}, SALT),
            "expires": to_iso(self.now + 3_600_000),
        }
        self.state("request", "p-investigator", **body)
        return next(reversed(self.history.requests))

    def release(self, request: str, window: str, *people: str) -> None:
        """Releases by members of the window's set."""
        members = [m["person"] for m in self.history.window(window).set.members]
        for who in people:
            at = members.index(who) + 1
            body = {"request": request, "window": window, "index": at}
            self.state("release", who, **body, resealed=digest(f"{request} {who}"))

    def shred(self, period: str) -> None:
        """Shred what is due of a period."""
        names = self.history.due(self.now)[period]
        kept = self.history.windows[names[0]].record
        root = merkle.root([merkle.leaf_hash(name.encode()) for name in names]).hex()
        body = {"period": period, "class": kept["class"], "due": kept["shred"]}
        self.keep("shred", **body, count=len(names), windows=names, root=root)

    def story(self) -> None:
        """Everything once: a camera, windows, watching, a release, a suspension, a shred."""
        self.found()
        self.keep("start", software=digest("software"), log_size=len(self.raws))
        register = self.camera("cam-01")
        self.pass_time(31)
        gate = {"camera": "cam-01", "allowed": True, "reason": "open"}
        self.keep("gate", **gate, register=register)
        windows = self.windows("cam-01")
        self.pass_time(120)
        self.record(windows[0])
        detail = {"camera": "cam-01", "purpose": "traffic"}
        act = {"actor": "a-1", "role": "operator", "act": "live"}
        watched = self.keep("act", **act, detail_commitment=commit(detail, SALT))
        asked = self.request(windows[0])
        self.release(asked, windows[0], "p-court", "p-ombudsman")
        self.keep("opening", request=asked, window=windows[0], resealed_e=digest("e"))
        self.state("opened", "p-investigator", request=asked, windows=[windows[0]])
        hold = {"windows": [windows[1]], "until": to_iso(self.now + DAY_MS)}
        self.state("hold", "p-supervisor", **hold, detail_commitment=digest("hold"))
        self.camera("cam-01", "suspended")
        self.pass_time(300)
        self.keep("reveal", of=watched, detail=detail, salt=SALT.hex())
        self.pass_time(2400)
        for period in list(self.history.due(self.now)):
            self.shred(period)

    def register_story(self) -> None:
        """What two people publish, one after the other: a law, a camera, an objection's answer."""
        self.found()
        year = {"valid_from": "2026-11-01", "valid_to": to_iso(self.start + 365 * DAY_MS)}
        self.register("legal-basis", "road-act", law="Road act", **year)
        scope = {"units": ["Traffic"], "cameras": []}
        clerk = person("p-clerk", roles=["operator"], scope=scope, age=None)
        self.approve("p-admin", self.propose("p-dpo", "enrol", **clerk))
        record = camera_record(self.start, rests_on=["legal-basis/road-act"], height_cm=600)
        body = {"camera": "cam-01", "version": 1, "status": "active", "record": record}
        self.approve("p-dpo", self.propose("p-clerk", "camera", **body))
        objection = {"camera": "cam-01", "version": 1, "commitment": digest("I live there.")}
        number = self.keep("objection", **objection)
        self.pass_time(10)
        answer = {"objections": [number], "outcome": "rejected", "text": "Doors are hidden."}
        self.state("answer", "p-dpo", **answer)
        self.pass_time(31)
        self.windows("cam-01")
        act = {"actor": "a-1", "role": "operator", "act": "live", "policy": digest("policy")}
        self.keep("act", **act, detail_commitment=digest("detail"))
        self.register("legal-basis", "road-act", "revoked", law="Road act", **year)

    # -- the outside

    def policy(self) -> Policy:
        """What a stranger trusts: the log's key and the witness quorum."""
        lines = [f"log {self.signer.verifier.vkey()}"]
        for name, key in self.witnesses.items():
            lines.append(f"witness {name} {cosign.verifier(f'{name}.example', key).vkey()}")
        if self.witnesses:
            lines.append(f"group witnesses {self._quorum} {' '.join(self.witnesses)}")
        lines.append(f"quorum {'witnesses' if self.witnesses else 'none'}")
        return Policy.parse("\n".join(lines) + "\n")

    def publish(self, folder: Path, *, batch: int = 1000) -> LogWriter:
        """Write the log and its leaves, then let all witnesses cosign it."""
        writer = open_log(folder, self.signer)
        durable.make_folder(folder / "leaves")
        for name, data in self.leaves.items():
            (folder / name).write_bytes(data)
        for at in range(writer.size, len(self.raws), batch):
            writer.append(self.raws[at : at + batch])
        publish(folder, self.signer.verifier, writer.head, self.cosign(writer.head))
        return writer

    def cosign(self, head: bytes) -> list[notes.SignatureLine]:
        """All witnesses' lines on a head, at the city's time."""
        text, _ = notes.parse(head)
        return [
            cosign.cosign(text, f"{name}.example", key, now=self.now)
            for name, key in self.witnesses.items()
        ]
