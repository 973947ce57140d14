"""Settings are documented, frozen, and wrong ones are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from plainview.base.settings import Settings, load
from plainview.errors import SettingsError
from plainview.node.one_machine import environment

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ref" / "settings.md"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_as_it_is(name: str) -> None:
    field = Settings.model_fields[name]
    assert f"| `{name}` | `{field.default}` | {field.description} |" in PAGE.read_text()


def test_a_file_gives_values_and_the_caller_overrides(tmp_path: Path) -> None:
    file = tmp_path / "plainview.toml"
    file.write_text('port = 9000\nnode = "north"\n')
    settings = load(file, node="south")
    assert (settings.port, settings.node) == (9000, "south")


def test_an_unknown_setting_is_named(tmp_path: Path) -> None:
    file = tmp_path / "plainview.toml"
    file.write_text("redaction = false\n")
    with pytest.raises(SettingsError, match="redaction"):
        load(file)


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "plainview.toml"
    file.write_text("port =")
    with pytest.raises(SettingsError, match="not TOML"):
        load(file)


def test_settings_cannot_be_changed_while_running() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1


@pytest.mark.parametrize("address", ["video.city.example", "https://a.example/x", "ftp://a"])
def test_an_address_is_an_origin(address: str) -> None:
    with pytest.raises(SettingsError, match="without a path"):
        load(address=address)


def test_settings_come_through_the_environment_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(node="south", port=9000, data=Path("/srv/x"))
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load() == settings
