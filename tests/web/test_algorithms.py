"""How people are hidden and how well: pages, machines' answers, and each camera's own words."""

from __future__ import annotations

from typing import Any

import pytest

from plainview.base.clock import now_ms, to_iso
from plainview.base.ids import new_id, sha256_hex
from plainview.redact import record
from plainview.redact.record import hashes
from plainview.tlog.entries import canonical, make, parse
from plainview.tlog.signing import sign
from plainview.web.redactions import Redactions

SETTINGS = {"search_every": 3, "runtime": "openvino 1"}
ZONE = [[0, 0], [5000, 0], [0, 10_000]]


def say(site: Any, node: str = "node-1", **changes: Any) -> int:
    """A recorder's word on the log, through the keeper."""
    body: dict[str, Any] = {"node": node, "software": f"plainview 0.1.0 sha256:{'cd' * 32}"}
    body |= {"models": hashes(), "settings": SETTINGS, **changes}
    index = int(site.town.client.redaction(new_id(), body))
    site.web.register.sync()
    return index


def test_the_pages_say_what_is_in_use_and_where_it_comes_from(calm: Any) -> None:
    with calm.client() as client:
        overview = client.get("/algorithms").text
        page = client.get("/algorithms/centerface").text
        assert client.get("/algorithms/retinaface").status_code == 404
        assert client.get("/algorithms/nobody.json").status_code == 404
        assert 'href="/algorithms"' in client.get("/").text
    assert 'href="/algorithms/centerface"' in overview
    about = record.load().algorithms["centerface"].about
    for text in (about.licence, about.source, about.caveat.split(";")[0], *about.cannot):
        assert text in page
    for sha256 in calm.web.records.algorithms["centerface"].hashes.values():
        assert sha256 in page.replace("<wbr>", "")
    assert "<script" not in page + overview


def test_measured_figures_come_from_the_file_alone(site: Any, tmp_path: Any) -> None:
    with site.client() as client:
        assert ("no measured figure" in client.get("/algorithms/centerface").text) is (
            not site.web.records.algorithms["centerface"].figures
        )
        (tmp_path / "measured.json").write_text(
            '{"centerface": [{"metric": "covered", "value": 0.5, "unit": "share", "faces": 1234,'
            ' "size": "10 to 16 px", "data": "street", "date": "2026-11-27", "command": "do it"}]}'
        )
        records = record.load(measured=tmp_path / "measured.json")
        object.__setattr__(site.web, "records", records)
        page = client.get("/algorithms/centerface").text
        found = client.get("/algorithms/centerface.json").json()
    for text in ("50.00 %", "1\u202f234", "10 to 16 px", "<code>do it</code>"):
        assert text in page
    assert found["measured"][0]["faces"] == 1234
    assert "50.00 %" in found["ats"]["performance"]


def test_machines_get_the_hashes_and_the_standards(site: Any) -> None:
    with site.client() as client:
        found = client.get("/algorithms/centerface.json").json()
    assert {one["file"]: one["sha256"] for one in found["files"]} == {
        file: sha256 for file, sha256 in hashes().items() if file.startswith("centerface")
    }
    assert found["ats"]["standard_version"] == "0.3.1"
    camera = site.web.register.camera("cam-01").record
    assert found["ats"]["organization"] == camera["controller"]
    assert camera["legal_basis"]["law"] in found["ats"]["lawful_basis"]
    assert found["atrs"]["tier_1"]["contact_email"] == camera["contact"]
    assert found["running"] == []


def test_what_recorders_say_and_since_when(site: Any) -> None:
    with site.client() as client:
        assert "No recorder has said yet" in client.get("/algorithms").text
        first = say(site)
        again = say(site)
        assert again > first
        other = say(site, "node-2", models={"centerface-boxes.onnx": "ab" * 32})
        overview = client.get("/algorithms").text
        page = client.get("/algorithms/centerface").text
        running = {
            one["node"]: one for one in client.get("/algorithms/centerface.json").json()["running"]
        }
        entry = client.get(f"/log/entry/{first}").text
    settings_hash = sha256_hex(canonical(SETTINGS))
    assert settings_hash in overview.replace("<wbr>", "")
    assert f"/log/entry/{first}" in overview
    assert f"/log/entry/{again}" in overview
    assert "node-1 has said so since" in page
    assert "node-2 has said something else" in page
    assert f"/log/entry/{other}" in page
    first_time = parse(site.web.register.raw(first)).time
    assert running["node-1"]["since"] == to_iso(first_time)
    assert running["node-1"]["settings_sha256"] == settings_hash
    assert (running["node-1"]["same_files"], running["node-2"]["same_files"]) == (True, False)
    assert "Recorder node-1 started: plainview 0.1.0 hides people" in entry


def test_other_settings_begin_a_new_span(site: Any) -> None:
    say(site)
    changed = say(site, settings={**SETTINGS, "search_every": 9})
    back = say(site)
    for redactions in (site.web.redactions, Redactions(site.web.register)):
        (found,) = redactions.now()
        assert (found.entry, found.since_entry) == (back, back)
    assert changed < back


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("faces", "Faces and number plates are hidden"),
        ("heads", "Faces, heads and number plates are hidden"),
        ("people", "Whole people and number plates are hidden"),
        ("motion", "Everything that moves is hidden"),
    ],
)
def test_a_cameras_page_says_what_is_hidden(site: Any, profile: str, said: str) -> None:
    site.town.add_camera(profile=profile, zones=[ZONE, ZONE], fill="mosaic")
    site.web.register.sync()
    with site.client() as client:
        page = client.get("/cameras/cam-01").text
        overview = client.get("/algorithms").text
    assert said in page
    assert ", and 2 fixed areas" in page
    assert "A few coarse blocks" in page
    assert page.count('<polygon points="0,0 5000,0 0,10000"/>') == 2
    assert said in overview


def test_a_record_of_before_has_its_words(site: Any) -> None:
    record_ = site.web.register.camera("cam-01").record
    old = {key: value for key, value in record_.items() if key not in ("zones", "fill")}
    body = {"camera": "cam-01", "version": 2, "status": "active"}
    entry = make("camera", {**body, "record": {**old, "profile": "faces"}}, time=now_ms())
    site.town.say(sign(entry, [site.town.dpo.signing]))
    site.web.register.sync()
    with site.client() as client:
        page = client.get("/cameras/cam-01").text
    assert "Faces and number plates are hidden" in page
    assert "fixed area" not in page


def test_staff_read_what_is_hidden(site: Any) -> None:
    with site.browser(site.town.operator) as browser:
        (camera,) = browser.get("/api/cameras").json()
    assert camera["hidden"] == "Faces, heads and number plates are hidden"
