"""Live over real sockets: logged first, one tail for all, nothing while the log is away."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from plainview.base.clock import now_ms
from plainview.store.tail import Tail
from plainview.watch import frames
from plainview.web.standing import Stands

PURPOSE = {"purpose": "Evening shift at the crossing"}


def until(done: Any, seconds: float = 10) -> None:
    """Wait until `done()`."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


class Recorder:
    """Publishes a view into the tail, five frames a second's worth at once or step by step."""

    def __init__(self, town: Any, tails: Any, make: Any) -> None:
        self.tail = tails.tails["cam-01"] = Tail()
        self.window = town.window(town.register)
        self._make = make
        self.publish(10)

    def publish(self, count: int, *, gop: int = 10) -> None:
        units = self._make(count, start=now_ms(), gop=gop)
        for record in self.window.records(units):
            self.tail.publish(self.window.id, record)


@pytest.fixture
def recorder(town: Any, tails: Any, encoded: Any) -> Recorder:
    return Recorder(town, tails, encoded)


@pytest.fixture
def watch(site: Any) -> Any:
    """Open a live picture as somebody who has said what for."""
    opened = ExitStack()

    def begin(citizen: Any, *, camera: str = "cam-01", purpose: bool = True) -> ClientConnection:
        secret = site.cookie(citizen)
        if purpose:
            with site.client(cookies={"plainview_session": secret}) as browser:
                browser.post("/api/purpose", json=PURPOSE, headers={"X-Plainview": "1"})
        link: ClientConnection = opened.enter_context(socket_of(site, secret, camera=camera))
        return link

    with opened:
        yield begin


def socket_of(site: Any, secret: str, *, camera: str = "cam-01", origin: Any = ...) -> Any:
    """A WebSocket with a session's cookie, to be used as a context."""
    return connect(
        site.url.replace("http", "ws") + f"/api/live/{camera}",
        origin=site.url if origin is ... else origin,
        additional_headers={"Cookie": f"plainview_session={secret}"},
    )


def hello(link: ClientConnection) -> dict[str, Any]:
    message = json.loads(link.recv(timeout=10))
    assert isinstance(message, dict)
    return message


def picture(link: ClientConnection) -> bytes:
    message = link.recv(timeout=10)
    assert isinstance(message, bytes), message
    return message


def end_of(link: ClientConnection) -> tuple[dict[str, Any], int]:
    """The last message, and how many bytes of pictures came before it."""
    seen = 0
    while True:
        message = link.recv(timeout=15)
        if isinstance(message, str):
            return json.loads(message), seen
        seen += len(message)


def test_the_current_gop_comes_first_and_the_entry_before_it(
    site: Any, recorder: Recorder, watch: Any
) -> None:
    link = watch(site.town.operator)
    greeting = hello(link)
    assert greeting["type"] == "hello"
    assert greeting["window_seconds"] == 60
    first = picture(link)
    assert frames.is_key(first)
    assert frames.access_unit(first).startswith(b"\0\0\0\1")
    site.web.register.sync()
    act = site.web.register.act(greeting["entry"])
    assert (act.act, act.role) == ("live", "operator")
    assert act.actor == site.web.actor(site.town.operator.person.person)
    rest = [frames.head(picture(link)).sequence for _ in range(9)]
    assert rest == list(range(1, 10))
    recorder.publish(3)
    assert frames.head(picture(link)).sequence == 10


def test_viewers_share_one_tail_and_an_unwatched_camera_costs_nothing(
    site: Any, recorder: Recorder, tails: Any, watch: Any
) -> None:
    links = [watch(who) for who in (site.town.operator, site.town.officer, site.town.operator)]
    for link in links:
        assert hello(link)["type"] == "hello"
        assert frames.is_key(picture(link))
    assert tails.open == 1
    assert site.web.live.watched == {"cam-01": 3}
    for link in links:
        link.close()
    until(lambda: tails.open == 0 and not site.web.live.watched)
    site.web.register.sync()
    lives = [
        line
        for line in site.web.register.recent(50, type="act")
        if site.web.register.act(line.index).act == "live"
    ]
    assert len(lives) == 3


def test_no_picture_without_a_purpose(
    site: Any, recorder: Recorder, tails: Any, watch: Any
) -> None:
    end, seen = end_of(watch(site.town.operator, purpose=False))
    assert (end["type"], end["reason"], seen) == ("end", "no_purpose", 0)
    assert tails.open == 0


def test_an_unknown_camera_is_said_to_be_unknown(site: Any, watch: Any) -> None:
    end, _ = end_of(watch(site.town.operator, camera="cam-99"))
    assert end["reason"] == "not_found"


def test_another_pages_socket_is_refused(site: Any, recorder: Recorder) -> None:
    secret = site.cookie(site.town.operator)
    for origin in ("http://evil.example", site.town.settings.tools_url, None):
        with (
            pytest.raises(InvalidStatus) as refused,
            socket_of(site, secret, origin=origin),
        ):
            pass
        assert refused.value.response.status_code == 403


@pytest.mark.bar("log away: bytes of pictures")
def test_while_the_log_is_away_nobody_sees_a_byte(
    site: Any, recorder: Recorder, watch: Any, record_property: Any
) -> None:
    link = watch(site.town.operator)
    hello(link)
    picture(link)
    late = watch(site.town.officer, purpose=True)
    hello(late)
    stop = threading.Event()

    def film() -> None:
        while not stop.wait(0.05):
            recorder.publish(1, gop=1)

    camera = threading.Thread(target=film)
    camera.start()
    try:
        site.town.stop_keeper()
        gone = time.monotonic()
        end, _ = end_of(link)
        seconds = time.monotonic() - gone
        assert end["reason"] in ("keeper_away", "log_away")
        end_of(late)
        with socket_of(site, an_old_session(site)) as again:
            end, seen = end_of(again)
    finally:
        stop.set()
        camera.join()
    assert end["reason"] == "keeper_away"
    assert seen == 0
    assert seconds < 5
    assert not site.web.live.watched
    bar = {"row": "log away: bytes of pictures", "measured": seen, "must": "0"}
    record_property("bar", json.dumps(bar))


def an_old_session(site: Any) -> str:
    """A session that is older than the trouble: signing in would need the log."""
    person = site.town.operator.person.person
    secret = site.web.sessions.create(person, ("operator",), "Mira Olsen")
    key = site.web.sessions.find(secret, kind="cookie").key
    site.web.sessions.set_purpose(key, "shift")
    return str(secret)


def test_a_revoked_session_ends_the_picture(site: Any, recorder: Recorder, watch: Any) -> None:
    link = watch(site.town.operator)
    hello(link)
    picture(link)
    site.web.sessions.revoke_person(site.town.operator.person.person)
    end, _ = end_of(link)
    assert end["reason"] == "session_over"


def test_ending_ones_sessions_elsewhere_ends_the_picture(
    site: Any, recorder: Recorder, watch: Any
) -> None:
    link = watch(site.town.operator)
    hello(link)
    picture(link)
    with site.browser(site.town.operator) as elsewhere:
        assert elsewhere.delete("/api/my/sessions").json()["ended"] == 2
    end, _ = end_of(link)
    assert end["reason"] == "session_over"


def test_a_scope_that_no_longer_holds_the_camera_ends_the_picture(
    site: Any, recorder: Recorder, watch: Any
) -> None:
    link = watch(site.town.operator)
    hello(link)
    picture(link)
    elsewhere = Stands(frozenset({"operator"}), cameras=("cam-elsewhere",))
    site.web.standing._known[site.town.operator.person.person] = (elsewhere, time.monotonic() + 60)
    end, _ = end_of(link)
    assert end["reason"] == "forbidden"
    assert end["message"] == site.web.t("rule.only-at-ones-cameras")


def test_a_role_that_was_added_and_forbids_ends_the_picture(
    site: Any, recorder: Recorder, watch: Any
) -> None:
    link = watch(site.town.operator)
    hello(link)
    picture(link)
    both = Stands(frozenset({"administrator", "operator"}))
    site.web.standing._known[site.town.operator.person.person] = (both, time.monotonic() + 60)
    end, _ = end_of(link)
    assert end["reason"] == "forbidden"
    assert end["message"] == site.web.t("rule.administrators-see-no-pictures")


def test_watching_is_use_of_the_session(
    site: Any, recorder: Recorder, watch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = watch(site.town.operator)
    hello(link)
    (before,) = site.web.sessions.of_person(site.town.operator.person.person)
    monkeypatch.setattr(site.web.sessions, "_clock", lambda: now_ms() + 60_000)
    until(lambda: site.web.sessions.of_person(before.person)[0].seen > before.seen + 50_000)


def test_a_camera_that_is_suspended_is_not_watched_any_more(
    site: Any, recorder: Recorder, watch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plainview.web.rights.FRESH_S", 0.0)
    link = watch(site.town.operator)
    hello(link)
    picture(link)
    site.town.add_camera(status="suspended")
    site.web.register.sync()
    end, _ = end_of(link)
    assert end["reason"] == "forbidden"
    assert end["message"] == site.web.t("rule.live-only-where-active")


def test_the_recorders_restart_is_survived(
    site: Any, recorder: Recorder, tails: Any, watch: Any
) -> None:
    link = watch(site.town.operator)
    hello(link)
    for _ in range(10):
        picture(link)
    tails.drop()
    until(lambda: tails.open == 1)
    recorder.publish(1, gop=1)
    seen = [frames.head(picture(link)).sequence]
    while seen[-1] != 10:
        seen.append(frames.head(picture(link)).sequence)
    assert seen[-1] == 10


def test_a_record_that_was_tampered_with_ends_the_picture(
    site: Any, recorder: Recorder, watch: Any
) -> None:
    link = watch(site.town.operator)
    hello(link)
    for _ in range(10):
        picture(link)
    from_record = recorder.window.records(recorder._make(1, start=now_ms()))[0]
    broken = type(from_record)(
        from_record.number, from_record.flags, from_record.wall_ms, bytes(200)
    )
    recorder.tail.publish(recorder.window.id, broken)
    end, seen = end_of(link)
    assert (end["reason"], seen) == ("bad_seal", 0)


def test_keys_leave_the_memory_a_minute_after_the_session(
    site: Any, recorder: Recorder, watch: Any
) -> None:
    link = watch(site.town.operator)
    hello(link)
    picture(link)
    link.close()
    until(lambda: not site.web.live.watched)
    keys = site.web.keys
    until(lambda: all(held.ended for held in keys._held.values()))
    assert keys.sessions == 1
    keys.drop_old()
    assert keys.sessions == 1
    keys._clock = lambda: now_ms() + 60_001
    keys.drop_old()
    assert keys.sessions == 0
