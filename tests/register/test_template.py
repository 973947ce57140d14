"""The record that `plainview camera template` prints is complete, for every kind."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from plainview.base.clock import now_ms
from plainview.errors import BadFormat
from plainview.register import legal
from plainview.register.kind_templates import kind_template
from plainview.register.legal_profile import read_profile
from plainview.register.records import CameraRecord, read_camera_file
from plainview.register.template import record_template


@pytest.mark.parametrize("kind", ["pole", "mobile", "dashcam", "bodycam"])
def test_template_is_a_record(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "camera.toml"
    file.write_text(record_template("cam-07", kind))
    name, stream, record = read_camera_file(file)
    assert (name, record.kind) == ("cam-07", kind)
    assert stream is not None


@pytest.mark.parametrize("kind", ["pole", "mobile"])
@pytest.mark.parametrize("law", ["eu-gdpr", "uk-scc"])
def test_only_the_records_it_rests_on_are_missing_under_its_law(
    tmp_path: Path, kind: str, law: str
) -> None:
    file = tmp_path / "camera.toml"
    file.write_text(record_template("cam-07", kind))
    _, _, record = read_camera_file(file)
    assert record.legal_profile == "eu-gdpr"
    context = legal.Context(now_ms(), notice_seconds=7 * 86_400, k=2, n=3)
    found = [
        one
        for one in legal.check(read_profile(law), record.body(), context)
        if one.severity == "error"
    ]
    assert [one.field for one in found] == ["rests_on"] * 3
    kinds = {kind: kind_template(kind) for kind in ("legal-basis", "dpia", "contract")}
    rests = {f"{kind}/{tomllib.loads(text)['id']}" for kind, text in kinds.items()}
    assert set(record.rests_on or ()) == rests


def test_a_bad_id() -> None:
    with pytest.raises(BadFormat):
        record_template("Cam 7", "pole")


def test_every_field_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs/ref/camera-record.md").read_text()
    fixed = {"profile", "audio", "biometric_identification", "analytics"}
    for name in CameraRecord.model_fields:
        assert f"`{name}`" in page or name in fixed
