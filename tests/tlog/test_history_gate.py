"""When a camera may record: notice, legal basis, DPIA, contract, suspension; and its windows."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.base.clock import DAY_MS, Ms, to_compact, to_iso
from plainview.errors import BadFormat, GateClosed, NotLogged, PlainviewError, Refused
from plainview.testing.city import START, City, camera_record, digest
from plainview.tlog import merkle

NOTICE_MS = 30_000
TRIANGLE = [[0, 0], [0, 10_000], [10_000, 0]]


@pytest.fixture
def city() -> City:
    city = City()
    city.found()
    return city


def closed(city: City, at: Ms, reason: str, camera: str = "cam-01") -> None:
    with pytest.raises(GateClosed, match=reason):
        city.history.may_record(camera, at)


# -- the gate


def test_a_camera_that_is_not_registered_may_not_record(city: City) -> None:
    closed(city, START, "not in the register", camera="cam-09")


def test_nothing_is_recorded_before_the_notice_period_has_run(city: City) -> None:
    index = city.camera("cam-01")
    closed(city, city.now, "notice period")
    closed(city, city.now + NOTICE_MS - 1, "notice period")
    answer = city.history.may_record("cam-01", city.now + NOTICE_MS)
    assert (answer.index, answer.version) == (index, 1)


def test_an_earlier_valid_from_does_not_shorten_the_notice(city: City) -> None:
    city.camera("cam-01", valid_from=to_iso(START - 100 * DAY_MS))
    closed(city, city.now, "notice period")


def test_a_statement_s_own_early_time_does_not_shorten_the_notice(city: City) -> None:
    city.keep("start", software=digest("s"), log_size=0)
    city.now -= 300_000
    city.camera("cam-01")
    city.now += 300_000
    closed(city, city.now + NOTICE_MS - 1, "notice period")
    city.history.may_record("cam-01", city.now + NOTICE_MS)


def test_a_later_valid_from_is_waited_for(city: City) -> None:
    city.camera("cam-01", valid_from=to_iso(START + DAY_MS))
    closed(city, START + DAY_MS - 1, "notice period")
    city.history.may_record("cam-01", START + DAY_MS)


def basis(**changes: str) -> dict[str, Any]:
    return {"legal_basis": {**camera_record()["legal_basis"], **changes}}


@pytest.mark.parametrize(
    "changes",
    [
        basis(valid_to=to_iso(START + DAY_MS)),
        {"dpia": {**camera_record()["dpia"], "review_due": to_iso(START + DAY_MS)}},
        {"contract": {**camera_record()["contract"], "valid_to": to_iso(START + DAY_MS)}},
    ],
)
def test_the_gate_closes_when_basis_dpia_or_contract_ends(
    city: City, changes: dict[str, Any]
) -> None:
    city.camera("cam-01", **changes)
    answer = city.history.may_record("cam-01", START + DAY_MS - 1)
    assert answer.until == answer.lapses == START + DAY_MS
    closed(city, START + DAY_MS, "ended")


def test_a_legal_basis_that_has_not_begun(city: City) -> None:
    city.camera("cam-01", **basis(valid_from=to_iso(START + DAY_MS)))
    closed(city, START + DAY_MS - 1, "begins")
    city.history.may_record("cam-01", START + DAY_MS)


def test_a_dpia_that_is_not_made_yet(city: City) -> None:
    """A date to come is a plan, not an assessment."""
    dpia = {**camera_record()["dpia"], "date": to_iso(START + DAY_MS)}
    city.camera("cam-01", dpia=dpia)
    closed(city, START + DAY_MS - 1, "begins")
    city.history.may_record("cam-01", START + DAY_MS)


def test_bare_days_are_midnight_utc(city: City) -> None:
    city.camera("cam-01", **basis(valid_to="2026-11-24"))
    assert city.history.may_record("cam-01", START + NOTICE_MS).until == START + 16 * 3_600_000


def test_a_suspension_counts_at_once_and_its_end_needs_notice_again(city: City) -> None:
    city.camera("cam-01")
    city.pass_time(60)
    city.history.may_record("cam-01", city.now)
    city.camera("cam-01", "suspended", valid_from=to_iso(START + 99 * DAY_MS))
    closed(city, city.now, "suspended")
    city.camera("cam-01")
    closed(city, city.now, "suspended")
    city.history.may_record("cam-01", city.now + NOTICE_MS)


def test_a_suspension_stops_a_version_that_waits(city: City) -> None:
    city.camera("cam-01", valid_from=to_iso(START + DAY_MS))
    city.camera("cam-01", "suspended")
    closed(city, START + 2 * DAY_MS, "suspended")


def test_a_removed_camera_stays_removed(city: City) -> None:
    city.camera("cam-01")
    city.camera("cam-01", "removed")
    closed(city, START + DAY_MS, "removed")
    with pytest.raises(Refused, match="was removed"):
        city.camera("cam-01")


def test_the_next_version_takes_over_and_the_answer_ends_there(city: City) -> None:
    city.camera("cam-01")
    city.pass_time(60)
    index = city.camera("cam-01", purpose="traffic counts")
    change = city.now + NOTICE_MS
    assert city.history.may_record("cam-01", change - 1).until == change
    assert city.history.may_record("cam-01", change).index == index


@pytest.mark.parametrize(
    "changes",
    [
        {"audio": True},
        {"biometric_identification": "faces"},
        {"profile": "none"},
        {"profile": None},
        {"fill": "blur"},
        {"zones": None},
        {"zones": [TRIANGLE] * 33},
        {"zones": [TRIANGLE[:2]]},
        {"zones": [[[0, 0]] * 65]},
        {"zones": [[[0, 0], [0, 1], [1]]]},
        {"zones": [[[0, 0], [0, 1], [1, 0, 0]]]},
        {"zones": [[[0, 0], [0, 1], [10_001, 0]]]},
        {"zones": [[[0, 0], [0, 1], [-1, 0]]]},
        {"zones": [[[0, 0], [0, 1], [True, 0]]]},
        {"zones": [[[0, 0], [0, 1], ["1", 0]]]},
        {"zones": [7]},
        {"kind": "drone"},
        {"position": [44.8, 20.4]},
        {"retention": {"class": "street", "seconds": 0}},
        {"retention": {"class": "street", "seconds": -1}},
        {"custodian_set": "set-9"},
        {"dpia": {"hash": "", "date": "2026-10-01", "review_due": "2027-10-01"}},
        {"dpia": {**camera_record()["dpia"], "date": "next year"}},
        {"valid_from": "soon"},
        basis(valid_to="never"),
        basis(valid_from="always"),
    ],
)
def test_what_a_register_record_may_not_say(city: City, changes: dict[str, Any]) -> None:
    with pytest.raises((BadFormat, Refused)):
        city.camera("cam-01", **changes)
    assert "cam-01" not in city.history.cameras


@pytest.mark.parametrize("profile", ["faces", "heads", "people", "motion"])
def test_what_is_hidden_is_chosen_in_the_record(city: City, profile: str) -> None:
    edges = [[0, 0], [10_000, 10_000], *[[n, n] for n in range(62)]]
    city.camera("cam-01", profile=profile, zones=[TRIANGLE] * 31 + [edges], fill="mosaic")
    answer = city.history.may_record("cam-01", city.now + NOTICE_MS)
    assert answer.record["profile"] == profile
    assert answer.record["zones"][31][1] == [10_000, 10_000]


def test_a_record_from_before_there_was_a_choice_stays_valid(city: City) -> None:
    old = {k: v for k, v in camera_record(profile="faces").items() if k not in ("zones", "fill")}
    body = {"camera": "cam-01", "version": 1, "status": "active"}
    index = city.state("camera", "p-dpo", **body, record=old)
    answer = city.history.may_record("cam-01", city.now + NOTICE_MS)
    assert (answer.index, answer.record) == (index, old)


@pytest.mark.parametrize(
    "wrong",
    [{"audio": True}, {"biometric_identification": "faces"}, {"place": None}, {"profile": "none"}],
)
def test_what_a_record_must_say_it_says(city: City, wrong: dict[str, object]) -> None:
    record = {**camera_record(), "height_cm": 600}  # the register's own models judge what is more
    body = {"camera": "cam-01", "version": 1, "status": "active"}
    with pytest.raises(BadFormat, match=next(iter(wrong))):
        city.state("camera", "p-dpo", **body, record={**record, **wrong})
    city.state("camera", "p-dpo", **body, record=record)


def test_what_a_recorder_redacts_with_is_noted(city: City) -> None:
    body = {"node": "node-1", "software": "plainview 1", "models": {"faces.onnx": "ab" * 32}}
    size = city.history.size
    assert city.keep("redaction", **body, settings={"search_every": 3}) == size
    with pytest.raises(BadFormat, match="fields"):
        city.keep("redaction", **body)
    with pytest.raises(BadFormat, match="models"):
        city.keep("redaction", **{**body, "models": []}, settings={})


def test_versions_follow_one_another(city: City) -> None:
    for version in (0, 2):
        body = {"camera": "cam-01", "version": version, "status": "active"}
        with pytest.raises(Refused):
            city.state("camera", "p-dpo", **body, record=camera_record())
    with pytest.raises(BadFormat, match="status"):
        city.camera("cam-01", "paused")


def test_a_retention_class_has_one_length(city: City) -> None:
    city.camera("cam-01")
    with pytest.raises(Refused, match="class"):
        city.camera("cam-02", retention={"class": "street", "seconds": 7200})
    city.camera("cam-02", retention={"class": "square", "seconds": 7200})


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["active", "suspended"]),
        st.integers(0, 5),  # waits, minutes
        st.integers(-1, 5),  # valid from, minutes from then
        st.integers(1, 20),  # lasts, minutes from then
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=1000 if os.environ.get("PLAINVIEW_BARS") else 80)
@given(STEPS, st.integers(0, 40))
def test_no_valid_basis_no_recording_in_any_history(
    steps: list[tuple[str, int, int, int]], minutes: int
) -> None:
    """The gate against a second, minute-by-minute reading of the rule."""
    city, at = City(), START + minutes * 60_000
    city.found()
    told: list[tuple[str, Ms, Ms]] = []
    for status, wait, begins, lasts in steps:
        city.pass_time(60 * wait)
        record_from, record_to = city.now + begins * 60_000, city.now + lasts * 60_000
        city.camera(
            "cam-01", status, valid_from=to_iso(record_from), **basis(valid_to=to_iso(record_to))
        )
        effect = city.now if status == "suspended" else max(record_from, city.now + NOTICE_MS)
        told.append((status, effect, record_to))
    current = [step for step in told if step[1] <= at]
    expected = bool(current) and current[-1][0] == "active" and at < current[-1][2]
    try:
        answer = city.history.may_record("cam-01", at)
    except GateClosed:
        assert not expected
    else:
        assert expected
        assert at < answer.until <= answer.lapses
        again = city.history.may_record("cam-01", answer.until - 1)
        assert again.index == answer.index


# -- windows


@pytest.fixture
def open_city(city: City) -> City:
    city.camera("cam-01")
    city.pass_time(60)
    return city


def test_windows_are_made_once(open_city: City) -> None:
    record = open_city.window("cam-01", open_city.now)
    open_city.keep("windows", windows=[record])
    with pytest.raises(Refused, match="new window"):
        open_city.keep("windows", windows=[record])
    other = open_city.window("cam-01", open_city.now, counter=1)
    with pytest.raises(BadFormat, match="twice"):
        open_city.keep("windows", windows=[other, other])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("register", 1),
        ("set", "set-9"),
        ("k", 1),
        ("n", 2),
        ("class", "other"),
        ("period", "street.20261123T090000Z"),
        ("shred", to_iso(START + DAY_MS)),
        ("camera", "cam-02"),
        ("epoch", 2),
        ("window", "cam-01.20261123T080100Z.1.9"),
        ("start", to_iso(START + 61_000)),
        ("end", to_iso(START + 181_000)),
        ("end", to_iso(START + 60_000)),
        ("shares", []),
        ("shares", [{"i": 1, "plain": digest("a"), "sealed": digest("b")}] * 3),
        ("pk", None),
    ],
)
def test_a_window_agrees_with_the_register(open_city: City, field: str, value: object) -> None:
    record = {**open_city.window("cam-01", open_city.now), field: value}
    with pytest.raises((BadFormat, Refused)):
        open_city.keep("windows", windows=[record])
    assert not open_city.history.windows


def test_one_bad_window_refuses_its_batch(open_city: City) -> None:
    good = open_city.window("cam-01", open_city.now)
    bad = {**open_city.window("cam-01", open_city.now + 60_000), "k": 1}
    with pytest.raises(Refused):
        open_city.keep("windows", windows=[good, bad])
    assert not open_city.history.windows


def test_a_window_is_logged_before_it_is_over_and_at_most_a_day_ahead(open_city: City) -> None:
    past = open_city.window("cam-01", open_city.now)
    open_city.pass_time(60)
    with pytest.raises(Refused, match="over"):
        open_city.keep("windows", windows=[past])
    ahead = open_city.window("cam-01", open_city.now + DAY_MS)
    with pytest.raises(Refused, match="day ahead"):
        open_city.keep("windows", windows=[ahead])


def test_no_window_without_an_open_gate(open_city: City) -> None:
    record = open_city.window("cam-01", open_city.now)
    open_city.camera("cam-01", "suspended")
    with pytest.raises(GateClosed):
        open_city.keep("windows", windows=[record])


def test_a_window_does_not_outlast_its_legal_basis(city: City) -> None:
    city.camera("cam-01", **basis(valid_to=to_iso(START + 90_000)))
    city.pass_time(40)
    record = city.window("cam-01", START + 60_000)
    with pytest.raises(GateClosed, match="longer"):
        city.keep("windows", windows=[record])
    city.keep("windows", windows=[{**record, "end": to_iso(START + 90_000)}])


def test_a_window_made_before_a_change_keeps_its_version(open_city: City) -> None:
    first = open_city.history.cameras["cam-01"][0].index
    names = open_city.windows("cam-01", 5)
    open_city.camera("cam-01", purpose="other")
    open_city.pass_time(600)
    assert open_city.history.window(names[4]).record["register"] == first


# -- shreds and holds


def shred_body(city: City, names: list[str], **changes: Any) -> dict[str, Any]:
    record = city.history.window(names[0]).record
    root = merkle.root([merkle.leaf_hash(name.encode()) for name in names]).hex()
    return {
        "period": record["period"],
        "class": record["class"],
        "due": record["shred"],
        "count": len(names),
        "windows": names,
        "root": root,
        **changes,
    }


def test_nothing_is_shredded_early_or_under_a_hold(open_city: City) -> None:
    names = open_city.windows("cam-01", 2)
    due = open_city.history.windows[names[0]].due
    with pytest.raises(Refused, match="not due"):
        open_city.keep("shred", **shred_body(open_city, names))
    hold = {"until": to_iso(due + DAY_MS), "detail_commitment": digest("hold")}
    open_city.state("hold", "p-dpo", windows=names[:1], **hold)
    open_city.now = due
    with pytest.raises(Refused, match="not due"):
        open_city.keep("shred", **shred_body(open_city, names))
    assert open_city.history.due(due) == {"street." + to_compact(START): names[1:]}
    open_city.keep("shred", **shred_body(open_city, names[1:]))
    open_city.now = due + DAY_MS
    assert open_city.history.due(open_city.now) == {"street." + to_compact(START): names[:1]}
    open_city.keep("shred", **shred_body(open_city, names[:1]))
    assert not open_city.history.windows
    assert not open_city.history.windows


@pytest.mark.parametrize(
    "changes", [{"count": 1}, {"root": digest("x")}, {"period": "street.20261123T090000Z"}]
)
def test_a_shred_says_what_it_shreds(open_city: City, changes: dict[str, Any]) -> None:
    names = open_city.windows("cam-01", 2)
    open_city.now = open_city.history.windows[names[0]].due
    with pytest.raises((BadFormat, Refused)):
        open_city.keep("shred", **shred_body(open_city, names, **changes))


def test_a_window_twice_in_a_shred(open_city: City) -> None:
    names = open_city.windows("cam-01", 1) * 2
    open_city.now = open_city.history.windows[names[0]].due
    with pytest.raises(BadFormat):
        open_city.keep("shred", **shred_body(open_city, names))


def test_what_is_shredded_is_gone_for_requests(open_city: City) -> None:
    names = open_city.windows("cam-01", 1)
    asked = open_city.request(*names)
    open_city.now = open_city.history.windows[names[0]].due
    open_city.shred("street." + to_compact(START))
    with pytest.raises(NotLogged):
        open_city.request(*names)
    with pytest.raises(PlainviewError):
        open_city.release(asked, names[0], "p-court")


def test_a_hold_is_for_logged_windows_and_ends_later(open_city: City) -> None:
    names = open_city.windows("cam-01", 1)
    body = {"detail_commitment": digest("d")}
    with pytest.raises(Refused, match="future"):
        open_city.state("hold", "p-dpo", windows=names, until=to_iso(open_city.now), **body)
    later = to_iso(open_city.now + DAY_MS)
    with pytest.raises(NotLogged):
        open_city.state("hold", "p-dpo", windows=["cam-09.x"], until=later, **body)


def test_period_and_shred_date_follow_from_the_rules(open_city: City) -> None:
    fate = open_city.history.fate({"class": "street", "seconds": 1800}, START + 599_999)
    assert fate == {
        "class": "street",
        "period": "street.20261123T080000Z",
        "shred": to_iso(START + 600_000 + 1_800_000),
    }


# -- gate answers and reveals


def test_gate_entries_name_a_version_of_their_camera(open_city: City) -> None:
    index = open_city.history.cameras["cam-01"][0].index
    body = {"camera": "cam-01", "reason": "r"}
    open_city.keep("gate", allowed=True, register=index, **body)
    open_city.keep("gate", allowed=False, register=None, **body)
    for allowed, register in ((True, None), (True, 0), (False, 0)):
        with pytest.raises(Refused):
            open_city.keep("gate", allowed=allowed, register=register, **body)


def test_reveals_look_back(open_city: City) -> None:
    for of in (-1, open_city.history.size):
        with pytest.raises(NotLogged):
            open_city.keep("reveal", of=of, detail={}, salt="")
