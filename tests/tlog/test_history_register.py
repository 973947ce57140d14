"""What two people publish one after the other, records that cameras rest on, objections, passkeys.

`city.state` and `city.keep` go through `History`, as the keeper and every verifier do.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from plainview.base.clock import DAY_MS, to_iso
from plainview.base.ids import b64
from plainview.errors import BadFormat, BadSignature, GateClosed, NotAuthorised, NotLogged, Refused
from plainview.testing.city import (
    ORIGIN,
    PEOPLE,
    RULES,
    START,
    City,
    camera_record,
    digest,
    person,
)
from plainview.testing.passkey import PRESENT, Passkey
from plainview.tlog.entries import Entry, parse
from plainview.tlog.signing import draft_statement, finish_statement

NOTICE = RULES["notice_seconds"]
YEAR = {"valid_from": "2026-11-01", "valid_to": to_iso(START + 365 * DAY_MS)}
CAMERA = {"camera": "cam-01", "version": 1, "status": "active"}


def founded(**rules: int) -> City:
    """A city with people, a custodian set, and these rules besides."""
    city = City()
    people = [person(name) for name in PEOPLE]
    body = {"origin": ORIGIN, "profile": "demo", "rules": RULES | rules, "people": people}
    city.state("founding", *PEOPLE, **body)
    city.custodians("set-1", 2, "p-dpo", "p-court", "p-ombudsman")
    return city


@pytest.fixture
def city() -> City:
    return founded()


@pytest.fixture
def strict() -> City:
    """Two people publish here."""
    return founded(publishers=2)


def refused(city: City, error: type[Exception], act: Callable[[], object]) -> None:
    """`act` is refused and leaves no trace."""
    before = repr(vars(city.history))
    with pytest.raises(error):
        act()
    assert repr(vars(city.history)) == before


def may_record(city: City, camera: str = "cam-01") -> bool:
    try:
        city.history.may_record(camera, city.now)
    except GateClosed:
        return False
    return True


# -- one proposes, another approves


def test_an_approval_puts_in_force_what_was_proposed(strict: City) -> None:
    proposal = strict.propose("p-dpo", "camera", **CAMERA, record=camera_record())
    assert "cam-01" not in strict.history.cameras
    strict.pass_time(3 * 86_400)
    index = strict.approve("p-supervisor", proposal)
    (version,) = strict.history.cameras["cam-01"]
    assert (version.index, version.record) == (index, camera_record())
    assert version.effect == strict.now + NOTICE * 1000  # notice runs from the approval


def test_apply_returns_what_was_put_in_force(city: City) -> None:
    proposal = city.propose("p-dpo", "camera", **CAMERA, record=camera_record())
    entry = parse(city.raws[-1])
    assert entry.type == "propose"
    stated: list[Entry] = []
    real = city.history.apply

    def noting(index: int, entry: Entry) -> Entry:
        stated.append(real(index, entry))
        return stated[-1]

    city.history.apply = noting  # type: ignore[method-assign]
    city.approve("p-admin", proposal)
    assert (stated[0].type, stated[0].body["camera"]) == ("camera", "cam-01")


def test_who_proposes_does_not_approve(strict: City) -> None:
    proposal = strict.propose("p-dpo", "camera", **CAMERA, record=camera_record())
    refused(strict, NotAuthorised, lambda: strict.approve("p-dpo", proposal))


def test_the_two_together_need_the_role(strict: City) -> None:
    proposal = strict.propose("p-operator", "camera", **CAMERA, record=camera_record())
    refused(strict, NotAuthorised, lambda: strict.approve("p-admin", proposal))
    strict.approve("p-dpo", proposal)


def test_a_proposal_is_approved_once_and_within_14_days(city: City) -> None:
    proposal = city.propose("p-dpo", "camera", **CAMERA, record=camera_record())
    city.approve("p-admin", proposal)
    refused(city, NotLogged, lambda: city.approve("p-supervisor", proposal))
    late = city.propose("p-dpo", "camera", **CAMERA | {"version": 2}, record=camera_record())
    city.pass_time(14 * 86_400)
    refused(city, NotLogged, lambda: city.approve("p-admin", late))
    city.propose("p-dpo", "camera", **CAMERA | {"version": 2}, record=camera_record())
    assert len(city.history.proposals) == 1  # the late one is forgotten


def test_a_proposal_that_others_overtook_is_refused(city: City) -> None:
    first = city.propose("p-dpo", "camera", **CAMERA, record=camera_record())
    second = city.propose("p-dpo", "camera", **CAMERA, record=camera_record(name="Other"))
    city.approve("p-admin", second)
    refused(city, Refused, lambda: city.approve("p-admin", first))


def test_what_is_no_publication_is_not_proposed(city: City) -> None:
    body = {"request": digest("r"), "reason": "no"}
    refused(city, BadFormat, lambda: city.propose("p-court", "refusal", **body))
    refused(city, BadFormat, lambda: city.propose("p-dpo", "camera", camera="cam-01"))


def test_nobody_proposes_or_approves_their_own_enrolment(city: City) -> None:
    own = person("p-supervisor", roles=["supervisor", "dpo"])
    proposal = city.propose("p-dpo", "enrol", **own)
    refused(city, NotAuthorised, lambda: city.approve("p-supervisor", proposal))
    mine = city.propose("p-supervisor", "enrol", **own)
    refused(city, NotAuthorised, lambda: city.approve("p-dpo", mine))
    city.approve("p-admin", proposal)
    assert "dpo" in city.history.people["p-supervisor"].roles


def test_an_administrator_alone_appoints_nobody(city: City) -> None:
    body = person("p-new", roles=["administrator"])
    refused(city, NotAuthorised, lambda: city.state("enrol", "p-admin", **body))
    proposal = city.propose("p-admin", "enrol", **body)
    refused(city, NotAuthorised, lambda: city.approve("p-admin", proposal))


@pytest.mark.parametrize("status", ["suspended", "removed"])
def test_one_data_protection_officer_stops_a_camera(strict: City, status: str) -> None:
    refused(strict, NotAuthorised, lambda: strict.camera("cam-01"))
    record = camera_record()
    strict.state("camera", "p-dpo", "p-admin", **CAMERA, record=record)
    strict.pass_time(NOTICE)
    assert may_record(strict)
    strict.state("camera", "p-dpo", camera="cam-01", version=2, status=status, record=record)
    assert not may_record(strict)


@pytest.mark.parametrize("publishers", [0, 3, True])
def test_one_or_two_publish(publishers: int) -> None:
    with pytest.raises(BadFormat):
        founded(publishers=publishers)


# -- records that cameras rest on


def resting(city: City, *names: str) -> None:
    city.camera("cam-01", rests_on=list(names))
    city.pass_time(NOTICE)


def test_a_revoked_basis_stops_every_camera_that_rests_on_it(city: City) -> None:
    city.register("legal-basis", "road-act", law="Road act", **YEAR)
    resting(city, "legal-basis/road-act")
    city.camera("cam-02", rests_on=["legal-basis/road-act"])
    city.camera("cam-03")
    city.pass_time(NOTICE)
    assert all(may_record(city, name) for name in ("cam-01", "cam-02", "cam-03"))
    body = {"kind": "legal-basis", "id": "road-act", "version": 2, "status": "revoked"}
    city.state("record", "p-dpo", **body, record={"law": "Road act", **YEAR})
    assert [may_record(city, f"cam-0{n}") for n in (1, 2, 3)] == [False, False, True]
    city.register("legal-basis", "road-act", law="Road act, amended", **YEAR)
    assert may_record(city)


def test_a_camera_rests_only_on_what_is_published(city: City) -> None:
    refused(city, Refused, lambda: city.camera("cam-01", rests_on=["dpia/none"]))


def test_a_camera_stops_when_what_it_rests_on_ends(city: City) -> None:
    ends = city.now + 3_600_000
    city.register("dpia", "square", valid_from="2026-11-01", valid_to=to_iso(ends))
    resting(city, "dpia/square")
    answer = city.history.may_record("cam-01", city.now)
    assert (answer.until, answer.lapses) == (ends, ends)
    city.now = ends - 1
    assert may_record(city)
    last = city.now - city.now % 60_000 + 60_000
    refused(city, GateClosed, lambda: city.keep("windows", windows=[city.window("cam-01", last)]))
    city.now = ends
    assert not may_record(city)


def test_a_record_from_the_future_is_not_in_force_yet(city: City) -> None:
    begins = city.now + 3_600_000
    city.register("contract", "c-7", valid_from=to_iso(begins), valid_to="2028-01-01")
    resting(city, "contract/c-7")
    assert not may_record(city)
    city.now = begins
    assert may_record(city)


def test_a_new_version_ends_the_answer_of_the_gate(city: City) -> None:
    city.register("contract", "c-7", valid_from="2026-11-01", valid_to="2028-01-01")
    resting(city, "contract/c-7")
    begins = city.now + 3_600_000
    city.register("contract", "c-7", valid_from=to_iso(begins), valid_to="2029-01-01")
    assert city.history.may_record("cam-01", city.now).until == begins


@pytest.mark.parametrize(
    ("kind", "record", "error"),
    [
        ("legal-basis", {"valid_from": "2026-11-01"}, BadFormat),
        ("legal-basis", {"valid_from": 3, "valid_to": "2028-01-01"}, BadFormat),
        ("dpia", {"valid_from": "2026-11-01", "valid_to": "soon"}, BadFormat),
        ("people", {}, BadFormat),
    ],
)
def test_records_that_say_too_little(
    city: City, kind: str, record: dict[str, Any], error: type[Exception]
) -> None:
    refused(city, error, lambda: city.register(kind, "one", **record))


def test_versions_of_a_record_follow_one_another(city: City) -> None:
    city.register("unit", "traffic", name="Traffic")
    body = {"kind": "unit", "id": "traffic", "version": 3, "status": "active", "record": {}}
    refused(city, Refused, lambda: city.state("record", "p-dpo", "p-admin", **body))
    refused(city, NotAuthorised, lambda: city.state("record", "p-admin", **body | {"version": 2}))


# -- objections


def object_to(city: City, camera: str = "cam-01", version: int = 1) -> int:
    body = {"camera": camera, "version": version, "commitment": digest("why")}
    return city.keep("objection", **body)


def answer(city: City, *numbers: int, outcome: str = "rejected") -> int:
    body = {"objections": list(numbers), "outcome": outcome, "text": "Because."}
    return city.state("answer", "p-dpo", **body)


def test_an_unanswered_objection_blocks_activation(city: City) -> None:
    city.camera("cam-01")
    first, second = object_to(city), object_to(city)
    city.pass_time(NOTICE + 60)
    assert not may_record(city)
    answer(city, first)
    assert not may_record(city)
    answer(city, second, outcome="partly")
    assert may_record(city)
    (version,) = city.history.cameras["cam-01"]
    assert version.effect == city.now  # nothing recorded before the answer becomes lawful by it


def test_the_version_before_goes_on(city: City) -> None:
    city.camera("cam-01")
    city.pass_time(NOTICE)
    city.camera("cam-01", sees="more")
    number = object_to(city, version=2)
    city.pass_time(NOTICE + 60)
    assert city.history.may_record("cam-01", city.now).version == 1
    answer(city, number)
    assert city.history.may_record("cam-01", city.now).version == 2


def test_what_was_rightly_objected_to_never_takes_effect(city: City) -> None:
    city.camera("cam-01")
    answer(city, object_to(city), outcome="upheld")
    city.pass_time(NOTICE + 86_400)
    assert not may_record(city)
    city.camera("cam-01", sees="less")
    city.pass_time(NOTICE)
    assert city.history.may_record("cam-01", city.now).version == 2


def test_what_was_upheld_cannot_be_unsaid(city: City) -> None:
    city.camera("cam-01")
    first, second = object_to(city), object_to(city)
    answer(city, first, outcome="upheld")
    refused(city, NotLogged, lambda: answer(city, first))
    answer(city, second)
    city.pass_time(NOTICE + 60)
    assert not may_record(city)
    assert city.history.cameras["cam-01"][0].status == "refused"


def test_the_version_before_outlives_a_refused_one(city: City) -> None:
    city.camera("cam-01")
    city.pass_time(NOTICE)
    city.camera("cam-01", sees="more")
    answer(city, object_to(city, version=2), outcome="upheld")
    city.pass_time(NOTICE + 60)
    assert city.history.may_record("cam-01", city.now).version == 1


def test_an_answer_in_time_changes_nothing(city: City) -> None:
    city.camera("cam-01")
    before = city.history.cameras["cam-01"][0].effect
    answer(city, object_to(city))
    assert city.history.cameras["cam-01"][0].effect == before


def test_objections_are_taken_while_the_notice_runs(city: City) -> None:
    city.camera("cam-01")
    refused(city, Refused, lambda: object_to(city, version=2))
    refused(city, Refused, lambda: object_to(city, "cam-02"))
    city.pass_time(NOTICE)
    refused(city, Refused, lambda: object_to(city))
    assert may_record(city)


def test_only_what_waits_is_answered_and_by_a_data_protection_officer(city: City) -> None:
    city.camera("cam-01")
    number = object_to(city)
    body = {"objections": [number], "outcome": "rejected", "text": "No."}
    refused(city, NotAuthorised, lambda: city.state("answer", "p-admin", **body))
    refused(city, NotLogged, lambda: answer(city))
    refused(city, NotLogged, lambda: answer(city, number, number + 1))
    answer(city, number)
    refused(city, NotLogged, lambda: answer(city, number))


# -- passkeys


@pytest.fixture
def passkey(city: City) -> Passkey:
    """The second key of the data protection officer."""
    passkey = Passkey("p-dpo")
    body = person("p-dpo", more_keys=[passkey.public_b64])
    city.state("enrol", "p-admin", "p-supervisor", **body)
    return passkey


def drafted(city: City, passkey: Passkey, **changes: Any) -> dict[str, Any]:
    body = {**CAMERA, "record": camera_record(), **changes}
    return draft_statement("camera", body, [passkey.key_id], time=city.now)


def test_a_passkey_signs_a_statement(city: City, passkey: Passkey) -> None:
    document = drafted(city, passkey)
    city.log(finish_statement(document, {passkey.key_id: passkey.sign(document)}))
    city.pass_time(NOTICE)
    assert may_record(city)
    city.camera("cam-01", "suspended")  # the key file still counts


def test_a_passkey_can_be_the_only_key(city: City) -> None:
    only = Passkey("p-new")
    body = person("p-new", key=only.public_b64, roles=["dpo"], age=None)
    city.state("enrol", "p-admin", "p-supervisor", **body)
    document = drafted(city, only)
    city.log(finish_statement(document, {only.key_id: only.sign(document)}))


def test_a_passkey_that_was_replaced_signs_no_more(city: City, passkey: Passkey) -> None:
    city.state("enrol", "p-admin", "p-supervisor", **person("p-dpo"))
    document = drafted(city, passkey)
    entry = finish_statement(document, {passkey.key_id: passkey.sign(document)})
    refused(city, NotAuthorised, lambda: city.log(entry))


def test_a_key_of_somebody_else_is_not_enrolled_twice(city: City, passkey: Passkey) -> None:
    body = person("p-clerk", roles=["operator"], more_keys=[passkey.public_b64])
    refused(city, Refused, lambda: city.state("enrol", "p-admin", "p-supervisor", **body))


@pytest.mark.parametrize("size", [31, 33, 64, 66])
def test_a_key_has_a_length(city: City, size: int) -> None:
    body = person("p-clerk", roles=["operator"], more_keys=[b64(bytes(size))])
    refused(city, BadFormat, lambda: city.state("enrol", "p-admin", "p-supervisor", **body))


def signed_by(
    city: City, passkey: Passkey, spoil: Callable[[dict[str, Any]], None] = lambda parts: None,
    **how: Any,
) -> Entry:  # fmt: skip
    document = drafted(city, passkey)
    parts = json.loads(passkey.sign(document, **how))
    spoil(parts)
    return finish_statement(document, {passkey.key_id: json.dumps(parts).encode()})


def spoilt(name: str, byte: int) -> Callable[[dict[str, Any]], None]:
    def spoil(parts: dict[str, Any]) -> None:
        data = bytearray(base64.b64decode(parts[name]))
        data[byte] ^= 1
        parts[name] = b64(bytes(data))

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(spoilt("a", 0), id="for another site"),
        pytest.param(spoilt("a", 33), id="another count"),
        pytest.param(spoilt("c", 30), id="another challenge"),
        pytest.param(spoilt("s", -1), id="another signature"),
        pytest.param(lambda parts: parts.update(s=""), id="no signature"),
        pytest.param(lambda parts: parts.update(c="bnVsbA=="), id="no client data"),
        pytest.param(lambda parts: parts.update(c=b64(b"\xff")), id="client data in no encoding"),
        pytest.param(lambda parts: parts.update(a=7), id="not text"),
        pytest.param(lambda parts: parts.pop("a"), id="no authenticator data"),
        pytest.param(lambda parts: parts.update(x="y"), id="something more"),
    ],
)
def test_a_spoilt_signature_of_a_passkey(
    city: City, passkey: Passkey, spoil: Callable[[dict[str, Any]], None]
) -> None:
    refused(city, BadSignature, lambda: city.log(signed_by(city, passkey, spoil)))


@pytest.mark.parametrize("how", [{"flags": PRESENT}, {"flags": 4}, {"kind": "webauthn.create"}])
def test_the_person_must_have_been_verified(
    city: City, passkey: Passkey, how: dict[str, Any]
) -> None:
    refused(city, BadSignature, lambda: city.log(signed_by(city, passkey, **how)))


def test_a_signature_is_for_one_statement(city: City, passkey: Passkey) -> None:
    signature = passkey.sign(drafted(city, passkey))
    other = drafted(city, passkey, status="suspended")
    entry = finish_statement(other, {passkey.key_id: signature})
    refused(city, BadSignature, lambda: city.log(entry))


def test_a_point_that_is_not_on_the_curve(city: City) -> None:
    nowhere = b"\x04" + bytes(63) + b"\x05"
    body = person("p-clerk", roles=["dpo"], key=b64(nowhere), age=None)
    city.state("enrol", "p-admin", "p-supervisor", **body)
    passkey = Passkey("p-clerk")
    passkey.public = nowhere
    refused(city, BadSignature, lambda: city.log(signed_by(city, passkey)))
