"""Playback over HTTP: one entry, its own span only, segments decrypted, stills, bookmarks."""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np
import pytest

from plainview.base.clock import from_iso, now_ms, to_iso
from plainview.watch import frames


class Recording:
    """Two seconds of frames in the store, in GOPs of ten."""

    def __init__(self, town: Any, encoded: Any, fill: Any) -> None:
        self.window = town.window(town.register)
        self.start = now_ms()
        self.units = encoded(30, start=self.start)
        fill(town, self.window, self.units)


@pytest.fixture
def recording(town: Any, encoded: Any, fill: Any) -> Recording:
    return Recording(town, encoded, fill)


def begin(browser: Any, recording: Recording, **change: Any) -> Any:
    body = {
        "camera": "cam-01",
        "from": to_iso(recording.start - 1000),
        "to": to_iso(recording.start + 5000),
        "purpose": "Accident at noon",
        **change,
    }
    return browser.post("/api/playback", json=body)


def messages(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def test_a_span_is_played_back_and_is_one_entry(site: Any, recording: Recording) -> None:
    with site.browser(site.town.officer) as browser:
        site.web.register.sync()
        before = site.web.register.size
        playback = begin(browser, recording).json()["playback"]
        timeline = browser.get(f"/api/playback/{playback}/timeline").json()
        assert [span["state"] for span in timeline["spans"]][:2] == ["gap", "recorded"]
        seen = []
        for segment in timeline["segments"]:
            found = {"window": segment["window"], "seq": segment["seq"]}
            answer = browser.get(f"/api/playback/{playback}/segment", params=found)
            assert answer.headers["content-type"] == "application/octet-stream"
            seen += messages(answer.content)
        site.web.register.sync()
        assert site.web.register.size == before + 1
    assert [frames.access_unit(one) for one in seen] == [
        unit[0] for unit in recording.units[: len(seen)]
    ]
    assert len(seen) >= 20
    act = site.web.register.act(before)
    assert (act.act, act.role) == ("playback", "investigator")


def test_nobody_uses_anothers_playback(site: Any, recording: Recording) -> None:
    with site.browser(site.town.officer) as mine, site.browser(site.town.operator) as other:
        playback = begin(mine, recording).json()["playback"]
        assert other.get(f"/api/playback/{playback}/timeline").status_code == 404
        again = site.browser(site.town.officer)
        with again:
            assert again.get(f"/api/playback/{playback}/timeline").status_code == 404


def test_a_number_that_no_segment_has_is_refused(site: Any, recording: Recording) -> None:
    with site.browser(site.town.operator) as browser:
        playback = begin(browser, recording).json()["playback"]
        for seq in (-1, 2**31, 10**30):
            found = {"window": recording.window.id, "seq": seq}
            answer = browser.get(f"/api/playback/{playback}/segment", params=found)
            assert answer.status_code == 400


def test_segments_outside_of_the_span_are_not_given(site: Any, recording: Recording) -> None:
    with site.browser(site.town.officer) as browser:
        early = to_iso(recording.start - 60_000), to_iso(recording.start - 30_000)
        playback = begin(browser, recording, **{"from": early[0], "to": early[1]}).json()
        answer = browser.get(
            f"/api/playback/{playback['playback']}/segment",
            params={"window": recording.window.id, "seq": 0},
        )
        other = browser.get(
            f"/api/playback/{playback['playback']}/segment",
            params={"window": "../../keys", "seq": 0},
        )
    assert answer.status_code == 404
    assert other.status_code == 400


SENSELESS: list[dict[str, str]] = [
    {"to": "2020-01-01T00:00:00Z"},
    {"from": "soon"},
    {"from": "2026-01-01T00:00:00"},
    {"purpose": ""},
    {"purpose": "x" * 300},
    {"camera": "cam-99"},
    {"camera": "../../etc"},
    {"from": "2026-01-01T00:00:00Z"},
]


def test_a_span_that_makes_no_sense_is_refused(site: Any, recording: Recording) -> None:
    with site.browser(site.town.officer) as browser:
        for change in SENSELESS:
            answer = begin(browser, recording, **change)
            assert answer.status_code in (400, 403, 404), change
            assert set(answer.json()) == {"code", "message", "hint"}


def test_a_still_is_a_picture_of_the_view_and_is_logged(site: Any, recording: Recording) -> None:
    at = to_iso(recording.start + 1500)
    with site.browser(site.town.operator) as browser:
        playback = begin(browser, recording).json()["playback"]
        answer = browser.post(f"/api/playback/{playback}/snapshot", json={"at": at})
        missing = browser.post(
            f"/api/playback/{playback}/snapshot", json={"at": to_iso(recording.start - 500)}
        )
        acts = [act["act"] for act in browser.get("/api/my/acts").json()]
    assert answer.headers["content-type"] == "image/jpeg"
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (96, 160, 3)
    assert from_iso(answer.headers["x-plainview-time"]) <= from_iso(at)
    assert missing.status_code == 404
    assert acts == ["snapshot", "playback", "signin"]
    site.web.register.sync()
    assert site.web.register.act(int(answer.headers["x-plainview-entry"])).act == "snapshot"


def test_while_the_log_is_away_not_one_byte_is_played(site: Any, recording: Recording) -> None:
    with site.browser(site.town.officer) as browser:
        playback = begin(browser, recording).json()["playback"]
        where = {"window": recording.window.id, "seq": 0}
        path = f"/api/playback/{playback}/segment"
        assert browser.get(path, params=where).status_code == 200
        site.town.stop_keeper()
        site.web.pulse._asked = -1e9
        answer = browser.get(path, params=where)
        still = browser.post(
            f"/api/playback/{playback}/snapshot", json={"at": to_iso(recording.start + 100)}
        )
        more = begin(browser, recording)
    for refused in (answer, still, more):
        assert refused.status_code == 503
        assert refused.json()["code"] == "keeper_away"


def test_a_still_is_not_made_when_it_cannot_be_logged(
    site: Any, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.browser(site.town.operator) as browser:
        playback = begin(browser, recording).json()["playback"]
        site.town.stop_keeper()
        site.web.pulse._asked = 1e18  # the pulse still believes that all is well
        answer = browser.post(
            f"/api/playback/{playback}/snapshot", json={"at": to_iso(recording.start + 100)}
        )
    assert answer.status_code == 503


def test_signing_out_ends_playback(site: Any, recording: Recording) -> None:
    with site.browser(site.town.officer) as browser:
        begin(browser, recording)
        assert site.web.playbacks._running
        browser.delete("/api/session")
    assert not site.web.playbacks._running


def test_a_bookmark_is_logged_and_drafts_a_request(site: Any, recording: Recording) -> None:
    body = {"camera": "cam-01", "at": to_iso(recording.start), "note": "<b>two cars</b>"}
    with site.browser(site.town.officer) as browser:
        answer = browser.post("/api/bookmarks", json=body)
        acts = browser.get("/api/my/acts").json()
    assert answer.status_code == 200, answer.text
    assert answer.json()["draft"]["body"]["recipient"].startswith("age1")
    assert acts[0]["act"] == "bookmark"
    assert acts[0]["detail"] == {"camera": "cam-01", "at": body["at"]}
