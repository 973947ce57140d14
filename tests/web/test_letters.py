"""Objections and reports: taken without a script, numbered, answered in public; texts private."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from plainview.base.clock import DAY_MS, now_ms, to_iso
from plainview.base.metrics import Samples, written
from plainview.errors import BadFormat, KeeperAway, NotFound
from plainview.register import statements
from plainview.testing.site import until
from plainview.web import letters, objecting
from plainview.web.letterboxes import LetterBoxes
from plainview.web.letters import OBJECTION, REPORT, Letters, checked
from plainview.web.limits import TooMany

WHY = "The camera looks into the windows of my flat on the second floor."
PAGE = {"accept": "text/html"}


def announce(site: Any, camera: str = "cam-05", seconds: int = 3600) -> str:
    """A camera whose notice runs for a while."""
    site.town.add_camera(camera, valid_from=to_iso(now_ms() + seconds * 1000))
    site.web.register.sync()
    return camera


def object_to(client: httpx.Client, camera: str, text: str = WHY) -> httpx.Response:
    return client.post(f"/cameras/{camera}/objections", data={"text": text}, headers=PAGE)


def test_an_objection_gets_a_number_and_blocks_until_it_is_answered(site: Any) -> None:
    camera = announce(site, seconds=12)
    with site.client() as client:
        until(lambda: "Why do you object?" in client.get(f"/cameras/{camera}").text)
        taken = object_to(client, camera)
        assert taken.status_code == 303
        address = taken.headers["location"]
        number = int(address.split("/")[2].split("?")[0])
        assert f"Its number is {number}" in client.get(address).text
        entry = client.get(f"/log/entry/{number}").text
        assert "Somebody objected to camera cam-05" in entry
        assert WHY not in entry
        begins = site.web.register.camera(camera).effective_ms
        time.sleep(max(0, begins - now_ms()) / 1000 + 0.2)
        listed = {one["camera"]: one for one in client.get("/api/public/cameras").json()}
        assert listed[camera]["state"] == "not_recording"
        said = statements.answer(
            [number], "rejected", "Windows are hidden.", [site.town.dpo.signing]
        )
        site.town.say(said)
        site.web.register.sync()
        page = client.get(f"/objections/{number}").text
        assert "Windows are hidden." in page
        assert "Rejected, with reasons" in page
        assert site.web.register.may_record(camera, now_ms() + 1).version == 1
        objecting.settle(site.web)
        letter = site.web.letters.get(OBJECTION, number)
        assert (letter.state, letter.text) == ("rejected", WHY)
        assert letter.replied is not None


def test_what_was_written_is_for_those_who_answer(site: Any) -> None:
    camera = announce(site)
    with site.client() as client:
        number = int(object_to(client, camera).headers["location"].split("/")[2].split("?")[0])
        for path in (f"/objections/{number}", "/objections", f"/cameras/{camera}"):
            assert "second floor" not in client.get(path).text
        assert client.get("/api/objections").status_code == 401
    with site.browser(site.town.operator) as browser:
        assert browser.get("/api/objections").status_code == 403
    with site.browser(site.town.dpo) as browser:
        (one,) = browser.get("/api/objections").json()
    assert (one["number"], one["text"], one["answer"]) == (number, WHY, None)
    letter = site.web.letters.get(OBJECTION, number)
    assert site.web.portal.objections.all()[0].commitment == letter.commitment


def test_no_objection_after_the_notice_or_to_nothing(site: Any) -> None:
    with site.client() as client:
        late = object_to(client, "cam-01")
        assert late.status_code == 403
        assert "notice" in late.text
        assert "Why do you object?" not in client.get("/cameras/cam-01").text
        assert object_to(client, "cam-77").status_code == 404
    assert site.web.letters.unlogged() == []


def pages(client: httpx.Client, path: str) -> list[list[int]]:
    """The numbers on each page of a list, from the newest on."""
    found = []
    address = path
    while True:
        text = client.get(address, headers=PAGE).text
        found.append([int(one) for one in re.findall(rf'href="{path}/(\d+)"', text)])
        older = re.search(rf'href="({path}\?before=\d+)"', text)
        if older is None:
            return found
        address = older[1]


def test_old_objections_and_reports_are_a_page_further(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plainview.web.routes.letters.PAGE", 2)
    camera = announce(site)
    reported = [site.web.letters.report("Mill bridge", WHY).number for _ in range(4)]
    with site.client() as client:
        taken = [object_to(client, camera).headers["location"] for _ in range(3)]
        objected = [int(one.split("/")[2].split("?")[0]) for one in taken]
        assert pages(client, "/objections") == [objected[:0:-1], objected[:1]]
        assert pages(client, "/report") == [reported[:1:-1], reported[1::-1]]
        assert client.get("/objections?before=0").status_code == 400


def waits(client: httpx.Client, sent: httpx.Response) -> str:
    """The address at which an objection that was just sent waits for its number."""
    assert sent.status_code == 303
    address = sent.headers["location"]
    page = client.get(address).text
    assert "Your objection is kept" in page
    assert "Do not send it again" in page
    return str(address)


def test_an_objection_is_kept_while_the_log_is_away(site: Any) -> None:
    camera = announce(site)
    site.town.stop_keeper()
    with site.client() as client:
        address = waits(client, object_to(client, camera))
        objecting.settle(site.web)  # still away: it goes on waiting
        waits(client, httpx.Response(303, headers={"location": address}))
        site.town.start_keeper()
        objecting.settle(site.web)
        (one,) = site.web.portal.objections.all()
        assert client.get(address).headers["location"] == f"/objections/{one.number}?new=1"
    assert site.web.letters.get(OBJECTION, one.number).text == WHY


def test_an_objection_that_the_keeper_did_not_confirm_in_time_is_logged_once(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keeper has queued the entry and writes it after the web process gave up waiting."""
    camera = announce(site)
    site.web.keeper.close()  # waiting connections have the old patience
    monkeypatch.setattr(site.web.keeper, "_timeout", 0.5)
    before = site.web.register.size
    with site.client() as client:
        with site.town.keeper.desk.scribe.lock:
            address = waits(client, object_to(client, camera))
        until(lambda: site.web.register.sync() or site.web.register.size > before)
        monkeypatch.undo()
        site.web.keeper.close()
        objecting.settle(site.web)
        objecting.settle(site.web)
        (one,) = site.web.portal.objections.all()
        assert client.get(address).headers["location"] == f"/objections/{one.number}?new=1"
    assert site.web.letters.unlogged() == []
    assert site.web.letters.get(OBJECTION, one.number).text == WHY


def test_an_objection_that_waits_until_the_notice_ends_is_said_not_to_be_taken(site: Any) -> None:
    camera = announce(site, seconds=8)
    ends = site.web.register.camera(camera).effective_ms
    site.town.stop_keeper()
    with site.client() as client:
        address = waits(client, object_to(client, camera))
        time.sleep(max(0, ends - now_ms()) / 1000 + 0.2)
        site.town.start_keeper()
        objecting.settle(site.web)
        gone = client.get(address, headers=PAGE)
        assert gone.status_code == 404
        assert "notice ended before the log could take it" in gone.text
    assert site.web.letters.unlogged() == []
    assert site.web.portal.objections.all() == []


def test_what_was_upheld_is_shown_as_refused(site: Any) -> None:
    camera = announce(site)
    with site.client() as client, site.browser(site.town.dpo) as officer:
        number = int(object_to(client, camera).headers["location"].split("/")[2].split("?")[0])
        said = statements.answer([number], "upheld", "It stays away.", [site.town.dpo.signing])
        site.town.say(said)
        site.web.register.sync()
        until(lambda: "was refused and never begins" in client.get("/cameras").text)
        page = client.get(f"/cameras/{camera}").text
        assert "Version 1 was refused after an objection and never takes effect." in page
        assert ".. Allowed by" not in page, "a purpose may end with a full stop of its own"
        assert "refused after an objection: it never begins" in page
        assert "Why do you object?" not in page
        assert "waits for an answer" not in page
        listed = client.get("/cameras?status=refused").text
        assert f'href="/cameras/{camera}"' in listed
        assert f'href="/cameras/{camera}"' not in client.get("/cameras?status=contested").text
        (row,) = officer.get(f"/api/register/cameras?find={camera}").json()["cameras"]
        assert row["state"] == "refused"
        late = object_to(client, camera)
        assert late.status_code == 403

        announce(site, camera)  # another version: it is on notice, and one may object to it
        until(lambda: "version 2" in client.get(f"/cameras/{camera}").text)
        again = client.get(f"/cameras/{camera}").text
        assert "Why do you object?" in again
        (row,) = officer.get(f"/api/register/cameras?find={camera}").json()["cameras"]
        assert row["state"] == "notice"


def test_the_version_before_one_that_was_refused_goes_on(site: Any) -> None:
    announce(site, "cam-01")
    with site.client() as client, site.browser(site.town.dpo) as officer:
        number = int(object_to(client, "cam-01").headers["location"].split("/")[2].split("?")[0])
        said = statements.answer([number], "upheld", "It stays away.", [site.town.dpo.signing])
        site.town.say(said)
        site.web.register.sync()
        refused = "Version 2 was refused after an objection and never takes effect."
        until(lambda: refused in client.get("/cameras/cam-01").text)
        assert "It was refused after" in client.get("/cameras/cam-01?version=2").text
        (row,) = officer.get("/api/register/cameras?find=cam-01").json()["cameras"]
    assert row["state"] == "active"
    assert "Version 2 was refused" in row["reason"]


def test_an_objection_on_its_way_when_a_process_died_is_settled(site: Any) -> None:
    camera = announce(site)
    lost = site.web.letters.object(camera, 1, WHY)  # written, and the process died
    objecting.settle(site.web)
    with site.client() as client:
        assert "Not answered yet" in client.get("/objections").text
    (one,) = site.web.portal.objections.all()
    assert site.web.letters.get(OBJECTION, one.number).id == lost.id


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("text=short", "application/x-www-form-urlencoded", 400),
        ("text=" + "a" * 4001, "application/x-www-form-urlencoded", 400),
        ("text=a%00aaaaaaaaaaaaaaa", "application/x-www-form-urlencoded", 400),
        ("text=%ff%ffaaaaaaaaaaaaa", "application/x-www-form-urlencoded", 400),
        ("", "application/x-www-form-urlencoded", 400),
        ("text=aaaaaaaaaaaaa&text=bbbbbbbbbbbbb", "application/x-www-form-urlencoded", 400),
        ("&".join(f"f{n}=1" for n in range(20)), "application/x-www-form-urlencoded", 400),
        ("text=" + "a" * 70_000, "application/x-www-form-urlencoded", 400),
        ('{"text": "a long enough text"}', "application/json", 400),
        ("text=a+long+enough+text&website=x", "application/x-www-form-urlencoded", 403),
    ],
)
def test_forms_that_no_person_fills_in(site: Any, body: str, kind: str, status: int) -> None:
    camera = announce(site)
    with site.client() as client:
        path = f"/cameras/{camera}/objections"
        answer = client.post(path, content=body, headers={"content-type": kind, **PAGE})
    assert answer.status_code == status
    assert site.web.portal.objections.all() == []


def test_scripts_in_a_letter_are_text(site: Any) -> None:
    camera = announce(site)
    with site.client() as client:
        number = int(object_to(client, camera).headers["location"].split("/")[2].split("?")[0])
        evil = '<script>alert(1)</script> & "quotes"'
        site.town.say(statements.answer([number], "partly", evil, [site.town.dpo.signing]))
        site.web.register.sync()
        page = client.get(f"/objections/{number}").text
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        place = client.post("/report", data={"place": evil, "text": WHY}, headers=PAGE)
        assert "<script" not in client.get(place.headers["location"]).text


def test_a_flood_at_one_camera_closes_no_other_box() -> None:
    """What a flood at one camera spends, others keep."""
    boxes, full = LetterBoxes(), 200
    for number in range(full):
        boxes.object(f"caller {number}", "cam-05")
    with pytest.raises(TooMany, match="not taken"):
        boxes.object(f"caller {full}", "cam-05")
    boxes.object("somebody", "cam-06")
    boxes.report("somebody")
    samples = Samples()
    boxes.tell(samples)
    assert 'plainview_letters_refused_total{limit="box"} 1' in written(lambda: samples).decode()


def test_an_objection_that_no_camera_can_take_counts_nowhere(site: Any) -> None:
    camera = announce(site)
    with site.client() as client:
        strays = [object_to(client, one).status_code for one in ("none", "cam-01") * 10]
        assert strays == [404, 403] * 10
        assert [object_to(client, camera).status_code for _ in range(6)] == [303] * 5 + [429]


def test_one_caller_writes_a_few_letters_only(site: Any) -> None:
    with site.client() as client:
        answers = [
            client.post("/report", data={"place": "Mill lane 3", "text": WHY}, headers=PAGE)
            for _ in range(7)
        ]
    assert [one.status_code for one in answers] == [303] * 5 + [429] * 2
    assert answers[-1].headers["retry-after"]


def test_a_report_and_what_became_of_it(site: Any) -> None:
    with site.client() as client:
        assert "Did you see a camera" in client.get("/report").text
        taken = client.post("/report", data={"place": "Mill lane 3", "text": WHY}, headers=PAGE)
        assert taken.headers["location"] == "/report/1?new=1"
        page = client.get("/report/1").text
        assert "Mill lane 3" in page
        assert "second floor" not in page
        assert client.get("/report/2", headers=PAGE).status_code == 404
        said = {"state": "not_ours", "reply": "It belongs to the shop."}
        assert client.post("/api/reports/1", json=said).status_code == 401
    with site.browser(site.town.dpo) as browser:
        (one,) = browser.get("/api/reports").json()
        assert (one["text"], one["state"]) == (WHY, "received")
        assert browser.post("/api/reports/1", json={**said, "state": "received"}).status_code == 400
        assert browser.post("/api/reports/9", json=said).status_code == 404
        assert browser.post("/api/reports/1", json={**said, "reply": "    "}).status_code == 400
        begun = {"state": "looked_into", "reply": "  We ask the owner. "}
        assert browser.post("/api/reports/1", json=begun).status_code == 200
        (waits,) = browser.get("/api/reports?waiting=true").json()
        assert (waits["state"], waits["reply"]) == ("looked_into", "We ask the owner.")
        assert browser.post("/api/reports/1", json=said).status_code == 200
        assert browser.get("/api/reports?waiting=true").json() == []
        assert [one["state"] for one in browser.get("/api/reports").json()] == ["not_ours"]
    with site.client() as client:
        assert "It belongs to the shop." in client.get("/report/1").text


def test_texts_are_destroyed_90_days_after_the_answer(tmp_path: Path) -> None:
    now = [now_ms()]
    book = Letters(tmp_path / "letters.db", clock=lambda: now[0])
    first, second = book.report("Mill lane 3", WHY), book.report("Mill lane 5", "Other words.")
    assert (first.number, second.number) == (1, 2)
    book.answer(REPORT, [1], "not_found", "Nothing there.")
    book.destroy_old()
    assert book.get(REPORT, 1).text == WHY
    now[0] += 90 * DAY_MS + 1
    book.destroy_old()
    assert [one.text for one in book.newest(REPORT, 9)] == ["Other words.", ""]
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Other words." in files
    assert WHY.encode() not in files
    assert book.get(REPORT, 1).reply == "Nothing there."
    with pytest.raises(NotFound):
        book.answer(REPORT, [1, 7], "not_found", "Nothing there.")
    book.close()


def test_a_text_is_plain() -> None:
    assert checked("  two   words \r\n\r\n here  ") == "two words\n\nhere"
    for odd in ("x" * 9, "x" * (letters.LONGEST + 1), "a\x00bcdefghijkl", "\u202eabcdefghijkl"):
        with pytest.raises(BadFormat):
            checked(odd)


def test_the_same_objection_twice_is_one(town: Any) -> None:
    town.add_camera("cam-05", valid_from=to_iso(now_ms() + 60_000))
    first = town.client.objection("ab" * 16, "cam-05", 1, "cd" * 32)
    assert town.client.objection("ab" * 16, "cam-05", 1, "cd" * 32) == first
    town.stop_keeper()
    with pytest.raises(KeeperAway):
        town.client.objection("ac" * 16, "cam-05", 1, "cd" * 32)
