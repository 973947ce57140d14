"""The public pages: no script, every text from the catalogue, the truth about log and cameras."""

from __future__ import annotations

import html
import re
import time
from pathlib import Path
from typing import Any

import pytest

from plainview.base.clock import now_ms
from plainview.register.legal_profile import read_profile
from plainview.tlog.entries import make
from plainview.web.catalogue import Catalogue, catalogue
from plainview.web.plainwords import PlainWords
from plainview.web.words import Words, moment

WEB = Path("src/plainview/web")
PAGES = ["/", "/cameras", "/cameras/cam-01", "/log", "/log/entries", "/log/entry/0", "/verify"]
PAGES.append("/software")
FIRST_LINES = {
    "/": "What is this?",
    "/cameras": "Which cameras film here, and why?",
    "/cameras/cam-01": "Why is this camera here?",
    "/log": "What has been done, and who can prove it?",
    "/verify": "How can you check this without trusting us?",
    "/software": "Which software runs here?",
}


def text_of(page: str) -> str:
    """What a person reads."""
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)).strip()


def soon(client: Any, path: str, text: str) -> None:
    """What the recorder says is on the page within seconds."""
    end = time.monotonic() + 10
    while text not in client.get(path).text:
        assert time.monotonic() < end, text
        time.sleep(0.1)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_works_without_scripts_and_inline_styles(calm: Any, path: str) -> None:
    with calm.client() as client:
        answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert not re.search(r"\son\w+=", answer.text)
    assert answer.text.count("<h1>") == 1


@pytest.mark.parametrize("path", list(FIRST_LINES))
def test_a_page_answers_one_question_in_its_first_line(calm: Any, path: str) -> None:
    with calm.client() as client:
        text = text_of(client.get(path).text)
    assert FIRST_LINES[path] in text[:120]


def test_a_cameras_page_says_what_residents_ask(calm: Any) -> None:
    with calm.client() as client:
        text = text_of(client.get("/cameras/cam-01").text)
        missing = client.get("/cameras/cam-99", headers={"accept": "text/html"})
    for said in (
        "Road Safety Act, Article 12",
        "from 1 January 2026 until 1 January 2098",
        "Destroyed after 15 days",
        "at most 15 days 10 minutes after it was made",
        "2 of these 3 custodians must agree",
        "District court independent",
        "44.81600, 20.46000",
        "privacy@plainview.example",
        "How to complain",
        "The recorder cannot be asked right now.",
    ):
        assert said in text, said
    assert missing.status_code == 404
    assert "That did not work" in missing.text


def test_what_residents_may_do_is_said_by_the_law_of_the_record(site: Any) -> None:
    law = read_profile("rs-zzpl")
    site.town.add_camera("cam-07", legal_profile="rs-zzpl", complaints="rights@town.example")
    site.town.add_camera("cam-08", legal_profile="rs-zzpl", authority="The Ombudsman")
    site.web.register.sync()
    with site.client() as client:
        lawful, named, without = (
            html.unescape(text_of(client.get(f"/cameras/{name}").text))
            for name in ("cam-07", "cam-08", "cam-01")
        )
    texts, authority = law.texts.model_dump().values(), law.authority.name
    for said in (*texts, law.law, authority, "rights@town.example"):
        assert said in lawful
        assert said not in without
    assert "The Ombudsman" in named
    assert authority not in named


def test_the_list_for_machines_is_the_register(calm: Any) -> None:
    with calm.client() as client:
        listed = client.get("/api/public/cameras").json()
    assert [one["camera"] for one in listed] == ["cam-01"]
    assert listed[0]["record"]["legal_basis"]["law"] == "Road Safety Act"
    assert listed[0]["record"]["audio"] is False


def test_a_suspended_camera_says_so(site: Any, tails: Any) -> None:
    tails.health["cam-01"] = {"state": "recording", "redaction": "ok"}
    with site.client() as client:
        soon(client, "/cameras/cam-01", "Recording is allowed until")
        site.town.add_camera(status="suspended")
        site.web.register.sync()
        text = text_of(client.get("/cameras/cam-01").text)
        assert "Not recording It was suspended on" in text
        assert client.get("/api/public/cameras").json()[0]["state"] == "not_recording"


def test_a_recorder_that_fails_is_shown_red(site: Any, tails: Any) -> None:
    tails.health["cam-01"] = {"state": "recording", "redaction": "withheld"}
    with site.client() as client:
        soon(client, "/cameras", "pill pixelated")


def test_nobody_learns_where_a_camera_is_in_the_network(site: Any, tails: Any) -> None:
    tails.red += ["cam-01: rtsp://10.0.0.7:554/main cannot be opened: connection refused."]
    with site.client() as client:
        said = [client.get(path).text for path in ("/health", "/cameras", "/cameras/cam-01")]
    assert "10.0.0.7" not in "".join(said)


def test_without_a_log_pages_say_what_is_missing(site: Any) -> None:
    (site.town.settings.log_dir / "checkpoint").unlink()
    with site.client() as client:
        assert "The log has no entry yet" in client.get("/log").text


def wait_for_reveals(site: Any, count: int) -> None:
    """Wait until that many acts were disclosed on the log."""
    end = time.monotonic() + 15
    while len(site.web.register.recent(10, type="reveal")) < count:
        assert time.monotonic() < end
        time.sleep(0.1)


SCRIPT = "<script>alert(1)</script>"


def test_what_others_write_is_shown_as_text(site: Any) -> None:
    site.town.add_camera(name=SCRIPT, purpose=f"Why {SCRIPT}", sees='"><img src=x onerror=y>')
    site.town.client.gate("cam-01", False, SCRIPT, None)
    site.town.client.watch("a" * 12, "operator", "live", "cam-01", now_ms(), None, SCRIPT)
    wait_for_reveals(site, 1)
    site.web.looks.follow()
    with site.client() as client:
        for path in ("/cameras", "/cameras/cam-01", "/log", "/log/entries"):
            page = client.get(path).text
            assert SCRIPT not in page
            assert "onerror=y>" not in page
        assert "&lt;script&gt;" in client.get("/cameras/cam-01").text
        newest = site.web.register.recent(1)[0].index
        for index in range(newest + 1):
            assert SCRIPT not in client.get(f"/log/entry/{index}").text
        error = client.get(f"/cameras/{SCRIPT}", headers={"accept": "text/html"})
    assert SCRIPT not in error.text


def test_who_looked_is_counted_by_role_and_purpose(site: Any) -> None:
    for actor in ("a" * 12, "b" * 12):
        site.town.client.watch(actor, "operator", "live", "cam-01", now_ms(), None, "Match day")
    wait_for_reveals(site, 2)
    site.web.looks.follow()
    looks = site.web.looks.at("cam-01")
    assert [(one.role, one.act, one.purpose, one.count) for one in looks] == [
        ("operator", "live", "Match day", 2)
    ]
    assert not site.web.looks.follow()
    assert site.web.looks.at("cam-01") == looks
    assert site.web.looks.total("cam-01") == 2
    with site.client() as client:
        text = text_of(client.get("/cameras/cam-01").text)
    assert "2 looks have been disclosed so far" in text
    assert "Operator watched live Match day 2" in text


def test_witnesses_are_counted(tmp_path: Path, make_town: Any) -> None:
    with make_town(tmp_path, witnesses=2) as (town, site):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with site.client() as client:
                text = text_of(client.get("/log").text)
            if "by 2 of 2" in text:
                break
        assert "by 2 of 2" in text
        assert "These witnesses have signed" in text
        assert town.settings.policy_file.exists()


def test_nobody_having_seen_the_log_is_said(calm: Any) -> None:
    with calm.client() as client:
        text = text_of(client.get("/log").text)
    assert "by 0 of 0" in text
    assert "Whoever runs it could show you one history and others another." in text


@pytest.mark.parametrize(
    "path",
    ["/log/entry/-1", "/log/entry/99999999999999999999", "/log/entry/x", "/log/entries?from=-1"],
)
def test_entries_that_cannot_be_are_refused(calm: Any, path: str) -> None:
    with calm.client() as client:
        answer = client.get(path)
    assert answer.status_code in (400, 404)


def test_every_text_of_the_templates_is_in_the_catalogue_and_used() -> None:
    t = catalogue()
    sources = [*WEB.rglob("templates/*"), *WEB.rglob("*.py")]
    code = "\n".join(file.read_text() for file in sources)
    used = set(re.findall(r"\bt\(\s*\"([a-z_0-9.-]+)\"\s*[,)]", code))
    for key in used:
        assert t.has(key), key
    built: tuple[str, ...] = ("entry.", "kind.", "role.", "act.", "state.", "home.", "site.")
    built += ("camera.", "verify.", "software.", "health.", "hidden.", "algorithms.", "purpose.")
    built += ("may.", "rule.", "invariant.")
    built += ("objections.outcome.", "reports.state.", "statement.")
    built += ("paper.", "map.", "status.", "ways.", "kinds.")
    unused = [
        key
        for key in t.names()
        if key not in used and not key.startswith(built) and key not in code
    ]
    assert [key for key in unused if not key.startswith(("duration.", "ago.", "revealed."))] == []


def test_every_kind_of_entry_has_a_sentence() -> None:
    say, time_ = PlainWords(catalogue()), now_ms()
    bodies: dict[str, dict[str, Any]] = {
        "start": {"software": "plainview", "log_size": 1},
        "act": {"actor": "a" * 12, "role": "operator", "act": "live", "detail_commitment": ""},
        "reveal": {"of": 3, "detail": {"camera": "cam-01", "purpose": "Match"}, "salt": ""},
        "shred": {"period": "p", "class": "c", "due": "", "count": 2, "windows": [], "root": ""},
        "hold": {"windows": ["w"], "until": "2027-01-01T00:00:00.000Z", "detail_commitment": ""},
        "opened": {"request": "", "windows": ["a", "b"]},
        "answer": {"objections": [4, 5], "outcome": "rejected", "text": "Doors are hidden."},
    }
    expected = {
        "start": "The key keeper started",
        "act": "Operator aaaaaaaaaaaa watched live",
        "reveal": "Disclosed: entry 3 was about camera cam-01, for “Match”",
        "shred": "The key of p was destroyed: 2 windows are unreadable for ever",
        "hold": "One window is kept beyond its time, until 1 January 2027, 00:00 UTC",
        "opened": "The requester opened 2 windows",
        "answer": "The data protection officer answered 2 objections: Doors are hidden.",
    }
    for kind, body in bodies.items():
        assert say.sentence(1, make(kind, body, time=time_).raw).text == expected[kind]
    with_hash = {"software": f"plainview 0.1.0 sha256:{'ab' * 32} weights:1", "log_size": 1}
    sentence = say.sentence(1, make("start", with_hash, time=time_).raw).text
    assert sentence.endswith("plainview 0.1.0, whose software hash begins with abababababababab")
    strange = make("act", {"what": 1}, time=time_).raw
    assert say.sentence(1, strange).text == "An entry of type act"
    assert say.sentence(1, make("new-kind", {}, time=time_).raw).text == "An entry of type new-kind"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (30, "30 seconds"),
        (60, "1 minute"),
        (600, "10 minutes"),
        (5400, "1 hour 30 minutes"),
        (86_400, "1 day"),
        (15 * 86_400 + 600, "15 days 10 minutes"),
    ],
)
def test_lengths_of_time_are_said_in_words(seconds: int, words: str) -> None:
    assert Words(catalogue()).duration(seconds) == words


def test_times_carry_their_zone() -> None:
    assert moment(1_795_424_400_000) == "23 November 2026, 09:00 UTC"


def test_a_missing_text_is_an_error() -> None:
    with pytest.raises(Exception, match="No text for"):
        Catalogue({})("nothing.here")


def test_pages_stay_quick(calm: Any, record_property: Any) -> None:
    times = []
    with calm.client() as client:
        for _ in range(20):
            for path in PAGES:
                begun = time.perf_counter()
                client.get(path)
                times.append((time.perf_counter() - begun) * 1000)
    times.sort()
    record_property("page_ms_median", times[len(times) // 2])
    assert times[len(times) // 2] < 250
