"""P7 in files: only models on the list, nothing that identifies people, no way to the network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from plainview.errors import WeightsMissing
from plainview.redact import models
from plainview.redact.airgap import openvino

ROOT = Path(__file__).resolve().parents[2]
CHECKING = ROOT / ".cache" / "models"

MODEL_ENDINGS = (".onnx", ".pb", ".pt", ".pth", ".tflite", ".caffemodel", ".safetensors", ".h5")


def test_only_allowed_models_lie_in_the_folder() -> None:
    models.check_folder()


def test_no_other_model_lies_anywhere_in_the_package() -> None:
    package = ROOT / "src" / "plainview"
    found = {p.name for p in package.rglob("*") if p.suffix.lower() in MODEL_ENDINGS}
    assert found == set(models.ALLOWED)


def test_setup_pins_the_same_hash_as_the_list() -> None:
    script = (ROOT / "tools" / "fetch_models.py").read_text()
    pinned = re.findall(r'^ {8}"(\S+\.onnx)",$.*?^ {8}"([0-9a-f]{64})",$', script, re.M | re.S)
    listed = {**models.ALLOWED, **models.CHECKING}
    assert dict(pinned) == {name: model.sha256 for name, model in listed.items()}


@pytest.mark.parametrize("name", models.ALLOWED)
def test_a_network_returns_the_maps_on_the_list_and_nothing_else(name: str) -> None:
    assert_only_maps(models.load(name), models.ALLOWED[name])


def assert_only_maps(weights: bytes, model: models.Model) -> None:
    """At two sizes: a vector, which could tell people apart, would not grow with the picture."""
    network = openvino.Core().read_model(weights)
    for rows, columns in ((128, 192), (256, 320)):
        network.reshape([1, 3, rows, columns])
        shapes = [tuple(output.get_shape()) for output in network.outputs]
        assert shapes == [(1, n, rows // step, columns // step) for n, step in model.returns]


def test_the_second_opinion_on_faces_returns_maps_only() -> None:
    name = models.SECOND_FACES
    assert_only_maps(models.load_checking(name, CHECKING), models.CHECKING[name])


def test_a_network_that_only_checks_is_not_one_that_may_be_loaded() -> None:
    with pytest.raises(WeightsMissing, match="may load"):
        models.load(models.SECOND_FACES, CHECKING)
    with pytest.raises(WeightsMissing, match="may check with"):
        models.load_checking(models.FACES, models.FOLDER)


def test_every_model_has_its_licence_and_is_in_the_notice() -> None:
    notice = (models.FOLDER / "NOTICE").read_text()
    for name in models.ALLOWED:
        assert f"{name}: " in notice
        licence = (models.FOLDER / name).with_suffix(".LICENSE").read_text()
        assert licence.startswith(("MIT License\n", "Apache License 2.0"))


def test_no_licence_lies_in_the_folder_for_a_model_that_is_not() -> None:
    stems = {path.stem for path in models.FOLDER.glob("*.LICENSE")}
    assert stems == {Path(name).stem for name in models.ALLOWED}


def test_an_altered_model_is_refused(tmp_path: Path) -> None:
    altered = bytearray(models.load(models.FACES))
    altered[len(altered) // 2] ^= 1
    (tmp_path / models.FACES).write_bytes(altered)
    with pytest.raises(WeightsMissing, match="not the one that was checked"):
        models.load(models.FACES, tmp_path)


def test_a_missing_model_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing) as caught:
        models.load(models.FACES, tmp_path)
    assert "fetch_models" in caught.value.hint


def test_an_unlisted_model_is_refused_even_if_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "arcface.onnx").write_bytes(b"x")
    with pytest.raises(WeightsMissing, match="may load"):
        models.load("arcface.onnx", tmp_path)


def test_a_stranger_in_the_folder_is_named(tmp_path: Path) -> None:
    for file in models.FOLDER.iterdir():
        shutil.copy(file, tmp_path)
    models.check_folder(tmp_path)
    (tmp_path / "embedding.onnx").write_bytes(b"x")
    with pytest.raises(WeightsMissing, match=r"embedding\.onnx"):
        models.check_folder(tmp_path)


def test_what_a_search_is_proved_with_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="known face"):
        models.known_face(tmp_path)
    with pytest.raises(WeightsMissing, match="known person"):
        models.known_person(tmp_path)


CHILD = """
import sys, threading, socket
from plainview.redact import airgap, worker
assert not any("telemetry" in n and m is not None and "stub" not in n and "openvino.tools" not in n
               for n, m in sys.modules.items()), [n for n in sys.modules if "telemetry" in n]
assert threading.active_count() == 1, threading.enumerate()
airgap.forbid_network()
for attempt in (
    lambda: socket.create_connection(("192.0.2.1", 80), 1),
    lambda: socket.getaddrinfo("example.org", 80),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 9)),
):
    try:
        attempt()
    except PermissionError:
        continue
    raise SystemExit("a connection was not refused")
"""


def test_the_detectors_process_loads_no_telemetry_and_reaches_nobody() -> None:
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
