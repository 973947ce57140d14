"""The log's own rules: who may state what, and when a camera may record.

`History` replays entries in order. The keeper asks it before it logs anything, a verifier
afterwards; both run this code. The formats stand in docs/design/interfaces.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from plainview.base.clock import DAY_MS, LATEST, Ms, from_iso, to_compact, to_iso
from plainview.base.ids import unb64
from plainview.errors import BadFormat, GateClosed, Invalid, NotAuthorised, NotLogged, Refused
from plainview.tlog import merkle
from plainview.tlog.entries import Entry, key_id
from plainview.tlog.passkeys import POINT
from plainview.tlog.shapes import BODY, CAMERA_RECORD, DATED, check_shape

AUTHORS: dict[str, tuple[int, frozenset[str]]] = {
    "founding": (2, frozenset()),
    "enrol": (2, frozenset({"administrator", "dpo"})),
    "custodian-set": (2, frozenset({"dpo"})),
    "camera": (1, frozenset({"dpo"})),
    "record": (1, frozenset({"dpo"})),
    "propose": (1, frozenset()),
    "approve": (1, frozenset()),
    "answer": (1, frozenset({"dpo"})),
    "request": (1, frozenset({"investigator"})),
    "release": (1, frozenset({"custodian"})),
    "refusal": (1, frozenset({"custodian"})),
    "opened": (1, frozenset({"investigator"})),
    "hold": (1, frozenset({"dpo", "supervisor"})),
}
"""Statements: how many people sign, and the roles of which one of them must have one."""

PROPOSED = ("enrol", "custodian-set", "camera", "record")
"""What one person may propose and another approve, at another time and place."""
PROPOSAL_MS: Ms = 14 * DAY_MS
"""A proposal that is older cannot be approved any more."""

ROLES = {"operator", "investigator", "supervisor", "custodian", "dpo", "auditor", "administrator"}
LONGEST_SECONDS = 100 * 366 * 86_400
LATE_MS: Ms = 600_000
"""A statement (or the keeper's clock) may lie this far behind what the log already shows."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody enrolled; keys are raw: Ed25519 (32 bytes) or a passkey's point on P-256 (65)."""

    id: str
    keys: tuple[bytes, ...]
    age: str | None
    roles: frozenset[str]
    outside: bool
    index: int


@dataclass(frozen=True, slots=True)
class CustodianSet:
    """Who holds shares: person ids in the order of their shares 1..n."""

    id: str
    k: int
    n: int
    members: tuple[Mapping[str, Any], ...]
    index: int


@dataclass(frozen=True, slots=True)
class Version:
    """One statement about a camera or another record: in effect from `effect` until `lapses`.

    Its status is what was stated, or `refused` once an objection to it was upheld: it never takes
    effect, and the version before goes on.
    As an answer of the gate it is a yes until `until`; then ask again.
    """

    index: int
    version: int
    status: str
    record: Mapping[str, Any]
    effect: Ms
    lapses: Ms
    until: Ms


@dataclass(frozen=True, slots=True)
class Proposal:
    """A statement of this type and body that waits for a second person until `ends`."""

    type: str
    body: dict[str, Any]
    person: str
    ends: Ms


@dataclass(slots=True)
class Window:
    """A logged window that is not shredded yet; it is due then, later where it is held."""

    record: Mapping[str, Any]
    index: int
    set: CustodianSet
    due: Ms


@dataclass(slots=True)
class Request:
    """A logged request; `releases[window][share index]` is the hash of the re-sealed share."""

    index: int
    requester: str
    windows: tuple[str, ...]
    recipient: str
    expires: Ms
    releases: dict[str, dict[int, str]] = field(default_factory=dict)
    openings: dict[str, str] = field(default_factory=dict)


class History:
    """What the log says, up to the last entry applied."""

    def __init__(self) -> None:
        self.size = 0
        self.clock: Ms = 0
        self.origin = ""
        self.rules: Mapping[str, int] = {}
        self.people: dict[str, Person] = {}
        self.keys: dict[str, Person] = {}
        self.sets: dict[str, CustodianSet] = {}
        self.classes: dict[str, int] = {}
        self.cameras: dict[str, list[Version]] = {}
        self.records: dict[str, list[Version]] = {}  # by kind/id
        self.contested: dict[int, tuple[str, int]] = {}  # objection: its camera and version's index
        self.proposals: dict[str, Proposal] = {}
        self.windows: dict[str, Window] = {}
        self.requests: dict[str, Request] = {}
        self.statements: dict[str, int] = {}

    def apply(self, index: int, entry: Entry) -> Entry:
        """Take the next entry in; raises and changes nothing if it may not stand on the log.

        Returns what it states: itself, or what it puts in force by approving it.
        """
        founded = bool(self.rules)
        if index != self.size or (entry.type == "founding") == founded or founded == (index == 0):
            raise Invalid(f"entry {index} cannot follow: a founding entry first, then each once.")
        signers = self.check(entry)
        now = max(self.clock, entry.time)
        stated = getattr(self, _STEPS.get(entry.type, "_noted"))(index, entry, now, signers)
        self.size = index + 1
        if entry.by:
            self.statements[entry.id] = index
        else:
            self.clock = now
        return stated or entry

    def check(self, entry: Entry) -> list[Person]:
        """Shape, time, signatures and roles; the signers. Raises `BadFormat`, `NotAuthorised`."""
        if entry.type not in BODY:
            raise BadFormat(f"entries of type {entry.type[:40]!r} are unknown.")
        check_shape(entry.body, BODY[entry.type], entry.type)
        if entry.time < self.clock - LATE_MS:
            raise Refused(f"{to_iso(entry.time)} lies before what is logged already.")
        if entry.type not in AUTHORS:
            if entry.by:
                raise NotAuthorised(f"{entry.type} entries are the keeper's own.")
            return []
        if entry.id in self.statements:
            raise Refused("this statement is on the log already.")
        known = _founders(entry.body) if entry.type == "founding" else self.keys
        signers = [_signer(entry, i, known) for i in range(len(entry.by))]
        self._check_authors(entry.type, entry.body, signers)
        return signers

    def _check_authors(self, kind: str, body: Mapping[str, Any], signers: list[Person]) -> None:
        number, roles = AUTHORS[kind]
        if kind in ("camera", "record") and body["status"] == "active":
            number = self.rules.get("publishers", number)
        # Who was taken off the list keeps keys that are known, so that nobody else can have them.
        if len({person.id for person in signers if person.roles}) < number:
            raise NotAuthorised(f"{kind} entries take {number} signer(s) who have a role.")
        if roles and not any(roles & person.roles for person in signers):
            raise NotAuthorised(f"{kind} entries are signed by {' or '.join(sorted(roles))}.")

    # -- what two people state one after the other

    def _propose(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        kind, body = entry.body["type"], entry.body["body"]
        if kind not in PROPOSED or len(signers) != 1:
            raise BadFormat(f"one person proposes, and one of {', '.join(PROPOSED)}.")
        check_shape(body, BODY[kind], kind)
        waiting = {name: old for name, old in self.proposals.items() if old.ends > now}
        made = Proposal(kind, body, signers[0].id, now + PROPOSAL_MS)
        self.proposals = {**waiting, entry.hash: made}

    def _approve(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> Entry:
        found = self.proposals.get(entry.body["proposal"])
        if found is None or found.ends <= now:
            raise NotLogged("no such proposal waits; it ends 14 days after it was made.")
        both = [self.people[found.person], *signers]
        if len({person.id for person in both}) < 2:
            raise NotAuthorised("somebody else approves what one person proposed.")
        self._check_authors(found.type, found.body, both)
        stated = replace(entry, type=found.type, body=found.body)
        getattr(self, _STEPS[found.type])(index, stated, now, both)
        del self.proposals[entry.body["proposal"]]
        return stated

    # -- people and sets

    def _founding(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        founders = _founders(entry.body)
        people = {person.id: person for person in founders.values()}
        if {person.id for person in signers} != people.keys():
            raise NotAuthorised("every founder signs the founding entry.")
        rules = entry.body["rules"]
        spans = rules["window_seconds"], rules["key_period_seconds"]
        if min(spans) < 1 or min(rules.values()) < 0 or max(rules.values()) > LONGEST_SECONDS:
            raise BadFormat("rules are seconds; windows and key periods last at least one.")
        self.origin, self.rules = entry.body["origin"], rules
        self.keys, self.people = founders, people

    def _enrol(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        person = _person(entry.body, index)
        if any(signer.id == person.id for signer in signers):
            raise NotAuthorised("nobody signs their own enrolment.")
        fresh = dict.fromkeys(map(key_id, person.keys), person)
        if any(self.keys[key].id != person.id for key in fresh.keys() & self.keys.keys()):
            raise Refused("this key belongs to somebody else.")
        old = self.people.get(person.id, person)
        sharing = {member["person"] for group in self.sets.values() for member in group.members}
        if old.outside and not person.outside and person.id in sharing:
            raise Refused("who is no outsider any more leaves the custodian sets first.")
        for key in map(key_id, old.keys):
            self.keys.pop(key, None)
        self.people[person.id] = person
        self.keys |= fresh

    def _custodian_set(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        body, members, k = entry.body, entry.body["members"], entry.body["k"]
        for member in members:
            person = self.people.get(member["person"])
            if person is None or "custodian" not in person.roles:
                raise Refused(f"{member['person']} is not enrolled as a custodian.")
            if (person.age, person.outside) != (member["age"], member["outside"]):
                raise Refused(f"{member['person']} is enrolled differently.")
        if len({m["person"] for m in members}) != body["n"] or len(members) != body["n"]:
            raise BadFormat("n is the number of different members.")
        if not 2 <= k <= body["n"] or sum(not m["outside"] for m in members) >= k:
            raise Refused("fewer than k members are insiders, and k is at least 2.")
        self.sets[body["set"]] = CustodianSet(body["set"], k, body["n"], tuple(members), index)

    # -- cameras and the gate

    def _camera(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        body, record = entry.body, entry.body["record"]
        versions = _before(self.cameras, body["camera"], body["version"])
        if versions and versions[-1].status == "removed":
            raise Refused(f"{body['camera']} was removed.", hint="Register it under a new name.")
        # Records of before there was a choice say neither; they mean this.
        check_shape({"zones": [], "fill": "solid", **record}, CAMERA_RECORD, "record")
        kind, seconds = record["retention"]["class"], record["retention"]["seconds"]
        if self.classes.get(kind, seconds) != seconds:
            raise Refused("this retention class has another length.", hint="Name a new class.")
        if record["custodian_set"] not in self.sets or not 0 < seconds <= LONGEST_SECONDS:
            raise Refused("a camera needs a custodian set on the log and a retention period.")
        effect = now
        if body["status"] == "active":
            effect = max(moment(record["valid_from"]), now + self.rules["notice_seconds"] * 1000)
            if missing := set(record.get("rests_on", ())) - self.records.keys():
                raise Refused(f"{', '.join(sorted(missing))} is not on the log.")
        ends = (record["legal_basis"]["valid_to"], record["dpia"]["review_due"])
        lapses = min(map(moment, (*ends, record["contract"]["valid_to"])))
        _begins(record)
        self.classes[kind] = seconds
        version = Version(index, body["version"], body["status"], record, effect, lapses, lapses)
        self.cameras[body["camera"]] = [*versions, version]

    def may_record(self, camera: str, at: Ms) -> Version:
        """The gate: the version that allows it. Raises `GateClosed` with the reason."""
        versions = self.cameras.get(camera, [])
        current = _in_force(camera, versions, at, {index for _, index in self.contested.values()})
        if at < (begins := _begins(current.record)):
            raise GateClosed(f"legal basis or DPIA of {camera} begins {to_iso(begins)}.")
        names = current.record.get("rests_on", ())
        rests = [_in_force(name, self.records[name], at) for name in names]
        ends = [(one.lapses, one.until) for one in (current, *rests)]
        lapses, until = (min(times) for times in zip(*ends, strict=True))
        return replace(current, lapses=lapses, until=until)

    def _record(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        body, record = entry.body, entry.body["record"]
        name = f"{body['kind']}/{body['id']}"
        versions = _before(self.records, name, body["version"])
        if body["kind"] in DATED and not {"valid_from", "valid_to"} <= record.keys():
            raise BadFormat(f"{name} says from when until when it holds.")
        begins = moment(record["valid_from"]) if "valid_from" in record else now
        effect = max(begins, now) if body["status"] == "active" else now
        lapses = moment(record["valid_to"]) if "valid_to" in record else LATEST
        version = Version(index, body["version"], body["status"], record, effect, lapses, lapses)
        self.records[name] = [*versions, version]

    def _objection(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        name, number = entry.body["camera"], entry.body["version"]
        versions = [v for v in self.cameras.get(name, []) if v.version == number and v.effect > now]
        if not versions:
            raise Refused("objections are taken while the notice of a version runs.")
        self.contested[index] = name, versions[0].index

    def _answer(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        numbers = set(entry.body["objections"])
        if not numbers or not numbers <= self.contested.keys():
            raise NotLogged("an answer names objections that wait for one.")
        # What was rightly objected to never takes effect, whatever is said later; a new one may.
        change: dict[str, Any] = {"status": "refused"} if entry.body["outcome"] == "upheld" else {}
        for name, version in map(self.contested.pop, sorted(numbers)):
            self.cameras[name] = [
                replace(one, effect=max(one.effect, now), **change) if one.index == version else one
                for one in self.cameras[name]
            ]

    # -- windows and their end

    def _windows(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        records = entry.body["windows"]
        if len({record["window"] for record in records}) < len(records):
            raise BadFormat("a window twice in one entry.")
        for record in records:
            self.check_window(record, now)
        for record in records:
            group, due = self.sets[record["set"]], from_iso(record["shred"])
            self.windows[record["window"]] = Window(record, index, group, due)

    def check_window(self, record: Mapping[str, Any], now: Ms) -> None:
        """A window may be made now: named, timed, lawful, shared and shredded as it must be."""
        start, end = from_iso(record["start"]), from_iso(record["end"])
        name = f"{record['camera']}.{to_compact(start)}.{record['epoch']}.{record['counter']}"
        span = self.rules["window_seconds"] * 1000
        if record["window"] != name or record["window"] in self.windows:
            raise Refused(f"{record['window']} is not a new window's name.")
        if not start < end <= start - start % span + span:
            raise Refused(f"{name} does not lie within one span of {span // 1000} s.")
        if not end > now > start - DAY_MS:
            raise Refused(f"{name} is over, or more than a day ahead.")
        answer = self.may_record(record["camera"], start)
        if answer.lapses < end:
            raise GateClosed(f"{name} lasts longer than its legal basis, DPIA or contract.")
        group = self.sets[answer.record["custodian_set"]]
        expected = {"set": group.id, "k": group.k, "n": group.n, "register": answer.index}
        expected |= self.fate(answer.record["retention"], start)
        if wrong := [key for key, value in expected.items() if record[key] != value]:
            raise Refused(f"{name} contradicts the register in {', '.join(wrong)}.")
        if [share["i"] for share in record["shares"]] != list(range(1, group.n + 1)):
            raise BadFormat(f"{name} has not the shares 1 to {group.n}.")

    def fate(self, retention: Mapping[str, Any], start: Ms) -> dict[str, str]:
        """`class`, `period` and `shred` of a window that starts then."""
        span = self.rules["key_period_seconds"] * 1000
        period, name = start - start % span, retention["class"]
        end = period + span + retention["seconds"] * 1000
        return {"class": name, "period": f"{name}.{to_compact(period)}", "shred": to_iso(end)}

    def due(self, at: Ms) -> dict[str, list[str]]:
        """Windows to be shredded by then, by period; held ones when their hold has ended."""
        found: dict[str, list[str]] = {}
        for name in sorted(name for name, kept in self.windows.items() if kept.due <= at):
            found.setdefault(self.windows[name].record["period"], []).append(name)
        return found

    def _hold(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        until = from_iso(entry.body["until"])
        if until <= now:
            raise Refused("a hold ends in the future.")
        held = [self.window(name) for name in entry.body["windows"]]
        if any(kept.due <= now for kept in held):
            raise Refused("what is due for destruction is not held any more.")
        for kept in held:
            kept.due = max(kept.due, until)

    def _shred(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        body, names = entry.body, entry.body["windows"]
        if not names:
            raise BadFormat("a shred names its windows.")
        for name in names:
            kept = self.window(name)
            if kept.record["period"] != body["period"] or kept.due > now:
                raise Refused(f"{name} is not due in {body['period']}.")
        root = merkle.root_over(name.encode() for name in names)
        if (body["count"], body["root"]) != (len(set(names)), root) or len(names) != body["count"]:
            raise BadFormat("count or root of a shred is not that of its windows.")
        for name in names:
            del self.windows[name]

    def window(self, name: str) -> Window:
        """A window that is logged and not shredded; raises `NotLogged`."""
        if name not in self.windows:
            raise NotLogged(f"{name} is not a window on the log, or it was shredded.")
        return self.windows[name]

    # -- requests

    def _request(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        body, expires = entry.body, from_iso(entry.body["expires"])
        for name in body["windows"]:
            self.window(name)
        if len(signers) != 1 or not body["windows"] or expires <= now:
            raise Refused("a request has one requester, some windows, and ends in the future.")
        windows, recipient = tuple(body["windows"]), body["recipient"]
        self.requests[entry.hash] = Request(index, signers[0].id, windows, recipient, expires)

    def request(self, hash: str, window: str | None = None) -> Request:
        """The request with this hash, for this window; raises `NotLogged`."""
        found = self.requests.get(hash)
        if found is None or (window is not None and window not in found.windows):
            raise NotLogged("no such request is on the log, or it is not for this window.")
        return found

    def _release(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        body = entry.body
        asked, kept = self.request(body["request"], body["window"]), self.window(body["window"])
        member = kept.set.members[body["index"] - 1] if 0 < body["index"] <= kept.set.n else {}
        if len(signers) != 1 or member.get("person") != signers[0].id:
            raise NotAuthorised("only the custodian of this share releases it.")
        if signers[0].id == asked.requester:
            raise NotAuthorised("nobody releases to themselves.")
        if now >= asked.expires:
            raise Refused("the request has expired.")
        given = asked.releases.setdefault(body["window"], {})
        if body["index"] in given:
            raise Refused("this share was released already.")
        given[body["index"]] = body["resealed"]

    def _refusal(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        asked = self.request(entry.body["request"])
        sets = [self.windows[name].set for name in asked.windows if name in self.windows]
        members = {member["person"] for group in sets for member in group.members}
        if len(signers) != 1 or signers[0].id not in members - {asked.requester}:
            raise NotAuthorised("only a custodian of the windows asked for refuses.")

    def _opening(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        body = entry.body
        asked, kept = self.request(body["request"], body["window"]), self.window(body["window"])
        if len(asked.releases.get(body["window"], {})) < kept.set.k:
            raise NotLogged(f"fewer than {kept.set.k} releases of {body['window']} are logged.")
        if body["window"] in asked.openings:
            raise Refused("this window was opened for this request already.")
        asked.openings[body["window"]] = body["resealed_e"]

    def _opened(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        asked = self.request(entry.body["request"])
        if len(signers) != 1 or signers[0].id != asked.requester:
            raise NotAuthorised("only the requester reports an opening.")
        if not asked.openings.keys() >= set(entry.body["windows"]):
            raise NotLogged("a window that the keeper did not open.")

    def _gate(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        register = entry.body["register"]
        known = [version.index for version in self.cameras.get(entry.body["camera"], [])]
        if register not in known if entry.body["allowed"] else register not in (None, *known):
            raise Refused("a gate answer names a version of its camera.")

    def _reveal(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        if not 0 <= entry.body["of"] < index:
            raise NotLogged("a reveal names an earlier entry.")

    def _noted(self, index: int, entry: Entry, now: Ms, signers: list[Person]) -> None:
        """`start`, `redaction`, `roots`, `act`: their shape is all that the log itself can tell."""


_STEPS = {kind: step for kind in BODY if (step := "_" + kind.replace("-", "_")) in vars(History)}


def moment(text: str) -> Ms:
    """A time or a bare day (its 00:00 UTC) of a register record; raises `BadFormat`."""
    day = isinstance(text, str) and len(text) == 10
    return from_iso(f"{text}T00:00:00Z" if day else text)


def _before(kept: Mapping[str, list[Version]], name: str, number: int) -> list[Version]:
    """The versions of `name` that there are; raises `Refused` if `number` is not the next."""
    versions = kept.get(name, [])
    if number != len(versions) + 1:
        raise Refused(f"the next version of {name} is {len(versions) + 1}.")
    return versions


def _in_force(
    name: str, versions: Sequence[Version], at: Ms, contested: Collection[int] = ()
) -> Version:
    """The version in force then, and until when; raises `GateClosed`."""
    known = [v for v in versions if v.index not in contested and v.status != "refused"]
    current = next((version for version in reversed(known) if version.effect <= at), None)
    if current is None:
        raise GateClosed(f"{name} is not in the register, or its notice period runs.")
    if current.status != "active":
        raise GateClosed(f"{name} is {current.status}.")
    if at >= current.lapses:
        raise GateClosed(f"{name} or a legal basis, DPIA or contract of it ended.")
    newer = (version.effect for version in versions[current.version :])
    return replace(current, until=min([current.lapses, *newer]))


def _begins(record: Mapping[str, Any]) -> Ms:
    """From when there are both a legal basis and a DPIA."""
    return max(moment(record["legal_basis"]["valid_from"]), moment(record["dpia"]["date"]))


def _person(body: Mapping[str, Any], index: int) -> Person:
    keys = tuple(map(unb64, (body["key"], *body.get("more_keys", ()))))
    roles = frozenset(body["roles"])
    if not {len(key) for key in keys} <= {32, POINT} or not roles <= ROLES:
        raise BadFormat("a person has Ed25519 keys or passkeys on P-256, and known roles.")
    return Person(body["person"], keys, body["age"], roles, body["outside"], index)


def _founders(body: Mapping[str, Any]) -> dict[str, Person]:
    people = [_person(person, 0) for person in body["people"]]
    keys = {key_id(key): person for person in people for key in person.keys}
    number = sum(len(person.keys) for person in people)
    if len({person.id for person in people}) != len(people) or len(keys) != number:
        raise BadFormat("a person or a key twice among the founders.")
    return keys


def _signer(entry: Entry, position: int, known: Mapping[str, Person]) -> Person:
    person = known.get(entry.by[position])
    if person is None:
        raise NotAuthorised(f"the key {entry.by[position]} is not enrolled.")
    known_as = next(key for key in person.keys if key_id(key) == entry.by[position])
    entry.check_signature(position, known_as)
    return person
