"""Cases over a real log: what a person may do, and any order of acts against a model."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from plainview.base.ids import sha256_hex, unb64
from plainview.cases.drafts import VALID_MS, purpose_code
from plainview.cases.service import Cases
from plainview.errors import (
    BadFormat,
    BadSeal,
    KeeperAway,
    NotAuthorised,
    NotFound,
    PlainviewError,
    Refused,
)
from plainview.register.projection import Register
from plainview.seal.shares import open_share, reseal
from plainview.store.store import Store
from plainview.testing.approvals import ApprovingTown
from plainview.testing.town import CAMERA, CUSTODIANS, Sealed, Town
from plainview.tlog.entries import make, parse
from plainview.tlog.signing import sign

ASKER = "p-investigator"


@dataclass
class Office:
    """A town with a recorded window, and its cases."""

    town: Town
    sealed: Sealed
    register: Register
    store: Store
    cases: Cases

    @property
    def window(self) -> str:
        return self.sealed.header.record.window

    def close(self) -> None:
        self.cases.close()
        self.store.close()
        self.register.close()

    def draft(self) -> dict[str, Any]:
        record = self.sealed.header.record
        span = record.start_ms, record.end_ms
        return self.cases.draft_request(ASKER, CAMERA, *span, "offence", "K 1", "").draft

    def signed(self, draft: dict[str, Any], role: str = "investigator") -> bytes:
        entry = make("request", draft["body"], time=self.town.now)
        return sign(entry, self.town.signers(role)).raw

    def ask(self) -> str:
        draft = self.draft()
        return self.cases.submit(ASKER, self.signed(draft), draft["detail"], draft["salt"])

    def release(self, role: str, hash: str, **changes: Any) -> int:
        i = CUSTODIANS.index(role) + 1
        key, record = self.town.keys[role], self.sealed.header.record
        sealed = unb64(self.sealed.header.shares[i - 1].sealed)
        share = open_share(key.age, sealed, record)
        resealed = reseal(share, self.town.keys["investigator"].recipient)
        body = {"request": hash, "window": self.window, "index": i}
        body |= {"resealed": sha256_hex(resealed), **changes}
        raw = sign(make("release", body, time=self.town.now), [key.signing]).raw
        return self.cases.add_release(key.person, hash, raw, resealed)

    def refuse(self, role: str, hash: str) -> int:
        body = {"request": hash, "reason": "No"}
        key = self.town.keys[role]
        raw = sign(make("refusal", body, time=self.town.now), [key.signing]).raw
        return self.cases.refuse(key.person, hash, raw)

    def state(self, hash: str) -> str:
        (item,) = [one for one in self.cases.inbox(ASKER) if one["request"] == hash]
        return str(item["state"])


def open_office(folder: Path, segments: int = 2, kind: type[Town] = Town) -> Office:
    town = kind(folder)
    sealed = town.make_window()
    town.record(sealed, segments)
    town.catch_up()
    register, store = Register(town.settings), Store(town.settings)
    keeper: Any = town
    cases = Cases(town.settings, register, store, keeper, clock=lambda: town.now)
    return Office(town, sealed, register, store, cases)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    found = open_office(tmp_path)
    yield found
    found.close()


def test_a_bundle_shows_what_approvals_rest_on(tmp_path: Path) -> None:
    """Proposals, and who proposed as they were when both had signed; each entry once."""
    office = open_office(tmp_path, kind=ApprovingTown)
    key = office.town.keys["custodian-a"]
    hash = office.ask()
    office.release("custodian-a", hash)
    bundle = office.cases.bundle(key.person, hash)
    shown = [parse(unb64(item["entry"])) for item in bundle["people"]]
    kinds = [entry.type for entry in shown]
    assert len({entry.hash for entry in shown}) == len(shown)
    assert kinds[:2] == ["founding", "enrol"]  # the administrator's passkey approved
    assert [entry.body["type"] for entry in shown if entry.type == "propose"] == [
        "custodian-set",
        "camera",
    ]
    assert [parse(unb64(item["entry"])).type for item in bundle["sets"]] == ["approve"]
    assert office.state(hash) != "refused"
    office.close()


def test_a_draft_names_only_what_exists(office: Office) -> None:
    record = office.sealed.header.record
    office.town.make_window(minutes=30)  # logged, never recorded
    draft = office.draft()
    assert draft["body"]["windows"] == [office.window]
    assert draft["body"]["recipient"] == office.town.keys["investigator"].recipient
    assert draft["detail"]["case"] == "K 1"
    with pytest.raises(NotFound, match="Nothing that can be opened"):
        office.cases.draft_request(ASKER, CAMERA, record.end_ms + 1, record.end_ms + 9, "", "", "")
    with pytest.raises(BadFormat, match="ends before it begins"):
        office.cases.draft_request(ASKER, CAMERA, 9, 1, "", "", "")
    with pytest.raises(NotFound):
        office.cases.draft_request(ASKER, "cam-99", 1, 9, "", "", "")
    assert [one.draft for one in office.cases.drafts(ASKER)] == [draft]


def test_what_was_shredded_is_not_offered(office: Office) -> None:
    office.town.now = office.sealed.header.record.shred_ms
    with pytest.raises(NotFound, match="Nothing that can be opened"):
        office.draft()


def test_a_bookmark_drafts_a_request(office: Office) -> None:
    at = office.sealed.header.record.start_ms + 3000
    mark = office.cases.bookmark(ASKER, CAMERA, at, "There")
    assert mark.draft["body"]["windows"] == [office.window]
    assert mark.draft["detail"]["note"] == "There"


def test_free_text_stays_private() -> None:
    assert purpose_code("offence") == "offence"
    assert purpose_code("Find Ana Novak") == "other"


def test_a_request_must_be_the_signed_in_persons_own(office: Office) -> None:
    draft = office.draft()
    with pytest.raises(NotAuthorised, match="not signed by the person"):
        office.cases.submit(
            ASKER, office.signed(draft, "custodian-a"), draft["detail"], draft["salt"]
        )
    with pytest.raises(BadSeal, match="not the one that the request commits to"):
        office.cases.submit(
            ASKER, office.signed(draft), {**draft["detail"], "case": "K 2"}, draft["salt"]
        )
    with pytest.raises(BadFormat, match="A release statement is expected"):
        office.cases.add_release("p-custodian-a", office.ask(), office.signed(draft), b"")
    size = office.register.size
    with pytest.raises(NotAuthorised):  # the keeper's own rule: an operator may not ask
        office.cases.submit(
            "p-operator", office.signed(draft, "operator"), draft["detail"], draft["salt"]
        )
    office.register.sync()
    assert office.register.size == size


def test_a_release_must_fit(office: Office) -> None:
    hash = office.ask()
    with pytest.raises(BadSeal):
        office.release("custodian-a", hash, resealed="00" * 32)
    with pytest.raises(BadFormat):
        office.release("custodian-a", hash, window="cam-01.20200101T000000Z.1.0")
    with pytest.raises(PlainviewError):  # the keeper: it is not share 2 that she holds
        office.release("custodian-a", hash, index=2)
    assert office.state(hash) == "requested"
    office.release("custodian-a", hash)
    with pytest.raises(Refused, match="already"):
        office.release("custodian-a", hash)
    assert office.state(hash) == "releasing"


class Slow:
    """A keeper that takes what it gets, answers too late, and logs it later still."""

    raw = b""

    def append(self, raw: bytes) -> int:
        self.raw = raw
        raise KeeperAway("The keeper did not answer in time.")


def test_what_is_logged_late_is_not_lost(office: Office) -> None:
    """The case behind a request, and a share: neither can be sent a second time."""
    slow: Any = Slow()
    office.cases._keeper = slow
    with pytest.raises(KeeperAway):
        office.ask()
    office.town.append(slow.raw)
    office.register.sync()
    (hash,) = [one.hash for one in office.register.requests(ASKER)]
    assert office.cases.bundle("p-custodian-a", hash)["detail"]["case"] == "K 1"
    with pytest.raises(KeeperAway):
        office.release("custodian-a", hash)
    office.town.append(slow.raw)
    office.register.sync()
    assert office.state(hash) == "releasing"
    assert len(office.cases.bundle(ASKER, hash)["releases"]) == 1


def test_who_may_read_a_request(office: Office) -> None:
    hash = office.ask()
    for person in (ASKER, "p-custodian-a", "p-custodian-c"):
        assert office.cases.bundle(person, hash)["request"] == hash
    for person in ("p-operator", "p-administrator"):
        with pytest.raises(NotAuthorised):
            office.cases.bundle(person, hash)
        assert office.cases.inbox(person) == []
    shown = office.cases.bundle("p-custodian-b", hash)["windows"][0]["header"]
    assert [share["person"] for share in shown["shares"]] == ["p-custodian-b"]
    assert shown["wrapped_e"] == shown["wrapped_view"] == ""
    with pytest.raises(NotAuthorised, match="somebody else"):
        office.cases.opening("p-custodian-b", hash, office.window)


def test_originals_need_k_releases(office: Office) -> None:
    hash = office.ask()
    office.release("custodian-a", hash)
    with pytest.raises(NotAuthorised, match="has been released"):
        office.cases.originals(ASKER, office.window)
    office.release("custodian-b", hash)
    assert len(list(office.cases.originals(ASKER, office.window))) == 2
    assert len(list(office.cases.originals(ASKER, office.window, hash))) == 2
    with pytest.raises(NotAuthorised):
        office.cases.originals("p-custodian-a", office.window)
    opened = office.cases.opening(ASKER, hash, office.window)
    assert office.cases.opening(ASKER, hash, office.window)["resealed_e"] == opened["resealed_e"]
    office.town.now += VALID_MS
    with pytest.raises(NotAuthorised):
        office.cases.originals(ASKER, office.window, hash)


class Requests(RuleBasedStateMachine):
    """Any order of asking, releasing, refusing and waiting; the state follows a model."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.office = open_office(self.folder, segments=1)
        self.asked: dict[str, tuple[set[str], set[str], int]] = {}

    def teardown(self) -> None:
        self.office.close()
        shutil.rmtree(self.folder)

    def expected(self, hash: str) -> str:
        released, refused, expires = self.asked[hash]
        if self.office.town.now >= expires:
            return "expired"
        if len(released) >= 2:
            return "open"
        if 3 - len(refused) < 2:
            return "refused"
        return "releasing" if released else "requested"

    @precondition(lambda self: len(self.asked) < 3)
    @rule()
    def ask(self) -> None:
        if self.office.town.now >= self.office.sealed.header.record.shred_ms:
            return
        self.asked[self.office.ask()] = (set(), set(), self.office.town.now + VALID_MS)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), role=st.sampled_from(CUSTODIANS))
    def release(self, data: st.DataObject, role: str) -> None:
        hash = data.draw(st.sampled_from(sorted(self.asked)))
        before = self.expected(hash)
        released = self.asked[hash][0]
        if before in ("expired", "refused") or role in released:
            with pytest.raises(Refused):
                self.office.release(role, hash)
        else:
            self.office.release(role, hash)
            released.add(role)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), role=st.sampled_from(CUSTODIANS))
    def refuse(self, data: st.DataObject, role: str) -> None:
        hash = data.draw(st.sampled_from(sorted(self.asked)))
        if self.expected(hash) in ("expired", "refused"):
            with pytest.raises(Refused):
                self.office.refuse(role, hash)
        else:
            self.office.refuse(role, hash)
            self.asked[hash][1].add(role)

    @rule(days=st.sampled_from([0, 7]))
    def wait(self, days: int) -> None:
        self.office.town.now += days * 86_400_000
        self.office.town.witness()

    @invariant()
    def states_follow_the_model(self) -> None:
        found = {item["request"]: item["state"] for item in self.office.cases.inbox(ASKER)}
        assert found == {hash: self.expected(hash) for hash in self.asked}

    @invariant()
    def nothing_opens_before_k(self) -> None:
        for hash in self.asked:
            if self.expected(hash) in ("requested", "releasing", "refused"):
                with pytest.raises(PlainviewError):
                    self.office.cases.opening(ASKER, hash, self.office.window)


Requests.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=12,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestRequests = Requests.TestCase
