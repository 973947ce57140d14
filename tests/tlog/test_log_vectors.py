"""The vectors: made again they are the same bytes, and both verifiers judge them as they say."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from plainview.tlog.policy import Policy
from plainview.tlog.reader import LogReader
from plainview.verify.log import verify_log
from plainview.verify.report import Report

FOLDER = Path(__file__).parents[1] / "vectors" / "tlog"
DOCUMENT: dict[str, Any] = json.loads((FOLDER / "vectors.json").read_text())
FLAWED = {vector["flaw"]: vector for vector in DOCUMENT["flawed"]}


def unpack(folder: Path, changes: dict[str, str | None]) -> None:
    for name, data in {**DOCUMENT["files"], **changes}.items():
        if data is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(base64.b64decode(data))


def verified(folder: Path) -> Report:
    return verify_log(LogReader.folder(folder), Policy.parse(DOCUMENT["policy"]))


def test_the_script_makes_the_same_bytes_again() -> None:
    made = subprocess.run(
        [sys.executable, str(FOLDER / "make_vectors.py")], check=True, capture_output=True
    )
    assert made.stdout == (FOLDER / "vectors.json").read_bytes()


def test_the_sound_log_holds(tmp_path: Path) -> None:
    unpack(tmp_path, {})
    report = verified(tmp_path)
    assert report.ok, report.lines()
    assert (report.facts["size"], report.facts["root"]) == (DOCUMENT["size"], DOCUMENT["root"])


@pytest.mark.parametrize("flaw", FLAWED)
def test_each_flawed_log_is_refused(tmp_path: Path, flaw: str) -> None:
    assert "plainview" in FLAWED[flaw]["refused_by"]
    unpack(tmp_path, FLAWED[flaw]["files"])
    assert not verified(tmp_path).ok
