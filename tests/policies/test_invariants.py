"""No policy set lifts an invariant: neither those that hypothesis invents nor the log's own."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.base.clock import DAY_MS, to_iso
from plainview.errors import GateClosed, NotLogged, PlainviewError
from plainview.policies.engine import Engine
from plainview.policies.files import SCHEMA, load, made
from plainview.policies.invariants import broken
from plainview.policies.model import Camera, Context, Principal, Proposal, Request, Resource, System
from plainview.policies.permissions import Permission, Role
from plainview.testing.city import OUTSIDE, PEOPLE, START, City, digest
from plainview.testing.every_decision import principals, questions
from plainview.tlog.history import moment

PICTURES = {"live", "playback", "snapshot", "clip.make"}
WATCHERS = {"operator", "investigator", "supervisor"}
PLACES = Engine(load()).places
ME = "p-me"
ALL = '@id("all") permit (principal, action, resource);'

# -- policy sets out of nowhere

roles = st.sampled_from([role.value for role in Role])
actions = st.sampled_from([one.value for one in Permission])
people = st.sampled_from([ME, "p-other"])
CONDITIONS = (
    "",
    "when { context.purpose }",
    "unless { context.purpose }",
    "when { principal.units.isEmpty() }",
    'when { principal.cameras.contains("cam-01") }',
    'unless { principal in Role::"operator" }',
)


@st.composite
def policies(draw: st.DrawFn, number: int) -> str:
    """A policy that the schema accepts."""
    chosen = draw(st.lists(actions, min_size=0, max_size=4, unique=True))
    listed = ", ".join(f'Action::"{one}"' for one in chosen)
    places = {name for one in chosen or PLACES for name in PLACES[one]}
    if chosen:
        places = set.intersection(*(set(PLACES[one]) for one in chosen))
    place = draw(st.sampled_from(["", *sorted(places)]))
    who = draw(st.sampled_from(["", "role", "person"]))
    head = {
        "": "principal",
        "role": f'principal in Role::"{draw(roles)}"',
        "person": f'principal == Person::"{draw(people)}"',
    }[who]
    effect = draw(st.sampled_from(["permit", "permit", "permit", "forbid"]))
    action = f"action in [{listed}]" if chosen else "action"
    resource = f"resource is {place}" if place else "resource"
    condition = draw(st.sampled_from(CONDITIONS))
    return f'@id("p-{number}") {effect} ({head}, {action}, {resource}) {condition};'


@st.composite
def engines(draw: st.DrawFn) -> Engine:
    """An engine with a set of its own; every other one also permits everything."""
    texts = [draw(policies(number)) for number in range(draw(st.integers(0, 6)))]
    if draw(st.booleans()):
        texts.append(ALL)
    return Engine(made({SCHEMA: load().schema, "invented.cedar": "\n".join(texts)}))


things: st.SearchStrategy[Resource] = st.one_of(
    st.just(System()),
    st.builds(
        Camera,
        st.sampled_from(["cam-01", "cam-02"]),
        st.sampled_from(["Traffic", "Parks"]),
        st.just("pole"),
        st.sampled_from(["active", "suspended"]),
    ),
    st.builds(Request, st.just("r"), people),
    st.builds(Proposal, st.just("s"), people, st.frozensets(people)),
)
someone = st.builds(
    Principal,
    st.just(ME),
    st.frozensets(st.one_of(roles, st.just("mayor")), max_size=3),
    st.frozensets(st.sampled_from(["Traffic", "Parks"])),
    st.frozensets(st.sampled_from(["cam-01"])),
)


def check(who: Principal, action: str, what: Resource) -> None:
    """What must hold of everything that is allowed, said once more in the test's own words."""
    known = who.roles - {"mayor"}
    assert known, "somebody without a role"
    assert action in set(Permission), "an action without a name"
    if "administrator" in known and not known & WATCHERS:
        assert action not in PICTURES, "an administrator sees pictures"
    if isinstance(what, Request) and what.requester == ME:
        assert action != "request.release", "custodian of one's own request"
    if isinstance(what, Proposal):
        if what.by == ME:
            assert action not in ("people.approve", "register.approve"), "a second person alone"
        if ME in what.people:
            assert action not in ("people.enrol", "people.approve"), "appoints themselves"


@settings(deadline=None, max_examples=150)
@given(engines(), st.lists(st.tuples(someone, actions, things, st.booleans()), max_size=25))
def test_no_policy_set_lifts_an_invariant(
    engine: Engine, asked: list[tuple[Principal, str, Resource, bool]]
) -> None:
    for who, action, what, purpose in asked:
        if engine.decide(who, action, what, Context(purpose)).allowed:
            check(who, action, what)


@pytest.mark.parametrize("action", ["raw", "live.raw", "original", "redaction.end", "", "LIVE"])
def test_there_is_no_action_for_a_raw_view_even_where_all_is_permitted(action: str) -> None:
    engine = Engine(made({SCHEMA: load().schema, "all.cedar": ALL}))
    everything = Principal(ME, frozenset(role.value for role in Role))
    for what in (System(), Camera("cam-01", "Traffic", "pole", "active")):
        decision = engine.decide(everything, action, what, Context(True))
        assert not decision.allowed
        assert "unknown-action" in decision.invariants


def test_where_all_is_permitted_the_invariants_are_all_that_refuses() -> None:
    engine = Engine(made({SCHEMA: load().schema, "all.cedar": ALL}))
    refused: set[str] = set()
    for who in {one.roles: one for one in principals()}.values():
        for action, what, context in questions(engine):
            decision = engine.decide(who, action, what, context)
            assert decision.allowed == (decision.invariants == ())
            refused |= set(decision.invariants)
    assert refused == {
        "no-role",
        "administrator-watches",
        "own-custodian",
        "own-second",
        "own-appointment",
    }


def test_the_shipped_policies_say_all_that_the_invariants_say(engine: Engine) -> None:
    """So whoever reads the policies, and replays them elsewhere, misses nothing."""
    for who in principals():
        for action, what, context in questions(engine):
            if broken(who, action, what):
                assert engine.ask(who, action, what, context)[0] is False, (who, action, what)


# -- the log's own rules, which no policy is asked about


def founded() -> City:
    city = City(witnesses=())
    city.found()
    return city


CUSTODIANS = [name for name, held in PEOPLE.items() if "custodian" in held]


@settings(deadline=None, max_examples=60)
@given(
    st.integers(-1, 5),
    st.lists(st.sampled_from(CUSTODIANS), max_size=4),
)
def test_no_custodian_set_is_accepted_without_an_outsider_in_every_quorum(
    k: int, members: list[str]
) -> None:
    city = founded()
    try:
        city.custodians("set-2", k, *members)
    except PlainviewError:
        assert "set-2" not in city.history.sets
        return
    assert k >= 2
    for quorum in combinations(members, k):
        assert OUTSIDE & set(quorum), "insiders alone are enough"


@settings(deadline=None, max_examples=40)
@given(st.sets(st.sampled_from(CUSTODIANS)))
def test_no_original_is_opened_below_its_quorum(releasing: set[str]) -> None:
    city = founded()
    city.camera("cam-01")
    city.pass_time(31)
    window = city.windows("cam-01", 1)[0]
    city.pass_time(60)
    asked = city.request(window)
    city.release(asked, window, *sorted(releasing))
    body = {"request": asked, "window": window, "resealed_e": digest("e")}
    if len(releasing) < 2:
        with pytest.raises(NotLogged):
            city.keep("opening", **body)
    else:
        city.keep("opening", **body)


days = st.integers(-400, 400)


@settings(deadline=None, max_examples=150)
@given(
    st.tuples(days, days, days, days, days),
    st.sampled_from(["active", "suspended", "removed"]),
    st.integers(-10, 400),
)
def test_no_camera_records_without_a_legal_basis(
    ends: tuple[int, int, int, int, int], status: str, later: int
) -> None:
    begins, ended, assessed, review, contract = (to_iso(START + one * DAY_MS) for one in ends)
    changes: dict[str, Any] = {
        "legal_basis": {
            "law": "Road act",
            "article": "12",
            "decision": "7/2026",
            "valid_from": begins,
            "valid_to": ended,
        },
        "dpia": {"hash": digest("dpia"), "date": assessed[:10], "review_due": review[:10]},
        "contract": {"number": "C", "supplier": "S", "value": "1 EUR", "valid_to": contract},
    }
    city = founded()
    try:
        city.camera("cam-01", status, **changes)
    except PlainviewError:
        assert "cam-01" not in city.history.cameras
    at = START + later * DAY_MS
    try:
        city.history.may_record("cam-01", at)
    except GateClosed:
        return
    assert status == "active"
    assert at >= START, "before it was published"
    assert moment(begins) <= at < moment(ended), "outside the legal basis"
    assert moment(assessed[:10]) <= at < moment(review[:10]), "outside the impact assessment"
    assert at < moment(contract), "after the contract"
