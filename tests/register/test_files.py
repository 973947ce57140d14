"""Files with one record: the templates are sound and complete, and what is short is worked out."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from plainview.errors import BadFormat
from plainview.register.details import with_density
from plainview.register.files import read_record_file
from plainview.register.kind_templates import kind_template
from plainview.register.kinds import KINDS
from plainview.register.template import record_template
from plainview.testing.registry import rich_camera

NOW = 1_800_000_000_000


@pytest.mark.parametrize("kind", KINDS)
def test_templates_are_records(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "record.toml"
    file.write_text(kind_template(kind))
    filed = read_record_file(file)
    assert (filed.kind, filed.is_camera, filed.faults()) == (kind, False, [])
    assert filed.subject == f"{kind}/{filed.name}"
    assert filed.body()


@pytest.mark.parametrize("kind", KINDS)
def test_templates_name_every_field_and_what_is_commented_out_is_sound(kind: str) -> None:
    lines = kind_template(kind).splitlines()
    whole = "\n".join(
        line.removeprefix("# ") if line.startswith("# ") and " = " in line else line
        for line in lines
    )
    values = tomllib.loads(whole)
    fields = {field.alias or name for name, field in KINDS[kind].model_fields.items()}
    assert values.keys() - {"kind", "id"} == fields
    del values["kind"], values["id"]
    assert KINDS[kind].model_validate(values)


def test_a_camera(tmp_path: Path) -> None:
    file = tmp_path / "camera.toml"
    file.write_text(record_template("cam-07", "pole"))
    filed = read_record_file(file)
    assert (filed.is_camera, filed.subject, filed.faults()) == (True, "cam-07", [])
    assert filed.stream is not None
    assert "stream" not in filed.body()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "does not say"),
        ('{"kind": "dpia"}', "does not say"),
        ('{"kind": "secret", "id": "x"}', "no kind"),
        ('{"kind": "dpia", "id": "A b"}', "record's id"),
        ('{"camera": "Cam 1"}', "camera's id"),
    ],
)
def test_files_that_say_nothing(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    with pytest.raises(BadFormat, match=said):
        read_record_file(file)


def test_density_is_worked_out() -> None:
    values = rich_camera(NOW)
    short = {**values, "density": {"nearest_cm": values["density"]["nearest_cm"]}}
    assert with_density(short) == values
    for lacking in (values, {**short, "height_cm": None}, {**short, "density": None}, {}):
        assert with_density(lacking) == lacking
    senseless = {**short, "angle_degrees": 0}
    assert with_density(senseless) == senseless
