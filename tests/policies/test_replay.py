"""Every decision, made again by Cedar's official WebAssembly build in Node."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from plainview.policies.files import load

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests/vectors/policies/decisions.json"


def test_the_vectors_are_up_to_date() -> None:
    made = subprocess.run(
        [sys.executable, str(ROOT / "tools/make_policy_vectors.py"), "--print"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert VECTORS.read_text() == made.stdout, "Run: .venv/bin/python tools/make_policy_vectors.py"


@pytest.mark.bar("policies")
def test_every_decision_is_the_same_in_webassembly(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    vectors, policies = json.loads(VECTORS.read_text()), tmp_path / "policies.json"
    files = [{"name": file.name, "text": file.text} for file in load().files]
    policies.write_text(json.dumps({"hash": load().hash, "files": files}))
    script = ROOT / "tools/replay_policies.mjs"
    ran = subprocess.run(
        ["node", str(script), str(VECTORS), str(policies)], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    result = json.loads(ran.stdout)
    assert result["different"] == 0
    assert result["same"] == len(vectors["questions"]) * len(vectors["principals"])
    record_property("bar", json.dumps({"measured": f"{result['same']} decisions, all equal"}))


def test_a_decision_that_differs_is_found(tmp_path: Path) -> None:
    """Other policies under the same hash: the replay must notice."""
    vectors, policies = tmp_path / "few.json", tmp_path / "policies.json"
    some = json.loads(VECTORS.read_text())
    some["questions"] = [one for one in some["questions"] if one["action"] == "metrics"]
    vectors.write_text(json.dumps(some))
    files = [
        {"name": file.name, "text": file.text.replace('Role::"administrator"', 'Role::"auditor"')}
        for file in load().files
    ]
    policies.write_text(json.dumps({"hash": load().hash, "files": files}))
    script = ROOT / "tools/replay_policies.mjs"
    ran = subprocess.run(
        ["node", str(script), str(vectors), str(policies)], capture_output=True, text=True
    )
    assert ran.returncode == 1, ran.stderr
    assert json.loads(ran.stdout)["different"] > 0
