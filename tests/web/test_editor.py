"""The register's editor on a real server: drafts, reviews, proposals by two, what is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from plainview.base.clock import now_ms, to_iso
from plainview.register.density import pixels_per_10_metres
from plainview.register.legal_profile import FOLDER
from plainview.register.statements import camera_body, propose
from plainview.testing.publishers import (
    VALUES,
    Publishers,
    begin,
    publish,
    publish_once,
    review,
    town_of_two,
)
from plainview.testing.site import Site

LENS = {"width_pixels": 1920, "angle_degrees": 60, "height_cm": 400}
LAW = {
    "law": "Road Safety Act",
    "article": "12",
    "gazette": "41/2009",
    "decision": "41/2026",
    "purpose": "Road safety",
    "law_enforcement": False,
    "valid_from": "2026-01-01",
    "valid_to": "2090-01-01",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with town_of_two(tmp_path_factory.mktemp("editor")) as made:
        yield made


@pytest.fixture(scope="module")
def people(site: Site) -> Iterator[Publishers]:
    with closing(Publishers(site)) as made:
        yield made


# -- from a draft to the register


def test_a_camera_is_drafted_reviewed_proposed_and_approved_by_another(
    site: Site, people: Publishers
) -> None:
    writer, officer = people.supervisor.http, people.dpo.http
    draft = begin(writer, "cam-10", {"name": "Mill bridge"})
    first = review(writer, draft)
    assert first["blocked"]
    assert first["statement"] is None
    assert {"sees", "purpose", "dpia", "custodian_set"} <= {one["field"] for one in first["faults"]}

    saved = writer.post(
        f"/api/register/drafts/{draft['draft']}",
        json={"record": {**VALUES, "name": "Mill bridge"}, "saves": 0},
    ).json()
    assert saved["saves"] == 1
    second = review(writer, draft)
    assert (second["blocked"], second["faults"], second["version"]) == (False, [], 1)
    before = site.web.register.counts().get("propose", 0)

    statement = second["statement"]
    hash = people.supervisor.state(statement["type"], **statement["body"])["hash"]
    assert site.web.register.counts()["propose"] == before + 1
    (own,) = writer.get("/api/register/drafts").json()
    assert own["waits"]
    (row,) = officer.get("/api/register/proposals").json()
    assert (row["proposal"], row["subject"], row["by"]) == (hash, "cam-10", "Vera Kos")
    assert (row["may_approve"], row["stale"], row["own"]) == (True, False, False)
    (mine,) = writer.get("/api/register/proposals").json()
    assert (mine["may_approve"], mine["own"]) == (False, True)
    read = officer.get(f"/api/register/proposals/{hash}").json()["review"]
    assert {one["field"] for one in read["changes"]} >= {"name", "purpose"}
    assert not read["blocked"]

    with pytest.raises(httpx.HTTPStatusError, match="403"):
        people.supervisor.state("approve", proposal=hash)
    people.dpo.state("approve", proposal=hash)
    assert site.web.register.camera("cam-10").record["name"] == "Mill bridge"
    assert writer.get("/api/register/drafts").json() == []
    assert officer.get("/api/register/proposals").json() == []


def test_what_is_new_is_not_begun_under_an_id_that_is_taken(site: Site, people: Publishers) -> None:
    publish_once(site, people)
    wanted = {"kind": "camera", "subject": "cam-19", "record": {"name": "Another"}, "new": True}
    answer = people.dpo.http.post("/api/register/drafts", json=wanted)
    assert answer.status_code == 403
    assert "in the register already" in answer.json()["message"]
    assert people.dpo.http.get("/api/register/drafts").json() == []


def test_the_next_version_starts_from_what_is_published_and_shows_what_differs(
    site: Site, people: Publishers
) -> None:
    publish(people, "cam-11", {**VALUES, **LENS, "density": {"nearest_cm": 500}})
    density = site.web.register.camera("cam-11").record["density"]
    assert density["pixels_per_10_metres"] == pixels_per_10_metres(1920, 60, 500, 400)
    writer = people.supervisor.http
    draft = begin(writer, "cam-11", {"name": "is not asked"})
    assert draft["base"] == 1
    assert draft["record"]["density"] == {"nearest_cm": 500}
    assert "valid_from" not in draft["record"]
    record = {**draft["record"], "purpose": "Less traffic.", "angle_degrees": 90}
    path = f"/api/register/drafts/{draft['draft']}"
    writer.post(path, json={"record": record, "saves": 0}).raise_for_status()
    changes = {one["field"]: (one["old"], one["new"]) for one in review(writer, draft)["changes"]}
    assert changes["purpose"] == (VALUES["purpose"], "Less traffic.")
    assert changes["angle_degrees"] == (60, 90)
    assert changes["density.pixels_per_10_metres"][1] == pixels_per_10_metres(1920, 90, 500, 400)
    assert "name" not in changes
    assert writer.delete(path).json() == {"deleted": True}
    assert writer.get(path).status_code == 404


def test_a_proposal_that_the_register_overtook_is_marked(site: Site, people: Publishers) -> None:
    writer = people.supervisor.http
    drafts = [begin(writer, "cam-12", {**VALUES, "name": name}) for name in ("One", "Two")]
    said = [review(writer, draft)["statement"] for draft in drafts]
    hashes = [people.supervisor.state(one["type"], **one["body"])["hash"] for one in said]
    people.dpo.state("approve", proposal=hashes[0])
    (row,) = people.dpo.http.get("/api/register/proposals").json()
    assert (row["proposal"], row["stale"]) == (hashes[1], True)
    with pytest.raises(httpx.HTTPStatusError):
        people.dpo.state("approve", proposal=hashes[1])
    left = writer.get("/api/register/drafts").json()
    assert [one["record"]["name"] for one in left] == ["Two"]
    writer.delete(f"/api/register/drafts/{left[0]['draft']}").raise_for_status()


def test_what_its_law_misses_is_not_approved(site: Site, people: Publishers) -> None:
    """However the proposal came onto the log: its law may have changed since."""
    lead = people.lead.signing
    for number, law in enumerate((None, "moon", "ours", "demo")):
        record = {**VALUES, "valid_from": to_iso(now_ms()), "legal_profile": law}
        if law == "demo":
            record["dpia"] = {**record["dpia"], "review_due": "2026-01-02T00:00:00.000Z"}
        entry = propose("camera", camera_body(f"cam-2{number}", 1, "active", record), lead)
        site.town.say(entry)
        site.web.register.sync()
        read = people.dpo.http.get(f"/api/register/proposals/{entry.hash}").json()
        assert read["review"]["blocked"]
        wanted = {"type": "approve", "body": {"proposal": entry.hash}}
        answer = people.dpo.http.post("/api/statements/draft", json=wanted)
        assert answer.status_code == 400
        assert "cannot be published yet" in answer.json()["message"]


def test_a_law_that_cannot_be_read_blocks_and_breaks_nothing(
    site: Site, people: Publishers
) -> None:
    folder, writer = site.town.settings.laws_dir, people.supervisor.http
    folder.mkdir()
    ours = folder / "ours.toml"
    ours.write_text((FOLDER / "demo.toml").read_text())
    draft = begin(writer, "cam-24", {**VALUES, "legal_profile": "ours"})
    assert not review(writer, draft)["blocked"]
    publish(people, "cam-25", {**VALUES, "legal_profile": "ours"})
    for spoil in (lambda: ours.write_text("x = " + "[" * 5_000), lambda: point_nowhere(ours)):
        spoil()
        made = review(writer, draft)
        assert made["blocked"]
        assert "ours.toml " in next(x["text"] for x in made["faults"])
        assert str(folder) not in json.dumps(made)
        with site.client() as resident:
            assert resident.get("/cameras/cam-25").status_code == 200
        assert writer.get("/api/register").json()["laws"].count("ours") == 1
        assert writer.get("/api/register/laws/ours").status_code == 400
        assert writer.get("/api/register/drafts").status_code == 200
    writer.delete(f"/api/register/drafts/{draft['draft']}").raise_for_status()
    ours.unlink()
    folder.rmdir()


def point_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def test_other_records_go_the_same_way_and_are_revoked(site: Site, people: Publishers) -> None:
    publish(people, "road-act", LAW, "legal-basis")
    overview = people.dpo.http.get("/api/register").json()
    (row,) = [one for one in overview["records"] if one["id"] == "road-act"]
    assert (row["kind"], row["in_force"], row["version"]) == ("legal-basis", True, 1)
    draft = begin(people.dpo.http, "road-act", {}, "legal-basis")
    assert draft["record"]["valid_from"] == "2026-01-01T00:00:00.000Z"
    people.dpo.state("record", kind="legal-basis", id="road-act", status="revoked")
    assert site.web.register.record("legal-basis", "road-act").status == "revoked"
    people.dpo.http.delete(f"/api/register/drafts/{draft['draft']}").raise_for_status()


def test_a_camera_is_suspended_and_listed_so(site: Site, people: Publishers) -> None:
    publish(people, "cam-13", {**VALUES, "name": "Harbour gate"})
    time.sleep(1.1)  # the notice
    found = people.dpo.http.get("/api/register/cameras?find=harbour").json()
    assert [one["state"] for one in found["cameras"]] == ["active"]
    people.dpo.state("camera", camera="cam-13", status="suspended")
    (row,) = people.dpo.http.get("/api/register/cameras?find=HARBOUR gate").json()["cameras"]
    assert (row["state"], row["version"]) == ("suspended", 2)
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        people.supervisor.state("camera", camera="cam-13", status="removed")
    draft = begin(people.dpo.http, "cam-13")
    changes = review(people.dpo.http, draft)["changes"]
    assert changes[0] == {"field": "status", "old": "suspended", "new": "active"}
    people.dpo.http.delete(f"/api/register/drafts/{draft['draft']}").raise_for_status()
    people.dpo.state("camera", camera="cam-13", status="removed")
    again = {"kind": "camera", "subject": "cam-13", "record": {}}
    assert people.dpo.http.post("/api/register/drafts", json=again).status_code == 403


def test_objections_are_counted_and_answered(site: Site, people: Publishers) -> None:
    later = to_iso(now_ms() + 3_600_000)
    publish(people, "cam-14", {**VALUES, "valid_from": later})
    (row,) = people.dpo.http.get("/api/register/cameras?find=cam-14").json()["cameras"]
    assert (row["state"], row["effective"]) == ("notice", later)
    with site.client() as resident:
        text = {"text": "It looks into my kitchen on the first floor."}
        assert resident.post("/cameras/cam-14/objections", data=text).status_code == 303
    (one,) = people.dpo.http.get("/api/objections").json()
    assert people.supervisor.http.get("/api/register").json()["objections"] == 1
    answer = {"objections": [one["number"]], "outcome": "rejected", "text": "It is hidden."}
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        people.supervisor.state("answer", **answer)
    for wrong in ("   ", " no ", "x" * 4_001, 7):
        with pytest.raises(httpx.HTTPStatusError, match="400"):
            people.dpo.state("answer", **{**answer, "text": wrong})
    assert people.dpo.http.get("/api/register").json()["objections"] == 1
    people.dpo.state("answer", **answer)
    assert people.dpo.http.get("/api/register").json()["objections"] == 0


# -- what a review finds


def test_a_review_names_the_article_and_the_caps_of_the_law(site: Site, people: Publishers) -> None:
    writer = people.supervisor.http
    record = {
        **VALUES, **LENS, "legal_profile": "eu-gdpr", "purpose_kind": "traffic-flow",
        "density": {"nearest_cm": 300},
    }  # fmt: skip
    draft = begin(writer, "cam-20", record)
    made = review(writer, draft)
    assert (made["faults"], made["blocked"], made["statement"]) == ([], True, None)
    by_field = {one["field"]: one for one in made["findings"]}
    assert by_field["necessity"]["article"].startswith("GDPR 5(1)(c)")
    assert "this purpose allows detect" in by_field["density.dori_2014"]["message"]
    body = {"camera": "cam-20", "version": 1, "status": "active", "record": made["record"]}
    wanted = {"type": "propose", "body": {"type": "camera", "body": body}}
    refused = writer.post("/api/statements/draft", json=wanted)
    assert refused.status_code == 400
    assert "GDPR 5(1)(c)" in refused.json()["message"]
    writer.delete(f"/api/register/drafts/{draft['draft']}").raise_for_status()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"custodian_set": "nobody"}, "custodian_set"),
        ({"retention": {"class": "street", "seconds": 86_400}}, "retention"),
        ({"rests_on": ["dpia/none"]}, "rests_on"),
        ({"rests_on": 5}, "rests_on"),
        ({"rests_on": [[5]]}, "rests_on.0"),
        ({"legal_profile": "../../etc"}, "legal_profile"),
        ({"legal_profile": "moon"}, "legal_profile"),
        ({"density": [[1]]}, "density"),
        ({"dpia": "none"}, "dpia"),
        ({"audio": True}, "audio"),
        ({"analytics": "counting"}, "analytics"),
        ({"biometric_identification": "faces"}, "biometric_identification"),
        ({"profile": "none"}, "profile"),
        ({"position": [1, 2, 3]}, "position"),
        ({"stream": "rtsp://user:secret@10.0.0.7/"}, "stream"),
    ],
)
def test_a_review_names_the_field_that_is_wrong(
    site: Site, people: Publishers, change: dict[str, Any], field: str
) -> None:
    publish_once(site, people)
    writer = people.supervisor.http
    draft = begin(writer, "cam-21", {**VALUES, **change})
    made = review(writer, draft)
    assert field in {one["field"] for one in made["faults"]}
    assert made["statement"] is None
    writer.delete(f"/api/register/drafts/{draft['draft']}").raise_for_status()


@pytest.mark.parametrize(
    "body",
    [
        {"type": "camera", "body": {}},
        {"type": "camera", "body": {"camera": "cam-30", "record": 7}},
        {"type": "camera", "body": {"camera": "cam-30", "record": {}}},
        {"type": "record", "body": {"kind": "spy", "id": "x", "record": {}}},
        {"type": "record", "body": {"kind": "legal-basis", "id": "x", "record": {"law": "L"}}},
        {
            "type": "record",
            "body": {"kind": "legal-basis", "id": "x", "version": 7, "status": "active",
                     "record": LAW},
        },
        {
            "type": "record",
            "body": {"kind": "legal-basis", "id": "x", "version": 1, "status": "revoked",
                     "record": LAW},
        },
    ],
)  # fmt: skip
def test_nothing_unfinished_is_proposed(people: Publishers, body: dict[str, Any]) -> None:
    wanted = {"type": "propose", "body": body}
    answer = people.dpo.http.post("/api/statements/draft", json=wanted)
    assert answer.status_code == 400, answer.text


def test_an_unfinished_record_is_judged_by_what_it_says_already(people: Publishers) -> None:
    record = {"legal_profile": "demo", "legal_basis": {"valid_to": "2090-01-01"}}
    draft = begin(people.dpo.http, "cam-31", record)
    made = review(people.dpo.http, draft)
    found = {one["field"]: one["message"] for one in made["findings"]}
    assert "legal_basis.valid_to" not in found
    assert found["legal_basis.law"].startswith("Missing.")
    assert {"field": "legal_basis.law", "text": "Missing."} in made["faults"]
    people.dpo.http.delete(f"/api/register/drafts/{draft['draft']}").raise_for_status()


# -- questions that the editor asks


def test_what_a_law_asks_and_what_a_kind_has(people: Publishers) -> None:
    http = people.dpo.http
    law = http.get("/api/register/laws/eu-gdpr").json()
    assert any(one["article"].startswith("GDPR 6(3)") for one in law["checks"])
    for name in ("moon", "x.toml", "..%2Feu-gdpr"):
        assert http.get(f"/api/register/laws/{name}").status_code == 404
    fields = {one["field"]: one for one in http.get("/api/register/kinds/dpia").json()}
    assert fields["document_hash"]["type"] == "hash"
    assert fields["valid_to"]["help"].startswith("its next review")
    assert http.get("/api/register/kinds/spy").status_code == 400


def test_density_has_the_names_of_both_editions_and_what_the_purpose_allows(
    people: Publishers,
) -> None:
    http = people.dpo.http
    lens = {"width": 1920, "angle": 60, "height": 400, "distance": 500}
    found = http.get(
        "/api/register/density", params={**lens, "law": "eu-gdpr", "purpose": "road-safety"}
    ).json()
    assert found["pixels_per_10_metres"] == pixels_per_10_metres(1920, 60, 500, 400)
    old, new = found["scales"]
    assert (old["scale"], old["met"], old["cap"], old["allowed"]) == (
        "dori_2014", "identify", "observe", False,
    )  # fmt: skip
    assert (new["scale"], new["met"], new["cap"]) == ("oodpcvs_2025", "characterise", "discern")
    assert old["reaches_cm"]["detect"] > old["reaches_cm"]["observe"] > 0
    free = http.get("/api/register/density", params=lens).json()
    assert [(one["cap"], one["allowed"]) for one in free["scales"]] == [(None, True)] * 2
    for wrong in ({"angle": 361}, {"width": 0}, {"distance": "x"}, {"height": 10**9}):
        assert http.get("/api/register/density", params={**lens, **wrong}).status_code == 400


def test_neighbours_are_those_that_are_near(site: Site, people: Publishers) -> None:
    publish_once(site, people)
    at = {"lat": 44_816_000, "lon": 20_460_000}
    found = people.dpo.http.get("/api/register/near", params=at).json()
    assert "cam-19" in {one["id"] for one in found}
    far = people.dpo.http.get("/api/register/near", params={**at, "lat": 45_000_000}).json()
    assert far == []
