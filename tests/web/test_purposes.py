"""Purposes: asked before live and playback, again after two hours, and refused when empty."""

from __future__ import annotations

import json
import time
from typing import Any

from websockets.sync.client import connect

from plainview.base.clock import from_iso, now_ms, to_iso
from plainview.store.tail import Tail
from plainview.web.purposes import LASTS_MS
from plainview.web.routes import live


def say(browser: Any, purpose: str, incident: str = "") -> Any:
    return browser.post("/api/purpose", json={"purpose": purpose, "incident": incident})


def play(browser: Any, **given: str) -> Any:
    now = now_ms()
    span = {"from": to_iso(now - 60_000), "to": to_iso(now)}
    return browser.post("/api/playback", json={"camera": "cam-01", **span, **given})


def later(site: Any, monkeypatch: Any) -> None:
    """Two hours and a little pass, for purposes alone."""
    monkeypatch.setattr(site.web.purposes, "_clock", lambda: now_ms() + LASTS_MS + 1000)


def test_an_empty_purpose_is_refused_politely(calm: Any) -> None:
    with calm.browser(calm.town.operator) as browser:
        for empty in ("", "   ", " x ", "\t\n"):
            answer = say(browser, empty)
            assert answer.status_code == 403
            assert answer.json()["code"] == "no_purpose"
            assert "Choose a purpose from the list" in answer.json()["hint"]
        assert play(browser).json()["code"] == "no_purpose"
        assert say(browser, "x" * 201).status_code == 400
        assert browser.get("/api/me").json()["purpose"] == ""


def test_an_incidents_number_goes_with_the_purpose(calm: Any) -> None:
    with calm.browser(calm.town.operator) as browser:
        said = say(browser, "  A  reported incident ", " 2026-0417/b ").json()
        assert said["purpose"] == "A reported incident (incident 2026-0417/b)"
        me = browser.get("/api/me").json()
        assert (me["purpose"], me["purpose_until"]) == (said["purpose"], said["until"])
        assert "Traffic and road safety" in me["purposes"]
        for wrong in ("<b>1</b>", "x" * 50, "a;b"):
            assert say(browser, "A reported incident", wrong).status_code == 400


def test_playback_takes_its_own_purpose_or_that_of_the_session(site: Any) -> None:
    with site.browser(site.town.operator) as browser:
        assert play(browser).status_code == 403
        assert play(browser, purpose="Accident at noon").status_code == 200
        say(browser, "Traffic and road safety")
        assert play(browser).status_code == 200
        assert play(browser, purpose="Theft", incident="44-1").status_code == 200
        acts = browser.get("/api/my/acts").json()
    said = [act["detail"]["purpose"] for act in acts if act["act"] == "playback"]
    assert said == ["Theft (incident 44-1)", "Traffic and road safety", "Accident at noon"]


def test_after_two_hours_it_is_asked_again(site: Any, monkeypatch: Any) -> None:
    with site.browser(site.town.operator) as browser:
        until = from_iso(say(browser, "Public safety patrol").json()["until"])
        assert abs(until - now_ms() - LASTS_MS) < 10_000
        later(site, monkeypatch)
        assert browser.get("/api/me").json()["purpose"] == ""
        assert play(browser).json()["code"] == "no_purpose"
        say(browser, "Public safety patrol")
        assert play(browser).status_code == 200


def test_after_a_restart_it_is_asked_sooner_and_not_later(site: Any, monkeypatch: Any) -> None:
    with site.browser(site.town.operator) as browser:
        say(browser, "Public safety patrol")
        site.web.purposes._known.clear()  # as after a restart
        assert browser.get("/api/me").json()["purpose"] == "Public safety patrol"
        later(site, monkeypatch)
        assert browser.get("/api/me").json()["purpose"] == ""


def test_running_pictures_follow_the_purpose(
    site: Any, tails: Any, encoded: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(live, "CHECK_S", 0.1)
    tail = tails.tails["cam-01"] = Tail()
    window = site.town.window(site.town.register)
    for record in window.records(encoded(10, start=now_ms())):
        tail.publish(window.id, record)
    secret = site.cookie(site.town.operator)
    headers = {"X-Plainview": "1", "Origin": site.url}
    with site.client(cookies={"plainview_session": secret}, headers=headers) as browser:
        say(browser, "Public safety patrol")
        with connect(
            site.url.replace("http", "ws") + "/api/live/cam-01",
            origin=site.url,
            additional_headers={"Cookie": f"plainview_session={secret}"},
        ) as link:
            assert json.loads(link.recv(timeout=10))["type"] == "hello"
            say(browser, "An event or demonstration")
            _until_acts(browser, ["An event or demonstration", "Public safety patrol"])
            later(site, monkeypatch)
            said: Any = b""
            while not isinstance(said, str):
                said = link.recv(timeout=10)
        assert json.loads(said)["reason"] == "no_purpose"


def _until_acts(browser: Any, wanted: list[str]) -> None:
    ends = time.monotonic() + 15  # an open picture's session is looked at every second and a half
    while time.monotonic() < ends:
        acts = browser.get("/api/my/acts").json()
        said = [act["detail"]["purpose"] for act in acts if act["act"] == "live"]
        if said == wanted:
            return
        time.sleep(0.1)
    raise AssertionError(said)
