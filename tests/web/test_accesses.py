"""Who looked: all staff see all acts as the log shows them, and their own in the clear."""

from __future__ import annotations

import time
from typing import Any

from plainview.base.clock import now_ms, to_iso
from plainview.base.ids import unb64
from plainview.tlog import proof
from plainview.tlog.entries import commit, parse
from plainview.tlog.policy import Policy
from plainview.watch.viewkeys import live_detail

PURPOSE = "Traffic and road safety"


def play(browser: Any) -> None:
    now = now_ms()
    span = {"from": to_iso(now - 60_000), "to": to_iso(now)}
    body = {"camera": "cam-01", **span, "purpose": PURPOSE}
    assert browser.post("/api/playback", json=body).status_code == 200


def revealed(browser: Any, entry: int) -> dict[str, Any]:
    """The row of an entry, once its detail is on the log."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for row in browser.get("/api/accesses").json()["accesses"]:
            if row["entry"] == entry and row["revealed"] is not None:
                found: dict[str, Any] = row
                return found
        time.sleep(0.2)
    raise AssertionError("It was not revealed in time.")


def test_everybody_of_the_staff_sees_who_looked_and_why_once_it_is_revealed(site: Any) -> None:
    with site.browser(site.town.operator) as browser:
        play(browser)
        mine = browser.get("/api/my/acts").json()[0]
    for colleague in (site.town.officer, site.town.dpo, site.town.court):
        with site.browser(colleague) as browser:
            row = revealed(browser, mine["entry"])
            assert (row["role"], row["act"], row["mine"]) == ("operator", "playback", False)
            assert row["actor"] == site.web.actor(site.town.operator.person.person)
            assert row["detail"]["camera"] == "cam-01"
            assert row["detail"]["purpose"] == PURPOSE
            told = browser.get("/api/accesses").text
            assert site.town.operator.name not in told
            assert site.town.operator.person.person not in told


def test_before_it_is_revealed_camera_and_purpose_are_not_told(site: Any) -> None:
    with site.browser(site.town.operator) as browser, site.browser(site.town.officer) as other:
        play(browser)
        site.web.register.sync()
        row = other.get("/api/accesses").json()["accesses"][0]
        assert (row["act"], row["detail"], row["revealed"]) == ("playback", None, None)
        assert browser.get("/api/accesses").json()["accesses"][0]["mine"]


def test_older_accesses_follow_page_by_page(site: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("plainview.web.routes.accesses.PAGE", 3)
    with site.browser(site.town.operator) as browser:
        for _ in range(6):
            play(browser)
        site.web.register.sync()
        seen: list[int] = []
        before = None
        while True:
            asked: dict[str, int] = {} if before is None else {"before": before}
            page = browser.get("/api/accesses", params=asked).json()
            seen += [row["entry"] for row in page["accesses"]]
            if page["next"] is None:
                break
            before = page["next"]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 7


def test_my_own_act_can_be_checked_by_myself(make_town: Any, tmp_path: Any) -> None:
    with make_town(tmp_path, witnesses=1) as (town, site):
        policy = Policy.parse(town.settings.policy_file.read_text())
        with site.browser(town.operator) as browser, site.browser(town.officer) as other:
            play(browser)
            mine = browser.get("/api/my/acts").json()[0]
            found = browser.get(f"/api/my/acts/{mine['entry']}").json()
            assert other.get(f"/api/my/acts/{mine['entry']}").status_code == 404
            assert browser.get("/api/my/acts/-1").status_code == 400
    raw = unb64(found["entry"])
    proof.check(found["proof"].encode(), raw, policy)
    body = parse(raw).body
    assert commit(found["detail"], bytes.fromhex(found["salt"])) == body["detail_commitment"]
    assert found["index"] == mine["entry"]


def test_what_is_noted_of_live_is_what_the_log_committed_to(site: Any) -> None:
    session = site.web.keeper.watch("a" * 12, "operator", "live", "cam-01", 0, None, PURPOSE)
    site.web.register.sync()
    detail = live_detail("cam-01", session, PURPOSE)
    act = site.web.register.act(session.index)
    assert commit(detail, bytes.fromhex(session.salt)) == act.commitment
