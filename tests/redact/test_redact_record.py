"""The algorithm record: every allowed model has one, its figures come from a file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from plainview.errors import BadFormat
from plainview.redact import models, record
from plainview.redact.rules import Profile
from plainview.redact.standards import NOT_MEASURED, City, atrs, ats

"""Records that were written before their model is on the list of allowed ones."""
CITY = City(("Town",), ("Traffic", "Tram"), ("a@b.example",), ("Act, 1, D-1",), (), "http://x/")
FIGURE: dict[str, Any] = {
    "metric": "covered", "value": 0.9987, "unit": "share", "size": "16 to 24 px", "faces": 44,
    "data": "generated street, seed 7", "date": "2026-11-27", "command": "plainview bench recall",
}  # fmt: skip
ATS_REQUIRED = {
    "standard_version", "lang", "publication_date", "last_change_date", "revision_date", "name",
    "organization", "department", "country", "contact_email", "description_short", "status",
    "decision_making_process", "domain", "area", "goal", "impact", "risks", "risk_category",
    "proportionality", "lawful_basis", "training_data", "source_data", "connected_data_sources",
    "algorithm_type", "type", "monitoring", "human_intervention", "objection_procedure",
}  # fmt: skip


def measured(folder: Path, figures: dict[str, Any]) -> Path:
    file = folder / "measured.json"
    file.write_text(json.dumps(figures))
    return file


def test_every_allowed_model_has_a_record_and_no_record_is_orphaned() -> None:
    records = record.load()
    files = [file for one in records.algorithms.values() for file in one.hashes]
    assert sorted(files) == sorted(models.ALLOWED)
    written = set(re.findall(r"^\[models\.([a-z0-9-]+)\]", record.TEXTS.read_text(), re.MULTILINE))
    assert written == records.algorithms.keys()


def test_hashes_are_those_of_the_allow_list_and_typed_nowhere_else() -> None:
    for file, sha256 in record.hashes().items():
        assert re.fullmatch("[0-9a-f]{64}", sha256)
        models.load(file)
    for path in (record.TEXTS, record.MEASURED):
        assert not re.search("[0-9a-f]{64}", path.read_text())


def test_training_data_that_may_be_used_for_research_only_are_named() -> None:
    about = record.load().algorithms["centerface"].about
    assert "WIDER FACE" in about.trained_on
    assert "research only" in about.caveat


def test_what_is_measured_belongs_to_a_record_or_a_profile() -> None:
    profiles = record.load().profiles
    assert profiles.keys() <= set(Profile)


def test_figures_are_read_and_shown_with_how_many_faces(tmp_path: Path) -> None:
    whole = {**FIGURE, "metric": "false masks per picture", "value": 0.02, "unit": "", "size": ""}
    file = measured(tmp_path, {"centerface": [FIGURE, whole], "profile/heads": [FIGURE]})
    records = record.load(measured=file)
    first, second = records.algorithms["centerface"].figures
    assert (record.shown(first), record.shown(second)) == ("99.87 %", "0.02")
    assert list(records.profiles) == ["heads"]
    text = record.performance((first, second))
    assert "covered (16 to 24 px): 99.87 %, 44 faces, generated street, seed 7, 2026-11-27" in text
    assert "(plainview bench recall)" in text


@pytest.mark.parametrize(
    "figures",
    [
        [],
        {"retinaface": [FIGURE]},
        {"centerface": [{**FIGURE, "faces": -1}]},
        {"centerface": [{**FIGURE, "note": "good"}]},
        {"centerface": [{key: value for key, value in FIGURE.items() if key != "faces"}]},
        {"centerface": [{key: value for key, value in FIGURE.items() if key != "command"}]},
        {"centerface": [{**FIGURE, "date": "soon"}]},
    ],
)
def test_figures_that_say_too_little_are_refused(tmp_path: Path, figures: Any) -> None:
    with pytest.raises(BadFormat):
        record.load(measured=measured(tmp_path, figures))


def test_a_model_without_a_record_and_one_with_two_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = models.Model("ab" * 32, ((1, 1),), "Nobody knows.")
    monkeypatch.setitem(models.ALLOWED, "stranger.onnx", stranger)
    with pytest.raises(BadFormat, match=r"stranger\.onnx has 0 algorithm records"):
        record.load()
    monkeypatch.delitem(models.ALLOWED, "stranger.onnx")
    twice = tmp_path / "algorithms.toml"
    twice.write_text(record.TEXTS.read_text().replace('["nanodet*"]', '["center*"]'))
    with pytest.raises(BadFormat, match="has 2 algorithm records"):
        record.load(twice)


def test_a_damaged_text_file_is_refused(tmp_path: Path) -> None:
    for text in ("", "[common", "[common]\ngoal = 1\n"):
        (tmp_path / "algorithms.toml").write_text(text)
        with pytest.raises(BadFormat, match=r"algorithms\.toml"):
            record.load(tmp_path / "algorithms.toml")
    with pytest.raises(BadFormat, match="none"):
        record.load(tmp_path / "none")


def test_both_standards_are_filled(tmp_path: Path) -> None:
    records = record.load(measured=measured(tmp_path, {"centerface": [FIGURE]}))
    algorithm = records.algorithms["centerface"]
    found = ats(algorithm, records.common, CITY, algorithm.figures)
    assert found.keys() >= ATS_REQUIRED
    assert {key for key in ATS_REQUIRED if not found[key]} == {"country", "area"}
    assert len(found["description_short"]) <= 150
    assert 500 <= len(found["description"]) <= 10_000
    assert found["department"] == "Traffic; Tram"
    assert "99.87 %" in found["performance"]
    tiers = atrs(algorithm, records.common, CITY, ())
    assert tiers["tier_1"]["contact_email"] == "a@b.example"
    assert tiers["tier_2"]["tool_specification"]["model_hashes"] == algorithm.hashes
    assert tiers["tier_2"]["tool_specification"]["model_performance"] == NOT_MEASURED
