"""What a recorder redacts with is on the log once a start, however often it has to ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plainview.base.settings import Settings
from plainview.base.software import installed
from plainview.errors import KeeperAway
from plainview.recorder import stating
from plainview.redact import models
from plainview.tlog.entries import canonical
from plainview.tlog.shapes import BODY, check_shape


class Keeper:
    """Answers after `away` questions; remembers all."""

    def __init__(self, away: int = 0) -> None:
        self.away, self.asked = away, [("", dict[str, Any]())][:0]

    def redaction(self, entry: str, body: dict[str, Any]) -> int:
        self.asked.append((entry, body))
        if len(self.asked) <= self.away:
            raise KeeperAway("The keeper cannot be reached.")
        return 41


def test_it_is_asked_until_it_is_logged_and_then_no_more(tmp_path: Path) -> None:
    keeper = Keeper(away=2)
    statement = stating.Statement(Settings(data=tmp_path), keeper)
    for _ in range(2):
        with pytest.raises(KeeperAway):
            statement.tell()
    for _ in range(3):
        statement.tell()
    assert statement.index == 41
    assert len(keeper.asked) == 3
    assert len({entry for entry, _ in keeper.asked}) == 1


def test_weights_software_and_settings_are_in_it(tmp_path: Path) -> None:
    body = stating.body(Settings(data=tmp_path, node="node-7", search_every=2))
    check_shape(body, BODY["redaction"], "redaction")
    canonical(body)
    assert body["software"] == installed().statement()
    assert body["models"].keys() == models.ALLOWED.keys()
    assert body["settings"].items() >= {"search_every": 2, "detector_width": 640}.items()
    assert body["settings"]["runtime"].startswith("openvino 2")
    assert str(tmp_path) not in str(body)


def test_every_setting_of_redaction_and_no_other_is_in_it(tmp_path: Path) -> None:
    chosen = stating.chosen(Settings(data=tmp_path))
    assert {"search_every", "detector_width", "view_height", "view_fps"} <= chosen.keys()
    assert not {"data", "metrics_token_file", "address", "keys_dir"} & chosen.keys()


def test_a_model_that_is_missing_or_altered_is_not_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = models.Model("ab" * 32, ((1, 1),), "Nothing.")
    monkeypatch.setitem(models.ALLOWED, "absent.onnx", absent)
    assert "absent.onnx" not in stating.present()
