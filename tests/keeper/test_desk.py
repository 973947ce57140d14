"""The keeper over its real socket: statements, windows, watching, opening."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plainview.base.ids import new_id, sha256_hex
from plainview.errors import (
    BadFormat,
    GateClosed,
    LogAway,
    NotAuthorised,
    NotFound,
    NotLogged,
    PlainviewError,
    Refused,
)
from plainview.seal.combine import combine_window
from plainview.seal.shares import unseal
from plainview.tlog import leaves
from plainview.tlog.entries import commit, make
from plainview.tlog.signing import sign
from plainview.watch.pulse import check_status


def test_a_statement_again_gets_the_same_index(city: Any) -> None:
    entry = city.statement("camera", city.camera_body("cam-02"), city.dpo)
    first = city.client.append(entry.raw)
    assert city.client.append(entry.raw) == first
    city.clock.forward(400)
    assert city.client.append(entry.raw) == first, "a retry may come late"
    assert [e.id for e in city.entries()].count(entry.id) == 1


def test_another_statement_under_a_used_id_is_refused(city: Any) -> None:
    first = city.statement("camera", city.camera_body("cam-02"), city.dpo)
    city.client.append(first.raw)
    body = city.camera_body("cam-03")
    other = sign(make("camera", body, time=city.clock(), id=first.id), [city.dpo.signing])
    with pytest.raises(Refused, match="submission id"):
        city.client.append(other.raw)


def test_a_statement_from_another_time_is_refused(city: Any) -> None:
    for seconds in (-301, 301):
        entry = make("camera", city.camera_body("cam-02"), time=city.clock() + seconds * 1000)
        with pytest.raises(Refused, match="five minutes"):
            city.client.append(sign(entry, [city.dpo.signing]).raw)


def test_only_statements_are_taken_and_only_of_those_who_may(city: Any) -> None:
    own = make("gate", {"camera": "c", "allowed": False, "reason": "", "register": None}, time=1)
    with pytest.raises(NotAuthorised):
        city.client.append(own.raw)
    with pytest.raises(NotAuthorised):
        city.say("camera", city.camera_body("cam-02"), city.officer)
    with pytest.raises(BadFormat):
        city.client.append(b"{}")


def test_windows_are_logged_before_they_are_handed_out(city: Any) -> None:
    headers = city.windows(40)
    entry = city.entries()[headers[0].entry]
    assert entry.type == "windows"
    assert entry.body["windows"] == [header.record.to_dict() for header in headers]
    assert len(entry.raw) <= 65_535
    assert {share.person for share in headers[0].shares} == {c.id for c in city.custodians}


def test_windows_again_are_the_same_windows(city: Any) -> None:
    drafts = city.drafts(3)
    first = city.client.make_windows("cam-01", city.register, drafts)
    assert city.client.make_windows("cam-01", city.register, drafts) == first
    assert [e.type for e in city.entries()].count("windows") == 1


def test_a_window_is_never_made_anew(city: Any) -> None:
    city.windows(1)
    city.counter -= 1
    with pytest.raises(Refused, match="made before"):
        city.windows(1)


@pytest.mark.parametrize("ahead_s", [3 * 3600 + 60, 90_000, -120, -90_000])
def test_windows_far_from_the_clock_are_refused(city: Any, ahead_s: int) -> None:
    with pytest.raises(Refused):
        city.windows(1, ahead_s=ahead_s)


def test_no_window_without_a_register_version(city: Any) -> None:
    with pytest.raises(GateClosed):
        city.windows(1, camera="cam-99")
    with pytest.raises(Refused, match="register"):
        city.client.make_windows("cam-01", 0, city.drafts(1))


def test_a_suspended_camera_gets_no_windows(city: Any) -> None:
    city.say("camera", {**city.camera_body(version=2), "status": "suspended"}, city.dpo)
    with pytest.raises(GateClosed):
        city.windows(1)


@pytest.mark.parametrize(
    ("field", "value"), [("k", 3), ("n", 2), ("set", "set-2"), ("pk", "age1x"), ("e", "AAAA")]
)
def test_windows_that_contradict_the_register_are_refused(
    city: Any, field: str, value: object
) -> None:
    draft = city.drafts(1)[0].model_copy(update={field: value})
    with pytest.raises(PlainviewError) as caught:
        city.client.make_windows("cam-01", city.register, [draft])
    assert isinstance(caught.value, Refused | BadFormat)


def test_watching_is_logged_before_a_key_is_given(city: Any) -> None:
    window = city.windows(3)[0].record.window
    session = city.client.watch("a-1", "operator", "live", "cam-01", 0, None, "shift")
    act = city.entries()[session.index]
    detail = {"camera": "cam-01", "from": "2026-11-23T08:58:00.000Z", "to": None}
    detail["purpose"] = "shift"
    assert act.body["detail_commitment"] == commit(detail, bytes.fromhex(session.salt))
    assert len(city.client.view_key(session.id, window)) == 32


def test_view_keys_only_for_camera_and_span(city: Any) -> None:
    city.add_camera("cam-02")
    other = city.windows(1, camera="cam-02")[0].record.window
    city.register -= 1
    near, far = (header.record.window for header in city.windows(2))
    live = city.client.watch("a-1", "operator", "live", "cam-01", 0, None, "shift").id
    city.client.view_key(live, near)
    for window in (far, other):
        with pytest.raises(NotAuthorised):
            city.client.view_key(live, window)
    city.clock.forward(60)
    city.client.view_key(live, far)
    start = city.clock()

    def played(after_s: float) -> str:
        span = (start + int(after_s * 1000), start + int(after_s * 1000) + 1000)
        return str(city.client.watch("a-1", "operator", "playback", "cam-01", *span, "case").id)

    # The last pictures of a window reach a few seconds beyond its end, and are played with it.
    city.client.view_key(played(6), near)
    playback = played(10)
    city.client.view_key(playback, far)
    with pytest.raises(NotAuthorised):
        city.client.view_key(playback, near)
    with pytest.raises(NotLogged):
        city.client.view_key(playback, near.replace("cam-01", "cam-03"))


def test_sessions_end(city: Any) -> None:
    window = city.windows(1)[0].record.window
    sessions = [
        city.client.watch("a-1", "operator", "live", "cam-01", 0, None, "shift").id
        for _ in range(2)
    ]
    city.client.watch_end(sessions[0])
    with pytest.raises(NotAuthorised):
        city.client.view_key(sessions[0], window)
    city.clock.forward(3600)
    with pytest.raises(NotAuthorised, match="ended"):
        city.client.view_key(sessions[1], window)


@pytest.mark.parametrize(("kind", "to"), [("playback", None), ("playback", 0), ("record", 1)])
def test_watching_needs_a_kind_and_a_span(city: Any, kind: str, to: int | None) -> None:
    with pytest.raises((Refused, BadFormat)):
        city.client.watch("a-1", "operator", kind, "cam-01", 5, to, "x")


def test_no_key_while_the_log_cannot_be_written(city: Any, monkeypatch: Any) -> None:
    window = city.windows(1)[0].record.window
    session = city.client.watch("a-1", "operator", "live", "cam-01", 0, None, "shift").id
    assert city.keeper is not None
    scribe = city.keeper.desk.scribe
    before = len(city.entries())

    def fails(_entries: list[bytes]) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(scribe.writer, "append", fails)
        patch.setattr(scribe, "recover", lambda: None)
        with pytest.raises(LogAway):
            city.client.act("a-1", "operator", "snapshot", {"camera": "cam-01"})
        with pytest.raises(LogAway):
            city.client.view_key(session, window)
        with pytest.raises(LogAway):
            city.client.make_windows("cam-01", city.register, city.drafts(1))
        assert any("cannot be written" in reason for reason in city.client.status()["red"])
    scribe.recover()
    assert len(city.client.view_key(session, window)) == 32
    assert len(city.entries()) == before


def test_no_key_when_the_log_folder_is_gone(city: Any) -> None:
    window = city.windows(1)[0].record.window
    session = city.client.watch("a-1", "operator", "live", "cam-01", 0, None, "shift").id
    folder = city.settings.log_dir
    city.keeper.desk.scribe._probed = 0.0
    folder.rename(folder.with_name("away"))
    try:
        with pytest.raises(LogAway):
            city.client.view_key(session, window)
        status = city.client.status()
        assert any("log cannot be written" in reason for reason in status["red"])
        with pytest.raises(LogAway):  # so that viewers' pictures end at once
            check_status(status)
    finally:
        folder.with_name("away").rename(folder)
    check_status(city.client.status())


def test_what_is_known_stays_while_the_log_cannot_be_read_again(city: Any) -> None:
    window = city.windows(1)[0].record.window
    scribe, folder = city.keeper.desk.scribe, city.settings.log_dir
    folder.rename(folder.with_name("away"))
    try:
        scribe.broken = "a write failed"
        scribe.recover()
        assert "log" in scribe.broken
        assert window in scribe.history.windows, "or its key would be destroyed in spite of a hold"
    finally:
        folder.with_name("away").rename(folder)
    scribe.recover()
    assert not scribe.broken
    assert window in scribe.history.windows


def test_roots_publish_their_leaves_first(city: Any) -> None:
    window = city.windows(1)[0].record.window
    leaf = {"camera": "cam-01", "window": window, "segments": 6, "cipher": "ab" * 32}
    leaf |= {"plain": "cd" * 32, "register": city.register, "minute": "2026-11-23T09:00:00.000Z"}
    index = city.client.roots("node-1", "2026-11-23T09:00:00.000Z", [leaf])
    entry = city.entries()[index]
    published = json.loads((city.settings.log_dir / leaves.path(entry.id)).read_bytes())
    assert published == [leaf]
    assert (entry.body["cipher_root"], entry.body["plain_root"]) == leaves.roots(published)


def test_gate_answers_are_logged(city: Any) -> None:
    index = city.client.gate("cam-01", True, "", city.register)
    assert city.entries()[index].body["allowed"] is True
    with pytest.raises(Refused):
        city.client.gate("cam-01", True, "", 0)


def test_what_a_recorder_redacts_with_is_logged_once(city: Any) -> None:
    body = {"node": "node-1", "software": "plainview 1", "models": {"faces.onnx": "ab" * 32}}
    body |= {"settings": {"search_every": 3, "runtime": "openvino"}}
    ident = new_id()
    index = city.client.redaction(ident, body)
    assert city.client.redaction(ident, body) == index
    assert (city.entries()[index].type, city.entries()[index].body) == ("redaction", body)
    with pytest.raises(Refused, match="Another entry"):
        city.client.redaction(ident, {**body, "node": "node-2"})


@pytest.mark.parametrize(
    "change",
    [
        {"node": "node 1"},
        {"models": ["faces.onnx"]},
        {"settings": {"threshold": 0.5}},
        {"settings": {"text": "x" * 70_000}},
        {"also": 1},
    ],
)
def test_a_recorders_word_of_another_shape_is_refused(city: Any, change: dict[str, Any]) -> None:
    size = len(city.entries())
    body = {"node": "node-1", "software": "plainview 1", "models": {}, "settings": {}}
    with pytest.raises(BadFormat):
        city.client.redaction(new_id(), {**body, **change})
    city.client.gate("cam-01", False, "still here", None)
    assert len(city.entries()) == size + 1


def test_acts_are_revealed_in_time_and_their_salts_destroyed(city: Any) -> None:
    detail = {"camera": "cam-01", "at": 5}
    act = city.client.act("a-1", "operator", "snapshot", detail)
    chores, box = city.keeper.chores, city.keeper.desk.box
    chores.reveal()
    assert city.entries()[-1].type == "act"
    city.clock.forward(301)
    chores.reveal()
    reveal = city.entries()[-1]
    assert (reveal.type, reveal.body["of"]) == ("reveal", act.index)
    commitment = city.entries()[act.index].body["detail_commitment"]
    assert commit(reveal.body["detail"], bytes.fromhex(reveal.body["salt"])) == commitment
    assert box.details_due(city.clock()) == []
    files = [path.read_bytes() for path in city.settings.keys_dir.iterdir()]
    assert not any(act.salt.encode() in data for data in files)


def test_many_acts_are_revealed_in_one_round_and_after_a_failing_disk_none_is_lost(
    city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, chores, count = city.keeper.desk, city.keeper.chores, 150
    acts = {city.client.act("a-1", "operator", "signin", {"n": n}).index for n in range(count)}
    city.clock.forward(301)
    calls = iter(range(count))
    log = desk.log

    def failing(kind: str, body: dict[str, Any], ident: str) -> int:
        if next(calls) % 3 == 0:
            raise LogAway("The log cannot be written.")
        return int(log(kind, body, ident))

    with monkeypatch.context() as patch:
        patch.setattr(desk, "log", failing)
        with pytest.raises(LogAway):
            chores.reveal()
    chores.reveal()
    told = [entry.body["of"] for entry in city.entries() if entry.type == "reveal"]
    assert len(told) == count
    assert set(told) == acts
    assert desk.box.details_due(city.clock()) == []


def test_an_act_again_keeps_its_salt(city: Any) -> None:
    desk, ident = city.keeper.desk, new_id()
    first = desk.act(ident, "a-1", "operator", "signin", {})
    city.clock.forward(1)
    assert desk.act(ident, "a-1", "operator", "signin", {}) == first


def test_an_act_under_a_used_id_reveals_nothing_false(city: Any) -> None:
    """The detail that came with somebody else's id is dropped, or strangers would see a lie."""
    desk, ident = city.keeper.desk, new_id()
    desk.act(ident, "a-1", "operator", "snapshot", {"camera": "cam-01"})
    city.clock.forward(301)
    city.keeper.chores.reveal()
    entries = len(city.entries())
    with pytest.raises(Refused):
        desk.act(ident, "a-1", "operator", "snapshot", {"camera": "cam-02"})
    city.clock.forward(301)
    city.keeper.chores.reveal()
    assert len(city.entries()) == entries
    assert city.keeper.desk.box.details_due(city.clock()) == []


def test_a_detail_is_measured_in_bytes_so_that_its_reveal_fits(city: Any) -> None:
    with pytest.raises(BadFormat):
        city.client.act("a-1", "operator", "bookmark", {"note": "\U0001f4f7" * 16_000})


def test_k_custodians_open_and_the_keeper_logs_it(city: Any) -> None:
    header = city.windows(2)[0]
    window = header.record.window
    request = city.ask_for(window)
    shares = [city.release(0, request, header)]
    with pytest.raises(NotLogged, match="1 of 2"):
        city.client.opening(request, window)
    shares.append(city.release(1, request, header))
    resealed = city.client.opening(request, window)
    assert city.client.opening(request, window) == resealed
    opening = [e for e in city.entries() if e.type == "opening"]
    assert [e.body["resealed_e"] for e in opening] == [sha256_hex(resealed)]
    key = str(city.officer.age)
    sk = combine_window(header.record, unseal(resealed, key), [unseal(s, key) for s in shares])
    assert sk.startswith("AGE-SECRET-KEY-1")


def test_the_keeper_opens_without_being_asked(city: Any) -> None:
    header = city.windows(1)[0]
    request = city.ask_for(header.record.window)
    for number in (0, 2):
        city.release(number, request, header)
    city.keeper.chores.open()
    assert city.entries()[-1].type == "opening"


def test_releases_that_do_not_count(city: Any) -> None:
    header, other = city.windows(2)
    request = city.ask_for(header.record.window)
    city.release(0, request, header)
    with pytest.raises(Refused, match="already"):
        city.release(0, request, header)
    with pytest.raises(NotLogged):
        city.release(1, request, other)
    body = {"request": request, "window": header.record.window, "index": 2, "resealed": "0" * 64}
    for stranger in (city.officer, city.dpo, city.custodians[2]):
        with pytest.raises(NotAuthorised):
            city.say("release", body, stranger)
    with pytest.raises(NotLogged):
        city.client.opening(request, header.record.window)


def test_a_requester_does_not_release_to_himself(city: Any) -> None:
    body = {**city.custodians[1].body(), "roles": ["custodian", "investigator"]}
    city.say("enrol", body, city.dpo, city.officer)
    header = city.windows(1)[0]
    request = city.ask_for(header.record.window, by=city.custodians[1])
    with pytest.raises(NotAuthorised, match="themselves"):
        city.release(1, request, header, to=city.custodians[1])


def test_expired_requests_open_nothing(city: Any) -> None:
    header = city.windows(1)[0]
    request = city.ask_for(header.record.window, expires_s=60)
    city.release(0, request, header)
    city.clock.forward(30)
    entry = city.statement(
        "release",
        {"request": request, "window": header.record.window, "index": 2, "resealed": "0" * 64},
        city.custodians[1],
    )
    city.clock.forward(31)
    with pytest.raises(Refused, match="expired"):
        city.client.append(entry.raw)
    with pytest.raises(Refused, match="expired"):
        city.client.opening(request, header.record.window)


def test_requests_are_for_windows_that_exist(city: Any) -> None:
    with pytest.raises(NotLogged):
        city.ask_for("cam-01.20261123T085000Z.1.0")
    with pytest.raises(NotLogged):
        city.client.opening("0" * 64, "cam-01.20261123T085000Z.1.0")


@pytest.mark.parametrize(
    "question",
    [
        {"op": "destroy"},
        {},
        {"op": "view_key", "session": 1, "window": "x"},
        {"op": "view_key", "session": "x"},
        {"op": "roots", "id": "../../x", "node": "n", "minute": "m", "leaves": []},
        {"op": "append", "raw": "&"},
        {"op": "windows", "id": "0" * 32, "register": 1, "drafts": [{"spec": {}}]},
    ],
)
def test_wrong_questions_get_errors(city: Any, question: dict[str, Any]) -> None:
    op = question.pop("op", "")
    with pytest.raises((BadFormat, NotFound)):
        city.client._ask(op, **question)


def test_status_says_what_a_page_needs(city: Any) -> None:
    status = city.client.status()
    assert status["red"] == []
    assert set(status["witnesses"]) == {"w0", "w1"}
    assert status["size"] == len(city.entries())
