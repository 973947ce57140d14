"""Landlock: what a confined process can still do, seen from inside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from plainview.base import landlock

PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from plainview.base import landlock

allowed, denied, file = map(Path, sys.argv[1:4])
done = landlock.confine([allowed, file, Path("/nowhere")])
parent = os.getppid()
tries = {
    "read": lambda: (allowed / "a").read_bytes(),
    "list": lambda: list(allowed.iterdir()),
    "file": lambda: file.read_bytes(),
    "read beside": lambda: (denied / "a").read_bytes(),
    "list beside": lambda: list(denied.iterdir()),
    "write": lambda: (allowed / "a").write_bytes(b""),
    "make": lambda: (allowed / "b").touch(),
    "remove": lambda: (allowed / "a").unlink(),
    "run": lambda: os.execv(allowed / "a", ["a"]),
    "memory": lambda: open(f"/proc/{parent}/mem", "rb").close(),
    "signal": lambda: os.kill(parent, 0),
}
could = []
for name, attempt in tries.items():
    try:
        attempt()
        could.append(name)
    except PermissionError:
        pass
print(json.dumps([done, could]))
"""


@pytest.mark.skipif(not landlock.version(), reason="this system has no Landlock")
def test_a_confined_process_reads_what_it_named_and_nothing_else(tmp_path: Path) -> None:
    allowed, denied, file = tmp_path / "allowed", tmp_path / "denied", tmp_path / "file"
    for folder in (allowed, denied):
        folder.mkdir()
        (folder / "a").write_bytes(b"#!/bin/true")
        (folder / "a").chmod(0o755)
    file.write_bytes(b"x")
    command = [sys.executable, "-c", PROGRAM, str(allowed), str(denied), str(file)]
    path = {"PYTHONPATH": str(Path(landlock.__file__).parents[2])}
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**os.environ, **path})
    done, could = json.loads(told.stdout)
    assert done
    signals = [] if landlock.version() >= 6 else ["signal"]
    assert could == ["read", "list", "file", *signals]
    assert (allowed / "a").read_bytes()


def test_a_system_without_it_is_told_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    assert landlock.confine([]) is False
