#!/usr/bin/env python3
"""Writes tests/vectors/policies/decisions.json: what the policies say to every question.

    .venv/bin/python tools/make_policy_vectors.py

`tests/policies/test_replay.py` demands that the file is up to date and that Cedar's WebAssembly
build says the same (tools/replay_policies.mjs).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from plainview.policies.engine import Engine
from plainview.policies.files import load
from plainview.testing.every_decision import decisions

FILE = Path(__file__).resolve().parent.parent / "tests/vectors/policies/decisions.json"


def main() -> int:
    text = written(decisions(Engine(load())))
    if "--print" in sys.argv:
        sys.stdout.write(text)
    else:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(text)
    return 0


def written(found: dict[str, Any]) -> str:
    """JSON with a line for each item of each list, so that differences can be read."""
    parts = []
    for name, value in found.items():
        if isinstance(value, list):
            lines = ",\n  ".join(json.dumps(one, sort_keys=True) for one in value)
            parts.append(f'"{name}": [\n  {lines}\n]')
        else:
            parts.append(f'"{name}": {json.dumps(value)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
