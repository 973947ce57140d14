"""Clips: logged first, numbered in every picture and in the file, of views alone, and bounded."""

from __future__ import annotations

import asyncio
import io
import itertools
import threading
import time
from typing import Any

import av
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.base.clock import now_ms, to_iso
from plainview.watch import clips as clips_module
from plainview.watch import label

Picture = NDArray[np.uint8]
WISH = {"purpose": "Traffic accident", "recipient": "City police, traffic unit"}


class Recording:
    """Six seconds of frames in the store, in GOPs of ten."""

    def __init__(self, town: Any, encoded: Any, fill: Any) -> None:
        self.window = town.window(town.register)
        self.start = now_ms()
        fill(town, self.window, encoded(30, start=self.start))


@pytest.fixture
def recording(town: Any, encoded: Any, fill: Any) -> Recording:
    return Recording(town, encoded, fill)


def playing(browser: Any, recording: Recording) -> str:
    span = {"from": to_iso(recording.start - 1000), "to": to_iso(recording.start + 6000)}
    body = {"camera": "cam-01", **span, "purpose": "Accident at noon"}
    return str(browser.post("/api/playback", json=body).json()["playback"])


def cut(browser: Any, recording: Recording, first: int, last: int, **change: Any) -> httpx.Response:
    """A clip from the frame `first` up to `last`, in ms after the recording's start."""
    span = {"from": to_iso(recording.start + first), "to": to_iso(recording.start + last)}
    path = f"/api/playback/{playing(browser, recording)}/clip"
    answer: httpx.Response = browser.post(path, json={**span, **WISH, **change})
    return answer


def gray(frame: av.VideoFrame) -> Picture:
    return np.asarray(frame.to_ndarray(format="gray"), np.uint8)


def opened(data: bytes) -> tuple[dict[str, str], list[tuple[int, Picture]]]:
    """Metadata, and (ms, luma) of every picture."""
    with av.open(io.BytesIO(data), "r") as file:
        assert [stream.type for stream in file.streams] == ["video"]
        assert file.streams.video[0].codec_context.name == "h264"
        pictures = [
            (round(float(frame.time or 0) * 1000), gray(frame)) for frame in file.decode(video=0)
        ]
        return dict(file.metadata), pictures


def likeness(picture: Picture, number: int, wall: int) -> float:
    """How alike the corner of a picture and the label of this number are, -1 to 1."""
    high, wide = picture.shape
    words = label.text_of(number, wall), label.short_text(number)
    mask = label.drawn(*words, wide, high).astype(float)
    corner = picture[-mask.shape[0] :, : mask.shape[1]].astype(float)
    return float(np.corrcoef(corner.ravel(), mask.ravel())[0, 1])


def test_every_picture_and_the_file_carry_the_number_of_the_entry(
    site: Any, recording: Recording
) -> None:
    with site.browser(site.town.officer) as browser:
        answer = cut(browser, recording, 1000, 4000)
        acts = browser.get("/api/my/acts").json()
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "video/mp4"
    number = int(answer.headers["x-plainview-entry"])
    assert f"clip-{number}-cam-01" in answer.headers["content-disposition"]
    metadata, pictures = opened(answer.content)
    assert metadata["title"] == f"Plainview clip {number}"
    assert f"Entry {number} of the log plainview.test/log" in metadata["comment"]
    assert "encoder" not in metadata
    assert len(pictures) == 15
    assert [ms for ms, _ in pictures] == list(range(0, 3000, 200))
    for ms, picture in pictures:
        wall = recording.start + 1000 + ms
        assert likeness(picture, number, wall) > 0.9
        assert likeness(picture, number + 11, wall) < likeness(picture, number, wall)
    site.web.register.sync()
    act = site.web.register.act(number)
    assert (act.act, act.role) == ("clip", "investigator")
    assert acts[0]["entry"] == number
    assert acts[0]["detail"]["recipient"] == WISH["recipient"]
    assert acts[0]["detail"]["purpose"] == WISH["purpose"]


def test_outside_of_the_label_it_is_the_view(site: Any, recording: Recording) -> None:
    with site.browser(site.town.officer) as browser:
        _, pictures = opened(cut(browser, recording, 0, 6000).content)
    assert len(pictures) == 30
    for number, (_, picture) in enumerate(pictures):
        ground = float(np.median(picture[:18]))  # `encode` in conftest: grey, brighter each time
        assert abs(ground - (60 + number)) < 6


def test_a_clip_needs_purpose_and_recipient_and_at_most_ten_minutes(
    site: Any, recording: Recording
) -> None:
    with site.browser(site.town.officer) as browser:
        wrong: list[tuple[dict[str, Any], int, str]] = [
            ({"purpose": "  "}, 403, "no_purpose"),
            ({"recipient": " "}, 403, "no_recipient"),
            ({"recipient": "x" * 300}, 403, "refused"),
            ({"from": to_iso(recording.start + 4000)}, 400, "bad_format"),
            ({"to": to_iso(recording.start + 601_000)}, 403, "refused"),
            ({"to": to_iso(recording.start + 60_000)}, 404, "not_found"),
            ({"to": "soon"}, 400, "bad_format"),
        ]
        for change, status, code in wrong:
            answer = cut(browser, recording, 0, 3000, **change)
            assert (answer.status_code, answer.json()["code"]) == (status, code), change
        acts = [act["act"] for act in browser.get("/api/my/acts").json()]
    assert "clip" not in acts
    with site.browser(site.town.officer) as browser, site.browser(site.town.operator) as other:
        path = f"/api/playback/{playing(other, recording)}/clip"
        span = {"from": to_iso(recording.start), "to": to_iso(recording.start + 1000)}
        assert browser.post(path, json={**span, **WISH}).status_code == 404


def test_an_operator_takes_nothing_out(site: Any, recording: Recording) -> None:
    with site.browser(site.town.operator) as browser:
        answer = cut(browser, recording, 0, 1000)
        acts = [act["act"] for act in browser.get("/api/my/acts").json()]
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "clip" not in acts


def test_a_gap_has_no_clip_and_no_entry(site: Any, recording: Recording) -> None:
    with site.browser(site.town.officer) as browser:
        answer = cut(browser, recording, -900, -100)
    assert answer.status_code == 404


def test_while_the_log_is_away_not_one_byte_leaves(site: Any, recording: Recording) -> None:
    with site.browser(site.town.officer) as browser:
        path = f"/api/playback/{playing(browser, recording)}/clip"
        span = {"from": to_iso(recording.start), "to": to_iso(recording.start + 3000)}
        site.town.stop_keeper()
        site.web.pulse._asked = 1e18  # the pulse still believes that all is well
        answer = browser.post(path, json={**span, **WISH})
        assert answer.status_code == 503
        site.web.pulse._asked = -1e9
        assert browser.post(path, json={**span, **WISH}).status_code == 503
    assert site.web.clips.running == 0


def test_a_clip_is_cut_off_when_the_log_goes_away(
    site: Any, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks, ask = itertools.count(), site.web.pulse.check

    async def stopping() -> None:
        if site.web.clips.running and next(checks) == 4:
            await asyncio.to_thread(site.town.stop_keeper)
            site.web.pulse._asked = -1e9
        await ask()

    monkeypatch.setattr(site.web.pulse, "check", stopping)
    monkeypatch.setattr(clips_module, "CHUNK", 256)
    with site.browser(site.town.officer) as browser:
        path = f"/api/playback/{playing(browser, recording)}/clip"
        span = {"from": to_iso(recording.start), "to": to_iso(recording.start + 6000)}
        with browser.stream("POST", path, json={**span, **WISH}) as answer:
            assert answer.status_code == 200
            seen: list[int] = []
            with pytest.raises(httpx.RemoteProtocolError):
                seen.extend(len(piece) for piece in answer.iter_raw())
    assert 0 < sum(seen) <= 4 * 256
    _until(lambda: site.web.clips.running == 0)


def test_one_person_makes_one_clip_at_a_time_and_few_in_a_row(
    site: Any, recording: Recording
) -> None:
    with site.browser(site.town.officer) as browser:
        with site.web.clips.place(site.town.officer.person.person):
            refused = cut(browser, recording, 0, 1000)
        assert refused.status_code == 403
        for _ in range(6):
            site.web.clip_wishes.spend(site.town.officer.person.person)
        many = cut(browser, recording, 0, 1000)
        acts = [act["act"] for act in browser.get("/api/my/acts").json()]
    assert many.status_code == 429
    assert "clip" not in acts
    assert site.web.clips.running == 0


def test_who_leaves_ends_the_child(
    site: Any, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, ask = threading.Event(), site.web.pulse.check

    async def slow() -> None:
        await ask()
        if site.web.clips.running:
            held.set()
            await asyncio.sleep(0.02)

    monkeypatch.setattr(site.web.pulse, "check", slow)
    monkeypatch.setattr(clips_module, "CHUNK", 64)
    with site.browser(site.town.officer) as browser:
        path = f"/api/playback/{playing(browser, recording)}/clip"
        span = {"from": to_iso(recording.start), "to": to_iso(recording.start + 6000)}
        with browser.stream("POST", path, json={**span, **WISH}) as answer:
            assert answer.status_code == 200
            assert held.is_set()
            assert site.web.clips.running == 1
    _until(lambda: site.web.clips.running == 0)


def _until(done: Any) -> None:
    end = time.monotonic() + 10
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
