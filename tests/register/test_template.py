"""The record that `plainview camera template` prints is complete, for every kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from plainview.errors import BadFormat
from plainview.register.records import CameraRecord, read_camera_file
from plainview.register.template import record_template


@pytest.mark.parametrize("kind", ["pole", "mobile", "dashcam", "bodycam"])
def test_template_is_a_record(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "camera.toml"
    file.write_text(record_template("cam-07", kind))
    name, stream, record = read_camera_file(file)
    assert (name, record.kind) == ("cam-07", kind)
    assert stream is not None


def test_a_bad_id() -> None:
    with pytest.raises(BadFormat):
        record_template("Cam 7", "pole")


def test_every_field_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs/ref/camera-record.md").read_text()
    fixed = {"profile", "audio", "biometric_identification", "analytics"}
    for name in CameraRecord.model_fields:
        assert f"`{name}`" in page or name in fixed
