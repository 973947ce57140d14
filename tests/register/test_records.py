"""Records and statements: complete ones pass the rule book, each fault is named in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plainview.errors import BadFormat, StoreDamaged
from plainview.register import records, statements
from plainview.register.private import Names, Sources, without_credentials
from plainview.testing.town import RULES, Town, camera_values
from plainview.tlog.shapes import CAMERA_RECORD, check_shape


def test_a_complete_record() -> None:
    record = records.camera_record(camera_values(1_800_000_000_000))
    assert record.body()["audio"] is False
    assert record.body()["retention"]["class"] == "street"


def test_heads_are_hidden_unless_the_record_says_otherwise() -> None:
    values = camera_values(1_800_000_000_000)
    body = records.camera_record(values).body()
    assert (body["profile"], body["zones"], body["fill"]) == ("heads", [], "solid")
    zones = [[[0, 0], [0, 10_000], [10_000, 0]]]
    chosen = {**values, "profile": "motion", "zones": zones, "fill": "mosaic"}
    body = records.camera_record(chosen).body()
    assert (body["profile"], body["zones"], body["fill"]) == ("motion", zones, "mosaic")
    check_shape(body, CAMERA_RECORD, "record")


def test_days_are_their_first_instant() -> None:
    values = camera_values(1_800_000_000_000)
    values["dpia"]["date"] = "2026-11-01"
    assert records.camera_record(values).dpia.date == "2026-11-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("audio", True, "audio"),
        ("biometric_identification", "faces", "biometric_identification"),
        ("profile", "none", "profile"),
        ("fill", "blur", "fill"),
        ("zones", [[[0, 0], [0, 1]]], "zones.0"),
        ("zones", [[[0, 0], [0, 1], [10_001, 0]]], "zones.0.2.0"),
        ("zones", [[[0, 0], [0, 1], [0.5, 0]]], "zones.0.2.0"),
        ("zones", [[[0, 0], [0, 1], [0]]], "zones.0.2"),
        ("zones", [[[0, 0], [0, 1], [1, 0]]] * 33, "zones"),
        ("kind", "drone", "kind"),
        ("position", None, "shows its position"),
        ("position", [99_000_000, 0], "millionths of a degree"),
        ("purpose", "", "purpose"),
        ("stream", "rtsp://x", "stream"),
        ("valid_from", "soon", "must be a day like"),
        ("retention", {"class": "street", "seconds": 1}, "retention.seconds"),
        ("dpia", {"hash": "x", "date": "2026-01-01", "review_due": "2027-01-01"}, "dpia.hash"),
    ],
)
def test_faults_of_a_record(field: str, value: object, said: str) -> None:
    values = {**camera_values(1_800_000_000_000), field: value}
    with pytest.raises(BadFormat, match=said):
        records.camera_record(values)


def test_a_mobile_camera_shows_its_area() -> None:
    values = {**camera_values(1_800_000_000_000), "kind": "mobile", "position": None}
    with pytest.raises(BadFormat, match="give area"):
        records.camera_record(values)
    assert records.camera_record({**values, "area": "Old town"}).area == "Old town"
    field = [[44_816_000, 20_460_000], [44_816_150, 20_459_800], [44_815_850, 20_459_800]]
    for where in ({"position": [44_816_000, 20_460_000]}, {"field_of_view": field}):
        for kind in ("mobile", "dashcam", "bodycam"):
            with pytest.raises(BadFormat, match=f"where a {kind} is is never published"):
                records.camera_record({**values, "area": "Old town", "kind": kind, **where})


def test_a_legal_basis_that_ends_before_it_begins() -> None:
    values = camera_values(1_800_000_000_000)
    values["legal_basis"]["valid_to"] = values["legal_basis"]["valid_from"]
    with pytest.raises(BadFormat, match="valid_to must be after"):
        records.camera_record(values)


def test_the_streams_address_never_gets_into_a_record(tmp_path: Path) -> None:
    values: dict[str, Any] = camera_values(1_800_000_000_000)
    values |= {"camera": "cam-07", "stream": "rtsp://u:p@10.0.0.7/main"}
    file = tmp_path / "camera.json"
    file.write_text(json.dumps(values))
    name, stream, record = records.read_camera_file(file)
    assert (name, stream) == ("cam-07", "rtsp://u:p@10.0.0.7/main")
    assert "rtsp" not in json.dumps(record.body())


@pytest.mark.parametrize("text", ["{", "[1]", '{"camera": "Cam 1"}', "{}"])
def test_files_that_are_no_records(tmp_path: Path, text: str) -> None:
    file = tmp_path / "camera.json"
    file.write_text(text)
    with pytest.raises(BadFormat):
        records.read_camera_file(file)


def test_people() -> None:
    with pytest.raises(BadFormat, match="name_commitment: Field required"):
        records.person_entry({"roles": ["dpo"]})
    values = {
        "person": "p-1",
        "key": "A" * 43 + "=",
        "age": None,
        "roles": ["custodian"],
        "org": "Court",
        "name_commitment": "ab" * 32,
    }
    with pytest.raises(BadFormat, match="needs an age recipient"):
        records.person_entry(values)
    with pytest.raises(BadFormat, match="boss is none of operator"):
        records.person_entry({**values, "roles": ["boss"]})


def test_statements_refuse_what_cannot_stand(tmp_path: Path) -> None:
    town = Town(tmp_path)
    members = [town.person("custodian-a")]
    with pytest.raises(BadFormat, match="quorum"):
        statements.custodian_set("s", 2, members, town.signers("custodian-a"))
    record = records.camera_record(camera_values(town.now))
    with pytest.raises(BadFormat, match="status"):
        statements.camera("cam-01", 1, "secret", record, town.signers("custodian-a"))
    with pytest.raises(BadFormat, match="camera's id"):
        statements.camera("Cam 01", 1, "active", record, town.signers("custodian-a"))
    assert set(statements.DEMO_RULES) == set(statements.DEFAULT_RULES) == set(RULES)


def test_private_files(tmp_path: Path) -> None:
    sources = Sources(tmp_path)
    assert sources.url("cam-01") is None
    sources.put("cam-01", "rtsp://u:p@host:554/a?b=c")
    sources.put("cam-02", "rtsp://host/b")
    assert sources.url("cam-01") == "rtsp://u:p@host:554/a?b=c"
    assert set(sources.all()) == {"cam-01", "cam-02"}
    assert (tmp_path / "sources.json").stat().st_mode & 0o777 == 0o600
    assert without_credentials("rtsp://u:p@host:554/a?b=c") == "rtsp://host:554/a"
    assert without_credentials("rtsp://u:p@[::1]/a") == "rtsp://[::1]/a"
    names = Names(tmp_path)
    names.put("p-1", "Ana", "00")
    assert names.all() == {"p-1": "Ana"}
    (tmp_path / "people.json").write_text("{")
    with pytest.raises(StoreDamaged):
        names.name("p-1")
