"""A release: two builds are the same bytes, and its lists name what is in it."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from plainview.base.software import files_of_wheel, installed

ROOT = Path(__file__).resolve().parents[2]
BARS = os.environ.get("PLAINVIEW_BARS") == "1"
TIME = "1790000000"


@pytest.fixture(scope="module")
def release(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("release")


@pytest.fixture(scope="module")
def wheels(release: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same tree, built in two places as different as one machine allows; the bars build the
    pages twice too."""
    folder = tmp_path_factory.mktemp("release")
    return [release.build(folder, machine, TIME, pages=BARS) for machine in release.MACHINES]


def test_two_builds_are_the_same_bytes(release: ModuleType, wheels: list[Path]) -> None:
    one, other = wheels
    assert one.parent != other.parent
    modes = {stat.S_IMODE((wheel.parents[1] / "README.md").stat().st_mode) for wheel in wheels}
    assert modes == {0o644, 0o600}
    release.compare(one, other)
    assert one.read_bytes() == other.read_bytes()


def test_a_wheel_has_the_hash_that_its_installation_publishes(wheels: list[Path]) -> None:
    differ = set(files_of_wheel(wheels[0])) ^ set(installed().files)
    assert {file.name for file in differ} == set()


def test_pages_and_weights_come_with_their_licences(
    release: ModuleType, wheels: list[Path]
) -> None:
    with zipfile.ZipFile(wheels[0]) as packed:
        names = packed.namelist()
        licences = {
            name: packed.read(f"plainview/redact/weights/{name}-boxes.LICENSE").decode()
            for name in ("centerface", "nanodet", "textlines")
        }
        folders = ("web", "release")
        texts = [packed.read(f"plainview/{name}/static/licences.txt") for name in folders]
        pages = b"\n".join(texts).decode()
        dates = {info.date_time[:3] for info in packed.infolist()}
    assert "plainview/web/static/index.html" in names
    assert "plainview/release/static/open.html" in names
    assert licences["centerface"].startswith("MIT License")
    assert licences["nanodet"].startswith("Apache License 2.0")
    assert licences["textlines"].startswith("Apache License 2.0")
    assert not [name for name in names if "retinaface-boxes" in name], "it only checks others"
    for part in release.npm_packages(ROOT / "ui" / "package-lock.json"):
        types_only = part["name"].startswith("@types/")  # nothing of it is in what we ship
        assert types_only or f"\n{part['name']} {part['version']} (" in f"\n{pages}"
    assert dates == {(2026, 9, 21)}  # of the commit, not of the build


def test_a_difference_is_named(release: ModuleType, tmp_path: Path) -> None:
    for name, text in (("one", "a"), ("other", "b")):
        with zipfile.ZipFile(tmp_path / name, "w") as made:
            for file in release.MUST_HOLD:
                made.writestr(file, "same")
            made.writestr("plainview/errors.py", text)
    with pytest.raises(release.CannotRelease, match=r"two builds differ: plainview/errors\.py"):
        release.compare(tmp_path / "one", tmp_path / "other")
    with zipfile.ZipFile(tmp_path / "bare", "w") as made:
        made.writestr("plainview/__init__.py", "")
    with pytest.raises(release.CannotRelease, match="the wheel lacks plainview/web/static"):
        release.compare(tmp_path / "bare", tmp_path / "bare")


def test_the_bill_names_what_runs_and_nothing_else(release: ModuleType, wheels: list[Path]) -> None:
    text = release.bill_of_materials(wheels[0], {"commit": "c" * 40}, TIME)
    bill = json.loads(text)
    names = {part["name"] for part in bill["components"]}
    assert {"cryptography", "numpy", "openvino", "react", "centerface-boxes.onnx"} <= names
    assert not {"pytest", "mypy", "hatchling", "vite", "eslint", "cyclonedx-bom"} & names
    for part in bill["components"]:
        assert part["licenses"], part["name"]
    refs = {part["bom-ref"] for part in bill["components"]}
    for one in bill["dependencies"]:
        assert set(one["dependsOn"]) <= refs
    parts = [part for part in bill["components"] if part["type"] == "machine-learning-model"]
    assert {part["name"]: part["hashes"][0]["content"] for part in parts} == {
        model.name: model.sha256 for model in installed().models
    }
    assert bill["metadata"]["timestamp"].startswith("2026-09-21")
    assert sys.prefix not in text
    if BARS:  # the validator takes half a minute
        release.check_bill(text)
        assert release.bill_of_materials(wheels[0], {"commit": "c" * 40}, TIME) == text


def test_every_package_of_the_pages_is_in_the_bill(release: ModuleType) -> None:
    root = ROOT / "ui"
    declared = json.loads((root / "package.json").read_bytes())["dependencies"]
    found = release.npm_packages(root / "package-lock.json")
    assert declared.items() <= {(part["name"], part["version"]) for part in found}
    for part in found:
        assert re.fullmatch(r"[0-9a-f]{128}", part["hashes"][0]["content"])


def test_changes_that_are_not_committed_are_not_released(
    release: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(release, "run", lambda *_, **__: " M README.md\n")
    assert release.main() == 1
    assert "not committed" in capsys.readouterr().err
