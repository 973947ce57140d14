"""Who may state what: each rule of the table in interfaces.md, and what breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from plainview.base.clock import to_iso
from plainview.errors import BadFormat, BadSignature, Invalid, NotAuthorised, NotLogged, Refused
from plainview.testing.city import (
    ORIGIN,
    PEOPLE,
    RULES,
    SALT,
    START,
    City,
    camera_record,
    digest,
    key_of,
    person,
)
from plainview.tlog.entries import Entry, canonical, commit, make, parse
from plainview.tlog.history import AUTHORS
from plainview.tlog.shapes import BODY
from plainview.tlog.signing import sign


@pytest.fixture
def city() -> City:
    """A founded city with cam-01 recording and one window asked for."""
    city = City()
    city.found()
    city.camera("cam-01")
    city.pass_time(31)
    city.windows("cam-01")
    return city


def first_window(city: City) -> str:
    return next(iter(city.history.windows))


def refused(city: City, error: type[Exception], act: Callable[[], object]) -> None:
    """`act` is refused and leaves no trace."""
    before = repr(vars(city.history))
    with pytest.raises(error):
        act()
    assert repr(vars(city.history)) == before


def test_every_type_has_a_shape_and_every_statement_authors() -> None:
    assert AUTHORS.keys() < BODY.keys()


def test_the_whole_story_is_allowed() -> None:
    city = City()
    city.story()
    assert city.history.size == len(city.raws)


# -- founding


def found(**changes: Any) -> Callable[[City], int]:
    signers = changes.pop("signers", tuple(PEOPLE))
    body = {
        "origin": ORIGIN,
        "profile": "demo",
        "rules": RULES,
        "people": [person(name) for name in PEOPLE],
        **changes,
    }
    return lambda city: city.state("founding", *signers, **body)


@pytest.mark.parametrize(
    ("why", "act"),
    [
        ("a founder did not sign", found(signers=tuple(PEOPLE)[1:])),
        ("nobody signed", found(signers=())),
        ("a single founder", found(people=[person("p-dpo")], signers=("p-dpo",))),
        ("somebody else signed too", found(signers=(*PEOPLE, "p-stranger"))),
        ("one person twice", found(people=[person("p-dpo"), person("p-dpo")])),
        (
            "one key twice",
            found(people=[person("p-dpo"), person("p-x", key=key_of("p-dpo").public_b64)]),
        ),
        ("no window length", found(rules={**RULES, "window_seconds": 0})),
        ("negative notice", found(rules={**RULES, "notice_seconds": -1})),
        ("an unknown rule", found(rules={**RULES, "other": 1})),
        ("an unknown role", found(people=[person("p-dpo", roles=["king"]), person("p-admin")])),
    ],
)
def test_false_foundings(why: str, act: Callable[[City], int]) -> None:
    city = City()
    refused(city, (BadFormat, NotAuthorised, Refused), lambda: act(city))  # type: ignore[arg-type]


def test_nothing_stands_before_the_founding_and_nothing_founds_twice(city: City) -> None:
    empty = City()
    refused(empty, Invalid, lambda: empty.keep("start", software=digest("s"), log_size=0))
    refused(city, Invalid, lambda: found()(city))


def test_entries_are_applied_in_their_order_and_once(city: City) -> None:
    entry = parse(city.raws[1])
    for index in (0, 1, city.history.size + 1):
        with pytest.raises((Invalid, Refused)):
            city.history.apply(index, entry)


# -- statements in general


def test_the_keeper_s_entries_carry_no_signature_and_statements_do(city: City) -> None:
    window = first_window(city)
    hold = {"windows": [window], "until": to_iso(START + 9**8), "detail_commitment": digest("d")}
    refused(city, NotAuthorised, lambda: city.keep("hold", **hold))
    start = {"software": digest("s"), "log_size": 0}
    refused(city, NotAuthorised, lambda: city.state("start", "p-admin", **start))


def test_an_unknown_type_is_refused(city: City) -> None:
    refused(city, BadFormat, lambda: city.keep("wish"))


def signature_in(entry: Entry) -> bytes:
    signature: str = json.loads(entry.raw)["sigs"][entry.by[0]]
    return signature.encode()


def test_a_forged_signature_is_refused(city: City) -> None:
    body = {"camera": "cam-02", "version": 1, "status": "active", "record": camera_record()}
    entry = sign(city.draft("camera", body), [key_of("p-dpo")])
    other = sign(city.draft("camera", {**body, "camera": "cam-03"}), [key_of("p-dpo")])
    forged = entry.raw.replace(signature_in(entry), signature_in(other))
    refused(city, BadSignature, lambda: city.log(parse(forged)))


def test_a_key_that_is_not_enrolled_signs_nothing(city: City) -> None:
    body = {"camera": "cam-02", "version": 1, "status": "active", "record": camera_record()}
    refused(city, NotAuthorised, lambda: city.state("camera", "p-stranger", **body))
    refused(city, NotAuthorised, lambda: city.state("camera", "p-dpo", "p-stranger", **body))


def test_a_statement_counts_once(city: City) -> None:
    entry = sign(city.draft("enrol", person("p-new")), [key_of("p-dpo"), key_of("p-admin")])
    city.log(entry)
    refused(city, Refused, lambda: city.log(entry))
    assert city.history.statements[entry.id] == city.history.size - 1


def test_a_statement_from_the_past_is_refused(city: City) -> None:
    old = make("camera", _camera_body(), time=city.now - 601_000)
    city.keep("start", software=digest("s"), log_size=0)
    refused(city, Refused, lambda: city.log(sign(old, [key_of("p-dpo")])))


def _camera_body() -> dict[str, Any]:
    return {"camera": "cam-02", "version": 1, "status": "active", "record": camera_record()}


@pytest.mark.parametrize(
    ("type", "signer", "body"),
    [
        ("camera", "p-admin", _camera_body()),
        ("camera", "p-supervisor", _camera_body()),
        ("enrol", "p-dpo", person("p-new")),
        ("hold", "p-operator", {"until": to_iso(START + 10**9), "detail_commitment": digest("d")}),
        ("hold", "p-court", {"until": to_iso(START + 10**9), "detail_commitment": digest("d")}),
    ],
)
def test_the_wrong_role_or_too_few(
    city: City, type: str, signer: str, body: dict[str, Any]
) -> None:
    if type == "hold":
        body = {**body, "windows": [first_window(city)]}
    refused(city, NotAuthorised, lambda: city.state(type, signer, **body))


# -- people


def test_two_people_enrol_one_of_them_administrator_or_dpo(city: City) -> None:
    city.state("enrol", "p-admin", "p-operator", **person("p-new", roles=["operator"]))
    assert city.history.people["p-new"].roles == {"operator"}
    new = person("p-newer", roles=["operator"])
    refused(city, NotAuthorised, lambda: city.state("enrol", "p-operator", "p-supervisor", **new))


def test_one_person_with_one_key_is_not_two(city: City) -> None:
    entry = city.draft("enrol", person("p-new"))
    with pytest.raises(BadFormat):
        sign(entry, [key_of("p-dpo"), key_of("p-dpo")])


def test_nobody_raises_their_own_role(city: City) -> None:
    more = person("p-admin", roles=["administrator", "dpo"])
    refused(city, NotAuthorised, lambda: city.state("enrol", "p-admin", "p-dpo", **more))


def test_a_new_key_replaces_the_old_one(city: City) -> None:
    changed = person("p-operator", key=key_of("p-operator-2").public_b64)
    city.state("enrol", "p-admin", "p-dpo", **changed)
    assert key_of("p-operator").key_id not in city.history.keys
    assert city.history.keys[key_of("p-operator-2").key_id].id == "p-operator"


def test_a_key_belongs_to_one_person(city: City) -> None:
    thief = person("p-thief", key=key_of("p-dpo").public_b64)
    refused(city, Refused, lambda: city.state("enrol", "p-admin", "p-supervisor", **thief))


def test_somebody_without_roles_signs_nothing(city: City) -> None:
    city.state("enrol", "p-admin", "p-operator", **person("p-dpo", roles=[]))
    refused(city, NotAuthorised, lambda: city.camera("cam-02"))


def test_somebody_without_roles_is_no_second_person(city: City) -> None:
    new = person("p-new", roles=["operator"])
    city.state("propose", "p-operator", type="enrol", body=new)
    proposal = list(city.history.proposals)[-1]
    city.state("enrol", "p-admin", "p-supervisor", **person("p-operator", roles=[]))
    both = ("p-admin", "p-operator")
    refused(city, NotAuthorised, lambda: city.state("enrol", *both, **new))
    refused(city, NotAuthorised, lambda: city.state("approve", "p-admin", proposal=proposal))
    assert "p-new" not in city.history.people
    city.state("enrol", "p-admin", "p-supervisor", **new)


# -- custodian sets


def test_an_outsider_of_a_set_stays_one(city: City) -> None:
    both = ("p-admin", "p-dpo")
    inside = person("p-court", roles=["custodian"], outside=False, age="age1p-court")
    refused(city, Refused, lambda: city.state("enrol", *both, **inside))
    city.state("enrol", *both, **inside | {"outside": True, "roles": []})  # off the list: at once
    city.state("enrol", *both, **inside | {"outside": True})
    city.custodians("set-1", 2, "p-dpo", "p-ombudsman")
    city.state("enrol", *both, **inside)


@pytest.mark.parametrize(
    ("why", "k", "people"),
    [
        ("k insiders make a quorum", 1, ("p-dpo", "p-court")),
        ("one custodian alone", 1, ("p-court", "p-ombudsman")),
        ("more needed than there are", 4, ("p-dpo", "p-court", "p-ombudsman")),
        ("not a custodian", 2, ("p-operator", "p-court", "p-ombudsman")),
        ("not enrolled", 2, ("p-nobody", "p-court", "p-ombudsman")),
        ("one twice", 2, ("p-court", "p-court", "p-ombudsman")),
    ],
)
def test_false_custodian_sets(city: City, why: str, k: int, people: tuple[str, ...]) -> None:
    refused(city, (BadFormat, Refused), lambda: city.custodians("set-2", k, *people))  # type: ignore[arg-type]


def test_insiders_alone_are_never_a_quorum(city: City) -> None:
    city.state("enrol", "p-admin", "p-operator", **person("p-in", roles=["custodian"]))
    city.custodians("set-2", 3, "p-dpo", "p-in", "p-court")
    refused(city, Refused, lambda: city.custodians("set-3", 2, "p-dpo", "p-in", "p-court"))


@pytest.mark.parametrize("change", [{"age": "age1other"}, {"outside": False}])
def test_members_are_as_enrolled(city: City, change: dict[str, Any]) -> None:
    member = {"person": "p-court", "age": "age1p-court", "outside": True, **change}
    other = {"person": "p-ombudsman", "age": "age1p-ombudsman", "outside": True}
    body = {"set": "set-2", "k": 2, "n": 2, "members": [member, other]}
    refused(city, Refused, lambda: city.state("custodian-set", "p-dpo", "p-admin", **body))


def test_a_set_needs_two_signatures_and_a_dpo(city: City) -> None:
    member = {"person": "p-court", "age": "age1p-court", "outside": True}
    other = {"person": "p-ombudsman", "age": "age1p-ombudsman", "outside": True}
    body = {"set": "set-2", "k": 2, "n": 2, "members": [member, other]}
    refused(city, NotAuthorised, lambda: city.state("custodian-set", "p-dpo", **body))
    pair = ("p-admin", "p-supervisor")
    refused(city, NotAuthorised, lambda: city.state("custodian-set", *pair, **body))


# -- requests, releases, openings


def test_only_an_investigator_asks(city: City) -> None:
    body = {
        "request": "r-1",
        "windows": [first_window(city)],
        "recipient": "age1x",
        "purpose": "accident",
        "detail_commitment": commit({}, SALT),
        "expires": to_iso(city.now + 1000),
    }
    for who in ("p-operator", "p-supervisor", "p-dpo", "p-court"):
        refused(city, NotAuthorised, lambda who=who: city.state("request", who, **body))  # type: ignore[misc]
    pair = ("p-investigator", "p-dpo")
    refused(city, Refused, lambda: city.state("request", *pair, **body))
    changes: list[dict[str, Any]] = [{"windows": []}, {"expires": to_iso(city.now)}]
    for change in changes:
        wrong = {**body, **change}
        refused(city, Refused, lambda w=wrong: city.state("request", "p-investigator", **w))  # type: ignore[misc]
    unknown = {**body, "windows": ["cam-09.20261123T080000Z.1.0"]}
    refused(city, NotLogged, lambda: city.state("request", "p-investigator", **unknown))
    city.state("request", "p-investigator", **body)


def test_only_its_custodian_releases_a_share(city: City) -> None:
    window = first_window(city)
    asked = city.request(window)
    body = {"request": asked, "window": window, "index": 2, "resealed": digest("r")}
    for who, error in (("p-dpo", NotAuthorised), ("p-ombudsman", NotAuthorised)):
        refused(city, error, lambda who=who: city.state("release", who, **body))  # type: ignore[misc]
    refused(city, NotAuthorised, lambda: city.state("release", "p-operator", **body))
    for index in (0, -1, 4):
        wrong = {**body, "index": index}
        refused(city, NotAuthorised, lambda w=wrong: city.state("release", "p-court", **w))  # type: ignore[misc]
    refused(city, NotAuthorised, lambda: city.state("release", "p-court", "p-dpo", **body))
    city.state("release", "p-court", **body)
    refused(city, Refused, lambda: city.state("release", "p-court", **body))


def test_a_release_is_for_a_logged_request_and_its_windows(city: City) -> None:
    window, other, _ = city.history.windows
    asked = city.request(window)
    body = {"request": asked, "window": window, "index": 2, "resealed": digest("r")}
    for change in ({"request": digest("none")}, {"window": other}):
        wrong = {**body, **change}
        refused(city, NotLogged, lambda w=wrong: city.state("release", "p-court", **w))  # type: ignore[misc]
    city.pass_time(3600)
    refused(city, Refused, lambda: city.state("release", "p-court", **body))


def test_nobody_releases_to_themselves(city: City) -> None:
    roles = ["investigator", "custodian"]
    city.state("enrol", "p-admin", "p-dpo", **person("p-court", roles=roles))
    window = first_window(city)
    body = {
        "request": "r-1",
        "windows": [window],
        "recipient": "age1x",
        "purpose": "x",
        "detail_commitment": digest("d"),
        "expires": to_iso(city.now + 60_000),
    }
    city.state("request", "p-court", **body)
    asked = next(iter(city.history.requests))
    refused(city, NotAuthorised, lambda: city.release(asked, window, "p-court"))
    refusal = {"request": asked, "reason": "no"}
    refused(city, NotAuthorised, lambda: city.state("refusal", "p-court", **refusal))


def test_only_a_custodian_of_the_windows_refuses(city: City) -> None:
    asked = city.request(first_window(city))
    city.state("enrol", "p-admin", "p-dpo", **person("p-other", roles=["custodian"]))
    refusal = {"request": asked, "reason": "not lawful"}
    for who in ("p-other", "p-operator"):
        refused(city, NotAuthorised, lambda who=who: city.state("refusal", who, **refusal))  # type: ignore[misc]
    city.state("refusal", "p-ombudsman", **refusal)


def test_the_keeper_opens_only_after_k_releases_and_once(city: City) -> None:
    window = first_window(city)
    asked = city.request(window)
    body = {"request": asked, "window": window, "resealed_e": digest("e")}
    refused(city, NotLogged, lambda: city.keep("opening", **body))
    city.release(asked, window, "p-court")
    refused(city, NotLogged, lambda: city.keep("opening", **body))
    city.release(asked, window, "p-dpo")
    city.keep("opening", **body)
    refused(city, Refused, lambda: city.keep("opening", **body))


def test_releases_of_one_request_open_no_other(city: City) -> None:
    window = first_window(city)
    first, second = city.request(window), ""
    city.release(first, window, "p-court")
    city.pass_time(1)
    second = city.request(window)
    city.release(second, window, "p-dpo")
    body = {"window": window, "resealed_e": digest("e")}
    for asked in (first, second):
        refused(city, NotLogged, lambda a=asked: city.keep("opening", request=a, **body))  # type: ignore[misc]


def test_only_the_requester_reports_an_opening_that_happened(city: City) -> None:
    window = first_window(city)
    asked = city.request(window)
    body = {"request": asked, "windows": [window]}
    refused(city, NotLogged, lambda: city.state("opened", "p-investigator", **body))
    city.release(asked, window, "p-court", "p-dpo")
    city.keep("opening", request=asked, window=window, resealed_e=digest("e"))
    city.state("enrol", "p-admin", "p-dpo", **person("p-other", roles=["investigator"]))
    refused(city, NotAuthorised, lambda: city.state("opened", "p-other", **body))
    city.state("opened", "p-investigator", **body)


def test_a_custodian_s_old_share_index_stays_theirs_when_the_set_changes(city: City) -> None:
    window = first_window(city)
    city.custodians("set-1", 2, "p-ombudsman", "p-court")
    asked = city.request(window)
    body = {"request": asked, "window": window, "index": 3, "resealed": digest("r")}
    city.state("release", "p-ombudsman", **body)
    assert city.history.sets["set-1"].n == 2


def test_bodies_have_exactly_their_fields(city: City) -> None:
    record = camera_record()
    body = {"camera": "cam-02", "version": 1, "status": "active", "record": record}
    for wrong in (
        {**body, "extra": 1},
        {name: value for name, value in body.items() if name != "status"},
        {**body, "version": True},
        {**body, "version": "1"},
        {**body, "camera": "cam 02"},
        {**body, "camera": ""},
        {**body, "record": {**record, "audio": 0}},
    ):
        refused(city, BadFormat, lambda w=wrong: city.state("camera", "p-dpo", **w))  # type: ignore[misc]


def test_a_canonical_body_is_what_is_hashed(city: City) -> None:
    assert all(canonical(json.loads(raw)) == raw for raw in city.raws)
