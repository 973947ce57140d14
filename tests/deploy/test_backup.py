"""The copy of a log that somebody takes while it grows can be continued and verified."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from plainview.testing.city import ORIGIN, key_of
from plainview.tlog.beginning import open_log
from plainview.tlog.notes import Signer
from plainview.tlog.shown import publish, published
from plainview.tlog.writer import LogWriter

BACKUP = Path(__file__).resolve().parents[2] / "deploy/plainview-backup"
SIGNER = Signer(ORIGIN, key_of("log").private)
COPIES = 12


def test_a_log_is_copied_while_it_is_written(tmp_path: Path) -> None:
    log = open_log(tmp_path / "data/log", SIGNER)
    publish(log.folder, SIGNER.verifier, log.head, [])
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            log.append([f"entry {log.size + i}".encode() for i in range(7)])
            publish(log.folder, SIGNER.verifier, log.head, [])
            time.sleep(0.005)

    writing = threading.Thread(target=write)
    writing.start()
    environment = {
        **os.environ, "PLAINVIEW_DATA": str(tmp_path / "data"), "PLAINVIEW_PYTHON": sys.executable,
    }  # fmt: skip
    copy, sizes = tmp_path / "copy", [0]

    def backup() -> None:
        command = [str(BACKUP), "--log", str(copy)]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        copied = LogWriter(copy, SIGNER)  # reads all of it
        shown = published(copy, SIGNER.verifier)
        assert shown is not None
        assert shown.size <= copied.size, "a copy that is continued must not fork what was shown"
        sizes.append(copied.size)

    try:
        for _ in range(COPIES):
            backup()
        # The plug was pulled while it copied: the half that lies there is newer than the whole.
        (copy / "tile/entries/000").write_bytes(b"half")
        backup()
    finally:
        done.set()
        writing.join()
    assert sizes == sorted(sizes)
    assert sizes[-1] > 256
    assert not list(copy.rglob(".*"))


def test_packs_of_a_disk_that_is_away_stay_in_the_copy(tmp_path: Path) -> None:
    data, copy, ctl = tmp_path / "data", tmp_path / "copy", tmp_path / "ctl"
    open_log(data / "log", SIGNER).append([b"entry"])
    shutil.copy(data / "log/head", data / "log/checkpoint")
    for name in ("keys/ring.json", "keys/keeper.db", "keys/log.key"):
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).touch()
    packs = data / "originals/cam-01"
    packs.mkdir(parents=True)
    for number in range(5):
        (packs / f"{number}.pack").write_bytes(b"pack")
    ctl.write_text("#!/bin/sh\n")
    ctl.chmod(0o755)
    environment = {**os.environ, "PLAINVIEW_DATA": str(data), "PLAINVIEW_CTL": str(ctl)}

    def copied(**more: str) -> list[str]:
        ran = subprocess.run(
            [str(BACKUP), str(copy)], env=environment | more, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stderr
        said.append(ran.stderr)
        return sorted(path.name for path in (copy / "originals").rglob("*.pack"))

    said: list[str] = []
    assert len(copied()) == 5
    (packs / "0.pack").unlink()  # destroyed, as it was due
    assert copied() == ["1.pack", "2.pack", "3.pack", "4.pack"]
    assert said == ["", ""]
    for number in (1, 2, 3):
        (packs / f"{number}.pack").unlink()
    (packs / "5.pack").write_bytes(b"pack")
    assert len(copied()) == 5
    assert "3 of 4 files" in said[-1]
    assert copied(PLAINVIEW_DELETE="yes") == ["4.pack", "5.pack"]
