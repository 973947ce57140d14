"""Marks and holds over HTTP: logged, shown with their deadline, held by a signature, or lapsed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plainview.base.clock import DAY_MS, from_iso, now_ms, to_iso
from plainview.base.ids import b64
from plainview.cases.marks import AFTER_MS, BEFORE_MS, LASTS_MS
from plainview.errors import BadSeal, NotAuthorised
from plainview.register import statements
from plainview.release import asking, keyfile
from plainview.release.client import Server
from plainview.testing.hall import Citizen
from plainview.tlog.entries import commit, make
from plainview.tlog.signing import sign


@pytest.fixture
def supervisor(town: Any) -> Citizen:
    """Somebody who may turn a mark into a hold, enrolled by two people."""
    made = Citizen("Sara Lind", "City control room", "supervisor")
    keys = [town.dpo.signing, town.officer.signing]
    town.say(statements.enrol(made.person, keys))
    return made


@pytest.fixture
def window(town: Any) -> Any:
    return town.window(town.register)


def marked(site: Any, at: int, **change: Any) -> Any:
    site.web.register.sync()  # the window was logged in this very moment
    with site.browser(site.town.operator) as browser:
        body = {"camera": "cam-01", "at": to_iso(at), "note": "two cars", **change}
        return browser.post("/api/marks", json=body)


def listed(site: Any, who: Any) -> list[dict[str, Any]]:
    with site.browser(who) as browser:
        found: list[dict[str, Any]] = browser.get("/api/marks").json()
    return found


def key_of(citizen: Citizen) -> keyfile.KeyFile:
    """The key file that a person keeps."""
    person, age = citizen.person.person, str(citizen.age)
    return keyfile.KeyFile(person, citizen.name, citizen.signing, age, "", "", citizen.salt)


def signed(citizen: Citizen, draft: dict[str, Any]) -> dict[str, Any]:
    entry = sign(make("hold", draft["body"], time=now_ms()), [citizen.signing])
    return {"entry": b64(entry.raw), "detail": draft["detail"], "salt": draft["salt"]}


def test_a_mark_is_logged_and_says_by_when_it_must_be_held(
    site: Any, window: Any, supervisor: Citizen
) -> None:
    at = now_ms() - 1000
    made = marked(site, at).json()
    assert from_iso(made["to"]) - from_iso(made["from"]) == 15 * 60_000 == BEFORE_MS + AFTER_MS
    assert from_iso(made["lapses"]) - from_iso(made["made"]) == LASTS_MS == 72 * 3_600_000
    assert (made["state"], made["short"]) == ("open", False)  # the class is kept for 15 days
    assert made["deadline"] == made["lapses"]
    site.web.register.sync()
    act = site.web.register.act(made["entry"])
    assert (act.act, act.role, act.actor) == ("mark", "operator", made["actor"])
    (seen,) = listed(site, supervisor)
    assert seen["note"] == "two cars"
    assert not seen["mine"]
    assert f"plainview case hold {seen['mark']}" in seen["command"]
    span = {name: made[name] for name in ("camera", "at", "from", "to")}
    (mine,) = site.web.sessions.acts(site.town.operator.person.person, limit=1)
    assert mine["detail"] == span
    assert commit(span, bytes.fromhex(mine["salt"])) == act.commitment


def test_a_supervisor_turns_a_mark_into_a_hold(site: Any, window: Any, supervisor: Citizen) -> None:
    mark = marked(site, now_ms() - 1000).json()["mark"]
    path = f"/api/marks/{mark}/hold"
    with site.browser(supervisor) as browser:
        draft = browser.get(path, params={"days": 60}).json()
        assert draft["body"]["windows"] == [window.id]
        index = browser.post(path, json=signed(supervisor, draft)).json()["index"]
        again = browser.post(path, json=signed(supervisor, draft))
        (seen,) = browser.get("/api/marks").json()
    assert (seen["state"], seen["hold"], seen["destroyed"]) == ("held", index, None)
    assert abs(from_iso(seen["held_until"]) - now_ms() - 60 * DAY_MS) < 60_000
    assert again.status_code == 403
    site.web.register.sync()
    assert site.web.register.window(window.id).held_ms == from_iso(seen["held_until"])


def test_a_hold_is_its_authors_and_of_that_mark_alone(
    site: Any, window: Any, supervisor: Citizen
) -> None:
    mark = marked(site, now_ms() - 1000).json()["mark"]
    path = f"/api/marks/{mark}/hold"
    with site.browser(supervisor) as browser:
        draft = browser.get(path).json()
        foreign = browser.post(path, json=signed(site.town.dpo, draft))
        other = {**draft, "detail": {**draft["detail"], "mark": "0" * 32}}
        uncommitted = browser.post(path, json=signed(supervisor, other))
        empty = {**draft, "body": {**draft["body"], "windows": []}}
        nothing = browser.post(path, json=signed(supervisor, empty))
        far = {**draft, "body": {**draft["body"], "until": to_iso(now_ms() + 9000 * DAY_MS)}}
        endless = browser.post(path, json=signed(supervisor, far))
        unknown = browser.get("/api/marks/" + "0" * 32 + "/hold")
    with site.browser(site.town.operator) as browser:
        refused = browser.get(path), browser.post(path, json=signed(supervisor, draft))
    assert [one.status_code for one in refused] == [403, 403]
    assert (foreign.status_code, uncommitted.status_code) == (403, 400)
    assert (nothing.status_code, endless.status_code, unknown.status_code) == (400, 400, 404)
    assert listed(site, supervisor)[0]["state"] == "open"


def test_the_command_signs_with_the_supervisors_own_key(
    site: Any, window: Any, supervisor: Citizen, tmp_path: Path
) -> None:
    mark = marked(site, now_ms() - 1000).json()["mark"]
    key = key_of(supervisor)
    with Server(site.url, key) as server:
        index, until = asking.hold(server, key, mark, 30, now=now_ms())
    site.web.register.sync()
    assert site.web.register.window(window.id).held_ms == from_iso(until)
    assert listed(site, supervisor)[0]["hold"] == index


def test_a_lie_about_what_is_held_is_not_signed(
    site: Any, window: Any, supervisor: Citizen, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = marked(site, now_ms() - 1000).json()["mark"]
    key = key_of(supervisor)
    honest = Server.get

    def lie(server: Server, path: str, **query: str) -> Any:
        said = honest(server, path, **query)
        said["body"]["until"] = to_iso(now_ms() + DAY_MS // 2)
        return said

    monkeypatch.setattr(Server, "get", lie)
    with Server(site.url, key) as server, pytest.raises(BadSeal, match="end"):
        asking.hold(server, key, mark, 30, now=now_ms())
    assert listed(site, supervisor)[0]["state"] == "open"


def test_a_mark_that_nobody_holds_lapses_and_is_still_seen(
    site: Any, window: Any, supervisor: Citizen, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = marked(site, now_ms() - 1000).json()["mark"]
    later = now_ms() + LASTS_MS + 1000
    monkeypatch.setattr(site.web.marks, "_clock", lambda: later)
    (seen,) = listed(site, supervisor)
    assert (seen["mark"], seen["state"]) == (mark, "lapsed")
    with site.browser(supervisor) as browser:
        assert browser.get(f"/api/marks/{mark}/hold").status_code == 403
    monkeypatch.setattr(site.web.marks, "_clock", lambda: later + 15 * DAY_MS)
    assert listed(site, supervisor) == []


def test_where_recordings_live_shorter_the_deadline_is_theirs(
    make_town: Any, tmp_path: Path
) -> None:
    with make_town(tmp_path) as (town, site):
        register = town.add_camera(retention={"class": "brief", "seconds": 3600})
        window = town.window(register)
        made = marked(site, now_ms() - 1000).json()
        site.web.register.sync()
        shred = site.web.register.window(window.id).shred_ms
    assert made["short"]
    assert from_iso(made["deadline"]) == from_iso(made["destroyed"]) == shred
    assert shred < from_iso(made["lapses"])


def test_what_cannot_be_kept_cannot_be_marked(site: Any, window: Any) -> None:
    for at, change, status in (
        (now_ms() - 9 * DAY_MS, {}, 404),
        (now_ms() + 60_000, {}, 400),
        (now_ms() - 1000, {"camera": "cam-99"}, 404),
        (now_ms() - 1000, {"note": "x" * 600}, 400),
    ):
        assert marked(site, at, **change).status_code == status, change
    site.web.register.sync()
    acts = [one.act for one in site.web.register.newest_acts(100)]
    assert acts.count("signin") == 4
    assert "mark" not in acts


def test_while_the_log_is_away_nothing_is_marked(
    site: Any, window: Any, supervisor: Citizen
) -> None:
    with site.browser(site.town.operator) as browser:
        site.town.stop_keeper()
        answer = browser.post("/api/marks", json={"camera": "cam-01", "at": to_iso(now_ms())})
    site.town.start_keeper()
    assert answer.status_code == 503
    assert listed(site, supervisor) == []


def test_an_investigator_cannot_hold(site: Any, window: Any) -> None:
    mark = marked(site, now_ms() - 1000).json()["mark"]
    key = key_of(site.town.officer)
    with Server(site.url, key) as server, pytest.raises(NotAuthorised):
        asking.hold(server, key, mark, 30, now=now_ms())
